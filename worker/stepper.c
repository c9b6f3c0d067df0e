#include "stepper.h"

#include "json.h"
#include "math/vectors.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNED_FLOATS = 16 }; /* each memory array begins on a cache line */

static size_t block_of(const struct stepper *stepper)
{
    const bool small = stepper->dimension < OPTIMIZER_BLOCK;
    return stepper->optimizer->whole || small ? stepper->dimension : OPTIMIZER_BLOCK;
}

int stepper_init(struct stepper *stepper, const json_t *choice, size_t dimension, struct error *err)
{
    const char *name = json_text_at(choice, "type", "");
    const struct optimizer *optimizer = optimizer_find(name);
    if (!optimizer)
        return error_set(err, "unknown optimizer \"%.64s\"", name);

    *stepper = (struct stepper){
        .optimizer = optimizer,
        .dimension = dimension,
        .stride = (dimension + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS,
    };
    chosen_read(optimizer->settings, choice, &stepper->chosen);
    stepper->memory_count = optimizer_memory(optimizer, &stepper->chosen);
    stepper->scalars = xcalloc((size_t)optimizer->scalar_count, sizeof *stepper->scalars);
    stepper->before = aligned_block(block_of(stepper), sizeof *stepper->before);
    stepper->memory =
        aligned_block((size_t)stepper->memory_count * stepper->stride, sizeof *stepper->memory);
    if (stepper->before && stepper->memory)
        return 0;
    stepper_release(stepper);
    return error_of(err, ERROR_INTERNAL, "not enough memory for %zu parameters with %s", dimension,
                    name);
}

void stepper_release(struct stepper *stepper)
{
    free(stepper->memory);
    free(stepper->scalars);
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
                             float aside[OPTIMIZER_BLOCK])
{
    const double amount = stepper->chosen.number[OPTIMIZER_WEIGHT_DECAY];
    const bool coupled = stepper->optimizer->decay == DECAY_COUPLED && amount != 0.0;
    float *to = stepper->optimizer->whole ? weights->gradient : aside;

    if (coupled) {
        vector_combine(weights->count, (float)scale, weights->gradient, (float)amount,
                       weights->value, to);
        weights->gradient = to;
    } else if (scale != 1.0) {
        vector_scale(weights->count, (float)scale, weights->gradient);
    }
}

static void decay_apart(const struct stepper *stepper, double rate, struct weights *weights)
{
    const double amount = stepper->chosen.number[OPTIMIZER_WEIGHT_DECAY];
    if (stepper->optimizer->decay == DECAY_DECOUPLED && amount != 0.0)
        vector_scale(weights->count, (float)(1.0 - rate * amount), weights->value);
}

static struct weights block_at(const struct stepper *stepper, float *theta, float *gradient,
                               size_t from, size_t count, int64_t t)
{
    struct weights weights = {
        .count = count,
        .value = theta + from,
        .gradient = gradient + from,
        .scalars = stepper->scalars,
        .step = t,
    };
    for (int i = 0; i < stepper->memory_count; i++)
        weights.memory[i] = stepper->memory + (size_t)i * stepper->stride + from;
    return weights;
}

void stepper_step(struct stepper *stepper, float *theta, float *gradient, double rate, double scale,
                  int64_t t, double *update_norm)
{
    const size_t block = block_of(stepper);
    float aside[OPTIMIZER_BLOCK];
    double squares = 0.0;

    for (size_t from = 0; from < stepper->dimension; from += block) {
        const size_t left = stepper->dimension - from;
        struct weights weights =
            block_at(stepper, theta, gradient, from, left < block ? left : block, t);
        if (update_norm)
            memcpy(stepper->before, weights.value, weights.count * sizeof *theta);
        prepare_gradient(stepper, scale, &weights, aside);
        decay_apart(stepper, rate, &weights);
        stepper->optimizer->step(&stepper->chosen, (float)rate, &weights);
        if (update_norm)
            squares += vector_squared_distance(weights.count, weights.value, stepper->before);
    }
    if (update_norm)
        *update_norm = sqrt(squares);
}
