/*
 * How much of the variance of the objective, over the whole space, is due to each parameter and to
 * each pair of them: functional ANOVA on a random forest (Hutter, Hoos and Leyton-Brown, ICML
 * 2014). 64 trees, each on as many runs as there are, drawn with replacement; shares are means over
 * the trees.
 *
 * Where PED-ANOVA asks what makes a run one of the best, this asks what makes values differ: one
 * parameter that can ruin a run takes most of it.
 */
#ifndef FANOVA_H
#define FANOVA_H

#include "insight/bins.h"

enum { FANOVA_TREES = 64, FANOVA_RUNS_LEAST = 10, FANOVA_PAIRED_MAX = 12 };

struct fanova_pair {
    int first, second;
    double share;
};

struct fanova {
    double share[PARAMETERS_MAX];
    struct fanova_pair pairs[FANOVA_PAIRED_MAX * (FANOVA_PAIRED_MAX - 1) / 2];
    int pair_count; /* of the parameters with the largest shares; largest first */
};

/* -1: there are too few runs, or all values are the same; *why says so. */
int fanova_of(const struct bins *bins, struct fanova *fanova, const char **why);

#endif
