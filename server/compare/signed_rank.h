/*
 * Wilcoxon's signed-rank test (1945) of paired differences. Pure.
 *
 * Differences of 0 say nothing and are dropped; the others are ranked by size, equal ones share
 * the mean of their ranks; an infinite difference (one of the two failed) is larger than any
 * number. Given the sizes, each sign is a fair coin under the null hypothesis: up to
 * SIGNED_RANK_EXACT_MAX differences the distribution of the rank sum is computed from that, ties
 * or not; above, the normal approximation with the variance less what ties take and a continuity
 * correction of 1/2 (Hollander, Wolfe and Chicken, 2014, 3.1).
 */
#ifndef SIGNED_RANK_H
#define SIGNED_RANK_H

#include <stdbool.h>

enum { SIGNED_RANK_EXACT_MAX = 25 };

struct signed_rank {
    int used;           /* differences that are not 0 */
    double plus, minus; /* the sums of the ranks of the positive and of the negative ones */
    bool exact;
    double p;          /* two-sided; 1 where used is 0, NaN where there is no difference at all */
    double smallest_p; /* that so many used differences can give */
    double biserial; /* (plus - minus)/(plus + minus), -1 … 1 (Kerby, 2014); NaN where used is 0 */
};

/*
 *     differences  [count] no NaN
 *     resolution   what lies within it of 0 is 0, and sizes that close are equal; 0: exactly
 */
struct signed_rank signed_rank(const double *differences, int count, double resolution);

/* min(1, 2^(1 - pairs)): all differences to one side. */
double signed_rank_smallest_p(int pairs);

/* The fewest pairs that can give p < level, 0 < level <= 1. After Holm over m comparisons the
 * smallest of them counts m times: pass level / m. */
int signed_rank_pairs_for(double level);

#endif
