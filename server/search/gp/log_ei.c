#include "search/gp/log_ei.h"

#include <math.h>

static const double log_root_two_pi = 0.91893853320467274178;
static const double root_half_pi = 1.2533141373155002512;

double scaled_erfc(double t)
{
    if (t < 20)
        return exp(t * t) * erfc(t);
    const double s = 1 / (t * t);
    const double series = 1 + s * (-0.5 + s * (0.75 + s * (-1.875 + s * 6.5625)));
    return series / (t * sqrt(M_PI));
}

double log_improvement(double z, double *out_slope)
{
    const double log_density = -0.5 * z * z - log_root_two_pi;

    if (z > -25) { /* loses z^2 ulps to cancellation, no more */
        const double cdf = 0.5 * erfc(-z * M_SQRT1_2);
        const double h = exp(log_density) + z * cdf;
        *out_slope = cdf / h;
        return log(h);
    }
    if (z > -1e5) { /* h = phi (1 + z E), E = Phi / phi */
        const double ratio = root_half_pi * scaled_erfc(-z * M_SQRT1_2);
        *out_slope = ratio / (1 + z * ratio);
        return log_density + log1p(z * ratio);
    }
    *out_slope = -z;
    return log_density - 2 * log(-z);
}

double log_normal_cdf(double z, double *out_slope)
{
    const double log_density = -0.5 * z * z - log_root_two_pi;

    if (z > -5) {
        const double cdf = 0.5 * erfc(-z * M_SQRT1_2);
        *out_slope = exp(log_density) / cdf;
        return log(cdf);
    }
    const double ratio = root_half_pi * scaled_erfc(-z * M_SQRT1_2);
    *out_slope = 1 / ratio;
    return log_density + log(ratio);
}
