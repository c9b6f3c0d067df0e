/* Sign descent (Bernstein et al., 2018, arXiv 1802.04434): value = value - rate * sign(gradient),
 * sign(0) = 0. */
#include "optimizers/optimizers.h"

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.001", 0.0),
    {0},
};

OPTIMIZER_STEP step(const struct chosen *chosen, real rate, struct weights *weights)
{
    real *restrict value = weights->value;
    const real *restrict gradient = weights->gradient;
    (void)chosen;

    for (size_t i = 0; i < weights->count; i++)
        value[i] -= rate * optimizer_sign(gradient[i]);
}

const struct optimizer signsgd_optimizer = {
    .name = "signsgd",
    .help = "steps of equal length along the gradient's signs (Bernstein et al., 2018)",
    .settings = settings,
    .decay = DECAY_DECOUPLED,
    .adaptive = true,
    .step = step,
};
