/*
 * How the volume that a search dominates grew, run by run (hypervolume.h): of three and more
 * objectives. All minimised.
 *
 * Exact where that takes no more than GROWTH_EFFORT: on one core of 2020, fronts of all 2,000 with
 * three objectives, of about 300 with four or five, 100 with six, 60 with seven and 30 with eight.
 * Else the share of 4,096 points of the box between the ideal and the reference that are dominated:
 * eight Sobol' sequences of 512, each scrambled by itself, so that the spread of their shares tells
 * how far off the mean of them may be (Owen, 1998).
 */
#ifndef GROWTH_H
#define GROWTH_H

#include <stdint.h>

enum {
    GROWTH_STEPS_MAX = 200,
    GROWTH_SCRAMBLES = 8,
    GROWTH_DRAWS = 512, /* of each */
    GROWTH_EFFORT = 100 * 1000 * 1000,
};

/* Feasible runs in the order of their tells. */
struct told_points {
    double *points; /* [count][objectives] */
    int *numbers;   /* [count] */
    int *places;    /* [count] in the order of tells */
    int count, objectives;
};

static inline const double *told_point(const struct told_points *told, int i)
{
    return told->points + (int64_t)i * told->objectives;
}

struct growth_step {
    int place; /* in the order of tells */
    double volume;
};

struct growth {
    struct growth_step *steps; /* [count] rising; the last one is the volume */
    int count;
    double volume;
    double error; /* standard error; 0: exact */
};

/* told->count > 0. -1: it would take too long, or the front has more than `most` points. */
int growth_exact(struct growth *growth, const struct told_points *told, const double *reference,
                 int most);
/* ideal, reference [objectives]: the box; no point is better than ideal in any. */
void growth_estimate(struct growth *growth, const struct told_points *told, const double *ideal,
                     const double *reference);
void growth_release(struct growth *growth);

#endif
