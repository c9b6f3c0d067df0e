/*
 * What the worker does without a server: --train and --prepare, the wire's lines on a descriptor.
 */
#ifndef ALONE_H
#define ALONE_H

#include "problems.h"
#include "trainer/trainer.h"

struct alone_options {
    const char *data;   /* cache file of the data set; NULL: a built-in or a problem */
    const char *cache;  /* folder of cache files; made where it is missing */
    const char *folder; /* keeps checkpoints and model.safetensors; NULL: neither */
    bool weights;       /* the result carries theta */
};

/* Reads a specification (the inner object of a job) and resolves it; NULL where `problems` has what
 * is wrong with it, or with the file. The caller owns it. */
json_t *alone_read_spec(const char *path, struct problems *problems);

/* Trains it: started, metrics, …, result on fd. The folder's newest checkpoint is gone on from.
 * SIGINT and SIGTERM stop it behind the present step, with a checkpoint. */
enum outcome_state alone_train(const json_t *spec, const struct alone_options *options, int fd);

/* Parses the files that a request names ({"format", "settings", "parts"}) into the cache folder and
 * writes the line that tells of it. -1: it was refused, as the line says. */
int alone_prepare(const char *path, const char *cache, int fd, struct error *err);

/* The line about a request, for the session too; takes "format", "settings" (resolved against the
 * format's), "parts" and "request" from body. */
json_t *prepared_line(const json_t *body, const char *cache);

#endif
