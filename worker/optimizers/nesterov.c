/*
 * Nesterov's accelerated gradient (Nesterov, 1983) in the form of Bengio, Boulanger-Lewandowski
 * and Pascanu (2012, arXiv 1212.0901) that PyTorch has: velocity = momentum * velocity + gradient,
 * then value = value - rate * (gradient + momentum * velocity).
 */
#include "optimizers/optimizers.h"

enum { MOMENTUM = OPTIMIZER_OWN };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.05", 0.0),
    {.name = "momentum",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .below_high = true,
     .fallback = 0.9,
     .help = "share of the velocity kept at each step"},
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real momentum = (real)chosen->number[MOMENTUM];
    real *restrict value = weights->value;
    real *restrict velocity = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i];
        value[i] -= rate * (gradient[i] + momentum * velocity[i]);
    }
}

const struct optimizer nesterov_optimizer = {
    .name = "nesterov",
    .help = "Nesterov's accelerated gradient (Nesterov, 1983; Bengio et al., 2012)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .memory_per_weight = 1, /* the velocity */
    .step = step,
};
