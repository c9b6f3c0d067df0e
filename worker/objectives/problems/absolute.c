/* The absolute value f(x) = sum of weight_i |x_i|, the standard problem without a derivative at its
 * minimum; its gradient is weight_i sign(x_i), 0 at 0. */
#include "objectives/objectives.h"

enum { WEIGHTS = PROBLEM_OWN, START };

static const struct setting settings[] = {
    PROBLEM_SETTINGS,
    {.name = "weights",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1e12,
     .least = 1,
     .most = 10000,
     .fallback_text = "[1]",
     .help = "the slope along each axis"},
    PROBLEM_START("weights", "1"),
    {0},
};

static void start(const struct chosen *chosen, size_t axes, real *theta)
{
    problem_start(chosen, START, axes, 1, theta);
}

static double value(const struct chosen *chosen, size_t axes, const real *theta, real *gradient)
{
    const double *weights = chosen->list[WEIGHTS];
    double sum = 0.0;

    for (size_t i = 0; i < axes; i++) {
        const double x = (double)theta[i];
        sum += weights[i] * fabs(x);
        if (gradient)
            gradient[i] = (real)(weights[i] * ((x > 0.0) - (x < 0.0)));
    }
    return sum;
}

const struct problem_kind absolute_problem = {
    .name = "absolute",
    .help = "f(x) = sum of weight_i |x_i|, without a derivative at its minimum",
    .settings = settings,
    .size = WEIGHTS,
    .start = start,
    .value = value,
};
