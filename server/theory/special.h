/*
 * Constants of the sign of a noisy gradient (Compagnoni et al., 2025, arXiv 2411.15958).
 *
 * The mean of sign(g + z) with z of scale 1 is erf(g/sqrt(2)) for normal z, 2 F(g) - 1 for
 * Student's t. Near 0 it is a line: sqrt(2/pi) g, or 2 c g with the density c of z at 0. For
 * |g|/sqrt(2) between 1 and 3/2 it lies between two parallel lines.
 */
#ifndef SPECIAL_H
#define SPECIAL_H

/* erf(y) on 1 … 3/2: slope * y + low <= erf(y) <= slope * y + high. */
struct erf_secant {
    double slope; /* of the secant through both ends */
    double low;   /* its intercept */
    double high;  /* of the tangent with the same slope */
    double touch; /* where that touches */
};
struct erf_secant erf_secant(void);

/* Where phases 1, 2 and 3 of sign descent meet, in |Y|. */
#define PHASE_INNER 1.0
#define PHASE_OUTER 1.5

/* Density at 0 of Student's t with nu > 0 degrees of freedom (infinite: of the normal
 * distribution), scale 1: Gamma((nu + 1)/2) / (sqrt(pi nu) Gamma(nu/2)). */
double student_density(double nu);

/* Variance of Student's t by the square of its scale: nu/(nu - 2); infinite for nu <= 2. */
double student_variance(double nu);

#endif
