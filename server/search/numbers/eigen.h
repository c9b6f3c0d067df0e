/*
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to three diagonals,
 * then implicit QR steps with Wilkinson's shift (Golub and Van Loan, 2013, 8.3).
 *
 *     matrix   [n][n] symmetric; only what stands on and below the diagonal is read
 *     values   [n] out, in no order
 *     vectors  [n][n] out: row k is the unit vector of values[k], so that
 *              matrix = sum over k of values[k] vectors[k]' vectors[k]
 *
 * Errors are of the order of the rounding of the largest eigenvalue. Finite numbers only.
 */
#ifndef EIGEN_H
#define EIGEN_H

void symmetric_eigen(const double *matrix, int n, double *values, double *vectors);

#endif
