/*
 * Rectified linear: max(x, 0), slope 1 where the output is above 0 (Glorot, Bordes and Bengio,
 * 2011). NaN goes through.
 */
#include "layers/layers.h"

#include "math/clones.h"

static const struct setting settings[] = {{0}};

KERNEL_CLONES static void rectify(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] <= 0.0F ? 0.0F : x[i];
}

KERNEL_CLONES static void stop_where_flat(size_t count, const float *y, float *restrict vector)
{
    for (size_t i = 0; i < count; i++)
        vector[i] = y[i] > 0.0F ? vector[i] : 0.0F;
}

static void forward(const struct layer *layer, const struct layer_pass *pass)
{
    rectify(pass->rows * layer->outputs, pass->input, pass->output);
}

static void slope(const struct layer *layer, const struct layer_pass *pass, float *vector)
{
    stop_where_flat(pass->rows * layer->outputs, pass->output, vector);
}

extern const struct layer_kind relu_layer;
const struct layer_kind relu_layer = {
    .name = "relu",
    .help = "the larger of x and 0",
    .settings = settings,
    .keeps_output = true,
    .forward = forward,
    .slope = slope,
};
