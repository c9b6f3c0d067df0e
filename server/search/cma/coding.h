/*
 * The coordinates in which CMA-ES searches a space: numbers and ordered choices have one each, of
 * the unit cube; choices without an order have chances instead; what has one value only has none.
 */
#ifndef CMA_CODING_H
#define CMA_CODING_H

#include "jobs/space.h"

struct cma_coding {
    int *numbers; /* [number_count] parameters with a coordinate */
    int number_count;
    int *choices; /* [choice_count] parameters with chances */
    int choice_count;
};

struct cma_coding cma_coding_of(const struct space *space);
void cma_coding_release(struct cma_coding *coding);

/* Whether it takes single values only, so that a margin is needed: ints, steps, ordered choices. */
bool cma_is_stepped(const struct parameter *parameter);

/* The thresholds next to coordinate u of a stepped one: below `*low` the value is the one before;
 * -INFINITY at the first, INFINITY at the last. */
void cma_thresholds(const struct parameter *parameter, double u, double *low, double *high);

#endif
