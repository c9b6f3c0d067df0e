/*
 * Minimises a smooth function within a box: L-BFGS (Liu and Nocedal, 1989) on the coordinates that
 * are free, after the projection of Bertsekas (1982): a coordinate at its end whose gradient points
 * outward is held. Backtracking by Armijo's rule along the projected path. Pure; deterministic.
 */
#ifndef LBFGS_BOX_H
#define LBFGS_BOX_H

enum { LBFGS_PAIRS = 8 };

/* Value at x [n]; the gradient [n] is filled in. A value that is not finite is taken for a bad
 * point: never at the start. */
typedef double box_function(void *context, const double *x, double *gradient);

struct box {
    const double *low, *high; /* [n] low <= high */
    int n;
    int evaluations;    /* at most so many */
    double gradient;    /* ends where no component of the projected gradient is larger */
    double improvement; /* ends where a step gains less than this times max(1, |value|) */
};

/* x [n] is clipped into the box; ends at the best point seen. Returns its value. */
double minimise_in_box(const struct box *box, box_function *function, void *context, double *x);

#endif
