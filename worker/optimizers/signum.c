/* Sign descent on the running mean of the gradient (Bernstein et al., 2018, arXiv 1802.04434):
 * mean = beta1 * mean + (1 - beta1) * gradient, then value = value - rate * sign(mean). */
#include "optimizers/optimizers.h"

enum { BETA1 = OPTIMIZER_OWN };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.001", 0.0),
    OPTIMIZER_FRACTION("beta1", 0.9, "share of the mean gradient kept at each step"),
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const real kept = (real)chosen->number[BETA1], fresh = (real)(1.0 - chosen->number[BETA1]);
    real *restrict value = weights->value;
    real *restrict mean = weights->memory[0];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        mean[i] = kept * mean[i] + fresh * gradient[i];
        value[i] -= rate * optimizer_sign(mean[i]);
    }
}

const struct optimizer signum_optimizer = {
    .name = "signum",
    .help = "sign descent on the running mean of the gradient (Bernstein et al., 2018)",
    .settings = settings,
    .decay = DECAY_DECOUPLED,
    .adaptive = true,
    .memory_per_weight = 1, /* the mean */
    .step = step,
};
