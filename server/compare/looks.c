#include "compare/looks.h"

#include "compare/holm.h"
#include "compare/sequential.h"
#include "compare/statistics.h"
#include "compare/verdict.h"
#include "memory.h"

#include <math.h>

static bool is_decided(const struct comparison *comparison, int arm)
{
    return comparison->decided && comparison->decided[arm].look > 0;
}

static void fill_pair(const struct comparison *comparison, int arm, double interval_level,
                      double *list, struct pair_verdict *pair)
{
    const struct gains gains = comparison_gains(comparison, arm, comparison->baseline, list);
    const int n = gains_have_mean(&gains) ? gains.finite : 0;

    *pair = (struct pair_verdict){
        .first = arm,
        .second = comparison->baseline,
        .seeds = gains.seeds,
        .rank = signed_rank(list, gains.seeds, gains.resolution),
        .t = paired_t(list, n, interval_level, NO_VALUE),
    };
}

/* sequential_p(), but cheaply where it decides nothing: from the level up nothing is taken for a
 * difference, whatever Holm makes of it; and what is small enough looks times over is small enough.
 */
static double taken_up(const struct comparison *comparison, int family, double p)
{
    const int looks = comparison->looks;
    if (isnan(p) || p >= comparison->level)
        return p;
    if (p * looks * family < comparison->level)
        return p * looks;
    return sequential_p(p, looks);
}

struct evidence {
    double *p, *tost; /* [count], adjusted */
};

static void adjust(const struct comparison *comparison, const struct pair_verdict *pairs, int count,
                   double band, const struct evidence *evidence)
{
    AUTO_FREE double *p = xcalloc((size_t)count, sizeof *p);
    AUTO_FREE double *tost = xcalloc((size_t)count, sizeof *tost);

    for (int i = 0; i < count; i++) {
        p[i] = taken_up(comparison, count, pairs[i].rank.p);
        tost[i] =
            band > 0 ? taken_up(comparison, count, equivalence_p(&pairs[i].t, band)) : NO_VALUE;
    }
    holm_adjust(p, count, evidence->p);
    holm_adjust(tost, count, evidence->tost);
}

static int list_pairs(const struct comparison *comparison, struct pair_verdict *pairs)
{
    AUTO_FREE double *list = xcalloc((size_t)comparison->seed_count, sizeof *list);
    /* The interval is for the band alone, and its level takes a while to find. */
    const double interval_level = comparison->within > 0
                                      ? pocock_level(comparison->looks, comparison->level)
                                      : comparison->level;
    int count = 0;

    for (int arm = 0; arm < comparison->arm_count; arm++) {
        if (arm != comparison->baseline)
            fill_pair(comparison, arm, interval_level, list, &pairs[count++]);
    }
    return count;
}

int looks_judge(const struct comparison *comparison, int look, struct look_entry *out)
{
    struct pair_verdict pairs[COMPARISON_ARMS_MAX];
    double p[COMPARISON_ARMS_MAX], tost[COMPARISON_ARMS_MAX];
    const double band = comparison_band(comparison);
    const int count = list_pairs(comparison, pairs);
    int entries = 0;

    adjust(comparison, pairs, count, band, &(struct evidence){p, tost});
    for (int i = 0; i < count; i++) {
        const struct judgement judged = {.p = p[i], .equivalence_p = tost[i]};
        if (!is_decided(comparison, pairs[i].first))
            out[entries++] = (struct look_entry){
                .look = look,
                .arm = pairs[i].first,
                .seeds = pairs[i].seeds,
                .p = pairs[i].rank.p,
                .verdict = verdict_judge(&pairs[i], &judged, comparison->level, band),
            };
    }
    return entries;
}
