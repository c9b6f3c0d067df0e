/*
 * The Pareto front of a search with several objectives, and how the volume that it dominates grew.
 *
 * The reference point is the worst value seen of each objective, moved a tenth of its size away
 * from the best (minimised: 1.1 times if positive, else 0.9 times; Ishibuchi et al., 2018, on why
 * a little beyond the worst). Exact for two objectives; of more where that is quick (growth.h),
 * else an estimate with its standard error.
 */
#ifndef FRONT_H
#define FRONT_H

#include "insight/findings.h"
#include "insight/growth.h"

enum { FRONT_MOST = 2000 /* of more than two objectives: those with the best sums */ };

struct front {
    int *numbers; /* [count] of its proposals, by the first objective, best first */
    int count;
    double reference[OBJECTIVES_MAX]; /* minimised */
    double volume;
    double error;                               /* its standard error; 0: exact */
    struct growth_step steps[GROWTH_STEPS_MAX]; /* [step_count] each time it grew, thinned out */
    int step_count;
};

/* Of the runs that are done with all constraints kept. */
void front_init(struct front *front, const struct findings *findings);
void front_release(struct front *front);

#endif
