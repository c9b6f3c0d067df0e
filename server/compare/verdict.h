/*
 * The verdict of a comparison: every pair of arms over the seeds they share.
 *
 * Two families of questions, each held to the level as a whole by Holm's adjustment:
 *     baseline  every other arm against the baseline   arms - 1 pairs
 *     all       every two arms                         arms (arms - 1)/2 pairs
 * A pair with the baseline is judged in both, and both are told.
 *
 * The rules. p is the signed-rank p, taken up for the number of planned looks where there are
 * several (sequential.h), then adjusted by Holm over the family:
 *     better      p < level, the ranks favour the first arm, and so does the mean gain where there
 *                 is one
 *     worse       the same for the second arm
 *     equivalent  neither; and a band was asked for; at least EQUIVALENT_SEEDS_MIN seeds give a
 * mean gain; Student's interval t.low … t.high lies inside -band … band; and the p of the two
 * one-sided tests, adjusted in the same way, is < level undecided   anything else An arm may be
 * better by less than the band: it is better, and the difference negligible.
 *
 * With several looks the intervals hold at all of them together (they miss with probability
 * pocock_level(looks, level) at each). What was decided about an arm against the baseline at an
 * earlier look (`decided`) stays decided, though Holm's adjustment moves with the p of other pairs.
 *
 * How failed runs count: pairs.h. Pure; for a helper thread: 64 arms of 50 seeds take a third of a
 * second.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include "compare/comparison.h"
#include "jobs/looks.h"

enum family { FAMILY_BASELINE, FAMILY_ALL, FAMILIES };
extern const char *const family_names[FAMILIES];

#define VERDICT_POWER 0.8 /* that seeds_needed is for */
enum { SEEDS_NEEDED_MAX = 10000, EQUIVALENT_SEEDS_MIN = 3 };

struct judgement {
    enum verdict verdict; /* on the first arm */
    double p;             /* adjusted for looks and family; NaN: no seed in common */
    double equivalence_p; /* adjusted; NaN: no band, or no mean */
    bool too_few;         /* so few seeds differ that no p below the level was to be had */
    int seeds_for_level;  /* the fewest that can give one: if none ties and all point one way */
    /* In all, for VERDICT_POWER at the effect seen (`unbiased`): that of the paired t test at the
     * level shared evenly by the family, by 3/pi, the efficiency of ranks for normal differences
     * (Lehmann, 2006, 2.4), and no fewer than seeds_for_level. -1: more than SEEDS_NEEDED_MAX, or
     * no effect is known. An effect seen with few seeds is itself uncertain, and so is this. */
    int seeds_needed;
};

struct pair_verdict {
    int first, second;      /* arms; with the baseline: it is the second; else first < second */
    int seeds;              /* with which both have run */
    int wins, losses, ties; /* seeds, of the first arm */
    int first_failed, second_failed, both_failed; /* seeds with which it alone failed, or both */
    struct signed_rank rank;
    double median; /* gain; infinite where failures reach the middle; NaN without seeds */
    /* Of the mean gain; NaN where there is none (pairs.h). */
    struct paired_t t;       /* the mean, its error, interval, plain p */
    struct interval bca;     /* from 3 seeds on */
    double probability;      /* that it is above 0 (Bayesian bootstrap); from 3 seeds on */
    double effect, unbiased; /* d_z, and with Hedges' correction; infinite for a constant gain */
    bool negligible;         /* its size is at most the band */
    /* For FAMILY_BASELINE only in the first family_size[FAMILY_BASELINE] pairs. */
    struct judgement judged[FAMILIES];
};

struct comparison_verdict {
    double band;           /* in the metric's unit; 0: none */
    double interval_level; /* the probability with which an interval misses */
    double boundary;       /* Pocock's constant; NaN for a single look */
    int family_size[FAMILIES];
    int pair_count;
    struct pair_verdict *pairs; /* those with the baseline first, by their other arm */
};

/* The caller releases it. */
struct comparison_verdict verdict_of(const struct comparison *comparison);
void verdict_release(struct comparison_verdict *verdict);

/* The rules above for one pair, whose rank, t and adjusted p are known. */
enum verdict verdict_judge(const struct pair_verdict *pair, const struct judgement *judged,
                           double level, double band);

/* Whether the arm's question against the baseline is settled (not undecided), so that a sequential
 * comparison may stop giving it seeds; of the baseline: whether those of all others are. */
bool verdict_is_settled(const struct comparison_verdict *verdict, int arm);

#endif
