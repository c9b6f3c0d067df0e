/* Logistic: 1 / (1 + exp(-x)); slope y (1 - y) by its output y. */
#include "layers/layers.h"

#include "math/clones.h"
#include "math/functions.h"

static const struct setting settings[] = {{0}};

KERNEL_CLONES static void squash(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = 1.0F / (1.0F + float_exp(-x[i]));
}

KERNEL_CLONES static void multiply_by_slope(size_t count, const float *y, float *restrict vector)
{
    for (size_t i = 0; i < count; i++)
        vector[i] *= y[i] * (1.0F - y[i]);
}

static void forward(const struct layer *layer, const struct layer_pass *pass)
{
    squash(pass->rows * layer->outputs, pass->input, pass->output);
}

static void slope(const struct layer *layer, const struct layer_pass *pass, float *vector)
{
    multiply_by_slope(pass->rows * layer->outputs, pass->output, vector);
}

extern const struct layer_kind sigmoid_layer;
const struct layer_kind sigmoid_layer = {
    .name = "sigmoid",
    .help = "logistic function 1 / (1 + exp(-x))",
    .settings = settings,
    .keeps_output = true,
    .forward = forward,
    .slope = slope,
};
