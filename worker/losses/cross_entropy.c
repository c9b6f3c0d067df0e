/*
 * Mean softmax cross-entropy, in nats: log(sum of exp(outputs)) - the label's output.
 *
 * The row maximum is taken off before exp(), so large outputs do not overflow (Goodfellow, Bengio
 * and Courville, 2016, 4.1). With p the softmax, the gradient is p - onehot(label) and the Hessian
 * diag(p) - p p', both by the number of rows.
 */
#include "losses/losses.h"

#include "math/clones.h"
#include "math/functions.h"
#include "math/vectors.h"

#include <string.h>

enum { ROWS_A_TURN = 64 }; /* few enough that a turn's outputs are still in the cache */

static const struct setting settings[] = {{0}};

/* Whole lanes first: one running maximum would wait for each comparison. The order does not matter
 * to a maximum. */
KERNEL_INLINE float largest(size_t width, const float *row)
{
    enum { LANES = 16 };
    float lane[LANES], most = row[0];
    size_t j = 0;

    if (width >= LANES) {
        memcpy(lane, row, sizeof lane);
        for (j = LANES; j + LANES <= width; j += LANES)
            for (size_t l = 0; l < LANES; l++)
                lane[l] = row[j + l] > lane[l] ? row[j + l] : lane[l];
        for (size_t l = 0; l < LANES; l++)
            most = lane[l] > most ? lane[l] : most;
    }
    for (; j < width; j++)
        most = row[j] > most ? row[j] : most;
    return most;
}

/* exponentials = exp(outputs - the row's maximum), one long loop for all rows, since rows are often
 * as short as ten. */
KERNEL_CLONES static void exponentiate(size_t rows, size_t width, const float *outputs, float *most,
                                       float *restrict exponentials)
{
    for (size_t r = 0; r < rows; r++) {
        const float *row = outputs + r * width;
        most[r] = largest(width, row);
        for (size_t j = 0; j < width; j++)
            exponentials[r * width + j] = row[j] - most[r];
    }
    for (size_t i = 0; i < rows * width; i++)
        exponentials[i] = float_exp(exponentials[i]);
}

static double sum_of_rows(const struct loss_batch *batch, size_t first, size_t rows, float *d)
{
    const size_t width = batch->width;
    const float *outputs = batch->outputs + first * width;
    float most[ROWS_A_TURN] = {0};
    double loss = 0;

    exponentiate(rows, width, outputs, most, d);
    for (size_t r = 0; r < rows; r++) {
        const size_t label = r * width + batch->labels[first + r];
        const double total = vector_sum(width, d + r * width);
        loss += (double)float_log((float)total) + (double)(most[r] - outputs[label]);
        vector_scale(width, (float)(1 / (total * (double)batch->rows)), d + r * width);
        d[label] -= (float)(1 / (double)batch->rows);
    }
    return loss;
}

static double sum(const struct loss_batch *batch, float *d_outputs)
{
    double loss = 0;
    for (size_t first = 0; first < batch->rows; first += ROWS_A_TURN) {
        const size_t left = batch->rows - first;
        loss += sum_of_rows(batch, first, left < ROWS_A_TURN ? left : ROWS_A_TURN,
                            d_outputs + first * batch->width);
    }
    return loss;
}

static void curve_row(size_t width, size_t rows, const float *outputs, const float *vector,
                      float *product)
{
    const float most = largest(width, outputs);
    double total = 0, along = 0;

    for (size_t j = 0; j < width; j++) {
        const double p = (double)float_exp(outputs[j] - most);
        total += p;
        along += p * (double)vector[j];
    }
    const double mean = along / total;
    for (size_t j = 0; j < width; j++) {
        const double p = (double)float_exp(outputs[j] - most) / total;
        product[j] = (float)(p * ((double)vector[j] - mean) / (double)rows);
    }
}

static void curvature(const struct loss_batch *batch, const float *vector, float *product)
{
    for (size_t r = 0; r < batch->rows; r++) {
        const size_t start = r * batch->width;
        curve_row(batch->width, batch->rows, batch->outputs + start, vector + start,
                  product + start);
    }
}

extern const struct loss cross_entropy_loss;
const struct loss cross_entropy_loss = {
    .name = "cross_entropy",
    .help = "softmax cross-entropy of the label, in nats; for classes",
    .settings = settings,
    .of_classes = true,
    .sum = sum,
    .curvature = curvature,
};
