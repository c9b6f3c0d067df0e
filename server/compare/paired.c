#include "compare/paired.h"

#include "compare/distributions.h"
#include "compare/statistics.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

static double ratio_or_zero(double up, double down)
{
    return fabs(up) > 0 ? up / down : 0;
}

struct paired_t paired_t(const double *differences, int n, double level, double quantile)
{
    struct paired_t result = {.n = n,
                              .mean = statistics_mean(differences, n),
                              .standard_error = statistics_standard_error(differences, n),
                              .low = NO_VALUE,
                              .high = NO_VALUE,
                              .t = NO_VALUE,
                              .p = NO_VALUE};
    if (n < 2)
        return result;
    if (isnan(quantile))
        quantile = student_two_sided_quantile(level, n - 1);
    result.low = result.mean - quantile * result.standard_error;
    result.high = result.mean + quantile * result.standard_error;
    result.t = ratio_or_zero(result.mean, result.standard_error);
    result.p = student_two_sided(result.t, n - 1);
    return result;
}

double paired_effect(const struct paired_t *t)
{
    return t->t / sqrt(t->n);
}

double hedges_correction(int n)
{
    if (n < 3)
        return NO_VALUE;
    const double half = 0.5 * (n - 1);
    int sign; /* lgamma() itself would write a variable that all threads share */
    return exp(lgamma_r(half, &sign) - lgamma_r(half - 0.5, &sign)) / sqrt(half);
}

double equivalence_p(const struct paired_t *t, double within)
{
    if (isnan(t->standard_error))
        return NO_VALUE;
    const double room = within - fabs(t->mean); /* to the nearer end of the band */
    if (!(t->standard_error > 0))
        return room > 0 ? 0 : 1;
    return student_upper(room / t->standard_error, t->n - 1);
}

/* --- power --------------------------------------------------------------------------------- */

/* Given the deviation s (in units of the true one) the test rejects with probability
 * P(Z > t s - d) + P(Z < -t s - d), d = effect sqrt(n). With s = e^u the density of u is
 * proportional to exp(v (u - (e^2u - 1)/2)), v = n - 1: smooth, with its top at 0 and gone beyond
 * both ends below; there the trapezoid rule is as good as exact (Trefethen and Weideman, 2014). The
 * step resolves the density, 1/sqrt(2v) wide, and the fall of the rejection, 1/d wide. */
double paired_power(double effect, int n, double level)
{
    assert(n >= 2);
    enum { LOG_ROOM = 40 };
    const double freedom = n - 1, reach = LOG_ROOM / freedom;
    const double shift = fmin(fabs(effect), PAIRED_EFFECT_MAX) * sqrt(n);
    const double step = 0.25 * fmin(1 / sqrt(2 * freedom), 1 / (1 + shift));
    const double critical = student_two_sided_quantile(level, freedom);
    const double from = -reach - sqrt(reach);
    const int64_t cells = (int64_t)((sqrt(reach) - from) / step);
    double mass = 0, rejected = 0;

    for (int64_t i = 0; i <= cells; i++) {
        const double u = from + (double)i * step;
        const double density = exp(freedom * (u - 0.5 * expm1(2 * u))), t = critical * exp(u);
        mass += density;
        rejected += density * (normal_cdf(shift - t) + normal_cdf(-shift - t));
    }
    return rejected / mass;
}

/* From Guenther's approximation (1981), a step or two off at most where n is not tiny. */
int paired_n_for(double effect, double level, double power, int most)
{
    assert(level > 0 && level < 1 && power > level && power < 1);
    const double z = -normal_quantile(0.5 * level), both = z + normal_quantile(power);
    const double guess = ratio_or_zero(both, fabs(effect)) * ratio_or_zero(both, fabs(effect));
    if (!(guess <= most)) /* NaN too; and the t test needs no fewer than the normal one */
        return -1;

    int n = (int)fmax(2, fmin(most, ceil(guess + 0.5 * z * z)));
    while (n > 2 && paired_power(effect, n - 1, level) >= power)
        n--;
    while (n <= most && paired_power(effect, n, level) < power)
        n++;
    return n <= most ? n : -1;
}
