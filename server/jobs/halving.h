/*
 * Tuning by successive halving (Karnin, Koren and Somekh, 2013; Jamieson and Talwalkar, 2016, arXiv
 * 1502.07943): all points of an arm's grid train to a first rung, the better ones go on from their
 * checkpoints to the next, and so on; the last ones train to their end. Pure.
 *
 *     "tune": {"over": …, "strategy": "halving", "factor": 2, "rungs": [0.25, 0.5]}
 *
 * A rung is a fraction of the steps; of a run that is counted in epochs it is the end of an epoch
 * (rung_step() of branching.h). The factor is how many times fewer points go on, rounded up.
 */
#ifndef HALVING_H
#define HALVING_H

#include "error.h"
#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { RUNGS_MAX = 10, HALVING_FACTOR = 2, HALVING_FACTOR_MAX = 10 };

struct halving {
    int rung_count; /* 0: every tuning run trains to its end */
    int factor;
    bool given;           /* the rungs stood in the body */
    double at[RUNGS_MAX]; /* rising, between 0 and 1 */
};

/* From "tune" (NULL: there is none), whose grid has so many points. Without "rungs": as many as the
 * factor divides the points, at 1/factor of the steps and so much before. */
struct halving halving_read(const json_t *tune, uint64_t points, struct problems *problems);

/* Whether runs of a resolved specification may be compared at a rung: only where the rate up to
 * there does not depend on where the run ends, and is past its warm-up. The sentence says what
 * would. */
int halving_permits(const json_t *spec, double at, struct error *err);

/* Adapts the rungs to one of the specifications that they are for: own rungs that are not permitted
 * are left out, given ones refused, and a schedule that permits none. */
int halving_settle(struct halving *halving, const json_t *spec, struct error *err);

/* "tune" with the rungs and the factor written out, so that it means the same ever after. */
void halving_write(const struct halving *halving, json_t *tune);

/* Which points go on.
 *
 *     values  [points][seeds]  at the rung; NaN: failed or diverged, worse than any number
 *     stands  [points]         which take part: the others were dropped before
 *     kept    [points]         out
 *
 * One in `factor` of those that stand, rounded up, at least one: those with fewer failures, then
 * the better mean, then the first. */
void halving_keep(const double *values, const bool *stands, int points, int seeds, int factor,
                  bool maximize, bool *kept);

#endif
