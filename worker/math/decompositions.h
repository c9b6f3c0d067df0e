/*
 * Eigenvectors and orthonormal bases of square matrices, by the LAPACK that OpenBLAS brings.
 * Matrices are row-major and dense, [n][n] with 1 <= n <= DECOMPOSITION_SIDE_MAX. The same bits for
 * the same matrix under one numeric fingerprint, as for products.
 *
 * Where a matrix has entries that are not finite, or LAPACK finds no answer, all results are NaN.
 */
#ifndef DECOMPOSITIONS_H
#define DECOMPOSITIONS_H

#include "math/real.h"
#include <stddef.h>

enum { DECOMPOSITION_SIDE_MAX = 10000 };

/* How many numbers either of the two below works in. */
size_t decomposition_scratch(size_t n);

/* Of a symmetric matrix: its eigenvectors take its place, as columns of length 1, and their values
 * [n] are given, both from the largest value down. A column's sign is arbitrary, and so is the
 * basis where values are equal. */
void symmetric_eigen(size_t n, real *matrix, real *values, real *scratch);

/* The matrix is replaced by the orthogonal Q of its decomposition Q R with R upper triangular; the
 * signs of Q's columns are arbitrary. */
void orthonormalise(size_t n, real *matrix, real *scratch);

#endif
