#include "stepper.h"

#include "json.h"
#include "math/vectors.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNED_NUMBERS = 16 }; /* each memory array begins on a cache line */

static size_t block_of(const struct stepper *stepper)
{
    const size_t dimension = stepper->pieces.dimension;
    const bool small = dimension < OPTIMIZER_BLOCK;
    return stepper->optimizer->whole || small ? dimension : OPTIMIZER_BLOCK;
}

static bool allocate(struct stepper *stepper)
{
    const struct optimizer *optimizer = stepper->optimizer;
    const struct chosen *chosen = &stepper->chosen;
    const size_t scratch = optimizer->scratch ? optimizer->scratch(chosen, &stepper->pieces) : 0;

    stepper->memory_count = optimizer_memory(optimizer, chosen);
    stepper->extra_count = optimizer->extra ? optimizer->extra(chosen, &stepper->pieces) : 0;
    stepper->scalars = xcalloc((size_t)optimizer->scalar_count, sizeof *stepper->scalars);
    stepper->before = aligned_block(block_of(stepper), sizeof(real));
    stepper->memory = aligned_block((size_t)stepper->memory_count * stepper->stride, sizeof(real));
    stepper->extra = aligned_block(stepper->extra_count, sizeof(real));
    stepper->scratch = aligned_block(scratch, sizeof(real));
    return stepper->before && stepper->memory && stepper->extra && stepper->scratch;
}

int stepper_init(struct stepper *stepper, const json_t *choice, const struct pieces *pieces,
                 struct error *err)
{
    const char *name = json_text_at(choice, "type", "");
    const struct optimizer *optimizer = optimizer_find(name);
    if (!optimizer)
        return error_set(err, "unknown optimizer \"%.64s\"", name);

    const size_t units = (pieces->dimension + ALIGNED_NUMBERS - 1) / ALIGNED_NUMBERS;
    *stepper = (struct stepper){
        .optimizer = optimizer, .pieces = *pieces, .stride = units * ALIGNED_NUMBERS};
    chosen_read(optimizer->settings, choice, &stepper->chosen);
    if (allocate(stepper))
        return 0;
    stepper_release(stepper);
    return error_of(err, ERROR_INTERNAL, "not enough memory for %zu parameters with %s",
                    pieces->dimension, name);
}

void stepper_release(struct stepper *stepper)
{
    free(stepper->memory);
    free(stepper->scalars);
    free(stepper->extra);
    free(stepper->scratch);
    free(stepper->before);
    chosen_release(&stepper->chosen);
    *stepper = (struct stepper){0};
}

double stepper_rate(const struct stepper *stepper, double factor)
{
    return stepper->chosen.number[OPTIMIZER_LR] * factor;
}

/* Clips the gradient and adds coupled decay. That goes into a block aside, which stays in the
 * cache: written over the gradient it would all travel back to memory, for nobody to read. */
static void prepare_gradient(const struct stepper *stepper, double scale, struct weights *weights,
                             real aside[OPTIMIZER_BLOCK])
{
    const double amount = stepper->chosen.number[OPTIMIZER_WEIGHT_DECAY];
    const bool coupled = stepper->optimizer->decay == DECAY_COUPLED && amount != 0.0;
    real *to = stepper->optimizer->whole ? weights->gradient : aside;

    if (coupled) {
        vector_combine(weights->count, (real)scale, weights->gradient, (real)amount, weights->value,
                       to);
        weights->gradient = to;
    } else if (scale != 1.0) {
        vector_scale(weights->count, (real)scale, weights->gradient);
    }
}

static void decay_apart(const struct stepper *stepper, double rate, struct weights *weights)
{
    const double amount = stepper->chosen.number[OPTIMIZER_WEIGHT_DECAY];
    if (stepper->optimizer->decay == DECAY_DECOUPLED && amount != 0.0)
        vector_scale(weights->count, (real)(1.0 - rate * amount), weights->value);
}

static struct weights block_at(const struct stepper *stepper, const struct step *step, size_t from,
                               size_t count)
{
    struct weights weights = {
        .count = count,
        .value = step->theta + from,
        .gradient = step->gradient ? step->gradient + from : NULL,
        .scalars = stepper->scalars,
        .step = step->t,
        .factor = step->factor,
    };
    for (int i = 0; i < stepper->memory_count; i++)
        weights.memory[i] = stepper->memory + (size_t)i * stepper->stride + from;
    return weights;
}

/* All of theta, with what only a whole optimizer has. */
static struct weights whole_of(const struct stepper *stepper, const struct step *step)
{
    struct weights weights = block_at(stepper, step, 0, stepper->pieces.dimension);
    weights.tensors = stepper->pieces.tensors;
    weights.tensor_count = stepper->pieces.count;
    weights.extra = stepper->extra;
    weights.scratch = stepper->scratch;
    weights.told = step->told;
    return weights;
}

static void change(const struct stepper *stepper, double rate, size_t from, struct weights *weights)
{
    if (stepper->dynamics)
        dynamics_step(stepper->dynamics, (real)rate, from, weights);
    else
        stepper->optimizer->step(&stepper->chosen, (real)rate, weights);
}

void stepper_step(struct stepper *stepper, const struct step *step)
{
    const double rate = stepper_rate(stepper, step->factor);
    const bool whole = stepper->optimizer->whole;
    const size_t block = block_of(stepper);
    real aside[OPTIMIZER_BLOCK];
    double squares = 0.0;

    for (size_t from = 0; from < stepper->pieces.dimension; from += block) {
        const size_t left = stepper->pieces.dimension - from;
        struct weights weights = whole ? whole_of(stepper, step)
                                       : block_at(stepper, step, from, left < block ? left : block);
        if (step->update_norm)
            memcpy(stepper->before, weights.value, weights.count * sizeof(real));
        prepare_gradient(stepper, step->scale, &weights, aside);
        decay_apart(stepper, rate, &weights);
        change(stepper, rate, from, &weights);
        if (step->update_norm)
            squares += vector_squared_distance(weights.count, weights.value, stepper->before);
    }
    if (step->update_norm)
        *step->update_norm = sqrt(squares);
}

int stepper_drive(struct stepper *stepper, const struct step *step, struct landscape *landscape,
                  struct error *err)
{
    const size_t dimension = stepper->pieces.dimension;
    struct weights weights = whole_of(stepper, step);

    memcpy(stepper->before, step->theta, dimension * sizeof(real));
    if (stepper->optimizer->drive(&stepper->chosen, &weights, landscape, err) < 0)
        return -1;
    if (step->update_norm)
        *step->update_norm = sqrt(vector_squared_distance(dimension, step->theta, stepper->before));
    return 0;
}

const real *stepper_point(const struct stepper *stepper, real *theta, int64_t t, real *point)
{
    if (!stepper->optimizer->point)
        return theta;
    const struct step step = {.theta = theta, .t = t, .factor = 1.0};
    const struct weights weights = whole_of(stepper, &step);
    stepper->optimizer->point(&stepper->chosen, &weights, point);
    return point;
}
