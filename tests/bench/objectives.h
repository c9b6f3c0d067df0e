/*
 * Functions to minimise that searches are measured on, with minima that are known.
 *
 * Points are given in the order of the space's text; of a choice the place of its value, NaN for
 * what does not apply. Where `moved` is above 0 the minimum lies elsewhere for each seed, at most
 * that far along each coordinate, so that no middle is an answer.
 *
 * Uses nothing but the C library: other programs load it as a shared object.
 */
#ifndef OBJECTIVES_H
#define OBJECTIVES_H

#include <stdbool.h>
#include <stdint.h>

enum { OBJECTIVE_DIMENSIONS = 16 };

struct objective {
    const char *name;
    const char *space;                /* as in the body of a search */
    double (*value)(const double *x); /* [dimensions] */
    double minimum;
    double target;  /* a seed has failed whose regret is above it */
    int dimensions; /* of the space */
    double moved;   /* in its unit */
    double noise;   /* standard deviation of what is told */
    bool held_out;  /* nothing is tuned on it */
};

extern const struct objective objectives[]; /* ends with a NULL name */

/* Value number `evaluation` at x [dimensions]; out_true is without noise. */
double objective_tell(const struct objective *objective, uint64_t seed, int evaluation,
                      const double *x, double *out_true);

/* For those who load it: the same by its place in the list; NULL behind the last one. */
const struct objective *objective_at(int place);

#endif
