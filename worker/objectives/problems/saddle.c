/*
 * A saddle at the origin, held by fourth powers so that there are minima to escape to:
 * f(x) = sum over i of eigenvalue_i/2 x_i^2 - cubic/3 x_i^3 + quartic/4 x_i^4. Along an axis of
 * negative curvature there is a minimum on either side; the cubic term makes one the deeper.
 */
#include "objectives/objectives.h"

enum { EIGENVALUES = PROBLEM_OWN, QUARTIC, CUBIC, START };

static const struct setting settings[] = {
    PROBLEM_SETTINGS,
    {.name = "eigenvalues",
     .type = SETTING_NUMBERS,
     .low = -1e12,
     .high = 1e12,
     .least = 1,
     .most = 10000,
     .fallback_text = "[-1, 2]",
     .help = "the curvature along each axis at the saddle"},
    {.name = "quartic",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1e12,
     .fallback = 1,
     .help = "factor of the fourth powers"},
    {.name = "cubic",
     .type = SETTING_NUMBER,
     .low = -1e12,
     .high = 1e12,
     .fallback = 0.1,
     .help = "factor of the third powers"},
    PROBLEM_START("eigenvalues", "0.1"),
    {0},
};

static void start(const struct chosen *chosen, size_t axes, real *theta)
{
    problem_start(chosen, START, axes, 0.1, theta);
}

static double value(const struct chosen *chosen, size_t axes, const real *theta, real *gradient)
{
    const double *eigenvalues = chosen->list[EIGENVALUES];
    const double quartic = chosen->number[QUARTIC], cubic = chosen->number[CUBIC];
    double sum = 0.0;

    for (size_t i = 0; i < axes; i++) {
        const double x = (double)theta[i], square = x * x;
        sum += square * (eigenvalues[i] / 2.0 - cubic / 3.0 * x + quartic / 4.0 * square);
        if (gradient)
            gradient[i] = (real)(x * (eigenvalues[i] - cubic * x + quartic * square));
    }
    return sum;
}

const struct problem_kind saddle_problem = {
    .name = "saddle",
    .help =
        "a saddle between minima: sum of eigenvalue_i/2 x_i^2 - cubic/3 x_i^3 + quartic/4 x_i^4",
    .settings = settings,
    .size = EIGENVALUES,
    .start = start,
    .value = value,
};
