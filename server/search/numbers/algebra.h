/*
 * Dense linear algebra for a few thousand rows, without BLAS: the server links none.
 *
 * Matrices are row-major doubles whose rows are algebra_stride(n) apart, so that kernels may work
 * on whole vectors; what lies past column n of a row is scratch. Triangular ones are lower. Sums
 * have a fixed order: the same bits on every machine. 20 GFLOP/s on one core with AVX-512.
 */
#ifndef ALGEBRA_H
#define ALGEBRA_H

#include <stddef.h>

enum { ALGEBRA_LANES = 16 };

size_t algebra_stride(int n);            /* n rounded up to whole vectors */
double *algebra_matrix(int rows, int n); /* [rows][stride] zeroed; free() it */

/* A = L L': the lower triangle of `a` becomes L, above it is scratch. -1 where A is not positive
 * definite; then `a` is of no use (Golub and Van Loan, 2013, 4.2). */
int cholesky(double *a, int n);

/* L^-1, whose upper triangle stays zero: `out` comes in zeroed. */
void invert_lower(const double *lower, int n, double *out);

/* A^-1 = L^-T L^-1 from L^-1, lower triangle only. */
void inverse_of_product(const double *inverse_lower, int n, double *out);

/* out [n][stride of m] = T B, with T lower triangular and zero above, B [n][stride of m]. */
void lower_times(const double *lower, int n, const double *b, int m, double *out);

/* out = T v, and out = T' v. */
void lower_times_vector(const double *lower, int n, const double *v, double *out);
void lower_transposed_times_vector(const double *lower, int n, const double *v, double *out);

/* Solves L L' x = b by substitution; x may be b. */
void cholesky_solve(const double *lower, int n, const double *b, double *x);

/* sum of a_i b_i, in ALGEBRA_LANES partial sums. */
double dot_product(const double *a, const double *b, int n);

#endif
