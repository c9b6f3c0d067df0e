/*
 * One optimizer at work on one parameter vector: clipping, weight decay and step, in the order of
 * training.md 1.1, block by block where the optimizer works element by element.
 */
#ifndef STEPPER_H
#define STEPPER_H

#include "error.h"
#include "optimizers/optimizers.h"
#include <jansson.h>

struct stepper {
    const struct optimizer *optimizer;
    struct chosen chosen;
    size_t dimension;
    size_t stride;    /* floats from one memory array to the next */
    int memory_count; /* arrays */
    float *memory;    /* [memory_count][stride], zero at first: part of the checkpoint */
    double *scalars;  /* [optimizer->scalar_count], zero at first: part of the checkpoint */
    float *before;    /* a copy of what a step is about to change; one block, or all of it */
};

/* choice: the specification's "optimizer", resolved. Fails where there is not enough memory. */
int stepper_init(struct stepper *stepper, const json_t *choice, size_t dimension,
                 struct error *err);
void stepper_release(struct stepper *stepper); /* also of one that is all zero */

/* The learning rate at a factor of the schedule. */
double stepper_rate(const struct stepper *stepper, double factor);

/* One step, t = 1, 2, …
 *     theta     [dimension]  in and out
 *     gradient  [dimension]  in; what it holds afterwards is nobody's business
 *     rate      lr * factor of the schedule
 *     scale     on the gradient first: 1, or less where it is clipped
 *     update_norm  out: Euclidean norm of theta's change, where not NULL */
void stepper_step(struct stepper *stepper, float *theta, float *gradient, double rate, double scale,
                  int64_t t, double *update_norm);

#endif
