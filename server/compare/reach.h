/*
 * How soon an arm's report runs reach the comparison's target.
 */
#ifndef REACH_H
#define REACH_H

#include "compare/arms.h"

/* {"n", "reached", "censored", "share", "median_step", "median_seconds", "values": [{"seed", "run",
 *  "reached", "step", "seconds", "failed"}]}
 * of the runs that have begun; medians by Kaplan and Meier's estimate, null where they lie beyond
 * what was seen. A run that has not reached it is censored at its last value; one that failed never
 * gets there, and has no step. null without a target. */
json_t *arm_target_json(const struct arms *arms, int index);

#endif
