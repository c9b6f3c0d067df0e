/* Stochastic gradient descent (Robbins and Monro, 1951): value = value - rate * gradient. */
#include "optimizers/optimizers.h"

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.1", 0.0),
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    real *restrict value = weights->value;
    const real *restrict gradient = weights->gradient;
    (void)chosen;

    for (size_t i = 0; i < weights->count; i++)
        value[i] -= rate * gradient[i];
}

const struct optimizer sgd_optimizer = {
    .name = "sgd",
    .help = "stochastic gradient descent (Robbins and Monro, 1951)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .step = step,
};
