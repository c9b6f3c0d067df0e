/*
 * What a job asks of the queue, whatever its kind: members of its body that no specification has.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { AFTER_MAX = 64 };

struct job_options {
    int64_t after[AFTER_MAX]; /* [after_count] jobs that must have ended before */
    int after_count;
    bool after_any;     /* however they ended; else they must have succeeded */
    int64_t timeout_ms; /* of running, for each of its runs; 0: none */
    bool anew; /* "reuse": false: its runs train even where results of identical ones are there */
};

/* From the body of a POST, as it came or as it was kept. */
struct job_options options_read(const json_t *body, struct problems *problems);

/* Names of those members, to be accepted in any body. */
#define OPTION_FIELDS "reuse", "timeout_s", "after", "after_state"

#endif
