/*
 * Values in order: ranks, medians, quantiles. No value may be NaN; infinite ones are in order too.
 */
#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>

/* Mid-ranks: 1 for the smallest; equal values share the mean of their places.
 *     ranks       [count] out
 *     resolution  values that are not farther than this above the smallest of their group count as
 *                 equal: what rounding did shall break no tie; 0: only equal ones
 * Returns the sum of t^3 - t over groups of t equal values, which ties take from variances. */
double mid_ranks(const double *values, int count, double resolution, double *ranks);

/* NaN for count 0. */
double order_median(const double *values, int count);

/* The value that stands at `place`, 0 … count - 1, of the order. `values` is put into another one:
 * nothing before that place is larger, nothing behind it smaller. */
double order_place(double *values, int count, int place);

/* The value below which a share p (0 … 1) lies: on the straight line between the neighbours of
 * place (count - 1) p (Hyndman and Fan, 1996, definition 7). `values` [count >= 1] is put into
 * another order. */
double order_quantile(double *values, int count, double p);

#endif
