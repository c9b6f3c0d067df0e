/*
 * The normal distribution cut off outside [low, high], with logarithms that keep their digits far
 * out in the tails. Pure.
 */
#ifndef TRUNCATED_NORMAL_H
#define TRUNCATED_NORMAL_H

/* ln P(a < Z < b), a <= b, both may be infinite: on the side where the difference of two tails
 * loses no digits. */
double normal_log_mass(double a, double b);

/* ln of the density at x; -INFINITY outside. low <= mean <= high is not required; deviation > 0. */
double truncated_normal_log_density(double x, double mean, double deviation, double low,
                                    double high);

/* The x below which a share u of it lies, 0 <= u <= 1, by the inverse of its distribution function:
 * a draw, where u is uniform. */
double truncated_normal_quantile(double u, double mean, double deviation, double low, double high);

#endif
