/*
 * Cross-entropy of independent yes-or-no outputs, in nats: an example's loss is the sum over its
 * outputs z, with targets t within 0 … 1, of
 *
 *     log(1 + exp(z)) - t z = -t log p - (1 - t) log(1 - p),   p = 1 / (1 + exp(-z))
 *
 * The sum, not PyTorch's mean: that is how reconstruction is measured where autoencoders are
 * trained without Hessians (Hinton and Salakhutdinov, 2006; Martens, 2010), and an example is as
 * surprising as all its outputs together. Its gradient is p - t and its Hessian p (1 - p), both by
 * the number of rows: the pair "logistic and binary cross-entropy", with the logistic in here.
 */
#include "losses/losses.h"

#include "math/clones.h"
#include "math/functions.h"
#include "math/vectors.h"

static const struct setting settings[] = {{0}};

/* exp() of what is not above 0 alone, so that nothing overflows. */
KERNEL_INLINE float small_exponential(float z)
{
    return float_exp(-float_absolute(z));
}

KERNEL_INLINE float logistic(float z)
{
    const float small = small_exponential(z);
    return (z < 0.0F ? small : 1.0F) / (1.0F + small);
}

KERNEL_CLONES static void surprise(size_t count, const float *outputs, const float *targets,
                                   float *restrict nats)
{
    for (size_t i = 0; i < count; i++) {
        const float z = outputs[i], above = z > 0.0F ? z : 0.0F;
        nats[i] = (above - targets[i] * z) + float_log(1.0F + small_exponential(z));
    }
}

KERNEL_CLONES static void difference(size_t count, float factor, const float *outputs,
                                     const float *targets, float *restrict d_outputs)
{
    for (size_t i = 0; i < count; i++)
        d_outputs[i] = factor * (logistic(outputs[i]) - targets[i]);
}

KERNEL_CLONES static void multiply_by_slope(size_t count, float factor, const float *outputs,
                                            const float *vector, float *product)
{
    for (size_t i = 0; i < count; i++) {
        const float small = small_exponential(outputs[i]), all = 1.0F + small;
        product[i] = factor * (small / (all * all)) * vector[i]; /* p (1 - p) */
    }
}

static double sum(const struct loss_batch *batch, float *d_outputs)
{
    const size_t count = batch->rows * batch->width;
    const float part = (float)(1 / (double)batch->rows);

    surprise(count, batch->outputs, batch->targets, d_outputs);
    const double nats = vector_sum(count, d_outputs);
    difference(count, part, batch->outputs, batch->targets, d_outputs);
    return nats;
}

static void curvature(const struct loss_batch *batch, const float *vector, float *product)
{
    multiply_by_slope(batch->rows * batch->width, (float)(1 / (double)batch->rows), batch->outputs,
                      vector, product);
}

extern const struct loss binary_cross_entropy_loss;
const struct loss binary_cross_entropy_loss = {
    .name = "binary_cross_entropy",
    .help = "logistic cross-entropy summed over the outputs, in nats; for targets within 0 … 1",
    .settings = settings,
    .of_probabilities = true,
    .sum = sum,
    .curvature = curvature,
};
