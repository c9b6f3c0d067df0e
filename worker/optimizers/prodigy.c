/*
 * Prodigy (Mishchenko and Defazio, 2023, arXiv 2306.06101): Adam on gradients scaled by d, an
 * estimate of the distance between the first weights and a minimum, with d0 its first value, b =
 * sqrt(beta2) unless given, and l = d rate (times Adam's bias correction where asked for):
 *
 *     number = b number + d / d0 l gradient . (first value - value)
 *     mean   = beta1 mean + (1 - beta1) d gradient
 *     square = beta2 square + (1 - beta2) d^2 gradient^2
 *     s      = b s + d / d0 l gradient
 *     estimate = distance_factor number / |s|_1;  d takes the largest so far, within its growth
 *     value  = (1 - weight_decay l) value - l mean / (sqrt(square) + d epsilon)
 *
 * l has the old d, epsilon the new one. While all gradients are zero nothing moves.
 */
#include "math/vectors.h"
#include "optimizers/rate_free.h"

#include <string.h>

enum {
    FIRST_DISTANCE = OPTIMIZER_OWN,
    GROWTH,
    DISTANCE_FACTOR,
    BETA1,
    BETA2,
    BETA3,
    EPSILON,
    BIAS_CORRECTION,
    SAFEGUARD
};
enum { DISTANCE, LARGEST, NUMBER, SCALARS };
/* GONE is first value - value, kept by itself: the first steps are so small that float would lose
 * them in the value, and then the estimate would never grow. */
enum { FIRST_VALUE, GONE, MEAN, SQUARE, SUM, ARRAYS };

static const struct setting settings[] = {
    RATE_FREE_SETTINGS(", decoupled"),
    FIRST_DISTANCE_SETTING,
    GROWTH_SETTING,
    {.name = "distance_factor",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1e3,
     .fallback = 1,
     .help = "factor on the estimate of the distance: the one to change where rates come out "
             "too large or too small"},
    OPTIMIZER_FRACTION("beta1", 0.9, "share of the mean gradient kept at each step"),
    OPTIMIZER_FRACTION("beta2", 0.999, "share of the mean squared gradient kept"),
    {.name = "beta3",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 0,
     .high = 1,
     .below_high = true,
     .help = "share of the distance's sums kept; null: sqrt(beta2)"},
    OPTIMIZER_EPSILON(1e-8),
    BIAS_CORRECTION_SETTING,
    {.name = "safeguard_warmup",
     .type = SETTING_FLAG,
     .help = "keep the schedule out of the distance's denominator; for a long warm-up"},
    {0},
};

struct factors {
    real kept1, fresh1, kept2, fresh2, kept_sum, fresh_sum;
    real distance; /* on the gradient */
};

static double kept_sum_of(const struct chosen *chosen)
{
    const double beta3 = chosen->number[BETA3];
    return isnan(beta3) ? sqrt(chosen->number[BETA2]) : beta3;
}

static struct factors factors_of(const struct chosen *chosen, double distance, double rate)
{
    const double *number = chosen->number;
    const double weight = number[SAFEGUARD] > 0.0 ? distance : rate;
    return (struct factors){
        .kept1 = (real)number[BETA1],
        .fresh1 = (real)(1.0 - number[BETA1]),
        .kept2 = (real)number[BETA2],
        .fresh2 = (real)(1.0 - number[BETA2]),
        .kept_sum = (real)kept_sum_of(chosen),
        .fresh_sum = (real)(distance / number[FIRST_DISTANCE] * weight),
        .distance = (real)distance,
    };
}

OPTIMIZER_STEP accumulate(const struct factors *factors, struct weights *weights)
{
    const struct factors f = *factors;
    real *restrict mean = weights->memory[MEAN];
    real *restrict square = weights->memory[SQUARE];
    real *restrict sum = weights->memory[SUM];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = f.distance * gradient[i];
        mean[i] = f.kept1 * mean[i] + f.fresh1 * g;
        square[i] = f.kept2 * square[i] + f.fresh2 * (g * g);
        sum[i] = f.kept_sum * sum[i] + f.fresh_sum * gradient[i];
    }
}

OPTIMIZER_STEP descend(real rate, real decay, real epsilon, struct weights *weights)
{
    real *restrict value = weights->value;
    real *restrict gone = weights->memory[GONE];
    const real *restrict first = weights->memory[FIRST_VALUE];
    const real *restrict mean = weights->memory[MEAN];
    const real *restrict square = weights->memory[SQUARE];

    for (size_t i = 0; i < weights->count; i++) {
        gone[i] += decay * value[i] + rate * mean[i] / (real_sqrt(square[i]) + epsilon);
        value[i] = first[i] - gone[i];
    }
}

static void raise_distance(const struct chosen *chosen, double estimate, double *scalars)
{
    const double limit = rate_free_limit(scalars[DISTANCE], chosen->number[GROWTH]);

    if (scalars[DISTANCE] == chosen->number[FIRST_DISTANCE] && estimate > scalars[DISTANCE])
        scalars[DISTANCE] = estimate;
    if (estimate > scalars[LARGEST])
        scalars[LARGEST] = estimate;
    const double grown = limit > scalars[DISTANCE] ? limit : scalars[DISTANCE];
    scalars[DISTANCE] = scalars[LARGEST] < grown ? scalars[LARGEST] : grown;
}

static void begin(const struct chosen *chosen, struct weights *weights)
{
    weights->scalars[DISTANCE] = weights->scalars[LARGEST] = chosen->number[FIRST_DISTANCE];
    memcpy(weights->memory[FIRST_VALUE], weights->value, weights->count * sizeof(real));
}

static void step(const struct chosen *chosen, real factor, struct weights *weights)
{
    const double *number = chosen->number;
    double *scalars = weights->scalars;
    const size_t count = weights->count;

    if (weights->step == 1)
        begin(chosen, weights);
    const double distance = scalars[DISTANCE];
    const double rate =
        distance * (double)factor *
        rate_free_bias(number[BIAS_CORRECTION] > 0.0, number[BETA1], number[BETA2], weights->step);
    const struct factors factors = factors_of(chosen, distance, rate);

    scalars[NUMBER] = kept_sum_of(chosen) * scalars[NUMBER] +
                      distance / number[FIRST_DISTANCE] * rate *
                          vector_dot(count, weights->gradient, weights->memory[GONE]);
    accumulate(&factors, weights);
    const double length = vector_sum_absolute(count, weights->memory[SUM]);
    if (length == 0.0)
        return;
    raise_distance(chosen, number[DISTANCE_FACTOR] * scalars[NUMBER] / length, scalars);
    descend((real)rate, (real)(rate * number[OPTIMIZER_WEIGHT_DECAY]),
            (real)(scalars[DISTANCE] * number[EPSILON]), weights);
    rate_free_tell(weights->told, rate, scalars[DISTANCE]);
}

const struct optimizer prodigy_optimizer = {
    .name = "prodigy",
    .help = "adam that finds its rate, faster than d_adaptation (Mishchenko and Defazio, 2023)",
    .settings = settings,
    .decay = DECAY_OWN,
    .adaptive = true,
    .whole = true,
    .memory_per_weight = ARRAYS,
    .scalar_count = SCALARS,
    .step = step,
};
