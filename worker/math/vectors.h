/*
 * Loops over vectors of real. Sums are taken in double, in an order that depends on the length
 * alone, so their bits are the same on every machine. NaN and infinities go through.
 *
 *     count   numbers in each vector; 0 gives 0
 *
 * Vectors may not overlap, but an output may be one of the inputs.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include "math/real.h"
#include <stdbool.h>
#include <stddef.h>

double vector_sum(size_t count, const real *x);
double vector_sum_squares(size_t count, const real *x); /* the squared Euclidean norm */
double vector_sum_absolute(size_t count, const real *x);
double vector_dot(size_t count, const real *x, const real *y);
double vector_squared_distance(size_t count, const real *x, const real *y);

bool vector_is_finite(size_t count, const real *x);

void vector_fill(size_t count, real value, real *x);
void vector_scale(size_t count, real factor, real *x); /* x *= factor */
void vector_add_scaled(size_t count, real factor, const real *x, real *restrict y); /* y += f x */
/* out = a x + b y; out may be x or y */
void vector_combine(size_t count, real a, const real *x, real b, const real *y, real *out);
void vector_multiply(size_t count, const real *x, real *restrict y); /* y *= x */

/* Every row of matrix [rows][columns] becomes `row`. */
void rows_fill(size_t rows, size_t columns, const real *row, real *matrix);

/* sums[j] = sum of column j of matrix [rows][columns], in real, from the first row down. */
void rows_sum(size_t rows, size_t columns, const real *matrix, real *restrict sums);

#endif
