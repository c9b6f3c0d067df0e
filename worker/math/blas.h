/*
 * The doorway to OpenBLAS. Matrices are row-major and dense: row i of [rows][columns] starts at
 * i * columns. All three products take `beta`: 0 overwrites C, 1 adds to it.
 *
 * Sizes are at most BLAS_SIZE_MAX; who takes sizes from outside checks that first.
 */
#ifndef BLAS_H
#define BLAS_H

#include "math/real.h"
#include <stddef.h>

#define BLAS_SIZE_MAX 2147483647 /* a dimension is an int there */

/* C [m][n] = A [m][k] B [k][n] + beta C */
void multiply(size_t m, size_t n, size_t k, const real *a, const real *b, real beta, real *c);
/* C [m][n] = A [m][k] B' + beta C, where B is [n][k] */
void multiply_transposed(size_t m, size_t n, size_t k, const real *a, const real *b, real beta,
                         real *c);
/* C [m][n] = A' B [k][n] + beta C, where A is [k][m] */
void transposed_multiply(size_t m, size_t n, size_t k, const real *a, const real *b, real beta,
                         real *c);

/* Which kernels run ("SkylakeX", "Haswell", …), and the release ("0.3.21"). Static text. */
const char *blas_core(void);
const char *blas_version(void);

/* How many threads a product may use. The environment decides it at the start. */
int blas_threads(void);
void blas_set_threads(int threads);

#endif
