/*
 * The two groups of a tree-structured Parzen estimator: the best trials, and all others with those
 * under way.
 *
 * Trials go by an id: those of earlier searches first, then this one's by their number. Good ones
 * rank by standing.h; with several objectives those that keep the constraints by non-dominated
 * front, then the less crowded first, then by age. A failed one is never among the best.
 */
#ifndef TPE_GROUPS_H
#define TPE_GROUPS_H

#include "search/search.h"

struct tpe_groups;

enum {
    TPE_BEST_MOST = 25,   /* of one objective (Bergstra et al., 2013) */
    TPE_FRONT_MOST = 100, /* of several */
    TPE_OTHERS_MOST = 2000,
};

struct tpe_groups *tpe_groups_new(void);
void tpe_groups_free(struct tpe_groups *groups);

/* Takes in what was told since. The same history always gives the same groups. */
void tpe_groups_update(struct tpe_groups *groups, const struct history *history);
/* How many have ended without failing. */
int tpe_groups_ended(const struct tpe_groups *groups);

const struct trial *tpe_trial(const struct history *history, int id);

/* best [TPE_FRONT_MOST] out: ids, rising: the least whole number at or above share * ended, at most
 * as above. Returns how many. */
int tpe_groups_best(const struct tpe_groups *groups, const struct history *history, double share,
                    int *best);

/* Thinning costs nothing that could be measured: with 300 others instead of all, 1,000 evaluations
 * end as well on Hartmann-6, Levy-10 and a mixed space, 20 seeds each.
 *
 * others [TPE_OTHERS_MOST] out: ids, rising; all but the best where they fit, else the newer half
 * and as many of the older, evenly drawn; stand_for [..] out: how many each stands for. */
int tpe_groups_others(const struct history *history, const int *best, int best_count,
                      struct rng *rng, int *others, double *stand_for);

#endif
