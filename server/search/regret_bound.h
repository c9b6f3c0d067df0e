/*
 * What the best run of a search may still lack (Makarova et al., AutoML-Conf 2022, arXiv
 * 2104.08166): a Gaussian process on the better half of the runs, and
 *
 *     bound = min over these runs of (mean + sqrt(beta) deviation)
 *             - min over the space of (mean - sqrt(beta) deviation)
 *     beta = 2/5 ln(d n^2 pi^2 / (6 * 0.1))        d parameters, n runs
 *
 * where the space is 2,048 scrambled Sobol' points and the runs' own. The runs are the best of
 * those that keep all constraints: half of them, but not below 20 and not above 128.
 *
 * Pure; the same history and seed give the same bits.
 */
#ifndef REGRET_BOUND_H
#define REGRET_BOUND_H

#include "search/search.h"

enum { REGRET_RUNS_LEAST = 20, REGRET_RUNS_MOST = 128, REGRET_POINTS = 2048 };

struct regret {
    double bound; /* at least 0, in the unit of objective[0] */
    double noise; /* deviation of a value from the function, as the process sees it */
    int runs;     /* that it learned from */
};

/* false where there are too few runs, or their values are all the same. */
bool regret_bound(const struct history *history, uint64_t seed, struct regret *out);

double regret_beta(int dimensions, int runs);

#endif
