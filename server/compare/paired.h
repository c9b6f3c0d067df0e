/*
 * The mean of paired differences: Student's t, effect size, equivalence, power. Pure.
 *
 * All take finite differences; where fewer than two are given, everything but n and mean is NaN.
 * Where all differences are equal the interval is that one point, and p is 0, or 1 at 0.
 */
#ifndef PAIRED_H
#define PAIRED_H

struct paired_t {
    int n;
    double mean, standard_error;
    double low, high; /* the interval that holds the true mean with probability 1 - level */
    double t, p;      /* against 0, two-sided, n - 1 degrees of freedom */
};

/* differences [n]; 0 < level < 1. `quantile`: student_two_sided_quantile(level, n - 1), for
 * callers who have it already; NaN: it is computed. */
struct paired_t paired_t(const double *differences, int n, double level, double quantile);

/* Cohen's d of paired differences (d_z): mean by deviation; 0 for 0 by 0. */
double paired_effect(const struct paired_t *t);

/* What takes its bias off in small samples: Gamma(v/2)/(sqrt(v/2) Gamma((v - 1)/2)), v = n - 1
 * (Hedges, 1981). NaN for n < 3. */
double hedges_correction(int n);

/* Two one-sided tests (Schuirmann, 1987): the larger p of "mean <= -within" and "mean >= within".
 * within > 0. Below a level exactly where the interval at 1 - 2 level lies inside the band. */
double equivalence_p(const struct paired_t *t, double within);

/* Probability that the two-sided paired t test at `level` finds an effect d_z (either way, as R's
 * power.t.test(strict = TRUE)): from the noncentral t distribution, integrated over the deviation.
 * n >= 2. Absolute error below 1e-9. Effects beyond PAIRED_EFFECT_MAX count as that: three or four
 * pairs show them, and the integral would take ever longer. */
enum { PAIRED_EFFECT_MAX = 10 };
double paired_power(double effect, int n, double level);

/* The fewest n >= 2 with that power, at most `most`; -1 where it takes more. */
int paired_n_for(double effect, double level, double power, int most);

#endif
