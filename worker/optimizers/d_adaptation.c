/*
 * D-Adaptation (Defazio and Mishchenko, 2023, arXiv 2301.07733): the rate follows from a lower
 * bound d on the distance between the first weights and a minimum, which only grows. With s the
 * weighted sum of gradients, `sgd` (dual averaging, with momentum):
 *
 *     c = d rate / |first gradient|;  number += c gradient . s;  s += c gradient
 *     d = max(d, 2 number / |s|);     value = momentum value + (1 - momentum) (first value - s)
 *
 * and `adam`, with b = sqrt(beta2) and l = d rate (times Adam's bias correction where asked for):
 *
 *     number = b number + (1 - b) l gradient . s / (sqrt(square) + epsilon)
 *     mean   = beta1 mean + (1 - beta1) l gradient;  square as in Adam
 *     s      = b s + (1 - b) l gradient;  d = max(d, number / ((1 - b) |s|_1))
 *     value  = (1 - weight_decay l) value - mean / (sqrt(square) + epsilon)
 *
 * While all gradients are zero nothing moves. Weight decay is coupled in the first form and
 * decoupled in the second.
 */
#include "math/vectors.h"
#include "optimizers/rate_free.h"

#include <string.h>

enum {
    FORM = OPTIMIZER_OWN,
    FIRST_DISTANCE,
    GROWTH,
    MOMENTUM,
    BETA1,
    BETA2,
    EPSILON,
    BIAS_CORRECTION
};
enum { FORM_ADAM, FORM_SGD };
enum { DISTANCE, NUMBER, FIRST_NORM, SCALARS };

static const struct setting settings[] = {
    RATE_FREE_SETTINGS("; decoupled with adam, coupled with sgd"),
    {.name = "form",
     .type = SETTING_CHOICE,
     .choices = "adam|sgd",
     .fallback_text = "adam",
     .help = "the method whose rate is found"},
    FIRST_DISTANCE_SETTING,
    GROWTH_SETTING,
    OPTIMIZER_FRACTION("momentum", 0.0, "of the form sgd: share of the weights kept at each step"),
    OPTIMIZER_FRACTION("beta1", 0.9, "of the form adam: share of the mean gradient kept"),
    OPTIMIZER_FRACTION("beta2", 0.999, "of the form adam: share of the mean squared gradient kept"),
    OPTIMIZER_EPSILON(1e-8),
    BIAS_CORRECTION_SETTING,
    {0},
};

static bool is_sgd(const struct chosen *chosen)
{
    return (int)chosen->number[FORM] == FORM_SGD;
}

/* sgd: the sum and the first value; adam: the sum, the mean and the square. */
static int memory_needed(const struct chosen *chosen)
{
    return is_sgd(chosen) ? 2 : 3;
}

static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    return is_sgd(chosen) ? 0 : pieces->dimension;
}

static void raise_distance(const struct chosen *chosen, double estimate, double *distance)
{
    const double limit = rate_free_limit(*distance, chosen->number[GROWTH]);
    const double bounded = estimate < limit ? estimate : limit;
    *distance = bounded > *distance ? bounded : *distance;
}

/* --- sgd ----------------------------------------------------------------------------------- */

OPTIMIZER_STEP go_to_average(real momentum, const real *restrict sum, const real *restrict first,
                             struct weights *weights)
{
    real *restrict value = weights->value;
    const real fresh = 1.0F - momentum;

    for (size_t i = 0; i < weights->count; i++)
        value[i] = momentum * value[i] + fresh * (first[i] - sum[i]);
}

static void sgd_step(const struct chosen *chosen, double rate, struct weights *weights)
{
    real *sum = weights->memory[0], *first = weights->memory[1];
    double *scalars = weights->scalars;
    const size_t count = weights->count;

    if (weights->step == 1)
        memcpy(first, weights->value, count * sizeof *first);
    vector_add_scaled(count, (real)chosen->number[OPTIMIZER_WEIGHT_DECAY], weights->value,
                      weights->gradient);
    if (scalars[FIRST_NORM] == 0.0) /* the first gradient that is not zero */
        scalars[FIRST_NORM] = sqrt(vector_sum_squares(count, weights->gradient));
    if (scalars[FIRST_NORM] == 0.0)
        return;

    const double scale = scalars[DISTANCE] * rate / scalars[FIRST_NORM];
    scalars[NUMBER] += scale * vector_dot(count, weights->gradient, sum);
    vector_add_scaled(count, (real)scale, weights->gradient, sum);
    const double length = sqrt(vector_sum_squares(count, sum));
    if (length == 0.0)
        return;
    raise_distance(chosen, 2.0 * scalars[NUMBER] / length, &scalars[DISTANCE]);
    go_to_average((real)chosen->number[MOMENTUM], sum, first, weights);
    rate_free_tell(weights->told, scale, scalars[DISTANCE]);
}

