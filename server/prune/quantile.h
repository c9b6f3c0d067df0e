/*
 * A quantile of the values that finished runs had at the same progress.
 */
#ifndef QUANTILE_H
#define QUANTILE_H

#include "prune/prune.h"

/* Of what runs that are done had at `progress`: at position q (n - 1) of the n sorted values,
 * linear in between, 0 <= q <= 1 (Hyndman and Fan, 1996, definition 7). Values that are no number
 * are left out. NaN: there is none. *out_runs: how many. */
double quantile_of_done(const struct prune_table *table, double progress, double q, int *out_runs);

struct quantile_rule {
    double q;
    int min_runs;     /* that must have ended well before anything is stopped */
    double min_steps; /* nothing is stopped before */
    const char *name; /* "the median", … */
};
/* Whether the best value of runs[at] so far is worse than that quantile (Golovin et al., 2017,
 * section 3.2). */
enum prune_verdict quantile_look(const struct quantile_rule *rule, const struct prune_table *table,
                                 int at, char why[PRUNE_WHY_BYTES]);

#endif
