/*
 * Adam whose rate learns (Baydin et al., 2018, arXiv 1703.04782, algorithm 6). The last direction
 * is made again from the mean and the square, which are still those of the last step when the
 * hypergradient is taken: dividing once more costs less than another vector kept.
 *
 * In the scope of a tensor epsilon is not bias-corrected, as in the authors' program:
 * mean / (sqrt(square) + epsilon) * sqrt(1 - beta2^t) / (1 - beta1^t).
 */
#include "optimizers/hypergradient.h"

enum { BETA1 = HYPER_OWN, BETA2, EPSILON };

static const struct setting settings[] = {
    HYPER_SETTINGS("0.001", "1e-7"),
    OPTIMIZER_FRACTION("beta1", 0.9, "share of the mean gradient kept at each step"),
    OPTIMIZER_FRACTION("beta2", 0.999, "share of the mean squared gradient kept"),
    OPTIMIZER_EPSILON(1e-8),
    {0},
};

/* rate D_t = size * mean / (sqrt(square) / correction + epsilon) */
struct scale {
    real size, correction, epsilon;
};

static struct scale scale_at(const struct chosen *chosen, real rate, int64_t t)
{
    const double epsilon = chosen->number[EPSILON];
    if (t == 0)
        return (struct scale){0.0F, 1.0F, 1.0F}; /* no direction before the first step */
    const double first = 1.0 - pow(chosen->number[BETA1], (double)t);
    const double second = sqrt(1.0 - pow(chosen->number[BETA2], (double)t));
    if (chosen->number[HYPER_SCOPE] != 0.0)
        return (struct scale){(real)((double)rate * second / first), 1.0F, (real)epsilon};
    return (struct scale){(real)((double)rate / first), (real)second, (real)epsilon};
}

KERNEL_CLONES static void fill(struct scale scale, size_t count, const real *restrict mean,
                               const real *restrict square, real *restrict out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = scale.size * mean[i] / (real_sqrt(square[i]) / scale.correction + scale.epsilon);
}

static const real *direction(const struct chosen *chosen, const struct weights *weights,
                             size_t from, size_t count, real *room)
{
    fill(scale_at(chosen, 1.0F, weights->step - 1), count, weights->memory[0] + from,
         weights->memory[1] + from, room);
    return room;
}

OPTIMIZER_STEP move(const struct chosen *chosen, real rate, struct weights *weights)
{
    const struct scale scale = scale_at(chosen, rate, weights->step);
    const real decay = (real)chosen->number[OPTIMIZER_WEIGHT_DECAY];
    const real kept1 = (real)chosen->number[BETA1], fresh1 = (real)(1.0 - chosen->number[BETA1]);
    const real kept2 = (real)chosen->number[BETA2], fresh2 = (real)(1.0 - chosen->number[BETA2]);
    real *restrict value = weights->value;
    real *restrict mean = weights->memory[0];
    real *restrict square = weights->memory[1];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i] + decay * value[i];
        mean[i] = kept1 * mean[i] + fresh1 * g;
        square[i] = kept2 * square[i] + fresh2 * (g * g);
        value[i] -=
            scale.size * mean[i] / (real_sqrt(square[i]) / scale.correction + scale.epsilon);
    }
}

static const struct hyper_method method = {
    .additive_lr = 1e-7,
    .direction = direction,
    .move = move,
};

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    (void)rate;
    hyper_step(&method, chosen, weights);
}

const struct optimizer adam_hd_optimizer = {
    .name = "adam_hd",
    .help = "Adam that learns its rate by hypergradients (Baydin et al., 2018)",
    .settings = settings,
    .conflicts = hyper_conflicts,
    .decay = DECAY_OWN,
    .adaptive = true,
    .memory_per_weight = 2, /* the mean and the square */
    .whole = true,
    .scalar_count = HYPER_SCALARS,
    .step = step,
};
