#include "compare/verdict.h"

#include "compare/distributions.h"
#include "compare/holm.h"
#include "compare/order.h"
#include "compare/resampling.h"
#include "compare/sequential.h"
#include "compare/statistics.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

const char *const family_names[FAMILIES] = {"baseline", "all"};

/* --- the pairs ----------------------------------------------------------------------------- */

/* Student's quantiles by number of seeds: most pairs share them. */
struct quantiles {
    double level;
    double *by_count; /* [seed_count + 1], NaN: not yet known */
};

static struct quantiles quantiles_new(double level, int seed_count)
{
    struct quantiles quantiles = {level, xcalloc((size_t)seed_count + 1, sizeof(double))};
    for (int n = 0; n <= seed_count; n++)
        quantiles.by_count[n] = NO_VALUE;
    return quantiles;
}

static double quantile_for(const struct quantiles *quantiles, int n)
{
    if (n >= 2 && isnan(quantiles->by_count[n]))
        quantiles->by_count[n] = student_two_sided_quantile(quantiles->level, n - 1);
    return quantiles->by_count[n];
}

static void fill_mean(const struct quantiles *quantiles, const struct gains *gains,
                      struct pair_verdict *pair)
{
    const int n = gains_have_mean(gains) ? gains->finite : 0;
    pair->t = paired_t(gains->list, n, quantiles->level, quantile_for(quantiles, n));
    pair->bca = (struct interval){NO_VALUE, NO_VALUE};
    pair->probability = NO_VALUE;
    pair->effect = paired_effect(&pair->t);
    pair->unbiased = pair->effect * hedges_correction(n);
}

static void fill_pair(const struct comparison *comparison, const struct quantiles *quantiles,
                      double *list, struct pair_verdict *pair)
{
    const struct gains gains = comparison_gains(comparison, pair->first, pair->second, list);

    pair->seeds = gains.seeds;
    pair->wins = gains.wins;
    pair->losses = gains.losses;
    pair->ties = gains.ties;
    pair->first_failed = gains.first_failed;
    pair->second_failed = gains.second_failed;
    pair->both_failed = gains.both_failed;
    pair->rank = signed_rank(list, gains.seeds, gains.resolution);
    pair->median = order_median(list, gains.seeds);
    fill_mean(quantiles, &gains, pair);
}

/* Those with the baseline first. */
static void list_pairs(const struct comparison *comparison, struct comparison_verdict *verdict)
{
    const int arms = comparison->arm_count, baseline = comparison->baseline;
    verdict->family_size[FAMILY_BASELINE] = arms - 1;
    verdict->family_size[FAMILY_ALL] = arms * (arms - 1) / 2;
    verdict->pairs = xcalloc((size_t)verdict->family_size[FAMILY_ALL], sizeof *verdict->pairs);

    for (int arm = 0; arm < arms; arm++) {
        if (arm != baseline)
            verdict->pairs[verdict->pair_count++] =
                (struct pair_verdict){.first = arm, .second = baseline};
    }
    for (int first = 0; first < arms; first++) {
        for (int second = first + 1; second < arms; second++) {
            if (first != baseline && second != baseline)
                verdict->pairs[verdict->pair_count++] =
                    (struct pair_verdict){.first = first, .second = second};
        }
    }
}

static void fill_pairs(const struct comparison *comparison, struct comparison_verdict *verdict)
{
    AUTO_FREE double *list = xcalloc((size_t)comparison->seed_count, sizeof *list);
    const struct quantiles quantiles =
        quantiles_new(verdict->interval_level, comparison->seed_count);

    for (int i = 0; i < verdict->pair_count; i++) {
        struct pair_verdict *pair = &verdict->pairs[i];
        fill_pair(comparison, &quantiles, list, pair);
        pair->negligible = fabs(pair->t.mean) <= verdict->band;
    }
    free(quantiles.by_count);
}

/* --- judging a family ---------------------------------------------------------------------- */

static enum verdict direction(const struct pair_verdict *pair)
{
    const bool ranks = pair->rank.plus > pair->rank.minus, has_mean = !isnan(pair->t.mean);
    if (has_mean && (ranks ? pair->t.mean <= 0 : pair->t.mean >= 0))
        return VERDICT_UNDECIDED; /* one seed outweighs what the others agree on */
    return ranks ? VERDICT_BETTER : VERDICT_WORSE;
}

static bool is_equivalent(const struct pair_verdict *pair, double adjusted, double level,
                          double band)
{
    return band > 0 && pair->t.n >= EQUIVALENT_SEEDS_MIN && pair->t.low > -band &&
           pair->t.high < band && adjusted < level;
}

enum verdict verdict_judge(const struct pair_verdict *pair, const struct judgement *judged,
                           double level, double band)
{
    enum verdict verdict = VERDICT_UNDECIDED;
    if (judged->p < level)
        verdict = direction(pair);
    if (verdict == VERDICT_UNDECIDED && is_equivalent(pair, judged->equivalence_p, level, band))
        verdict = VERDICT_EQUIVALENT;
    return verdict;
}

