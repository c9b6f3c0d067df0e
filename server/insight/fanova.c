#include "insight/fanova.h"

#include "insight/tree.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

enum { SEED = 20140621 }; /* any: the same runs give the same report */

static double side_of(const struct bins *bins, const struct leaf *leaf, int parameter)
{
    const double *width = bins->width + (size_t)parameter * BINS_MAX;
    double side = 0;
    for (int i = leaf->low[parameter]; i < leaf->high[parameter]; i++)
        side += width[i];
    return side;
}

struct moments {
    double mean, variance;
};

static struct moments moments_of(const struct tree *tree)
{
    struct moments moments = {0, 0};
    for (int i = 0; i < tree->count; i++)
        moments.mean += tree->leaves[i].part * tree->leaves[i].value;
    for (int i = 0; i < tree->count; i++) {
        const double off = tree->leaves[i].value - moments.mean;
        moments.variance += tree->leaves[i].part * off * off;
    }
    return moments;
}

/* Variance of the mean over all other parameters, along one. Leaves add their value where they
 * begin and take it away where they end; running sums make that the marginal. */
static double variance_along(const struct bins *bins, const struct tree *tree, double mean,
                             int parameter)
{
    const double *width = bins->width + (size_t)parameter * BINS_MAX;
    double change[BINS_MAX + 1] = {0}, marginal = 0, variance = 0;
    for (int i = 0; i < tree->count; i++) {
        const struct leaf *leaf = &tree->leaves[i];
        const double value = leaf->part / side_of(bins, leaf, parameter) * (leaf->value - mean);
        change[leaf->low[parameter]] += value;
        change[leaf->high[parameter]] -= value;
    }
    for (int i = 0; i < bins->count[parameter]; i++) {
        marginal += change[i];
        variance += width[i] * marginal * marginal;
    }
    return variance;
}

enum { GRID = BINS_MAX + 1 };

static void add_leaf(const struct leaf *leaf, int a, int b, double value, double *change)
{
    change[leaf->low[a] * GRID + leaf->low[b]] += value;
    change[leaf->low[a] * GRID + leaf->high[b]] -= value;
    change[leaf->high[a] * GRID + leaf->low[b]] -= value;
    change[leaf->high[a] * GRID + leaf->high[b]] += value;
}

/* The same over two; change [GRID][GRID] is room. */
static double variance_over(const struct bins *bins, const struct tree *tree, double mean, int a,
                            int b, double *change)
{
    const double *width_a = bins->width + (size_t)a * BINS_MAX;
    const double *width_b = bins->width + (size_t)b * BINS_MAX;
    double variance = 0;

    memset(change, 0, (size_t)GRID * GRID * sizeof *change);
    for (int i = 0; i < tree->count; i++) {
        const struct leaf *leaf = &tree->leaves[i];
        const double side = side_of(bins, leaf, a) * side_of(bins, leaf, b);
        add_leaf(leaf, a, b, leaf->part / side * (leaf->value - mean), change);
    }
    for (int i = 0; i < bins->count[a]; i++) {
        double marginal = 0;
        for (int j = 0; j < bins->count[b]; j++) {
            change[i * GRID + j] += i ? change[(i - 1) * GRID + j] : 0;
            marginal += change[i * GRID + j];
            variance += width_a[i] * width_b[j] * marginal * marginal;
        }
    }
    return variance;
}

/* --- the forest ----------------------------------------------------------------------------------
 */

static void grow_tree(const struct bins *bins, int number, struct tree *tree)
{
    struct rng rng = rng_stream(SEED, RANDOM_RESAMPLE, (uint64_t)number);
    AUTO_FREE int *drawn = xcalloc((size_t)bins->runs, sizeof *drawn);
    for (int i = 0; i < bins->runs; i++)
        drawn[i] = (int)rng_below(&rng, (uint32_t)bins->runs);
    tree_grow(tree, bins, drawn, bins->runs);
}

struct forest {
    const struct bins *bins;
    struct tree trees[FANOVA_TREES];
    struct moments moments[FANOVA_TREES];
    int varied; /* trees whose values are not all the same */
};

