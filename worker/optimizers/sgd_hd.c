/*
 * Stochastic gradient descent whose rate learns (Baydin et al., 2018, arXiv 1703.04782, algorithm
 * 4): the direction is the gradient itself.
 */
#include "optimizers/hypergradient.h"

static const struct setting settings[] = {
    HYPER_SETTINGS("0.001", "0.001"),
    {0},
};

OPTIMIZER_STEP move(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real decay = (real)chosen->number[OPTIMIZER_WEIGHT_DECAY];
    real *restrict value = weights->value;
    real *restrict kept = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i] + decay * value[i];
        value[i] -= rate * g;
        kept[i] = g;
    }
}

static const struct hyper_method method = {
    .additive_lr = 0.001,
    .direction = hyper_kept_direction,
    .move = move,
};

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    (void)rate;
    hyper_step(&method, chosen, weights);
}

const struct optimizer sgd_hd_optimizer = {
    .name = "sgd_hd",
    .help = "gradient descent that learns its rate by hypergradients (Baydin et al., 2018)",
    .settings = settings,
    .conflicts = hyper_conflicts,
    .decay = DECAY_OWN,
    .memory_per_weight = 1, /* the last direction */
    .whole = true,
    .scalar_count = HYPER_SCALARS,
    .step = step,
};
