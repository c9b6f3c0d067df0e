#include "compare/distributions.h"

#include "compare/root.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>

static const double root_half = 0.70710678118654752440, two_pi = 6.28318530717958647693;

/* lgamma() itself would write a variable that all threads share. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* --- the continued fractions --------------------------------------------------------------- */

/* b0 + a1/(b1 + a2/(b2 + …)) from the front: the value and two ratios of successive numerators and
 * denominators, none of which may become 0. */
struct fraction {
    double value, up, down;
};

static double not_zero(double x)
{
    return fabs(x) < DBL_MIN ? DBL_MIN : x;
}

static struct fraction fraction_from(double b0)
{
    return (struct fraction){.value = not_zero(b0), .up = not_zero(b0), .down = 0};
}

/* False once another term changes nothing. */
static bool fraction_add(struct fraction *fraction, double a, double b)
{
    fraction->down = 1 / not_zero(b + a * fraction->down);
    fraction->up = not_zero(b + a / fraction->up);
    const double change = fraction->up * fraction->down;
    fraction->value *= change;
    return fabs(change - 1) > DBL_EPSILON;
}

/* Converges in about the root of the larger of a and b. */
enum { TERMS_MAX = 100000 };

static double beta_fraction(double a, double b, double x)
{
    struct fraction fraction = fraction_from(1);
    bool goes_on = true;

    for (int m = 0; goes_on && m < TERMS_MAX; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        if (m > 0)
            fraction_add(&fraction, even, 1);
        goes_on = fraction_add(&fraction, odd, 1);
    }
    return 1 / fraction.value;
}

/* I_x(a, b) where both x and y = 1 - x are known to their last digits. */
static double beta_of(double a, double b, double x, double y)
{
    if (isnan(a) || isnan(b) || isnan(x))
        return (double)NAN;
    assert(a > 0 && b > 0 && x >= 0 && y >= 0);
    if (x <= 0 || y <= 0)
        return x > 0 ? 1 : 0;
    if (x > (a + 1) / (a + b + 2)) /* there the other one converges fast */
        return 1 - beta_of(b, a, y, x);
    const double log_x = x < 0.5 ? log(x) : log1p(-y), log_y = y < 0.5 ? log(y) : log1p(-x);
    const double front = a * log_x + b * log_y + log_gamma(a + b) - log_gamma(a) - log_gamma(b);
    return exp(front) / a * beta_fraction(a, b, x);
}

double incomplete_beta(double a, double b, double x)
{
    return beta_of(a, b, x, 1 - x);
}

static double gamma_front(double a, double x)
{
    return exp(a * log(x) - x - log_gamma(a));
}

static double gamma_series(double a, double x)
{
    double term = 1 / a, sum = term;
    for (int n = 1; n < TERMS_MAX && term > sum * DBL_EPSILON; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return sum;
}

static double gamma_fraction(double a, double x)
{
    struct fraction fraction = fraction_from(x + 1 - a);
    for (int n = 1; n < TERMS_MAX; n++) {
        if (!fraction_add(&fraction, -n * (n - a), x + 2 * n + 1 - a))
            break;
    }
    return 1 / fraction.value;
}

double incomplete_gamma_upper(double a, double x)
{
    if (isnan(a) || isnan(x))
        return (double)NAN;
    assert(a > 0 && x >= 0);
    if (x <= 0)
        return 1;
    if (isinf(x))
        return 0;
    return x < a + 1 ? 1 - gamma_front(a, x) * gamma_series(a, x)
                     : gamma_front(a, x) * gamma_fraction(a, x);
}

/* --- normal -------------------------------------------------------------------------------- */

double normal_cdf(double z)
{
    return 0.5 * erfc(-z * root_half);
}

double normal_two_sided(double z)
{
    return erfc(fabs(z) * root_half);
}

/* The z >= 0 with upper tail p <= 1/2; the start is good to 4.5e-4, each step triples the digits.
 */
static double normal_upper_quantile(double p)
{
    const double t = sqrt(-2 * log(p));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

    for (int i = 0; i < 3; i++) {
        const double density = exp(-0.5 * z * z) / sqrt(two_pi);
        const double step = (0.5 * erfc(z * root_half) - p) / density;
        z += step / (1 + 0.5 * z * step);
    }
    return z;
}

double normal_quantile(double p)
{
    if (isnan(p))
        return p;
    assert(p >= 0 && p <= 1);
    if (p <= 0 || p >= 1)
        return p > 0 ? (double)INFINITY : -(double)INFINITY;
    return p < 0.5 ? -normal_upper_quantile(p) : normal_upper_quantile(1 - p);
}

/* --- Student's t --------------------------------------------------------------------------- */

double student_two_sided(double t, double freedom)
{
    if (isinf(t))
        return 0;
    const double square = t * t, sum = freedom + square;
    return beta_of(0.5 * freedom, 0.5, freedom / sum, square / sum);
}

double student_upper(double t, double freedom)
{
    const double half = 0.5 * student_two_sided(t, freedom);
    return t < 0 ? 1 - half : half;
}

struct tail {
    double log_p, freedom;
};

static double log_excess(double log_t, const void *context)
{
    const struct tail *tail = context;
    return log(student_two_sided(exp(log_t), tail->freedom)) - tail->log_p;
}

/* Logarithms: far out the tail is a power of t, so a line. */
double student_two_sided_quantile(double p, double freedom)
{
    assert(p > 0 && p < 1 && freedom > 0);
    const struct tail tail = {log(p), freedom};
    double low = log(DBL_EPSILON), high = log(8);

    while (log_excess(high, &tail) > 0) {
        low = high;
        high += log(8);
    }
    return exp(root_of(log_excess, &tail, low, high, 0));
}

/* --- chi-square and F ---------------------------------------------------------------------- */

double chi_square_upper(double x, double freedom)
{
    return incomplete_gamma_upper(0.5 * freedom, 0.5 * x);
}

double f_upper(double x, double first_freedom, double second_freedom)
{
    if (isinf(x))
        return 0;
    const double up = first_freedom * x, sum = second_freedom + up;
    return beta_of(0.5 * second_freedom, 0.5 * first_freedom, second_freedom / sum, up / sum);
}
