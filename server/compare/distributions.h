/*
 * Normal, Student's t, chi-square and F: tails and quantiles, for p values and intervals.
 *
 * Tails are computed as such, not as 1 - cdf, so small p values keep their digits: relative error
 * below 1e-10 for up to 10,000 degrees of freedom. Degrees of freedom are > 0, probabilities lie
 * in 0 … 1. NaN in, NaN out. Pure.
 */
#ifndef DISTRIBUTIONS_H
#define DISTRIBUTIONS_H

/* P(Z <= z) */
double normal_cdf(double z);

/* The z with P(Z <= z) = p; infinite for 0 and 1. From Abramowitz and Stegun, 26.2.23, by Halley's
 * method. */
double normal_quantile(double p);

/* P(|Z| >= |z|) */
double normal_two_sided(double z);

/* P(T >= t) and P(|T| >= |t|), by the incomplete beta function (DLMF 8.17; Abramowitz and Stegun,
 * 26.7.1). */
double student_upper(double t, double freedom);
double student_two_sided(double t, double freedom);

/* The t > 0 with P(|T| >= t) = p, 0 < p < 1: half the width of an interval at level 1 - p. */
double student_two_sided_quantile(double p, double freedom);

/* P(X >= x): Abramowitz and Stegun, 26.4.19 and 26.6.2. */
double chi_square_upper(double x, double freedom);
double f_upper(double x, double first_freedom, double second_freedom);

/* I_x(a, b), a and b > 0, 0 <= x <= 1: the continued fraction DLMF 8.17.22, by the method of Lentz
 * (1976) as modified by Thompson and Barnett (1986). */
double incomplete_beta(double a, double b, double x);

/* Q(a, x), a > 0, x >= 0: the series DLMF 8.11.4 below a + 1, the continued fraction 8.9.2 above.
 */
double incomplete_gamma_upper(double a, double x);

#endif
