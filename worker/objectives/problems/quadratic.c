/* The quadratic f(x) = 1/2 sum of eigenvalue_i x_i^2; its gradient is eigenvalue_i x_i. */
#include "objectives/objectives.h"

enum { EIGENVALUES = PROBLEM_OWN, START };

static const struct setting settings[] = {
    PROBLEM_SETTINGS,
    {.name = "eigenvalues",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1e12,
     .least = 1,
     .most = 10000,
     .required = true,
     .help = "the curvature along each axis, such as [1, 4]"},
    PROBLEM_START("eigenvalues", "1"),
    {0},
};

static void start(const struct chosen *chosen, size_t axes, real *theta)
{
    problem_start(chosen, START, axes, 1, theta);
}

static double value(const struct chosen *chosen, size_t axes, const real *theta, real *gradient)
{
    const double *eigenvalues = chosen->list[EIGENVALUES];
    double sum = 0.0;

    for (size_t i = 0; i < axes; i++) {
        const double x = (double)theta[i];
        sum += eigenvalues[i] * x * x;
        if (gradient)
            gradient[i] = (real)(eigenvalues[i] * x);
    }
    return 0.5 * sum;
}

/* The Hessian, which is the same everywhere. */
static void curvature(const struct chosen *chosen, size_t axes, const real *theta,
                      const real *direction, real *product)
{
    const double *eigenvalues = chosen->list[EIGENVALUES];
    (void)theta;
    for (size_t i = 0; i < axes; i++)
        product[i] = (real)(eigenvalues[i] * (double)direction[i]);
}

const struct problem_kind quadratic_problem = {
    .name = "quadratic",
    .help = "f(x) = 1/2 sum of eigenvalue_i x_i^2",
    .settings = settings,
    .size = EIGENVALUES,
    .start = start,
    .value = value,
    .curvature = curvature,
};
