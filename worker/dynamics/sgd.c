/*
 * dX = -grad f dt + sqrt(lr) S dW. With the learning rate for a time step, the increment of the
 * noise term is lr S times a normal number: the scheme is gradient descent with Gaussian noise.
 */
#include "dynamics/dynamics.h"

OPTIMIZER_STEP step(const struct dynamics *dynamics, real rate, const struct drive *drive,
                    struct weights *weights)
{
    const real spread = dynamics->spread;
    real *restrict value = weights->value;
    const real *restrict gradient = weights->gradient;
    const real *restrict deviation = drive->deviation;
    const float *restrict normals = drive->normals;

    for (size_t i = 0; i < weights->count; i++)
        value[i] -= rate * (gradient[i] + spread * deviation[i] * (real)normals[i]);
}

const struct dynamics_kind sgd_dynamics = {
    .optimizer = "sgd",
    .step = step,
};
