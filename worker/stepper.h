/*
 * One optimizer at work on one parameter vector: clipping, weight decay and step, in the order of
 * training.md 1.1, block by block where the optimizer works element by element.
 */
#ifndef STEPPER_H
#define STEPPER_H

#include "dynamics/dynamics.h"
#include "error.h"
#include "optimizers/optimizers.h"
#include <jansson.h>

struct stepper {
    const struct optimizer *optimizer;
    const struct dynamics *dynamics; /* integrated instead of its step; NULL: none; borrowed */
    struct chosen chosen;
    struct pieces pieces;
    size_t stride;    /* numbers from one memory array to the next */
    int memory_count; /* arrays */
    real *memory;     /* [memory_count][stride], zero at first: part of the checkpoint */
    double *scalars;  /* [optimizer->scalar_count], zero at first: part of the checkpoint */
    size_t extra_count;
    real *extra;   /* [extra_count], zero at first: part of the checkpoint */
    real *scratch; /* whatever the optimizer works in */
    real *before;  /* a copy of what a step is about to change; one block, or all of it */
};

/* choice: the specification's "optimizer", resolved. The pieces stay their owner's. Fails where
 * there is not enough memory. */
int stepper_init(struct stepper *stepper, const json_t *choice, const struct pieces *pieces,
                 struct error *err);
void stepper_release(struct stepper *stepper); /* also of one that is all zero */

/* One step, t = 1, 2, …; dimension is that of the pieces. */
struct step {
    real *theta;         /* [dimension] in and out */
    real *gradient;      /* [dimension] in; what it holds afterwards is nobody's business */
    double factor;       /* of the schedule */
    double scale;        /* on the gradient first: 1, or less where it is clipped */
    int64_t t;           /* 1, 2, … */
    double *update_norm; /* out: Euclidean norm of theta's change; NULL: not wanted */
    double *told;        /* out: [METRICS], what the optimizer says; NULL: not wanted */
};

double stepper_rate(const struct stepper *stepper, double factor); /* lr * factor */
void stepper_step(struct stepper *stepper, const struct step *step);

/* The same for an optimizer that drives the objective itself; scale is not used. */
int stepper_drive(struct stepper *stepper, const struct step *step, struct landscape *landscape,
                  struct error *err);

/* Where to evaluate after step t: theta, or `point` [dimension] filled in. */
const real *stepper_point(const struct stepper *stepper, real *theta, int64_t t, real *point);

#endif
