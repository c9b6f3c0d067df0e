/*
 * What a job asks of the queue, whatever its kind: members of its body that no specification has.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "problems.h"
#include <jansson.h>
#include <stdbool.h>

struct job_options {
    bool anew; /* "reuse": false: its runs train even where results of identical ones are there */
};

/* From the body of a POST, as it came or as it was kept. */
struct job_options options_read(const json_t *body, struct problems *problems);

/* Names of those members, to be accepted in any body. */
#define OPTION_FIELDS "reuse"

#endif
