/*
 * Gaussian error linear unit (Hendrycks and Gimpel, 2016) in its exact form, PyTorch's default:
 * x Phi(x) with Phi the normal distribution; slope Phi(x) + x phi(x).
 */
#include "layers/layers.h"

#include "math/clones.h"
#include "math/functions.h"

#define ROOT_HALF      0.707106781F /* sqrt(1/2) */
#define NORMAL_DENSITY 0.398942280F /* 1 / sqrt(2 pi) */

static const struct setting settings[] = {{0}};

KERNEL_INLINE float normal_distribution(float x)
{
    return 0.5F + 0.5F * float_erf(x * ROOT_HALF);
}

KERNEL_CLONES static void weigh(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * normal_distribution(x[i]);
}

KERNEL_CLONES static void multiply_by_slope(size_t count, const float *x, float *restrict vector)
{
    for (size_t i = 0; i < count; i++) {
        const float density = NORMAL_DENSITY * float_exp(-0.5F * x[i] * x[i]);
        vector[i] *= normal_distribution(x[i]) + x[i] * density;
    }
}

static void forward(const struct layer *layer, const struct layer_pass *pass)
{
    weigh(pass->rows * layer->outputs, pass->input, pass->output);
}

static void slope(const struct layer *layer, const struct layer_pass *pass, float *vector)
{
    multiply_by_slope(pass->rows * layer->outputs, pass->input, vector);
}

extern const struct layer_kind gelu_layer;
const struct layer_kind gelu_layer = {
    .name = "gelu",
    .help = "x times the normal distribution at x, exact form",
    .settings = settings,
    .keeps_input = true,
    .forward = forward,
    .slope = slope,
};
