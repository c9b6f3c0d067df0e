/*
 * `make reproduce`: published results, checked through the service itself. A real server with two
 * slots on a fresh folder gets jobs over HTTP as anybody's client would send them; what its reports
 * and metrics say is laid beside the reference, with the bands of the acceptance values.
 *
 * To add a claim: one file with a `struct part`, one line in the list of reproduce.c.
 */
#ifndef REPRODUCE_H
#define REPRODUCE_H

#include "reproduce/table.h"

#include "error.h"
#include <jansson.h>
#include <stdint.h>

struct reproduction {
    int port; /* of the server */
    struct table table;
};

struct part {
    const char *name; /* for the command line */
    const char *title;
    const char *about; /* what is run, and whose numbers are the reference */
    /* Fails only where something could not be run: numbers that disagree are rows. */
    int (*run)(struct reproduction *all, struct error *err);
};

extern const struct part hypergradient_part, stationary_part, dynamics_part, refinement_part,
    schedules_part, hessian_free_part;

#endif
