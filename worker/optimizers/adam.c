/*
 * Adam (Kingma and Ba, 2015, arXiv 1412.6980) in PyTorch's form:
 *
 *     mean   = beta1 * mean   + (1 - beta1) * gradient
 *     square = beta2 * square + (1 - beta2) * gradient^2
 *     value -= rate / (1 - beta1^t) * mean / (sqrt(square) / sqrt(1 - beta2^t) + epsilon)
 *
 * AMSGrad (Reddi, Kale and Kumar, 2018, arXiv 1904.09237) divides by the largest square so far.
 */
#include "optimizers/adam.h"

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.001", 0.0),
    ADAM_SETTINGS,
    {0},
};

/* The mean and the square, and the largest square for AMSGrad. */
int adam_memory(const struct chosen *chosen)
{
    return chosen->number[ADAM_AMSGRAD] > 0.0 ? 3 : 2;
}

struct factors {
    real kept1, fresh1, kept2, fresh2; /* beta and 1 - beta */
    real rate;                         /* rate / (1 - beta1^t) */
    real correction;                   /* sqrt(1 - beta2^t) */
    real epsilon;
};

static struct factors factors_at(const struct chosen *chosen, real rate, int64_t t)
{
    const double beta1 = chosen->number[ADAM_BETA1], beta2 = chosen->number[ADAM_BETA2];
    return (struct factors){
        .kept1 = (real)beta1,
        .fresh1 = (real)(1.0 - beta1),
        .kept2 = (real)beta2,
        .fresh2 = (real)(1.0 - beta2),
        .rate = (real)((double)rate / (1.0 - pow(beta1, (double)t))),
        .correction = (real)sqrt(1.0 - pow(beta2, (double)t)),
        .epsilon = (real)chosen->number[ADAM_EPSILON],
    };
}

OPTIMIZER_STEP plain(const struct factors *factors, struct weights *weights)
{
    const struct factors f = *factors;
    real *restrict value = weights->value;
    real *restrict mean = weights->memory[0];
    real *restrict square = weights->memory[1];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i];
        mean[i] = f.kept1 * mean[i] + f.fresh1 * g;
        square[i] = f.kept2 * square[i] + f.fresh2 * (g * g);
        value[i] -= f.rate * mean[i] / (real_sqrt(square[i]) / f.correction + f.epsilon);
    }
}

OPTIMIZER_STEP amsgrad(const struct factors *factors, struct weights *weights)
{
    const struct factors f = *factors;
    real *restrict value = weights->value;
    real *restrict mean = weights->memory[0];
    real *restrict square = weights->memory[1];
    real *restrict largest = weights->memory[2];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i];
        mean[i] = f.kept1 * mean[i] + f.fresh1 * g;
        square[i] = f.kept2 * square[i] + f.fresh2 * (g * g);
        largest[i] = square[i] > largest[i] ? square[i] : largest[i];
        value[i] -= f.rate * mean[i] / (real_sqrt(largest[i]) / f.correction + f.epsilon);
    }
}

void adam_step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const struct factors factors = factors_at(chosen, rate, weights->step);
    if (chosen->number[ADAM_AMSGRAD] > 0.0)
        amsgrad(&factors, weights);
    else
        plain(&factors, weights);
}

const struct optimizer adam_optimizer = {
    .name = "adam",
    .help = "running means of gradient and square, bias-corrected (Kingma and Ba, 2015)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .adaptive = true,
    .memory_per_weight = 3,
    .memory_needed = adam_memory,
    .step = adam_step,
};
