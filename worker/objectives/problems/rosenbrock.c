/*
 * Rosenbrock's curved valley (Rosenbrock, 1960), in any dimension n >= 2:
 * f(x) = sum over i < n of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2, least (0) where all x_i are 1.
 */
#include "objectives/objectives.h"

enum { DIMENSION = PROBLEM_OWN, START };

static const struct setting settings[] = {
    PROBLEM_SETTINGS,
    {.name = "dimension",
     .type = SETTING_INTEGER,
     .low = 2,
     .high = 1e6,
     .fallback = 2,
     .help = "how many variables"},
    {.name = "start",
     .type = SETTING_NUMBERS,
     .low = -1e6,
     .high = 1e6,
     .least = 1,
     .most = 10000,
     .fallback_text = "[-1.2, 1]",
     .help = "where it begins; a list shorter than the dimension is repeated"},
    {0},
};

static void start(const struct chosen *chosen, size_t axes, real *theta)
{
    for (size_t i = 0; i < axes; i++)
        theta[i] = (real)chosen->list[START][i % (size_t)chosen->count[START]];
}

static double value(const struct chosen *chosen, size_t axes, const real *theta, real *gradient)
{
    double sum = 0.0;
    double from_below = 0.0; /* what the term before adds to this entry of the gradient */
    (void)chosen;

    for (size_t i = 0; i + 1 < axes; i++) {
        const double x = (double)theta[i];
        const double rise = (double)theta[i + 1] - x * x, rest = 1.0 - x;
        sum += 100.0 * rise * rise + rest * rest;
        if (gradient)
            gradient[i] = (real)(from_below - 400.0 * x * rise - 2.0 * rest);
        from_below = 200.0 * rise;
    }
    if (gradient)
        gradient[axes - 1] = (real)from_below;
    return sum;
}

/* f is a sum of squares of r = 10 (x_{i+1} - x_i^2) and s = 1 - x_i, so Gauss and Newton have
 * 2 J'J with the rows (-20 x_i, 10) and (-1) of J. */
static void curvature(const struct chosen *chosen, size_t axes, const real *theta,
                      const real *direction, real *product)
{
    double from_below = 0.0;
    (void)chosen;

    for (size_t i = 0; i + 1 < axes; i++) {
        const double slope = -20.0 * (double)theta[i];
        const double along = slope * (double)direction[i] + 10.0 * (double)direction[i + 1];
        product[i] = (real)(from_below + 2.0 * (slope * along + (double)direction[i]));
        from_below = 20.0 * along;
    }
    product[axes - 1] = (real)from_below;
}

const struct problem_kind rosenbrock_problem = {
    .name = "rosenbrock",
    .help = "a curved valley: sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
    .settings = settings,
    .size = DIMENSION,
    .start = start,
    .value = value,
    .curvature = curvature,
};
