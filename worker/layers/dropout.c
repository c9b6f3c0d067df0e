/*
 * Dropout (Srivastava et al., 2014), inverted: in training each number is set to 0 with probability
 * `rate`, the others are multiplied by 1 / (1 - rate); in evaluation nothing happens.
 *
 * Number i of the batch falls by word i of the stream (seed, RANDOM_DROPOUT, pass->stream), so a
 * resumed run drops the same ones. The memory holds the factors.
 */
#include "layers/layers.h"

#include "math/clones.h"
#include "math/random_bulk.h"
#include "math/vectors.h"

#include <math.h>
#include <string.h>

static const struct setting settings[] = {
    [DROPOUT_RATE] = {.name = "rate",
                      .type = SETTING_NUMBER,
                      .low = 0,
                      .high = 1,
                      .below_high = true,
                      .fallback = 0.5,
                      .help = "the part of the numbers that is set to 0 in training"},
    {0},
};

static void plan(struct layer *layer)
{
    layer->memory = layer->inputs;
}

/* Dropped below rate * 2^32, rounded up so that a rate above 0 drops some. */
static uint32_t drop_limit(double rate)
{
    return (uint32_t)ceil(rate * 4294967295.0);
}

KERNEL_CLONES static void words_to_factors(size_t count, const uint32_t *words, uint32_t limit,
                                           float kept, float *restrict factors)
{
    for (size_t i = 0; i < count; i++)
        factors[i] = words[i] < limit ? 0.0F : kept;
}

KERNEL_CLONES static void multiply_into(size_t count, const float *x, const float *restrict factors,
                                        float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * factors[i];
}

static void draw_factors(const struct layer *layer, const struct layer_pass *pass)
{
    enum { BLOCK = 1024 };
    const double rate = layer->chosen[DROPOUT_RATE];
    const float kept = (float)(1 / (1 - rate));
    const size_t count = pass->rows * layer->inputs;
    uint32_t words[BLOCK];

    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t length = count - first < BLOCK ? count - first : BLOCK;
        random_words(pass->seed, RANDOM_DROPOUT, pass->stream, first, length, words);
        words_to_factors(length, words, drop_limit(rate), kept, pass->memory + first);
    }
}

static void forward(const struct layer *layer, const struct layer_pass *pass)
{
    const size_t count = pass->rows * layer->inputs;

    if (pass->training) {
        draw_factors(layer, pass);
        multiply_into(count, pass->input, pass->memory, pass->output);
    } else if (pass->output != pass->input) {
        memcpy(pass->output, pass->input, count * sizeof *pass->output);
    }
}

static void slope(const struct layer *layer, const struct layer_pass *pass, float *vector)
{
    if (pass->training)
        vector_multiply(pass->rows * layer->inputs, pass->memory, vector);
}

const struct layer_kind dropout_layer = {
    .name = "dropout",
    .help = "sets numbers to 0 by chance in training, scales up the others",
    .settings = settings,
    .plan = plan,
    .forward = forward,
    .slope = slope,
};