static int seeds_needed(const struct pair_verdict *pair, double nominal, int seeds_for_level)
{
    const double efficiency = 3 / 3.14159265358979323846;
    if (isnan(pair->unbiased))
        return -1;
    if (isinf(pair->unbiased))
        return seeds_for_level;
    const int n = paired_n_for(pair->unbiased, nominal, VERDICT_POWER, SEEDS_NEEDED_MAX);
    const double by_ranks = ceil(n / efficiency);
    return n < 0 || by_ranks > SEEDS_NEEDED_MAX ? -1 : (int)fmax(by_ranks, seeds_for_level);
}

static void keep_decided(const struct comparison *comparison, struct comparison_verdict *verdict)
{
    for (int i = 0; comparison->decided && i < verdict->family_size[FAMILY_BASELINE]; i++) {
        struct pair_verdict *pair = &verdict->pairs[i];
        const struct arm_decision *decision = &comparison->decided[pair->first];
        if (decision->look > 0)
            pair->judged[FAMILY_BASELINE].verdict = decision->verdict;
    }
}

/* The p of each pair, of both kinds, for all looks together. */
struct evidence {
    double *p, *tost; /* [pair_count] signed-rank; two one-sided tests */
};

static void judge_family(const struct comparison *comparison, struct comparison_verdict *verdict,
                         const struct evidence *evidence, enum family family)
{
    const int size = verdict->family_size[family];
    if (size == 0)
        return;
    AUTO_FREE double *p = xcalloc((size_t)size, sizeof *p);
    AUTO_FREE double *tost = xcalloc((size_t)size, sizeof *tost);
    const double nominal = pocock_level(comparison->looks, comparison->level / size);
    const int seeds_for_level = signed_rank_pairs_for(nominal);

    holm_adjust(evidence->p, size, p);
    holm_adjust(evidence->tost, size, tost);
    for (int i = 0; i < size; i++) {
        struct pair_verdict *pair = &verdict->pairs[i];
        struct judgement *judged = &pair->judged[family];
        judged->p = p[i];
        judged->equivalence_p = tost[i];
        judged->verdict = verdict_judge(pair, judged, comparison->level, verdict->band);
        judged->too_few = pair->rank.used < seeds_for_level;
        judged->seeds_for_level = seeds_for_level;
        judged->seeds_needed = seeds_needed(pair, nominal, seeds_for_level);
    }
}

static void judge_families(const struct comparison *comparison, struct comparison_verdict *verdict)
{
    const size_t count = (size_t)verdict->pair_count;
    AUTO_FREE double *p = xcalloc(count, sizeof *p);
    AUTO_FREE double *tost = xcalloc(count, sizeof *tost);
    const struct evidence evidence = {p, tost};
    const double band = verdict->band;

    for (int i = 0; i < verdict->pair_count; i++) {
        const struct pair_verdict *pair = &verdict->pairs[i];
        p[i] = sequential_p(pair->rank.p, comparison->looks);
        tost[i] =
            band > 0 ? sequential_p(equivalence_p(&pair->t, band), comparison->looks) : NO_VALUE;
    }
    for (int family = 0; family < FAMILIES; family++)
        judge_family(comparison, verdict, &evidence, (enum family)family);
    keep_decided(comparison, verdict);
}

/* --- the whole ----------------------------------------------------------------------------- */

struct comparison_verdict verdict_of(const struct comparison *comparison)
{
    assert(comparison->arm_count >= 1 && comparison->arm_count <= COMPARISON_ARMS_MAX);
    assert(comparison->baseline >= 0 && comparison->baseline < comparison->arm_count);
    const int looks = comparison->looks;
    struct comparison_verdict verdict = {
        .band = comparison_band(comparison),
        .interval_level = pocock_level(looks, comparison->level),
        .boundary = looks > 1 ? pocock_boundary(looks, comparison->level) : NO_VALUE,
    };

    list_pairs(comparison, &verdict);
    fill_pairs(comparison, &verdict);
    resample_pairs(comparison, &verdict);
    judge_families(comparison, &verdict);
    return verdict;
}

void verdict_release(struct comparison_verdict *verdict)
{
    free(verdict->pairs);
    *verdict = (struct comparison_verdict){0};
}

bool verdict_is_settled(const struct comparison_verdict *verdict, int arm)
{
    for (int i = 0; i < verdict->family_size[FAMILY_BASELINE]; i++) {
        const struct pair_verdict *pair = &verdict->pairs[i];
        if ((pair->first == arm || pair->second == arm) &&
            pair->judged[FAMILY_BASELINE].verdict == VERDICT_UNDECIDED)
            return false;
    }
    return true;
}
