/*
 * AdaGrad (Duchi, Hazan and Singer, 2011): each weight's rate falls with the sum of its squared
 * gradients, sum = sum + gradient^2, and
 * value = value - rate / (1 + (t-1) * lr_decay) * gradient / (sqrt(sum) + epsilon).
 */
#include "optimizers/optimizers.h"

enum { LR_DECAY = OPTIMIZER_OWN, INITIAL_SUM, EPSILON };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.01", 0.0),
    {.name = "lr_decay",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e6,
     .help = "the rate at step t is divided by 1 + (t - 1) * lr_decay"},
    {.name = "initial_sum",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e6,
     .help = "start of each sum of squared gradients"},
    OPTIMIZER_EPSILON(1e-10),
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const double later = (double)(weights->step - 1);
    const real scaled = (real)((double)rate / (1.0 + later * chosen->number[LR_DECAY]));
    const real start = weights->step == 1 ? (real)chosen->number[INITIAL_SUM] : 0.0F;
    const real epsilon = (real)chosen->number[EPSILON];
    real *restrict value = weights->value;
    real *restrict sum = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        sum[i] = (sum[i] + start) + gradient[i] * gradient[i];
        value[i] -= scaled * gradient[i] / (real_sqrt(sum[i]) + epsilon);
    }
}

const struct optimizer adagrad_optimizer = {
    .name = "adagrad",
    .help = "a rate for each weight from its summed squared gradients (Duchi et al., 2011)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .adaptive = true,
    .memory_per_weight = 1, /* the sum */
    .step = step,
};
