/*
 * Statistics of a handful of values, all finite.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <math.h>

#define NO_VALUE ((double)NAN)

/* NO_VALUE where there is none. */
double statistics_mean(const double *values, int count);

/* Of the mean: the sample's deviation (n - 1) over the root of n. NO_VALUE for fewer than two. In
 * two passes with a correction for what rounding left in the mean (Chan, Golub and LeVeque, 1983).
 */
double statistics_standard_error(const double *values, int count);

#endif
