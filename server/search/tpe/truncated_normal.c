#include "search/tpe/truncated_normal.h"

#include "compare/distributions.h"

#include <assert.h>
#include <math.h>

static const double half_log_two_pi = 0.91893853320467274178, root_half = 0.70710678118654752440;

/* ln P(Z < z), z <= 0; beyond -36 by the asymptotic series (Abramowitz and Stegun, 26.2.12). */
static double log_lower_tail(double z)
{
    if (z > -36)
        return log(0.5 * erfc(-z * root_half));
    const double s = 1 / (z * z);
    return -0.5 * z * z - half_log_two_pi - log(-z) + log1p(-s * (1 - 3 * s * (1 - 5 * s)));
}

/* Of a narrow interval: the density at its middle, with the second term of its series. */
static double log_of_narrow(double a, double b)
{
    const double middle = 0.5 * (a + b), width = b - a;
    return log(width) - 0.5 * middle * middle - half_log_two_pi +
           log1p(width * width * (middle * middle - 1) / 24);
}

double normal_log_mass(double a, double b)
{
    assert(a <= b);
    if (a > 0)
        return normal_log_mass(-b, -a);
    if ((b - a) * fmax(1, -a) < 1e-3)
        return log_of_narrow(a, b);
    if (b >= 0)
        return log(0.5 * (erf(b * root_half) - erf(a * root_half))); /* a sum: a is negative */
    const double upper = log_lower_tail(b);
    return upper + log1p(-exp(log_lower_tail(a) - upper));
}

double truncated_normal_log_density(double x, double mean, double deviation, double low,
                                    double high)
{
    if (!(x >= low && x <= high))
        return -(double)INFINITY;
    const double z = (x - mean) / deviation;
    return -0.5 * z * z - half_log_two_pi - log(deviation) -
           normal_log_mass((low - mean) / deviation, (high - mean) / deviation);
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

double truncated_normal_quantile(double u, double mean, double deviation, double low, double high)
{
    const double a = (low - mean) / deviation, b = (high - mean) / deviation;
    if (a >
        0) /* where probabilities are near 1 they have no digits left: look from the other side */
        return -truncated_normal_quantile(1 - u, -mean, deviation, -high, -low);
    const double below = normal_cdf(a), inside = exp(normal_log_mass(a, b));
    const double p = below + u * inside;
    const double z =
        p < 0.5 ? normal_quantile(p) : -normal_quantile(normal_cdf(-b) + (1 - u) * inside);
    return clip(mean + deviation * z, low, high);
}
