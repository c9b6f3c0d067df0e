/*
 * Points with several objectives, all minimised: which are better, and how close they lie.
 *
 *     points   [count][objectives] row-major, no NaN; equal points do not dominate each other
 */
#ifndef PARETO_H
#define PARETO_H

#include <stdbool.h>

/* a is nowhere worse than b and somewhere better. */
bool pareto_dominates(const double *a, const double *b, int objectives);

/* The best ones: those no other dominates. `chosen` [count] out: their indices, rising. Returns how
 * many. O(n log n) for one or two objectives, else O(objectives n |front|). */
int pareto_best(const double *points, int count, int objectives, int *chosen);

/* Non-dominated sorting: `fronts` [count] out: 0 for the best ones, 1 for those that are best
 * without them, … Returns how many fronts. By a sweep in O(n log n) for up to two objectives
 * (Jensen, 2003), else each point against the fronts so far (Zhang et al., 2015). */
int pareto_fronts(const double *points, int count, int objectives, int *fronts);

/* Crowding distance within one front (Deb et al., 2002): the gap between both neighbours over the
 * range, summed over the objectives; the ends are infinite. `members` [count] are indices into
 * points; distance [count] out, in their order. Equal values stand in the order of `members`. */
void pareto_crowding(const double *points, const int *members, int count, int objectives,
                     double *distance);

#endif
