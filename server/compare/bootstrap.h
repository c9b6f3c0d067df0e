/*
 * Resampled means: the bootstrap and the Bayesian bootstrap, shared by all pairs of a comparison.
 *
 * The weights of a draw depend on (seed, draw, number of values) alone, and the mean of a
 * difference is the difference of the means: the means of each arm are drawn once, and a pair only
 * subtracts. The same seed gives the same bits. Pure.
 */
#ifndef BOOTSTRAP_H
#define BOOTSTRAP_H

#include <stdint.h>

/* More values than BOOTSTRAP_CELLS_MAX / BOOTSTRAP_DRAWS (400) get fewer draws. */
enum { BOOTSTRAP_DRAWS = 10000, BOOTSTRAP_CELLS_MAX = 4000000 };

struct bootstrap {
    int n;         /* values */
    int draws;     /* at most what was asked for */
    float *counts; /* [n][draws] how often each value was picked (Efron, 1979) */
    float *shares; /* [n][draws] uniform on the simplex (Rubin, 1981) */
};

/* n >= 1, draws >= 1. Streams RANDOM_RESAMPLE and RANDOM_WEIGHTS of random.h. */
struct bootstrap bootstrap_new(int n, int draws, uint64_t seed);
void bootstrap_release(struct bootstrap *bootstrap);

/* values [n] -> [draws] each: the mean of every resample; the mean under every draw of shares. */
void bootstrap_means(const struct bootstrap *bootstrap, const double *values, double *means);
void bootstrap_weighted(const struct bootstrap *bootstrap, const double *values, double *means);

struct interval {
    double low, high; /* NaN: none */
};

/*
 * The BCa interval (bias-corrected and accelerated; Efron, 1987) of a mean:
 *     values      [n] finite
 *     means       [draws] of resamples of them
 *     level       0 < level < 1: the interval is to miss the true mean with that probability
 *     resolution  means within it of the sample's count half as below, half as above it
 * Ends at linearly interpolated quantiles of the means. None for n < 3; that one point where all
 * values are equal. Known to be too short for small n (below about 10): it stands beside Student's
 * interval, not in its place.
 */
struct interval bca_interval(const double *values, int n, const double *means, int draws,
                             double level, double resolution);

/* The acceleration of a mean by the jackknife: sum (x - m)^3 / (6 (sum (x - m)^2)^(3/2)); 0 where
 * all values are equal. */
double jackknife_acceleration(const double *values, int n);

/* The share of means above 0, those within `resolution` of it half. */
double share_above_zero(const double *means, int draws, double resolution);

#endif
