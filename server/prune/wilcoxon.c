/*
 * Wilcoxon's signed-rank test (1945) against the best finished run, over parts of an average: an
 * external runner that trains one setting on many seeds or folds reports the score of part i as
 * step i, in any order. A run stops where its parts are worse than the best run's in more than
 * chance explains.
 *
 * Zero differences are ranked with the others and half of their ranks goes to either side (Pratt,
 * 1959, split as in scipy's "zsplit"). Up to EXACT_MOST pairs the distribution of the rank sum is
 * counted out over all signs of the differences that are not zero, with ties; above, the normal
 * approximation. Looking again after each part makes more errors than p says: choose it small.
 */
#include "prune/prune.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_MOST = 64 };

enum { P, PAIRS };
static const struct setting settings[] = {
    [P] = {.name = "p",
           .type = SETTING_NUMBER,
           .low = 0,
           .high = 1,
           .above_low = true,
           .fallback = 0.1,
           .help = "a run stops where one as good as the best would look so bad with a chance "
                   "below this"},
    [PAIRS] = {.name = "min_parts",
               .type = SETTING_INTEGER,
               .low = 2,
               .high = 1e6,
               .fallback = 2,
               .help = "nothing is stopped before so many parts that both runs have"},
    {0},
};

/* --- the test -----------------------------------------------------------------------------------
 */

static int by_distance(const void *left, const void *right)
{
    const double a = fabs(*(const double *)left), b = fabs(*(const double *)right);
    return (a > b) - (a < b);
}

/* Twice the (shared) rank of each of the sorted differences: whole numbers. */
static void double_ranks(const double *sorted, int count, int *ranks)
{
    for (int i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && fabs(sorted[end]) == fabs(sorted[i]);)
            end++;
        for (int k = i; k < end; k++)
            ranks[k] = i + end + 1;
    }
}

/* The chance that the sum of ranks of a fair coin's choice is at least `sum`. */
static double exact_tail(const int *ranks, int count, int sum)
{
    int total = 0, reached = 0;
    for (int i = 0; i < count; i++)
        total += ranks[i];
    AUTO_FREE double *chance = xcalloc((size_t)total + 1, sizeof *chance);
    chance[0] = 1;
    for (int i = 0; i < count; i++) {
        reached += ranks[i];
        for (int at = reached; at >= 0; at--)
            chance[at] = chance[at] / 2 + (at >= ranks[i] ? chance[at - ranks[i]] / 2 : 0);
    }
    double tail = 0;
    for (int at = total; at >= 0 && at >= sum; at--)
        tail += chance[at];
    return tail;
}

static double normal_tail(const int *ranks, int count, int sum)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < count; i++) {
        mean += ranks[i] / 2.0;
        variance += (double)ranks[i] * ranks[i] / 4;
    }
    return variance > 0 ? erfc((sum - mean) / sqrt(2 * variance)) / 2 : 1;
}

/* One-sided, that they are greater than 0. Reorders them. */
static double signed_rank_p(double *differences, int count)
{
    AUTO_FREE int *ranks = xcalloc((size_t)count, sizeof *ranks);
    int plus = 0, zeros = 0;

    qsort(differences, (size_t)count, sizeof *differences, by_distance);
    double_ranks(differences, count, ranks);
    while (zeros < count && differences[zeros] == 0)
        zeros++;
    for (int i = zeros; i < count; i++)
        plus += differences[i] > 0 ? ranks[i] : 0;
    return count <= EXACT_MOST ? exact_tail(ranks + zeros, count - zeros, plus)
                               : normal_tail(ranks + zeros, count - zeros, plus);
}

/* --- against the best ---------------------------------------------------------------------------
 */

static double mean_of(const struct run_curve *curve)
{
    double sum = 0;
    for (int i = 0; i < curve->count; i++)
        sum += curve->points[i].value;
    return sum / curve->count;
}

static const struct run_curve *find_best(const struct prune_table *table, int besides)
{
    const struct run_curve *best = NULL;
    for (int i = 0; i < table->count; i++) {
        const struct run_curve *curve = &table->runs[i];
        if (i != besides && curve->state == CURVE_DONE && curve->count > 0 &&
            isfinite(mean_of(curve)) && (!best || mean_of(curve) < mean_of(best)))
            best = curve;
    }
    return best;
}

/* Differences over the parts that both have: [curve->count] out; their number. */
static int pair_up(const struct run_curve *curve, const struct run_curve *best, double *differences)
{
    int count = 0;
    for (int i = 0, k = 0; i < curve->count; i++) {
        const struct curve_point *point = &curve->points[i];
        while (k < best->count && best->points[k].progress < point->progress)
            k++;
        if (k < best->count && best->points[k].progress == point->progress &&
            isfinite(point->value - best->points[k].value))
            differences[count++] = point->value - best->points[k].value;
    }
    return count;
}

static enum prune_verdict look(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    const struct run_curve *curve = &table->runs[at];
    const struct run_curve *best = find_best(table, at);
    if (!best || curve->count == 0 || mean_of(curve) <= mean_of(best))
        return PRUNE_GO_ON;
    AUTO_FREE double *differences = xcalloc((size_t)curve->count, sizeof *differences);
    const int pairs = pair_up(curve, best, differences);
    if (pairs < (int)chosen->number[PAIRS])
        return PRUNE_GO_ON;
    const double p = signed_rank_p(differences, pairs);
    if (!(p < chosen->number[P]))
        return PRUNE_GO_ON;
    snprintf(why, PRUNE_WHY_BYTES,
             "is one of %d parts that are worse than those of run %d, with p = %.3g below %.6g",
             pairs, best->number, p, chosen->number[P]);
    return PRUNE_STOP;
}

const struct prune_rule wilcoxon_prune = {
    .name = "wilcoxon",
    .help = "stops runs whose seeds or folds, reported as steps, are worse than the best run's",
    .settings = settings,
    .takes_parts = true,
    .look = look,
};
