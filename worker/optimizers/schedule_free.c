/*
 * Schedule-free optimization (Defazio et al., 2024, arXiv 2405.15682): an average x of the base
 * iterates z takes the place of a decaying rate. Gradients are taken at y between them, which is
 * theta here; evaluations and the kept model are at x. At step t = 1, 2, …
 *
 *     direction = gradient + weight_decay y                                          (sgd)
 *     direction = gradient / (sqrt(square / (1 - beta2^t)) + epsilon) + weight_decay y   (adamw)
 *     weight = t^average_power (the largest rate so far)^weight_power;  c = weight / their sum
 *     y = (1 - c) y + c z;  y += rate (beta1 (1 - c) - 1) direction;  z -= rate direction
 *     x = (y - (1 - beta1) z) / beta1
 *
 * It wants no schedule but a warm-up, which `constant` has.
 */
#include "math/vectors.h"
#include "optimizers/optimizers.h"

#include <string.h>

enum { FORM = OPTIMIZER_OWN, BETA1, BETA2, EPSILON, AVERAGE_POWER, WEIGHT_POWER };
enum { FORM_ADAMW, FORM_SGD };
enum { LARGEST_RATE, WEIGHT_SUM, SCALARS };
enum { BASE, SQUARE, ARRAYS };
enum {
    POWER_MOST = 10
}; /* above it, weights of small rates would be 0 and those of many steps infinite */

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.003; with sgd 10 to 50 times that of plain sgd", 0.0),
    {.name = "form",
     .type = SETTING_CHOICE,
     .choices = "adamw|sgd",
     .fallback_text = "adamw",
     .help = "the method whose steps are averaged"},
    {.name = "beta1",
     .type = SETTING_NUMBER,
     .low = 0.01, /* x is y - z over this: below it, of a few digits only */
     .high = 1,
     .fallback = 0.9,
     .help = "how near to the average gradients are taken; 0.98 for long runs"},
    OPTIMIZER_FRACTION("beta2", 0.999, "of the form adamw: share of the mean squared gradient"),
    OPTIMIZER_EPSILON(1e-8),
    {.name = "average_power",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = POWER_MOST,
     .help = "step t counts t to this power in the average; 0: all alike"},
    {.name = "weight_power",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = POWER_MOST,
     .fallback = 2,
     .help = "a step counts by the largest rate so far to this power in the average"},
    {0},
};

static bool is_sgd(const struct chosen *chosen)
{
    return (int)chosen->number[FORM] == FORM_SGD;
}

static int memory_needed(const struct chosen *chosen)
{
    return is_sgd(chosen) ? ARRAYS - 1 : ARRAYS;
}

/* This step's share in the average. */
static double share_of(const struct chosen *chosen, double rate, const struct weights *weights)
{
    double *scalars = weights->scalars;
    const double *number = chosen->number;

    if (rate > scalars[LARGEST_RATE])
        scalars[LARGEST_RATE] = rate;
    const double weight = pow((double)weights->step, number[AVERAGE_POWER]) *
                          pow(scalars[LARGEST_RATE], number[WEIGHT_POWER]);
    scalars[WEIGHT_SUM] += weight;
    return scalars[WEIGHT_SUM] > 0.0 ? weight / scalars[WEIGHT_SUM] : 0.0;
}

/* Turns the gradient into Adam's direction. */
OPTIMIZER_STEP normalise(const struct chosen *chosen, struct weights *weights)
{
    const double beta2 = chosen->number[BETA2];
    const real kept = (real)beta2, fresh = (real)(1.0 - beta2);
    const real correction = (real)sqrt(1.0 - pow(beta2, (double)weights->step));
    const real epsilon = (real)chosen->number[EPSILON];
    real *restrict square = weights->memory[SQUARE];
    real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        square[i] = kept * square[i] + fresh * (gradient[i] * gradient[i]);
        gradient[i] = gradient[i] / (real_sqrt(square[i]) / correction + epsilon);
    }
}

struct factors {
    real rate, decay;
    real kept, fresh; /* 1 - c and c */
    real move;        /* rate (beta1 (1 - c) - 1) */
};

OPTIMIZER_STEP move(const struct factors *factors, struct weights *weights)
{
    const struct factors f = *factors;
    real *restrict value = weights->value;
    real *restrict base = weights->memory[BASE];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real direction = gradient[i] + f.decay * value[i];
        value[i] = (f.kept * value[i] + f.fresh * base[i]) + f.move * direction;
        base[i] -= f.rate * direction;
    }
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    if (weights->step == 1)
        memcpy(weights->memory[BASE], weights->value, weights->count * sizeof(real));
    const double share = share_of(chosen, (double)rate, weights);
    const struct factors factors = {
        .rate = rate,
        .decay = (real)chosen->number[OPTIMIZER_WEIGHT_DECAY],
        .kept = (real)(1.0 - share),
        .fresh = (real)share,
        .move = (real)((double)rate * (chosen->number[BETA1] * (1.0 - share) - 1.0)),
    };
    if (!is_sgd(chosen))
        normalise(chosen, weights);
    move(&factors, weights);
}

static void point(const struct chosen *chosen, const struct weights *weights, real *point)
{
    const double beta1 = chosen->number[BETA1];

    if (weights->step == 0)
        memcpy(point, weights->value, weights->count * sizeof *point);
    else
        vector_combine(weights->count, (real)(1.0 / beta1), weights->value,
                       (real)(1.0 - 1.0 / beta1), weights->memory[BASE], point);
}

const struct optimizer schedule_free_optimizer = {
    .name = "schedule_free",
    .help = "adamw or sgd with an average in place of a schedule, evaluated there (Defazio et al., "
            "2024)",
    .settings = settings,
    .decay = DECAY_OWN,
    .adaptive = true,
    .whole = true,
    .memory_per_weight = ARRAYS,
    .memory_needed = memory_needed,
    .scalar_count = SCALARS,
    .step = step,
    .point = point,
};
