/*
 * Nesterov's accelerated gradient whose rate learns (Baydin et al., 2018, arXiv 1703.04782,
 * algorithm 5): velocity = momentum * velocity + gradient, direction gradient + momentum *
 * velocity.
 */
#include "optimizers/hypergradient.h"

enum { MOMENTUM = HYPER_OWN };

static const struct setting settings[] = {
    HYPER_SETTINGS("0.001", "0.0001"),
    OPTIMIZER_FRACTION("momentum", 0.9, "share of the velocity kept at each step"),
    {0},
};

OPTIMIZER_STEP move(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real decay = (real)chosen->number[OPTIMIZER_WEIGHT_DECAY];
    const real momentum = (real)chosen->number[MOMENTUM];
    real *restrict value = weights->value;
    real *restrict kept = weights->memory[0];
    real *restrict velocity = weights->memory[1];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i] + decay * value[i];
        velocity[i] = momentum * velocity[i] + g;
        kept[i] = g + momentum * velocity[i];
        value[i] -= rate * kept[i];
    }
}

static const struct hyper_method method = {
    .additive_lr = 1e-4,
    .direction = hyper_kept_direction,
    .move = move,
};

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    (void)rate;
    hyper_step(&method, chosen, weights);
}

const struct optimizer sgdn_hd_optimizer = {
    .name = "sgdn_hd",
    .help = "Nesterov's accelerated gradient that learns its rate by hypergradients (Baydin et "
            "al., 2018)",
    .settings = settings,
    .conflicts = hyper_conflicts,
    .decay = DECAY_OWN,
    .memory_per_weight = 2, /* the last direction and the velocity */
    .whole = true,
    .scalar_count = HYPER_SCALARS,
    .step = step,
};
