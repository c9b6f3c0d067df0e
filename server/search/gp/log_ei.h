/*
 * The logarithm of expected improvement, which keeps a slope where improvement itself has long been
 * rounded to zero (Ament et al., NeurIPS 2023, arXiv 2310.20708). Pure.
 */
#ifndef LOG_EI_H
#define LOG_EI_H

/* exp(t^2) erfc(t), t >= 0, relative error below 1e-11: with the C library's erfc up to 20, by its
 * asymptotic series (Abramowitz and Stegun, 7.1.23) above. */
double scaled_erfc(double t);

/* ln h(z), h(z) = phi(z) + z Phi(z), and its slope h'/h = Phi/h; any finite z. */
double log_improvement(double z, double *out_slope);

/* ln Phi(z), and its slope phi/Phi. */
double log_normal_cdf(double z, double *out_slope);

#endif
