/*
 * The last m pairs of a step s and the change y of the gradient along it, and the inverse of the
 * curvature that they imply (Nocedal, 1980): a preconditioner for conjugate gradients (Morales and
 * Nocedal, 2000), and the direction of L-BFGS.
 */
#ifndef LBFGS_PAIRS_H
#define LBFGS_PAIRS_H

#include "math/real.h"
#include <stdbool.h>
#include <stddef.h>

enum { PAIRS_MAX = 64 };

struct lbfgs_pairs {
    size_t dimension;
    int most;  /* m, 1 … PAIRS_MAX */
    int count; /* pairs there are, at most m */
    int next;  /* the place, below m, that the next pair takes: the oldest one's where all are taken
                */
    real *steps, *changes;   /* [most][dimension] each, the caller's */
    double inner[PAIRS_MAX]; /* s'y of each place */
    double scaling;          /* s'y / y'y of the newest: the inverse curvature where no pair says */
};

/* Numbers of room for them. */
size_t lbfgs_pairs_room(size_t dimension, int most);

/* Over `room`, which holds `count` pairs already with `next` as above. What is computed from them
 * has the same bits as in the process that put them there. */
struct lbfgs_pairs lbfgs_pairs_over(real *room, size_t dimension, int most, int count, int next);

/* Takes in scale * step and scale * change; one whose s'y is not above 0, or not finite, is left
 * out, and the answer is false. */
bool lbfgs_pairs_add(struct lbfgs_pairs *pairs, double scale, const real *step, const real *change);

/* Leaves every second pair, from the oldest on: the way to pairs that are spread over all of a
 * solve. */
void lbfgs_pairs_thin(struct lbfgs_pairs *pairs);

/* All of `from`, of the same dimension and m. */
void lbfgs_pairs_copy(const struct lbfgs_pairs *from, struct lbfgs_pairs *to);

/* out [dimension] = H vector; another array. Without pairs H is 1. */
void lbfgs_pairs_apply(const struct lbfgs_pairs *pairs, const real *vector, real *out);

#endif