/* --- adam ---------------------------------------------------------------------------------- */

struct factors {
    real kept1, fresh1, kept2, fresh2; /* of the mean, its gradient times the rate, of the square */
    real kept_sum, fresh_sum;
    real epsilon, shrink;
};

static struct factors factors_of(const struct chosen *chosen, double rate)
{
    const double *number = chosen->number;
    const double kept_sum = sqrt(number[BETA2]);
    return (struct factors){
        .kept1 = (real)number[BETA1],
        .fresh1 = (real)((1.0 - number[BETA1]) * rate),
        .kept2 = (real)number[BETA2],
        .fresh2 = (real)(1.0 - number[BETA2]),
        .kept_sum = (real)kept_sum,
        .fresh_sum = (real)((1.0 - kept_sum) * rate),
        .epsilon = (real)number[EPSILON],
        .shrink = (real)(1.0 - number[OPTIMIZER_WEIGHT_DECAY] * rate),
    };
}

/* scaled = sum / (sqrt(square) + epsilon) */
OPTIMIZER_STEP scale_sum(real epsilon, const struct weights *weights)
{
    const real *restrict sum = weights->memory[0];
    const real *restrict square = weights->memory[2];
    real *restrict scaled = weights->scratch;

    for (size_t i = 0; i < weights->count; i++)
        scaled[i] = sum[i] / (real_sqrt(square[i]) + epsilon);
}

OPTIMIZER_STEP accumulate(const struct factors *factors, struct weights *weights)
{
    const struct factors f = *factors;
    real *restrict sum = weights->memory[0];
    real *restrict mean = weights->memory[1];
    real *restrict square = weights->memory[2];
    const real *restrict gradient = weights->gradient;

    for (size_t i = 0; i < weights->count; i++) {
        const real g = gradient[i];
        mean[i] = f.kept1 * mean[i] + f.fresh1 * g;
        square[i] = f.kept2 * square[i] + f.fresh2 * (g * g);
        sum[i] = f.kept_sum * sum[i] + f.fresh_sum * g;
    }
}

OPTIMIZER_STEP descend(const struct factors *factors, struct weights *weights)
{
    const struct factors f = *factors;
    real *restrict value = weights->value;
    const real *restrict mean = weights->memory[1];
    const real *restrict square = weights->memory[2];

    for (size_t i = 0; i < weights->count; i++)
        value[i] = f.shrink * value[i] - mean[i] / (real_sqrt(square[i]) + f.epsilon);
}

static void adam_form_step(const struct chosen *chosen, double factor, struct weights *weights)
{
    const double *number = chosen->number;
    double *scalars = weights->scalars;
    const double bias =
        rate_free_bias(number[BIAS_CORRECTION] > 0.0, number[BETA1], number[BETA2], weights->step);
    const double rate = scalars[DISTANCE] * factor * bias;
    const double kept = sqrt(number[BETA2]), fresh = 1.0 - kept;
    const struct factors factors = factors_of(chosen, rate);

    scale_sum(factors.epsilon, weights);
    const double along = vector_dot(weights->count, weights->gradient, weights->scratch);
    scalars[NUMBER] = kept * scalars[NUMBER] + fresh * rate * along;
    accumulate(&factors, weights);
    const double length = vector_sum_absolute(weights->count, weights->memory[0]);
    if (length == 0.0)
        return;
    raise_distance(chosen, scalars[NUMBER] / (fresh * length), &scalars[DISTANCE]);
    descend(&factors, weights);
    rate_free_tell(weights->told, rate, scalars[DISTANCE]);
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    if (weights->step == 1)
        weights->scalars[DISTANCE] = chosen->number[FIRST_DISTANCE];
    if (is_sgd(chosen))
        sgd_step(chosen, (double)rate, weights);
    else
        adam_form_step(chosen, (double)rate, weights);
}

const struct optimizer d_adaptation_optimizer = {
    .name = "d_adaptation",
    .help = "adam or sgd that finds its rate from a bound on the distance to the minimum (Defazio "
            "and Mishchenko, 2023)",
    .settings = settings,
    .decay = DECAY_OWN,
    .adaptive = true,
    .whole = true,
    .memory_per_weight = 3,
    .memory_needed = memory_needed,
    .scalar_count = SCALARS,
    .scratch = scratch,
    .step = step,
};
