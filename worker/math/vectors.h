/*
 * Loops over float vectors. Sums are taken in double, in an order that depends on the length alone,
 * so their bits are the same on every machine. NaN and infinities go through.
 *
 *     count   numbers in each vector; 0 gives 0
 *
 * Vectors may not overlap, but an output may be one of the inputs.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stddef.h>

double vector_sum(size_t count, const float *x);
double vector_sum_squares(size_t count, const float *x); /* the squared Euclidean norm */
double vector_sum_absolute(size_t count, const float *x);
double vector_dot(size_t count, const float *x, const float *y);
double vector_squared_distance(size_t count, const float *x, const float *y);

bool vector_is_finite(size_t count, const float *x);

void vector_fill(size_t count, float value, float *x);
void vector_scale(size_t count, float factor, float *x); /* x *= factor */
void vector_add_scaled(size_t count, float factor, const float *x,
                       float *restrict y); /* y += f x */
/* out = a x + b y; out may be x or y */
void vector_combine(size_t count, float a, const float *x, float b, const float *y, float *out);
void vector_multiply(size_t count, const float *x, float *restrict y); /* y *= x */

/* Every row of matrix [rows][columns] becomes `row`. */
void rows_fill(size_t rows, size_t columns, const float *row, float *matrix);

/* sums[j] = sum of column j of matrix [rows][columns], in float, from the first row down. */
void rows_sum(size_t rows, size_t columns, const float *matrix, float *restrict sums);

#endif
