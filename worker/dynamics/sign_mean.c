#include "dynamics/sign_mean.h"

#include "memory.h"

#include <stdbool.h>

static const double pi = 3.14159265358979323846;

/* The density of the noise at x >= 0, twice: what 2 F - 1 rises by. */
static double slope_at(double nu, double x)
{
    if (isinf(nu))
        return sqrt(2.0 / pi) * exp(-0.5 * x * x);
    const double scale = exp(lgamma((nu + 1.0) / 2.0) - lgamma(nu / 2.0)) / sqrt(pi * nu);
    return 2.0 * scale * exp(-(nu + 1.0) / 2.0 * log1p(x * x / nu));
}

/* The same by u, where x = 2 u / (1 - u) and dx = 2 du / (1 - u)^2. At u = 1 it is the limit: of
 * Student's t the density falls as x^-(nu + 1), so that only nu = 1, where it tends to 2/pi x^-2,
 * leaves anything: 2/pi (1 - u)^2 / 4 * 2 / (1 - u)^2. */
static double slope_by_u(double nu, double u)
{
    if (u >= 1.0)
        return nu <= 1.0 ? 1.0 / pi : 0.0;
    return slope_at(nu, 2.0 * u / (1.0 - u)) * 2.0 / ((1.0 - u) * (1.0 - u));
}

/* The rise over from … to, by Gauss and Legendre's rule with five points. */
static double rise_between(double nu, double from, double to)
{
    static const double places[] = {0.0, 0.53846931010568309104, 0.90617984593866399280};
    static const double shares[] = {0.56888888888888888889, 0.47862867049936646804,
                                    0.23692688505618908751};
    const double middle = 0.5 * (from + to), half = 0.5 * (to - from);

    double sum = shares[0] * slope_by_u(nu, middle);
    for (int i = 1; i < 3; i++)
        sum += shares[i] * (slope_by_u(nu, middle - half * places[i]) +
                            slope_by_u(nu, middle + half * places[i]));
    return half * sum;
}

/* The cubic over a cell, 0 <= t <= 1, with its ends' values and slopes (Hermite). */
static void fill_cell(double value, double next, double slope, double next_slope, real *cell)
{
    const double rise = next - value;
    cell[0] = (real)value;
    cell[1] = (real)slope;
    cell[2] = (real)(3.0 * rise - 2.0 * slope - next_slope);
    cell[3] = (real)(slope + next_slope - 2.0 * rise);
}

real *sign_mean_table(double nu)
{
    const double width = 1.0 / SIGN_MEAN_CELLS;
    real *table = aligned_block((size_t)SIGN_MEAN_CELLS * SIGN_MEAN_POWERS, sizeof *table);
    double value = 0.0;

    for (int i = 0; table && i < SIGN_MEAN_CELLS; i++) {
        const double from = i * width, to = (i + 1) * width;
        const bool last = i + 1 == SIGN_MEAN_CELLS;
        const double next = last ? 1.0 : value + rise_between(nu, from, to);
        fill_cell(value, next, width * slope_by_u(nu, from), width * slope_by_u(nu, to),
                  table + SIGN_MEAN_POWERS * i);
        value = next;
    }
    return table;
}
