/*
 * Matern-5/2 correlations with a weight for every column (Rasmussen and Williams, 2006, 4.17):
 *
 *     r2 = sum_j weight_j D_j,  D_j = (a_j - b_j)^2, or [a_j != b_j] where the column is a choice
 *     k  = (1 + t + t^2/3) exp(-t),  t = sqrt(5 r2);   slope = -2 dk/dr2 = 5/3 (1 + t) exp(-t)
 *
 * so dk/d(a_j) = -slope weight_j (a_j - b_j). Pure; the same bits on every machine (an exponential
 * of its own, relative error 1e-15).
 */
#ifndef MATERN_H
#define MATERN_H

#include <stdbool.h>
#include <stddef.h>

struct columns {
    const double *x; /* [count][stride] one column after the other */
    size_t stride;
    const bool *choice; /* [count] compared as a choice */
    int count;
};

/* Of the points first … first + n - 1 to one point [count]: k [n], and slope [n] or NULL. */
void matern_row(const struct columns *columns, const double *weight, int first, int n,
                const double *point, double *k, double *slope);

/* sum of w_i D_j(point, i) over the n first points, and the same of w_i (point_j - x_ij). */
double weighted_distance(const struct columns *columns, int j, double point, const double *w,
                         int n);
double weighted_difference(const struct columns *columns, int j, double point, const double *w,
                           int n);

#endif
