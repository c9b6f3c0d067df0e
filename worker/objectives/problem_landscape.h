/*
 * An analytic problem without noise, as second-order optimizers drive it. It has no examples: every
 * sample is the problem itself.
 */
#ifndef PROBLEM_LANDSCAPE_H
#define PROBLEM_LANDSCAPE_H

#include "objectives/objectives.h"

struct problem_landscape {
    struct landscape landscape; /* first */
    const struct problem_kind *kind;
    const struct chosen *chosen;
    const real *curved_at;
};

/* chosen stays its owner's and outlives the landscape. */
void problem_landscape_init(struct problem_landscape *landscape, const struct problem_kind *kind,
                            const struct chosen *chosen, size_t axes);

#endif
