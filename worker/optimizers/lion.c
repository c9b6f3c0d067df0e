/*
 * Lion (Chen et al., 2023, arXiv 2302.06675): the sign of a mean that leans on the new gradient,
 * value = value - rate * sign(beta1 * mean + (1 - beta1) * gradient) with the old mean, and only
 * then mean = beta2 * mean + (1 - beta2) * gradient.
 */
#include "optimizers/optimizers.h"

enum { BETA1 = OPTIMIZER_OWN, BETA2 };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.0001: 3 to 10 times below adamw's", 0.0),
    OPTIMIZER_FRACTION("beta1", 0.9, "share of the old mean in the direction"),
    OPTIMIZER_FRACTION("beta2", 0.99, "share of the mean kept at each step"),
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real kept1 = (real)chosen->number[BETA1], fresh1 = (real)(1.0 - chosen->number[BETA1]);
    const real kept2 = (real)chosen->number[BETA2], fresh2 = (real)(1.0 - chosen->number[BETA2]);
    real *restrict value = weights->value;
    real *restrict mean = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        value[i] -= rate * optimizer_sign(kept1 * mean[i] + fresh1 * gradient[i]);
        mean[i] = kept2 * mean[i] + fresh2 * gradient[i];
    }
}

const struct optimizer lion_optimizer = {
    .name = "lion",
    .help = "sign descent with two means found by program search (Chen et al., 2023)",
    .settings = settings,
    .decay = DECAY_DECOUPLED,
    .adaptive = true,
    .memory_per_weight = 1, /* the mean */
    .step = step,
};
