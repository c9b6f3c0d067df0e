/*
 * The bootstraps of all pairs of a comparison.
 *
 * Pairs that share the same seeds share the resampled means of their arms: one set of seeds is the
 * rule, several come of runs that are missing. Draws are made once for each number of seeds, so all
 * pairs with as many see the same ones: what chance of drawing does to one pair it does to all, and
 * pairs differ by their values alone. For each pair by itself nothing is different.
 */
#ifndef RESAMPLING_H
#define RESAMPLING_H

#include "compare/verdict.h"

/* Multiplications it spends at most: a few seconds. Pairs that come after have no bca and no
 * probability; only hundreds of different sets of hundreds of seeds get there. */
#define RESAMPLING_WORK_MAX 4e9

/* Fills bca and probability of each pair with t.n >= 3. */
void resample_pairs(const struct comparison *comparison, struct comparison_verdict *verdict);

#endif
