/*
 * One request to a sweepd of this machine, and its answer: for the command line. Waits.
 */
#ifndef ASKING_H
#define ASKING_H

#include "error.h"
#include <jansson.h>

struct question {
    const char *address; /* 127.0.0.1:8080, [::1]:8080 */
    const char *token;
    const char *method, *target;
    const char *body; /* JSON, or NULL */
};

/* *out is the answer's JSON, NULL where it has none. -1: nobody answered within some seconds. */
int asking(const struct question *question, int *out_status, json_t **out, struct error *err);

#endif