static struct forest *forest_grow(const struct bins *bins)
{
    struct forest *forest = xcalloc(1, sizeof *forest);
    forest->bins = bins;
    for (int i = 0; i < FANOVA_TREES; i++) {
        grow_tree(bins, i, &forest->trees[i]);
        forest->moments[i] = moments_of(&forest->trees[i]);
        forest->varied += forest->moments[i].variance > 0;
    }
    return forest;
}

static void forest_free(struct forest *forest)
{
    for (int i = 0; i < FANOVA_TREES; i++)
        tree_release(&forest->trees[i]);
    free(forest);
}

static double share_of(const struct forest *forest, int parameter)
{
    double sum = 0;
    for (int i = 0; i < FANOVA_TREES; i++) {
        const struct moments *moments = &forest->moments[i];
        if (moments->variance > 0)
            sum += variance_along(forest->bins, &forest->trees[i], moments->mean, parameter) /
                   moments->variance;
    }
    return sum / forest->varied;
}

/* What both have beside what each has alone. */
static double share_of_pair(const struct forest *forest, int a, int b, double *room)
{
    const struct bins *bins = forest->bins;
    double sum = 0;
    for (int i = 0; i < FANOVA_TREES; i++) {
        const struct moments *moments = &forest->moments[i];
        const struct tree *tree = &forest->trees[i];
        if (moments->variance <= 0)
            continue;
        const double both = variance_over(bins, tree, moments->mean, a, b, room);
        const double alone = variance_along(bins, tree, moments->mean, a) +
                             variance_along(bins, tree, moments->mean, b);
        sum += (both > alone ? both - alone : 0) / moments->variance;
    }
    return sum / forest->varied;
}

/* --- pairs ---------------------------------------------------------------------------------------
 */

/* Places of the largest shares. One that does nothing alone may do much with another. */
static int choose_paired(const struct bins *bins, const struct fanova *fanova, int *chosen)
{
    int count = 0;
    bool taken[PARAMETERS_MAX] = {false};
    while (count < FANOVA_PAIRED_MAX) {
        int best = -1;
        for (int i = 0; i < bins->parameters; i++)
            if (!taken[i] && bins->count[i] > 1 &&
                (best < 0 || fanova->share[i] > fanova->share[best]))
                best = i;
        if (best < 0)
            break;
        taken[best] = true;
        chosen[count++] = best;
    }
    return count;
}

static int by_share(const void *left, const void *right)
{
    const struct fanova_pair *a = left, *b = right;
    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    return a->first != b->first ? a->first - b->first : a->second - b->second;
}

static void find_pairs(const struct forest *forest, struct fanova *fanova)
{
    AUTO_FREE double *room = xcalloc((size_t)GRID * GRID, sizeof *room);
    int chosen[FANOVA_PAIRED_MAX];
    const int count = choose_paired(forest->bins, fanova, chosen);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++) {
            const int first = chosen[i] < chosen[j] ? chosen[i] : chosen[j];
            const int second = chosen[i] < chosen[j] ? chosen[j] : chosen[i];
            fanova->pairs[fanova->pair_count++] =
                (struct fanova_pair){first, second, share_of_pair(forest, first, second, room)};
        }
    qsort(fanova->pairs, (size_t)fanova->pair_count, sizeof *fanova->pairs, by_share);
}

int fanova_of(const struct bins *bins, struct fanova *fanova, const char **why)
{
    *fanova = (struct fanova){0};
    *why = "not known: it takes 10 finished runs";
    if (bins->runs < FANOVA_RUNS_LEAST)
        return -1;
    struct forest *forest = forest_grow(bins);
    *why = "not known: all runs are equally good";
    const int outcome = forest->varied > 0 ? 0 : -1;
    for (int i = 0; i < bins->parameters && outcome == 0; i++)
        fanova->share[i] = share_of(forest, i);
    if (outcome == 0)
        find_pairs(forest, fanova);
    forest_free(forest);
    return outcome;
}
