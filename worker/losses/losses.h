/*
 * Losses: how far a model's outputs are from what the data say.
 *
 * To add one: write worker/losses/NAME.c and put its name into the list in losses.c. The contract
 * tests then check its gradient and its curvature against finite differences.
 */
#ifndef LOSSES_H
#define LOSSES_H

#include "settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loss_batch {
    size_t rows, width;
    const float *outputs;   /* [rows][width] */
    const uint16_t *labels; /* [rows], each below width; for a loss of classes */
    const float *targets;   /* [rows][width]; for the others */
};

struct loss {
    const char *name;
    const char *help;
    const struct setting *settings;
    bool of_classes;       /* compares with labels, not with targets */
    bool of_probabilities; /* the targets are within 0 … 1 */

    /* The sum over the rows of each row's loss, in double; the mean is this by `rows`.
     *     d_outputs  [rows][width]  out: d(mean loss) / d(outputs)
     * NaN in, NaN out: the trainer decides what a diverged run means. */
    double (*sum)(const struct loss_batch *batch, float *d_outputs);

    /* The Hessian of the mean loss by the outputs, times a vector: the middle of a Gauss-Newton
     * product (Schraudolph, 2002). Both [rows][width]; `product` may be `vector`. */
    void (*curvature)(const struct loss_batch *batch, const float *vector, float *product);
};

extern const struct loss *const losses_list[]; /* ends with NULL */
const struct loss *loss_find(const char *name);

/* The one that suits the data: cross_entropy for classes, mean_squared else. */
const struct loss *loss_for(bool classes);

#endif
