/*
 * A dense layer: output = input W' + b, with W [outputs][inputs] as PyTorch has it.
 *
 * Starts, by `init` (fan-in = inputs):
 *     he       W normal, deviation sqrt(2 / fan-in); b 0          (He, Zhang, Ren and Sun, 2015)
 *     xavier   W uniform within sqrt(6 / (fan-in + fan-out)); b 0 (Glorot and Bengio, 2010)
 *     lecun    W normal, deviation sqrt(1 / fan-in); b 0          (LeCun et al., 1998)
 *     uniform  W and b uniform within 1 / sqrt(fan-in)            (what PyTorch's Linear does)
 *     zero     W and b 0
 *     sparse   15 entries of each row of W normal, deviation 1, the others 0; b 0 (Martens, 2010)
 */
#include "layers/layers.h"

#include "math/blas.h"
#include "math/random_bulk.h"
#include "math/vectors.h"

#include <math.h>

enum { WEIGHT, BIAS };
enum { HE, XAVIER, LECUN, UNIFORM, ZERO, SPARSE };

static const struct setting settings[] = {
    [DENSE_OUTPUTS] = {.name = "outputs",
                       .type = SETTING_INTEGER,
                       .low = 1,
                       .high = 65536,
                       .fallback = 10,
                       .help = "how many numbers it gives per example"},
    [DENSE_INIT] = {.name = "init",
                    .type = SETTING_CHOICE,
                    .choices = DENSE_INITS,
                    .fallback_text = "he",
                    .help = "how its weights start"},
    {0},
};

static void plan(struct layer *layer)
{
    const size_t in = layer->inputs, out = (size_t)layer->chosen[DENSE_OUTPUTS];

    layer->outputs = out;
    layer->parameters = out * in + out;
    layer->tensors[WEIGHT] =
        (struct layer_tensor){.name = "weight", .rank = 2, .shape = {out, in}, .count = out * in};
    layer->tensors[BIAS] = (struct layer_tensor){
        .name = "bias", .rank = 1, .shape = {out}, .offset = out * in, .count = out};
    layer->tensor_count = 2;
}

/* Places by Floyd's sampling without replacement (Bentley and Floyd, 1987): a place that is taken
 * already makes way for the last one that could be drawn. */
static void init_sparse(const struct layer *layer, uint64_t seed, uint64_t place, float *values)
{
    enum { INCOMING = 15 };
    const uint32_t inputs = (uint32_t)layer->inputs;
    struct rng rng = rng_stream(seed, RANDOM_INIT, place);

    vector_fill(layer->outputs * layer->inputs, 0.0F, values);
    for (size_t unit = 0; unit < layer->outputs; unit++) {
        float *row = values + unit * layer->inputs;
        for (uint32_t last = inputs > INCOMING ? inputs - INCOMING : 0; last < inputs; last++) {
            const uint32_t drawn = rng_below(&rng, last + 1);
            row[row[drawn] == 0.0F ? drawn : last] = (float)rng_normal(&rng);
        }
    }
}

static void init(const struct layer *layer, int tensor, uint64_t seed, uint64_t place,
                 float *values)
{
    const int choice = (int)layer->chosen[DENSE_INIT];
    const size_t count = layer->tensors[tensor].count;
    const double in = (double)layer->inputs, out = (double)layer->outputs;

    if (choice == ZERO || (tensor == BIAS && choice != UNIFORM))
        vector_fill(count, 0.0F, values);
    else if (choice == SPARSE)
        init_sparse(layer, seed, place, values);
    else if (choice == HE || choice == LECUN)
        random_normals(seed, RANDOM_INIT, place, sqrt((choice == HE ? 2 : 1) / in), count, values);
    else
        random_uniforms(seed, RANDOM_INIT, place,
                        choice == XAVIER ? sqrt(6 / (in + out)) : sqrt(1 / in), count, values);
}

/* The bias goes in first, so that the product adds to it: no pass of its own. */
static void forward(const struct layer *layer, const struct layer_pass *pass)
{
    const float *bias = pass->theta + layer->tensors[BIAS].offset;

    rows_fill(pass->rows, layer->outputs, bias, pass->output);
    multiply_transposed(pass->rows, layer->outputs, layer->inputs, pass->input, pass->theta, 1.0F,
                        pass->output);
}

static void backward(const struct layer *layer, const struct layer_pass *pass,
                     const float *d_output, float *d_input, float *gradient)
{
    rows_sum(pass->rows, layer->outputs, d_output, gradient + layer->tensors[BIAS].offset);
    transposed_multiply(layer->outputs, layer->inputs, pass->rows, d_output, pass->input, 0.0F,
                        gradient);
    if (d_input)
        multiply(pass->rows, layer->inputs, layer->outputs, d_output, pass->theta, 0.0F, d_input);
}

static void derivative(const struct layer *layer, const struct layer_pass *pass,
                       const float *direction, const float *r_input, float *r_output)
{
    rows_fill(pass->rows, layer->outputs, direction + layer->tensors[BIAS].offset, r_output);
    multiply_transposed(pass->rows, layer->outputs, layer->inputs, pass->input, direction, 1.0F,
                        r_output);
    if (r_input)
        multiply_transposed(pass->rows, layer->outputs, layer->inputs, r_input, pass->theta, 1.0F,
                            r_output);
}

/* A row's gradient is an outer product, so the sum of the squares is a product of squares. */
static void squares(const struct layer *layer, const struct layer_pass *pass,
                    const float *squared_d_output, const float *squared_input, float *sums)
{
    rows_sum(pass->rows, layer->outputs, squared_d_output, sums + layer->tensors[BIAS].offset);
    transposed_multiply(layer->outputs, layer->inputs, pass->rows, squared_d_output, squared_input,
                        0.0F, sums);
}

const struct layer_kind dense_layer = {
    .name = "dense",
    .help = "input times weights plus bias",
    .settings = settings,
    .keeps_input = true,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .derivative = derivative,
    .squares = squares,
};
