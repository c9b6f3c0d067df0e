/*
 * Where an acquisition is greatest: scrambled Sobol' points over the cube and normal ones around
 * the best points known, then L-BFGS over the continuous coordinates and coordinate search over
 * the others, from the best of them, from the incumbent, and from others picked by their promise.
 *
 * The optimum found depends on nothing but what is passed in. Pure.
 */
#ifndef GP_SEARCH_H
#define GP_SEARCH_H

#include "random.h"
#include "search/gp/acquisition.h"
#include "search/gp/code.h"

struct gp_search {
    const struct acquisition *acquisition;
    const struct gp_code *code;
    const struct space *space;
    const double *const *incumbents; /* [incumbent_count] values, the best first */
    int incumbent_count;
    bool differs; /* parameter `other` shall have another value than this */
    int other;
    double unlike;
    const double *around; /* [space->count] values that floats shall be near; NULL: anywhere */
    double reach;         /* so near, in the cube */
};

/* values [space->count]: the best point found, settled, and none of the data's while others are in
 * sight. Returns its acquisition. */
double gp_search_best(const struct gp_search *search, struct rng *rng, double *values);

#endif
