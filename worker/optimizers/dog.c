/*
 * DoG, "distance over gradients" (Ivgi, Hinder and Carmon, 2023, arXiv 2302.12022): the rate is the
 * largest distance gone so far by the root of the sum of squared gradient norms,
 *
 *     reach = max(reach, |value - first value|),  at first first_move (1 + |first value|)
 *     total += |gradient|^2,                      at first 1e-8
 *     value -= rate reach / sqrt(total) gradient
 *
 * over all weights, or for each tensor by itself (L-DoG). Evaluations are at the polynomially
 * decaying average of the weights (Shamir and Zhang, 2013), part of the method:
 * average += (averaging + 1) / (averaging + t) (value - average).
 */
#include "math/vectors.h"
#include "optimizers/rate_free.h"

#include <string.h>

enum { SCOPE = OPTIMIZER_OWN, FIRST_MOVE, AVERAGING };
enum { SCOPE_GLOBAL, SCOPE_TENSOR };
enum { FIRST_VALUE, AVERAGE, ARRAYS };

static const struct setting settings[] = {
    RATE_FREE_SETTINGS(""),
    {.name = "scope",
     .type = SETTING_CHOICE,
     .choices = "global|tensor",
     .fallback_text = "global",
     .help = "one rate for all weights, or one for each tensor (L-DoG)"},
    {.name = "first_move",
     .type = SETTING_NUMBER,
     .low = 1e-7, /* less would be lost when it is added to the weights */
     .high = 1,
     .fallback = 1e-6,
     .help = "the first step's length, relative to 1 + the norm of the weights"},
    {.name = "averaging",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 1,
     .high = 1e6,
     .fallback = 8,
     .help = "evaluate at an average of the weights that forgets with this power; null: at the "
             "weights themselves"},
    {0},
};

static bool averages(const struct chosen *chosen)
{
    return !isnan(chosen->number[AVERAGING]);
}

static int memory_needed(const struct chosen *chosen)
{
    return averages(chosen) ? ARRAYS : ARRAYS - 1;
}

/* What it keeps of all weights or of one tensor: doubles among the reals of `extra`, since a sum
 * over many steps would stand still in float. */
struct gone {
    double reach, total;
};

static size_t extra(const struct chosen *chosen, const struct pieces *pieces)
{
    const bool each = (int)chosen->number[SCOPE] == SCOPE_TENSOR;
    return (each ? (size_t)pieces->count : 1) * (sizeof(struct gone) / sizeof(real));
}

/* Steps `count` weights from `offset` on; the answer is the rate, and *reach that of the group. */
static double step_group(const struct chosen *chosen, double factor, struct weights *weights,
                         size_t offset, size_t count, struct gone *gone)
{
    real *value = weights->value + offset;
    const real *first = weights->memory[FIRST_VALUE] + offset;
    const real *gradient = weights->gradient + offset;

    if (weights->step == 1)
        *gone = (struct gone){
            .reach = chosen->number[FIRST_MOVE] * (1.0 + sqrt(vector_sum_squares(count, first))),
            .total = 1e-8,
        };
    const double distance = sqrt(vector_squared_distance(count, value, first));
    gone->reach = distance > gone->reach ? distance : gone->reach;
    gone->total += vector_sum_squares(count, gradient);
    const double rate = factor * gone->reach / sqrt(gone->total);
    vector_add_scaled(count, (real)-rate, gradient, value);
    return rate;
}

static void take_average(const struct chosen *chosen, struct weights *weights)
{
    const double power = chosen->number[AVERAGING];
    const double fresh = (power + 1.0) / (power + (double)weights->step);
    real *average = weights->memory[AVERAGE];
    vector_combine(weights->count, (real)(1.0 - fresh), average, (real)fresh, weights->value,
                   average);
}

static void step(const struct chosen *chosen, real factor, struct weights *weights)
{
    const struct tensor all = {.count = weights->count};
    const bool each = (int)chosen->number[SCOPE] == SCOPE_TENSOR;
    const struct tensor *groups = each ? weights->tensors : &all;
    const int count = each ? weights->tensor_count : 1;
    const size_t size = sizeof(struct gone) / sizeof(real);
    double rate = 0.0, squares = 0.0;

    if (weights->step == 1)
        memcpy(weights->memory[FIRST_VALUE], weights->value, weights->count * sizeof(real));
    for (int i = 0; i < count; i++) {
        struct gone gone;
        real *kept = weights->extra + (size_t)i * size;
        memcpy(&gone, kept, sizeof gone);
        rate +=
            step_group(chosen, (double)factor, weights, groups[i].offset, groups[i].count, &gone) /
            count;
        squares += gone.reach * gone.reach;
        memcpy(kept, &gone, sizeof gone);
    }
    if (averages(chosen))
        take_average(chosen, weights);
    rate_free_tell(weights->told, rate, sqrt(squares));
}

static void point(const struct chosen *chosen, const struct weights *weights, real *point)
{
    const bool average = averages(chosen) && weights->step > 0;
    memcpy(point, average ? weights->memory[AVERAGE] : weights->value,
           weights->count * sizeof *point);
}

const struct optimizer dog_optimizer = {
    .name = "dog",
    .help = "sgd whose rate is the distance gone over the gradients seen (Ivgi, Hinder and Carmon, "
            "2023)",
    .settings = settings,
    .decay = DECAY_COUPLED,
    .whole = true,
    .memory_per_weight = ARRAYS,
    .memory_needed = memory_needed,
    .extra = extra,
    .step = step,
    .point = point,
};
