/*
 * Which parameters decide whether a run is among the best: PED-ANOVA (Watanabe, Bansal and Hutter,
 * IJCAI 2023, arXiv 2304.10255). For each parameter the density of the best 10 % of the runs is
 * held against that of all of them, by the Pearson divergence; it needs neither a model nor runs
 * spread evenly, and takes O(runs) a parameter.
 *
 * Runs that were pruned, failed or broke a constraint count among all of them, and are never among
 * the best. Results of earlier searches count, too; runs of a population by their rank within their
 * generation (evidence.h).
 */
#ifndef IMPORTANCE_H
#define IMPORTANCE_H

#include "insight/findings.h"

enum {
    IMPORTANCE_GRID = 50,     /* cells of a number's axis */
    IMPORTANCE_BEST = 10,     /* one in so many runs is among the best … */
    IMPORTANCE_BEST_LEAST = 5 /* … but at least so many; from twice as many runs on */
};

/* The best ones: the first of the evidence (evidence.h); those as good as the last of them are
 * among them. 0: there are too few runs to say anything. */
int importance_best_count(const struct findings *findings);

/* shares [space.count], adding up to 1 (all 0 where no parameter tells the best from the rest).
 * -1: there are too few runs, *why says how many it takes. */
int importance_shares(const struct findings *findings, double *shares, const char **why);

/* The density of some cells over [0, cells): a normal kernel around each cell with its count for a
 * weight, and one over all with weight 1. Width of Scott's rule, 1.059 min(quartile range / 1.34,
 * deviation) / weight^0.2, at least 0.5 / 1.64 cells; mass per cell, cut off at the ends. */
void importance_density(const int *counts, int cells, double *density);
/* Of choices: each run adds 1 + 1/k to its own and 1/k to the others, scaled to 1, k = runs + 1
 * kernels; and one that is uniform (section 3 of arXiv 2304.11127). */
void importance_choice_density(const int *counts, int choices, double *density);

#endif
