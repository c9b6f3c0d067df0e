/*
 * Rungs of successive halving: progress at which runs are compared, the best one in `reduction` of
 * those that came so far going on (Li et al., 2020, "A System for Massively Parallel Hyperparameter
 * Tuning", arXiv 1810.05934).
 *
 *     stopping form   a run that comes to a rung goes on where it is among the best
 *                     max(1, floor(n / reduction)) of the n that have come there, itself included;
 *                     those who come first pass, and nobody ever waits
 *     promotion form  every run waits at every rung; a free worker takes, of the highest rung
 *                     first, one that is among the best floor(n / reduction) there
 *
 * A value that is no number has come to the rung as well, and is worse than any other.
 */
#ifndef RUNGS_H
#define RUNGS_H

#include "prune/prune.h"

struct rungs {
    double at[PRUNE_RUNGS_MAX]; /* [count] rising */
    int count;
    int reduction;
    const bool *in; /* [runs of the table] which take part; NULL: all */
};

/* least * reduction^k for k = 0, 1, … below `most` (0: not known, no end). None where least is not
 * greater than 0. */
struct rungs rungs_of(double least, int reduction, double most);

/* From min_steps as chosen, NaN for null: a hundredth of a whole run, at least 1; 0: not known. */
double rungs_least(double min_steps, double most);

enum prune_verdict rungs_look(const struct rungs *rungs, const struct prune_table *table, int at,
                              char why[PRUNE_WHY_BYTES]);

/* As prune_rule's. Where no run will come any more (closing), the best one of a rung goes on even
 * where too few came there for that. */
int rungs_promote(const struct rungs *rungs, const struct prune_table *table, int *out_rung);
double rungs_pause_at(const struct rungs *rungs, const struct run_curve *curve);

#endif
