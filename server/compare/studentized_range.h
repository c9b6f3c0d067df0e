/*
 * The range of k independent standard normal numbers: Tukey's studentized range with infinitely
 * many degrees of freedom, for Nemenyi's critical difference. Pure.
 */
#ifndef STUDENTIZED_RANGE_H
#define STUDENTIZED_RANGE_H

/* P(range >= q), q >= 0, k >= 2: 1 - k integral phi(z) (Phi(z) - Phi(z - q))^(k - 1) dz over the
 * largest of them (Tippett, 1925), absolute error below 1e-12. */
double studentized_range_upper(double q, int k);

/* The q with that tail, 0 < p < 1. */
double studentized_range_quantile(double p, int k);

#endif
