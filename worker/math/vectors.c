/* Sums run in 16 lanes: number i goes to lane i % 16, and the lanes are added as a tree. That is
 * what an AVX-512 register pair does, and narrower machines do it in pieces with the same bits. */
#include "math/vectors.h"

#include "math/clones.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 16 };

KERNEL_INLINE double tree_sum(double lane[LANES])
{
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            lane[l] += lane[l + width];
    return lane[0];
}

/* The sum of `term` over i; `term` may use i. A macro, so that every clone vectorizes it. */
#define SUM_OF(count, term)                                                                        \
    double lane[LANES] = {0};                                                                      \
    const size_t whole = (count) / LANES * LANES;                                                  \
    for (size_t start = 0; start < whole; start += LANES) {                                        \
        for (size_t l = 0; l < LANES; l++) {                                                       \
            const size_t i = start + l;                                                            \
            lane[l] += (term);                                                                     \
        }                                                                                          \
    }                                                                                              \
    for (size_t i = whole; i < (count); i++)                                                       \
        lane[i - whole] += (term);                                                                 \
    return tree_sum(lane)

KERNEL_CLONES double vector_sum(size_t count, const real *x)
{
    SUM_OF(count, (double)x[i]);
}

KERNEL_CLONES double vector_sum_squares(size_t count, const real *x)
{
    SUM_OF(count, (double)x[i] * (double)x[i]);
}

KERNEL_CLONES double vector_sum_absolute(size_t count, const real *x)
{
    SUM_OF(count, fabs((double)x[i]));
}

KERNEL_CLONES double vector_dot(size_t count, const real *x, const real *y)
{
    SUM_OF(count, (double)x[i] * (double)y[i]);
}

KERNEL_CLONES double vector_squared_distance(size_t count, const real *x, const real *y)
{
    SUM_OF(count, ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]));
}

/* Infinity less infinity, and NaN less anything, is NaN, which is not even itself. */
KERNEL_CLONES bool vector_is_finite(size_t count, const real *x)
{
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        const real difference = x[i] - x[i];
        found |= difference != difference;
    }
    return !found;
}

KERNEL_CLONES void vector_fill(size_t count, real value, real *x)
{
    for (size_t i = 0; i < count; i++)
        x[i] = value;
}

KERNEL_CLONES void vector_scale(size_t count, real factor, real *x)
{
    for (size_t i = 0; i < count; i++)
        x[i] *= factor;
}

KERNEL_CLONES void vector_add_scaled(size_t count, real factor, const real *x, real *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] += factor * x[i];
}

KERNEL_CLONES void vector_combine(size_t count, real a, const real *x, real b, const real *y,
                                  real *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = a * x[i] + b * y[i];
}

KERNEL_CLONES void vector_multiply(size_t count, const real *x, real *restrict y)
{
    for (size_t i = 0; i < count; i++)
        y[i] *= x[i];
}

void rows_fill(size_t rows, size_t columns, const real *row, real *matrix)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(matrix + r * columns, row, columns * sizeof *row);
}

/* Four rows a turn, so that the sums are loaded and stored a quarter as often. */
KERNEL_CLONES void rows_sum(size_t rows, size_t columns, const real *matrix, real *restrict sums)
{
    memset(sums, 0, columns * sizeof *sums);
    size_t r = 0;
    for (; r + 4 <= rows; r += 4) {
        const real *a = matrix + r * columns, *b = a + columns, *c = b + columns, *d = c + columns;
        for (size_t j = 0; j < columns; j++)
            sums[j] = (((sums[j] + a[j]) + b[j]) + c[j]) + d[j];
    }
    for (; r < rows; r++)
        for (size_t j = 0; j < columns; j++)
            sums[j] += matrix[r * columns + j];
}
