/*
 * A step length that satisfies the strong Wolfe conditions: bracketing and zoom (Nocedal and
 * Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6) with cubic interpolation.
 */
#ifndef WOLFE_H
#define WOLFE_H

#include <stdbool.h>

struct line_point {
    double step;
    double value; /* of the function there */
    double slope; /* its derivative by the step */
};

struct line_search {
    double decrease;  /* c1: value <= start + c1 * step * slope at the start; 0 < c1 < c2 < 1 */
    double curvature; /* c2: |slope| <= c2 * |slope at the start| */
    int most;         /* evaluations */
    /* value and slope at `step` > 0; may be NaN or infinite where the function is */
    struct line_point (*evaluate)(void *context, double step);
    void *context;
};

/* start: step 0, its slope below 0. first: the step to try first, above 0. True with the step found
 * in `found`; else false, with the best one that still decreases the value enough, or step 0. */
bool wolfe_search(const struct line_search *search, const struct line_point *start, double first,
                  struct line_point *found);

#endif
