/*
 * Mean squared error as PyTorch's MSELoss has it: the mean over rows and outputs of
 * (output - target)^2, without a factor 1/2.
 */
#include "losses/losses.h"

#include "math/clones.h"
#include "math/vectors.h"

static const struct setting settings[] = {{0}};

KERNEL_CLONES static void scaled_difference(size_t count, float factor, const float *x,
                                            const float *y, float *restrict difference)
{
    for (size_t i = 0; i < count; i++)
        difference[i] = factor * (x[i] - y[i]);
}

static double sum(const struct loss_batch *batch, float *d_outputs)
{
    const size_t count = batch->rows * batch->width;

    scaled_difference(count, (float)(2 / (double)count), batch->outputs, batch->targets, d_outputs);
    return vector_squared_distance(count, batch->outputs, batch->targets) / (double)batch->width;
}

static void curvature(const struct loss_batch *batch, const float *vector, float *product)
{
    const size_t count = batch->rows * batch->width;
    const float factor = (float)(2 / (double)count);

    for (size_t i = 0; i < count; i++)
        product[i] = factor * vector[i];
}

extern const struct loss mean_squared_loss;
const struct loss mean_squared_loss = {
    .name = "mean_squared",
    .help = "mean of (output - target)^2 over examples and outputs; for regression",
    .settings = settings,
    .sum = sum,
    .curvature = curvature,
};
