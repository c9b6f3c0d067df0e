/*
 * dX = -(grad f dt + sqrt(lr) S dW) / (sqrt(V) + epsilon), dV = r ((grad f)^2 + S^2 - V) dt with
 * r = (1 - rho) / lr. V begins at its drift's rest, (grad f)^2 + S^2 of the first point: the
 * discrete average begins at zero and its first steps are long, which no SDE shows.
 */
#include "dynamics/dynamics.h"

enum { RHO = OPTIMIZER_OWN, EPSILON }; /* of both */

OPTIMIZER_STEP step(const struct dynamics *dynamics, real rate, const struct drive *drive,
                    struct weights *weights)
{
    const bool first = weights->step == 1;
    const real fresh = (real)(1.0 - dynamics->chosen->number[RHO]);
    const real epsilon = (real)dynamics->chosen->number[EPSILON];
    const real spread = dynamics->spread;
    real *restrict value = weights->value;
    real *restrict square = weights->memory[0];
    const real *restrict gradient = weights->gradient;
    const real *restrict deviation = drive->deviation;
    const float *restrict normals = drive->normals;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i], s = spread * deviation[i];
        const real rest = g * g + s * s, kept = first ? rest : square[i];
        value[i] -= rate * ((g + s * (real)normals[i]) / (real_sqrt(kept) + epsilon));
        square[i] = kept + fresh * (rest - kept);
    }
}

const struct dynamics_kind rmsprop_dynamics = {
    .optimizer = "rmsprop",
    .only = "{\"momentum\": 0, \"centred\": false}",
    .step = step,
};

const struct dynamics_kind rmspropw_dynamics = {
    .optimizer = "rmspropw",
    .step = step,
};
