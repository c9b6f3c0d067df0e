/*
 * RMSprop with decoupled weight decay (Compagnoni et al., 2025, arXiv 2411.15958): the trainer
 * shrinks the weights by 1 - rate * weight_decay, then
 *
 *     square = rho * square + (1 - rho) * gradient^2
 *     value -= rate * gradient / (sqrt(square) + epsilon)
 *
 * Without decay it is rmsprop without momentum, bit for bit. No bias correction.
 */
#include "optimizers/optimizers.h"

enum { RHO = OPTIMIZER_OWN, EPSILON };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.01", 0.01),
    OPTIMIZER_FRACTION("rho", 0.99, "share of the mean squared gradient kept at each step"),
    OPTIMIZER_EPSILON(1e-8),
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real rho = (real)chosen->number[RHO], fresh = (real)(1.0 - chosen->number[RHO]);
    const real epsilon = (real)chosen->number[EPSILON];
    real *restrict value = weights->value;
    real *restrict square = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        square[i] = rho * square[i] + fresh * (gradient[i] * gradient[i]);
        value[i] -= rate * (gradient[i] / (real_sqrt(square[i]) + epsilon));
    }
}

const struct optimizer rmspropw_optimizer = {
    .name = "rmspropw",
    .help = "rmsprop with decoupled weight decay (Compagnoni et al., 2025)",
    .settings = settings,
    .decay = DECAY_DECOUPLED,
    .adaptive = true,
    .memory_per_weight = 1, /* the square */
    .step = step,
};
