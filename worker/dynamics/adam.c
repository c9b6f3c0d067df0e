/*
 * With r1 = (1 - beta1) / lr, r2 = (1 - beta2) / lr, i1 = 1 - exp(-r1 t), i2 = 1 - exp(-r2 t):
 *
 *     dX = -sqrt(i2) / i1 (M + lr r1 (grad f - M)) / (sqrt(V) + epsilon sqrt(i2)) dt
 *     dM = r1 (grad f - M) dt + sqrt(lr) r1 S dW
 *     dV = r2 ((grad f)^2 + S^2 - V) dt
 *
 * M and V begin at zero, so at t = 0, where i1 = i2 = 0, the limits stand in: M / i1 is grad f of
 * the first point and V / i2 is (grad f)^2 + S^2. The explicit scheme takes M from before the step:
 * lr r1 (grad f - M) mends the drift, but of the noise it loses the share beta1^2. The
 * semi-implicit one takes the M that the step arrives at, in place of that term.
 */
#include "optimizers/adam.h"
#include "dynamics/dynamics.h"

struct factors {
    real fresh1, fresh2; /* 1 - beta */
    real rate;           /* rate / i1 */
    real correction;     /* sqrt(i2) */
    real epsilon;        /* times sqrt(i2) */
    real spread;
    bool first, semi_implicit;
};

static struct factors factors_at(const struct dynamics *dynamics, real rate, int64_t step)
{
    const double *number = dynamics->chosen->number;
    const double fresh1 = 1.0 - number[ADAM_BETA1], fresh2 = 1.0 - number[ADAM_BETA2];
    const double before = (double)(step - 1), after = (double)step;
    const double i1 = -expm1(-fresh1 * (dynamics->semi_implicit ? after : before));
    const double i2 = step == 1 ? 1.0 : -expm1(-fresh2 * before);
    const bool limit = step == 1 && !dynamics->semi_implicit;
    return (struct factors){
        .fresh1 = (real)fresh1,
        .fresh2 = (real)fresh2,
        .rate = (real)((double)rate / (limit ? 1.0 : i1)),
        .correction = (real)sqrt(i2),
        .epsilon = (real)(number[ADAM_EPSILON] * sqrt(i2)),
        .spread = dynamics->spread,
        .first = step == 1,
        .semi_implicit = dynamics->semi_implicit,
    };
}

OPTIMIZER_STEP integrate(const struct factors *factors, const struct drive *drive,
                         struct weights *weights)
{
    const struct factors f = *factors;
    const bool limit = f.first && !f.semi_implicit;
    real *restrict value = weights->value;
    real *restrict mean = weights->memory[0];
    real *restrict square = weights->memory[1];
    const real *restrict gradient = weights->gradient;
    const real *restrict deviation = drive->deviation;
    const float *restrict normals = drive->normals;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i], s = f.spread * deviation[i];
        const real rest = g * g + s * s, kept = f.first ? rest : square[i];
        const real drifted = mean[i] + f.fresh1 * (g - mean[i]);
        const real moved = drifted + f.fresh1 * (s * (real)normals[i]);
        const real along = limit ? g : f.semi_implicit ? moved : drifted;
        value[i] -= f.rate * (f.correction * along / (real_sqrt(kept) + f.epsilon));
        mean[i] = moved;
        square[i] = square[i] + f.fresh2 * (rest - square[i]);
    }
}

static void step(const struct dynamics *dynamics, real rate, const struct drive *drive,
                 struct weights *weights)
{
    const struct factors factors = factors_at(dynamics, rate, weights->step);
    integrate(&factors, drive, weights);
}

const struct dynamics_kind adam_dynamics = {
    .optimizer = "adam",
    .only = "{\"amsgrad\": false}",
    .has_integrators = true,
    .step = step,
};

const struct dynamics_kind adamw_dynamics = {
    .optimizer = "adamw",
    .only = "{\"amsgrad\": false}",
    .has_integrators = true,
    .step = step,
};
