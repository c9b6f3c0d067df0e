#include "theory/special.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

struct erf_secant erf_secant(void)
{
    const double inner = erf(PHASE_INNER), outer = erf(PHASE_OUTER);
    const double slope = (outer - inner) / (PHASE_OUTER - PHASE_INNER);
    /* erf'(y) = 2/sqrt(pi) exp(-y^2) */
    const double touch = sqrt(-log(0.5 * sqrt(pi) * slope));
    return (struct erf_secant){
        .slope = slope,
        .low = inner - slope * PHASE_INNER,
        .high = erf(touch) - slope * touch,
        .touch = touch,
    };
}

double student_density(double nu)
{
    enum { SERIES_FROM = 1000 };
    if (nu < SERIES_FROM) {
        int sign; /* lgamma() itself would write a variable that all threads share */
        return exp(lgamma_r(0.5 * (nu + 1.0), &sign) - lgamma_r(0.5 * nu, &sign)) / sqrt(pi * nu);
    }
    /* Two large logarithms would cancel: Gamma(a + 1/2)/Gamma(a) = sqrt(a) (1 - 1/(8a) + 1/(128a^2)
     * + 5/(1024a^3) - …), a = nu/2 (Abramowitz and Stegun, 6.1.47). */
    const double b = 1.0 / (4.0 * nu);
    return (1.0 - b + 0.5 * b * b + 2.5 * b * b * b) / sqrt(2.0 * pi);
}

double student_variance(double nu)
{
    if (isinf(nu))
        return 1.0;
    return nu > 2.0 ? nu / (nu - 2.0) : HUGE_VAL;
}
