/*
 * RMSprop (Tieleman and Hinton, 2012, lecture 6.5), centred as in Graves (2013, arXiv 1308.0850),
 * in PyTorch's form: square = rho * square + (1 - rho) * gradient^2 and the direction is
 * gradient / (sqrt(square) + epsilon); centred takes the square of the mean gradient off first;
 * momentum keeps a velocity of directions. No bias correction.
 */
#include "optimizers/optimizers.h"

enum { RHO = OPTIMIZER_OWN, EPSILON, MOMENTUM, CENTRED };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.01", 0.0),
    OPTIMIZER_FRACTION("rho", 0.99, "share of the mean squared gradient kept at each step"),
    OPTIMIZER_EPSILON(1e-8),
    OPTIMIZER_FRACTION("momentum", 0.0, "share of the velocity kept at each step; 0: none"),
    {.name = "centred",
     .type = SETTING_FLAG,
     .help = "divide by the deviation of the gradient, not its root mean square"},
    {0},
};

/* The square, then the velocity where there is momentum, then the mean where it is centred. */
static int memory_needed(const struct chosen *chosen)
{
    return 1 + (chosen->number[MOMENTUM] > 0.0) + (chosen->number[CENTRED] > 0.0);
}

/* Turns the gradient into the direction. */
OPTIMIZER_STEP scale(const struct chosen *chosen, struct weights *weights)
{
    const real rho = (real)chosen->number[RHO], fresh = (real)(1.0 - chosen->number[RHO]);
    const real epsilon = (real)chosen->number[EPSILON];
    real *restrict square = weights->memory[0];
    real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        square[i] = rho * square[i] + fresh * (gradient[i] * gradient[i]);
        gradient[i] = gradient[i] / (real_sqrt(square[i]) + epsilon);
    }
}

OPTIMIZER_STEP scale_centred(const struct chosen *chosen, real *restrict mean,
                             struct weights *weights)
{
    const real rho = (real)chosen->number[RHO], fresh = (real)(1.0 - chosen->number[RHO]);
    const real epsilon = (real)chosen->number[EPSILON];
    real *restrict square = weights->memory[0];
    real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        square[i] = rho * square[i] + fresh * (gradient[i] * gradient[i]);
        mean[i] = rho * mean[i] + fresh * gradient[i];
        const real variance = square[i] - mean[i] * mean[i];
        /* Rounding may leave a constant gradient a variance just below zero. */
        const real deviation = real_sqrt(variance < 0.0F ? 0.0F : variance);
        gradient[i] = gradient[i] / (deviation + epsilon);
    }
}

OPTIMIZER_STEP descend(real rate, struct weights *weights)
{
    real *restrict value = weights->value;
    const real *restrict direction = weights->gradient;

    for (size_t i = 0; i < weights->count; i++)
        value[i] -= rate * direction[i];
}

OPTIMIZER_STEP descend_with_velocity(real momentum, real rate, struct weights *weights)
{
    real *restrict value = weights->value;
    real *restrict velocity = weights->memory[1];
    const real *restrict direction = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        velocity[i] = momentum * velocity[i] + direction[i];
        value[i] -= rate * velocity[i];
    }
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real momentum = (real)chosen->number[MOMENTUM];

    if (chosen->number[CENTRED] > 0.0)
        scale_centred(chosen, weights->memory[momentum > 0.0F ? 2 : 1], weights);
    else
        scale(chosen, weights);
    if (momentum > 0.0F)
        descend_with_velocity(momentum, rate, weights);
    else
        descend(rate, weights);
}

const struct optimizer rmsprop_optimizer = {
    .name = "rmsprop",
    .help = "gradients divided by their running root mean square (Tieleman and Hinton, 2012)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .adaptive = true,
    .memory_per_weight = 3,
    .memory_needed = memory_needed,
    .step = step,
};
