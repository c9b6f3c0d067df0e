/*
 * The service's JSON API with errors as values: an answer that is not the expected one, or a run
 * that fails, gives a sentence, and the other parts go on.
 *
 * Bodies are printf formats in which ' stands for ". JSON that is answered is the caller's.
 */
#ifndef REPRODUCE_ASKING_H
#define REPRODUCE_ASKING_H

#include "reproduce/reproduce.h"

#include <math.h>

int ask_get(const struct reproduction *all, json_t **out, struct error *err, const char *target,
            ...) __attribute__((format(printf, 4, 5)));
/* POST, answered 200 or 201 with JSON. */
int ask_post(const struct reproduction *all, const char *target, json_t **out, struct error *err,
             const char *body, ...) __attribute__((format(printf, 5, 6)));

/* Submits a job and waits for its end, with lines of progress that begin with `label`. Fails where
 * it does not succeed, with the message of its first run that failed. */
int ask_run(const struct reproduction *all, const char *label, int64_t *out_job, struct error *err,
            const char *body, ...) __attribute__((format(printf, 5, 6)));

/* The runs of an arm (NULL: of all) of the phase "report" or "single", in order of their seeds;
 * answers how many of at most `most`. None at all is a failure. */
int ask_runs_of(const struct reproduction *all, int64_t job, const char *arm, int64_t *runs,
                int most, struct error *err);

/* All rows of a metric: x = step, y = value. */
int ask_curve(const struct reproduction *all, int64_t run, const char *metric, const char *name,
              struct curve *out, struct error *err);
/* The same with x = another metric of the same steps. */
int ask_curve_over(const struct reproduction *all, int64_t run, const char *metric,
                   const char *over, const char *name, struct curve *out, struct error *err);
/* Its last value. */
int ask_last(const struct reproduction *all, int64_t run, const char *metric, double *out,
             struct error *err);

/* The number at a JSON pointer; UNKNOWN where there is none. */
#define UNKNOWN ((double)NAN)
double ask_number(const json_t *document, const char *pointer);

/* A file of a data set: form part and path. A list of them ends with NULL names. */
struct ask_file {
    const char *part;
    const char *path; /* below $SWEEPD_TEST_DATA, or below tests/ where it begins with "data/" */
};
/* 1: it is there now; 0: a file is absent. settings: form fields "name=value", ending with NULL. */
int ask_upload(const struct reproduction *all, const char *name, const char *format,
               const struct ask_file *files, const char *const *settings, struct error *err);

/* MNIST of the shared data as the data set "mnist", once; 1, or 0 where it is absent. */
int ask_mnist(const struct reproduction *all, struct error *err);

#endif
