/*
 * Momentum whose rate and momentum learn (Chandra et al., 2022, arXiv 1909.13371). With
 * velocity = momentum * velocity + gradient and the change u = -rate * velocity:
 * du/d(rate) = -velocity, du/d(momentum) = -rate * the velocity before.
 */
#include "optimizers/ultimate.h"

#include "math/vectors.h"

enum { MOMENTUM = OPTIMIZER_OWN, UPPER };
enum { UPPER_LR, UPPER_MOMENTUM };
enum { RATE, FRACTION, FRACTION_X, LAST_RATE, SCALARS }; /* LAST_RATE: with the schedule's factor */

static const struct setting upper[] = {
    [UPPER_LR] = ULTIMATE_RATE("lr", "the learning rate"),
    [UPPER_MOMENTUM] = ULTIMATE_RATE("momentum", "the momentum"),
    {0},
};

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(" to begin with, such as 0.05", 0.0),
    ULTIMATE_FRACTION("momentum", 0.9, "share of the velocity kept at each step, to begin with"),
    ULTIMATE_UPPER(upper),
    {0},
};

static void begin(const struct chosen *chosen, double *scalars)
{
    const struct fraction momentum = fraction_at(chosen->number[MOMENTUM]);
    scalars[RATE] = chosen->number[OPTIMIZER_LR];
    scalars[FRACTION] = momentum.value;
    scalars[FRACTION_X] = momentum.x;
}

/* The upper level's step; the answer is the rate's hypergradient. */
static double learn(const struct chosen *chosen, struct weights *weights)
{
    const double *rates = chosen->object[UPPER].number;
    double *scalars = weights->scalars;
    struct fraction momentum = {scalars[FRACTION], scalars[FRACTION_X]};
    const double by_rate = -vector_dot(weights->count, weights->gradient, weights->memory[0]);
    const double by_momentum =
        -scalars[LAST_RATE] * vector_dot(weights->count, weights->gradient, weights->memory[1]);

    rate_move(&scalars[RATE], rates[UPPER_LR], by_rate);
    fraction_move(&momentum, rates[UPPER_MOMENTUM], by_momentum);
    scalars[FRACTION] = momentum.value;
    scalars[FRACTION_X] = momentum.x;
    return by_rate;
}

OPTIMIZER_STEP move(real momentum, real rate, struct weights *weights)
{
    real *restrict value = weights->value;
    real *restrict velocity = weights->memory[0];
    real *restrict before = weights->memory[1];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        before[i] = velocity[i];
        velocity[i] = momentum * velocity[i] + gradient[i];
        value[i] -= rate * velocity[i];
    }
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    double *scalars = weights->scalars;
    (void)rate;

    if (weights->step == 1)
        begin(chosen, scalars);
    const double by_rate = learn(chosen, weights); /* nothing at step 1: there is no velocity */
    scalars[LAST_RATE] = scalars[RATE] * weights->factor;
    move((real)scalars[FRACTION], (real)scalars[LAST_RATE], weights);
    if (!weights->told)
        return;
    weights->told[METRIC_LR] = scalars[LAST_RATE];
    weights->told[METRIC_MOMENTUM] = scalars[FRACTION];
    weights->told[METRIC_HYPERGRADIENT] = by_rate;
}

const struct optimizer momentum_ultimate_optimizer = {
    .name = "momentum_ultimate",
    .help = "momentum that learns its rate and momentum by hypergradients (Chandra et al., 2022)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .memory_per_weight = 2, /* the velocity, and the one before it */
    .whole = true,
    .scalar_count = SCALARS,
    .step = step,
};
