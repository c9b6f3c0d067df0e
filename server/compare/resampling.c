#include "compare/resampling.h"

#include "memory.h"

#include <stdlib.h>

enum { SEEDS_MIN = 3 };

struct resampling {
    const struct comparison *comparison;
    struct comparison_verdict *verdict;
    int pair_count;             /* that are resampled: the first ones */
    struct bootstrap bootstrap; /* for the number of seeds at hand */
    double work;                /* multiplications so far */
    bool *done;                 /* [pair_count] */
    /* For the set of seeds at hand. */
    bool *shared;               /* [seed_count] */
    double **means, **weighted; /* [arm_count] NULL: not yet needed */
    /* For the pair at hand. */
    double *list, *differences; /* [seed_count]; [draws] */
};

/* --- one arm, one pair --------------------------------------------------------------------- */

static void resample_arm(struct resampling *resampling, int arm)
{
    if (resampling->means[arm])
        return;
    const struct bootstrap *bootstrap = &resampling->bootstrap;
    const double *values = comparison_values(resampling->comparison, arm);
    double *selected = resampling->list;

    for (int seed = 0, n = 0; seed < resampling->comparison->seed_count; seed++) {
        if (resampling->shared[seed])
            selected[n++] = values[seed];
    }
    resampling->means[arm] = xcalloc((size_t)bootstrap->draws, sizeof(double));
    resampling->weighted[arm] = xcalloc((size_t)bootstrap->draws, sizeof(double));
    bootstrap_means(bootstrap, selected, resampling->means[arm]);
    bootstrap_weighted(bootstrap, selected, resampling->weighted[arm]);
    resampling->work += 2.0 * bootstrap->n * bootstrap->draws;
}

static void subtract(const struct resampling *resampling, const double *first, const double *second)
{
    const double sign = resampling->comparison->maximize ? 1 : -1;
    for (int draw = 0; draw < resampling->bootstrap.draws; draw++)
        resampling->differences[draw] = sign * (first[draw] - second[draw]);
}

static void resample_pair(struct resampling *resampling, struct pair_verdict *pair)
{
    const int first = pair->first, second = pair->second, draws = resampling->bootstrap.draws;
    resample_arm(resampling, first);
    resample_arm(resampling, second);
    const struct gains gains =
        comparison_gains(resampling->comparison, first, second, resampling->list);

    subtract(resampling, resampling->means[first], resampling->means[second]);
    pair->bca = bca_interval(gains.list, gains.finite, resampling->differences, draws,
                             resampling->verdict->interval_level, gains.resolution);
    subtract(resampling, resampling->weighted[first], resampling->weighted[second]);
    pair->probability = share_above_zero(resampling->differences, draws, gains.resolution);
}

/* --- one set of seeds, one number of seeds ------------------------------------------------- */

static bool has_these_seeds(const struct resampling *resampling, const struct pair_verdict *pair)
{
    for (int seed = 0; seed < resampling->comparison->seed_count; seed++) {
        if (comparison_shares(resampling->comparison, pair->first, pair->second, seed) !=
            resampling->shared[seed])
            return false;
    }
    return true;
}

static void forget_means(struct resampling *resampling)
{
    for (int arm = 0; arm < resampling->comparison->arm_count; arm++) {
        free(resampling->means[arm]);
        free(resampling->weighted[arm]);
        resampling->means[arm] = resampling->weighted[arm] = NULL;
    }
}

/* All pairs from `from` on that share the seeds of that one. */
static void resample_set(struct resampling *resampling, int from)
{
    struct pair_verdict *pairs = resampling->verdict->pairs;
    for (int seed = 0; seed < resampling->comparison->seed_count; seed++)
        resampling->shared[seed] =
            comparison_shares(resampling->comparison, pairs[from].first, pairs[from].second, seed);
    for (int i = from; i < resampling->pair_count; i++) {
        if (resampling->done[i] || pairs[i].t.n != resampling->bootstrap.n ||
            !has_these_seeds(resampling, &pairs[i]))
            continue;
        resample_pair(resampling, &pairs[i]);
        resampling->done[i] = true;
    }
    forget_means(resampling);
}

static void resample_count(struct resampling *resampling, int n, int from)
{
    const struct comparison *comparison = resampling->comparison;
    const int draws = comparison->draws > 0 ? comparison->draws : BOOTSTRAP_DRAWS;

    resampling->bootstrap = bootstrap_new(n, draws, comparison->seed);
    resampling->differences = xcalloc((size_t)resampling->bootstrap.draws, sizeof(double));
    for (int i = from; i < resampling->pair_count; i++) {
        if (!resampling->done[i] && resampling->verdict->pairs[i].t.n == n &&
            resampling->work < RESAMPLING_WORK_MAX)
            resample_set(resampling, i);
    }
    free(resampling->differences);
    bootstrap_release(&resampling->bootstrap);
}

void resample_pairs(const struct comparison *comparison, struct comparison_verdict *verdict)
{
    const int pair_count =
        comparison->baseline_only ? verdict->family_size[FAMILY_BASELINE] : verdict->pair_count;
    const size_t seeds = (size_t)comparison->seed_count, arms = (size_t)comparison->arm_count;
    AUTO_FREE bool *done = xcalloc((size_t)pair_count, sizeof *done);
    AUTO_FREE bool *shared = xcalloc(seeds, sizeof *shared);
    AUTO_FREE bool *counted = xcalloc(seeds + 1, sizeof *counted);
    AUTO_FREE double **means = xcalloc(arms, sizeof *means);
    AUTO_FREE double **weighted = xcalloc(arms, sizeof *weighted);
    AUTO_FREE double *list = xcalloc(seeds, sizeof *list);
    struct resampling resampling = {.comparison = comparison,
                                    .verdict = verdict,
                                    .pair_count = pair_count,
                                    .done = done,
                                    .shared = shared,
                                    .means = means,
                                    .weighted = weighted,
                                    .list = list};

    for (int i = 0; i < pair_count; i++) {
        const int n = verdict->pairs[i].t.n;
        if (n < SEEDS_MIN || counted[n])
            continue;
        counted[n] = true;
        resample_count(&resampling, n, i);
    }
}
