/*
 * Two kernels for the broad shape of an objective, beside the Matern one over all columns:
 *
 *     additive  mean over columns j of  k(weight_j (x_j - x'_j)^2), k Matern's as in
 * search/matern.h, and of [x_j = x'_j] for a choice: a sum of functions of one column each
 * (Duvenaud, Nickisch and Rasmussen, NeurIPS 2011, arXiv 1112.4394) pairs     mean over columns j <
 * k of  9 t_j t_k t'_j t'_k, t = 2 x - 1, numbers only: products with a normal weight each
 * (Rasmussen and Williams, 2006, 2.7)
 *
 * Pure; the same bits on every machine.
 */
#ifndef TREND_H
#define TREND_H

#include "search/gp/matern.h"

/* Of the points 0 … n - 1 to one point [count]. */
void additive_row(const struct columns *columns, const double *weight, int n, const double *point,
                  double *k);
void pairs_row(const struct columns *columns, int n, const double *point, double *k);

/* pairs of the point and itself, and its slope [count]; additive is 1 there. */
double pairs_self(const struct columns *columns, const double *point, double *slope);

/* sum of w_i times the slope of k(point, i) by the point's column j, and by ln(weight_j). */
double additive_slope(const struct columns *columns, int j, double weight, int n, double point,
                      const double *w);
double additive_weight_slope(const struct columns *columns, int j, double weight, int n,
                             double point, const double *w);
/* sum of w_i times the slope [count] of the pairs of point i and one point. */
void pairs_slope(const struct columns *columns, int n, const double *point, const double *w,
                 double *slope);

#endif
