/*
 * dX = -e dt + sqrt(lr) sqrt(1 - e^2) dW, where e = E sign(gradient + noise) = 2 F(gradient / S) -
 * 1 and F is the distribution of the noise: erf(gradient / (sqrt(2) S)) of the normal one, 2 Xi_nu
 * of Student's t. No moment of the noise has to exist.
 */
#include "dynamics/dynamics.h"
#include "dynamics/sign_mean.h"

static int prepare(struct dynamics *dynamics, struct error *err)
{
    dynamics->table = sign_mean_table(dynamics->noise->nu);
    return dynamics->table ? 0 : error_of(err, ERROR_INTERNAL, "not enough memory for a table");
}

OPTIMIZER_STEP step(const struct dynamics *dynamics, real rate, const struct drive *drive,
                    struct weights *weights)
{
    const real *restrict table = dynamics->table;
    real *restrict value = weights->value;
    const real *restrict gradient = weights->gradient;
    const real *restrict deviation = drive->deviation;
    const float *restrict normals = drive->normals;

    for (size_t i = 0; i < weights->count; i++) {
        const real mean = sign_mean(table, gradient[i], deviation[i]);
        /* The sign of exactly 0 without noise is 0, and nothing of it is left to chance. */
        const real variance = deviation[i] > 0.0F ? 1.0F - mean * mean : 0.0F;
        const real along = variance > 0.0F ? real_sqrt(variance) : 0.0F;
        value[i] -= rate * (mean + along * (real)normals[i]);
    }
}

const struct dynamics_kind signsgd_dynamics = {
    .optimizer = "signsgd",
    .any_noise = true,
    .prepare = prepare,
    .step = step,
};
