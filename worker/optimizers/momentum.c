/*
 * Gradient descent with momentum (Polyak, 1964), in PyTorch's form: the velocity starts as the
 * first gradient, then velocity = momentum * velocity + (1 - dampening) * gradient, and
 * value = value - rate * velocity. The rate is not in the velocity.
 */
#include "optimizers/optimizers.h"

enum { MOMENTUM = OPTIMIZER_OWN, DAMPENING };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.05", 0.0),
    OPTIMIZER_FRACTION("momentum", 0.9, "share of the velocity kept at each step"),
    {.name = "dampening",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .help = "share of each gradient after the first that is left out of the velocity"},
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const bool first = weights->step == 1;
    const real momentum = first ? 0.0F : (real)chosen->number[MOMENTUM];
    const real fresh = first ? 1.0F : (real)(1.0 - chosen->number[DAMPENING]);
    real *restrict value = weights->value;
    real *restrict velocity = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        velocity[i] = momentum * velocity[i] + fresh * gradient[i];
        value[i] -= rate * velocity[i];
    }
}

const struct optimizer momentum_optimizer = {
    .name = "momentum",
    .help = "gradient descent with momentum (Polyak, 1964; Sutskever et al., 2013)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .memory_per_weight = 1, /* the velocity */
    .step = step,
};
