/*
 * Adam whose rate, beta1 and beta2 learn (Chandra et al., 2022, arXiv 1909.13371). The memory holds
 * what the last step began with, since its derivatives need that; it is brought up to date, with
 * the last step's betas, while the next one is made.
 */
#include "optimizers/ultimate.h"

#include "math/vectors.h"

enum { BETA1 = OPTIMIZER_OWN, BETA2, EPSILON, UPPER };
enum { UPPER_LR, UPPER_BETA1, UPPER_BETA2 };
enum { MEAN, SQUARE, GRADIENT, MEMORY }; /* mean and square before the last step; its gradient */
/* LAST_RATE: with the schedule's factor */
enum { RATE, FRACTION1, FRACTION1_X, FRACTION2, FRACTION2_X, LAST_RATE, SCALARS };

static const struct setting upper[] = {
    [UPPER_LR] = ULTIMATE_RATE("lr", "the learning rate"),
    [UPPER_BETA1] = ULTIMATE_RATE("beta1", "beta1"),
    [UPPER_BETA2] = ULTIMATE_RATE("beta2", "beta2"),
    {0},
};

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(" to begin with, such as 0.001", 0.0),
    ULTIMATE_FRACTION("beta1", 0.9, "share of the mean gradient kept at each step, to begin with"),
    ULTIMATE_FRACTION("beta2", 0.999, "share of the mean squared gradient kept, to begin with"),
    OPTIMIZER_EPSILON(1e-8),
    ULTIMATE_UPPER(upper),
    {0},
};

struct effects {
    double by_rate, by_beta1, by_beta2;
};

static struct adam_lens lens_at(const struct chosen *chosen, const double *scalars, int64_t t)
{
    return adam_lens(scalars[LAST_RATE], scalars[FRACTION1], scalars[FRACTION2],
                     chosen->number[EPSILON], t);
}

static void begin(const struct chosen *chosen, struct weights *weights)
{
    const struct fraction beta1 = fraction_at(chosen->number[BETA1]);
    const struct fraction beta2 = fraction_at(chosen->number[BETA2]);
    double *scalars = weights->scalars;

    scalars[RATE] = chosen->number[OPTIMIZER_LR];
    scalars[FRACTION1] = beta1.value;
    scalars[FRACTION1_X] = beta1.x;
    scalars[FRACTION2] = beta2.value;
    scalars[FRACTION2_X] = beta2.x;
}

/* The derivatives of `count` changes that the last step made, from `from` on. */
KERNEL_CLONES static void derive(const struct adam_lens *last, const struct weights *weights,
                                 size_t from, size_t count, real *restrict direction,
                                 real *restrict by_beta1, real *restrict by_beta2)
{
    const struct adam_lens lens = *last;
    const real *restrict mean = weights->memory[MEAN] + from;
    const real *restrict square = weights->memory[SQUARE] + from;
    const real *restrict gradient = weights->memory[GRADIENT] + from;

    for (size_t i = 0; i < count; i++) {
        const struct adam_effect effect = adam_effect(&lens, mean[i], square[i], gradient[i]);
        direction[i] = effect.direction;
        by_beta1[i] = effect.by_beta1;
        by_beta2[i] = effect.by_beta2;
    }
}

static struct effects look(const struct adam_lens *last, const struct weights *weights)
{
    real direction[OPTIMIZER_BLOCK], by_beta1[OPTIMIZER_BLOCK], by_beta2[OPTIMIZER_BLOCK];
    struct effects sums = {0};

    for (size_t from = 0; from < weights->count; from += OPTIMIZER_BLOCK) {
        const size_t left = weights->count - from;
        const size_t count = left < OPTIMIZER_BLOCK ? left : OPTIMIZER_BLOCK;
        const real *gradient = weights->gradient + from;
        derive(last, weights, from, count, direction, by_beta1, by_beta2);
        sums.by_rate -= vector_dot(count, gradient, direction);
        sums.by_beta1 += vector_dot(count, gradient, by_beta1);
        sums.by_beta2 += vector_dot(count, gradient, by_beta2);
    }
    return sums;
}

static void learn(const struct chosen *chosen, const struct effects *effects, double *scalars)
{
    const double *rates = chosen->object[UPPER].number;
    struct fraction beta1 = {scalars[FRACTION1], scalars[FRACTION1_X]};
    struct fraction beta2 = {scalars[FRACTION2], scalars[FRACTION2_X]};

    rate_move(&scalars[RATE], rates[UPPER_LR], effects->by_rate);
    fraction_move(&beta1, rates[UPPER_BETA1], effects->by_beta1);
    fraction_move(&beta2, rates[UPPER_BETA2], effects->by_beta2);
    scalars[FRACTION1] = beta1.value;
    scalars[FRACTION1_X] = beta1.x;
    scalars[FRACTION2] = beta2.value;
    scalars[FRACTION2_X] = beta2.x;
}

/* Mean and square as the last step left them. */
KERNEL_CLONES static void catch_up(const struct adam_lens *last, struct weights *weights)
{
    const struct adam_lens lens = *last;
    real *restrict mean = weights->memory[MEAN];
    real *restrict square = weights->memory[SQUARE];
    const real *restrict gradient = weights->memory[GRADIENT];

    for (size_t i = 0; i < weights->count; i++) {
        const struct adam_effect effect = adam_effect(&lens, mean[i], square[i], gradient[i]);
        mean[i] = effect.mean;
        square[i] = effect.square;
    }
}

OPTIMIZER_STEP move(const struct adam_lens *now, struct weights *weights)
{
    const struct adam_lens lens = *now;
    real *restrict value = weights->value;
    const real *restrict mean = weights->memory[MEAN];
    const real *restrict square = weights->memory[SQUARE];
    real *restrict kept = weights->memory[GRADIENT];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        value[i] -= lens.rate * adam_effect(&lens, mean[i], square[i], gradient[i]).direction;
        kept[i] = gradient[i];
    }
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    double *scalars = weights->scalars;
    struct effects effects = {0};
    (void)rate;

    if (weights->step == 1) {
        begin(chosen, weights);
        vector_fill(weights->count, (real)chosen->number[EPSILON], weights->memory[SQUARE]);
    } else {
        const struct adam_lens last = lens_at(chosen, scalars, weights->step - 1);
        effects = look(&last, weights);
        catch_up(&last, weights);
        learn(chosen, &effects, scalars);
    }
    scalars[LAST_RATE] = scalars[RATE] * weights->factor;
    const struct adam_lens now = lens_at(chosen, scalars, weights->step);
    move(&now, weights);
    if (!weights->told)
        return;
    weights->told[METRIC_LR] = scalars[LAST_RATE];
    weights->told[METRIC_BETA1] = scalars[FRACTION1];
    weights->told[METRIC_BETA2] = scalars[FRACTION2];
    weights->told[METRIC_HYPERGRADIENT] = effects.by_rate;
}

const struct optimizer adam_ultimate_optimizer = {
    .name = "adam_ultimate",
    .help = "Adam that learns its rate and both betas by hypergradients (Chandra et al., 2022)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .adaptive = true,
    .memory_per_weight = MEMORY,
    .whole = true,
    .scalar_count = SCALARS,
    .step = step,
};
