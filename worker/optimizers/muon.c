/*
 * Muon (Jordan et al., 2024): momentum whose step is made nearly orthogonal,
 *
 *     mean = momentum mean + (1 - momentum) gradient
 *     X = ((1 - momentum) gradient + momentum mean) / (its Frobenius norm + 1e-7)
 *     5 times: A = X X', X = 3.4445 X + (-4.7750 A + 2.0315 A A) X     (Newton-Schulz, quintic)
 *     value = (1 - rate weight_decay) value - rate sqrt(max(1, rows / columns)) X
 *
 * which brings the singular values of X to somewhere between about 0.5 and 1.5, by design.
 *
 * It serves the hidden matrices: tensors "layers.N.weight" of rank 2 or more that are not the last
 * such one, the output layer's. The first layer is among them unless `first_layer` says otherwise.
 * All else (biases, the output layer, a model of one layer, a problem) goes by AdamW with the
 * settings that begin with adam_; the schedule multiplies both rates.
 */
#include "math/blas.h"
#include "math/vectors.h"
#include "optimizers/matrices.h"

#include <string.h>

enum {
    MOMENTUM = OPTIMIZER_OWN,
    ITERATIONS,
    FIRST_LAYER,
    ADAM_LR,
    ADAM_BETA1,
    ADAM_BETA2,
    ADAM_EPSILON,
    ADAM_DECAY
};
enum { FIRST_LAYER_MUON, FIRST_LAYER_ADAMW };
enum { MEAN, SQUARE, ARRAYS };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(" of the hidden matrices, such as 0.02", 0.0),
    OPTIMIZER_FRACTION("momentum", 0.95, "share of the mean gradient kept at each step"),
    {.name = "iterations",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 20,
     .fallback = 5,
     .help = "of Newton and Schulz, towards an orthogonal step"},
    {.name = "first_layer",
     .type = SETTING_CHOICE,
     .choices = "muon|adamw",
     .fallback_text = "muon",
     .help = "what trains the first layer's matrix"},
    {.name = "adam_lr",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e6,
     .fallback = 0.003,
     .help = "peak learning rate of what AdamW trains: biases, the output layer"},
    OPTIMIZER_FRACTION("adam_beta1", 0.9, "of AdamW: share of the mean gradient kept"),
    OPTIMIZER_FRACTION("adam_beta2", 0.999, "of AdamW: share of the mean squared gradient kept"),
    {.name = "adam_epsilon",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .fallback = 1e-8,
     .help = "of AdamW: added to the denominator, outside the square root"},
    {.name = "adam_weight_decay",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e3,
     .fallback = 0.01,
     .help = "of AdamW: pull of the weights to zero"},
    {0},
};

/* --- which tensors ------------------------------------------------------------------------- */

static bool is_layer_matrix(const struct tensor *tensor)
{
    const char *dot = strrchr(tensor->name, '.');
    return is_matrix(tensor) && strncmp(tensor->name, "layers.", 7) == 0 && dot &&
           strcmp(dot, ".weight") == 0;
}

/* The hidden ones are those from the first to the one before the last. */
struct hidden {
    int first, end; /* tensors first … end - 1, those of them that are matrices of layers */
};

static struct hidden find_hidden(const struct chosen *chosen, const struct tensor *tensors,
                                 int count)
{
    struct hidden hidden = {0};
    while (hidden.first < count && !is_layer_matrix(&tensors[hidden.first]))
        hidden.first++;
    for (int i = hidden.first; i < count; i++)
        if (is_layer_matrix(&tensors[i]))
            hidden.end = i;
    hidden.first += (int)chosen->number[FIRST_LAYER] == FIRST_LAYER_ADAMW;
    return hidden;
}

static bool is_hidden(const struct hidden *hidden, const struct tensor *tensors, int i)
{
    return i >= hidden->first && i < hidden->end && is_layer_matrix(&tensors[i]);
}

/* --- one matrix ---------------------------------------------------------------------------- */

static size_t shorter_side(const struct sides *sides)
{
    return sides->rows < sides->columns ? sides->rows : sides->columns;
}

/* Two of the matrix, two of its shorter side's square. */
static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    const struct hidden hidden = find_hidden(chosen, pieces->tensors, pieces->count);
    size_t most = 0;
    for (int i = 0; i < pieces->count; i++) {
        const struct sides sides = matrix_sides(&pieces->tensors[i], SIZE_MAX);
        const size_t side = shorter_side(&sides);
        const size_t needed = 2 * sides.rows * sides.columns + 2 * side * side;
        if (is_hidden(&hidden, pieces->tensors, i) && needed > most)
            most = needed;
    }
    return most;
}

/* next = 3.4445 X + (-4.7750 A + 2.0315 A A) X with A = X X', or with A = X' X from the right where
 * X is higher than wide: the same as turning it over before and after. */
static void newton_schulz(const struct sides *sides, const real *x, real *next, real *a, real *b)
{
    const size_t rows = sides->rows, columns = sides->columns, side = shorter_side(sides);

    if (side == rows)
        multiply_transposed(rows, rows, columns, x, x, 0.0F, a);
    else
        transposed_multiply(columns, columns, rows, x, x, 0.0F, a);
    multiply(side, side, side, a, a, 0.0F, b);
    vector_combine(side * side, (real)2.0315, b, (real)-4.7750, a, b);
    memcpy(next, x, rows * columns * sizeof *next);
    if (side == rows)
        multiply(rows, columns, rows, b, x, (real)3.4445, next);
    else
        multiply(rows, columns, columns, x, b, (real)3.4445, next);
}

/* Orthogonalises scratch [rows][columns] in place or in the copy behind it; the answer is where. */
static real *orthogonalise(const struct sides *sides, int iterations, real *scratch)
{
    const size_t count = sides->rows * sides->columns, side = shorter_side(sides);
    real *x = scratch, *next = scratch + count, *a = next + count, *b = a + side * side;

    vector_scale(count, (real)(1.0 / (sqrt(vector_sum_squares(count, x)) + 1e-7)), x);
    for (int i = 0; i < iterations; i++) {
        newton_schulz(sides, x, next, a, b);
        real *used = x;
        x = next;
        next = used;
    }
    return x;
}

static void step_matrix(const struct chosen *chosen, double rate, const struct tensor *tensor,
                        struct weights *part, real *scratch)
{
    const struct sides sides = matrix_sides(tensor, SIZE_MAX);
    const double momentum = chosen->number[MOMENTUM];
    const double wide = (double)sides.rows / (double)sides.columns;
    const real kept = (real)momentum, fresh = (real)(1.0 - momentum);
    real *mean = part->memory[MEAN];

    vector_combine(part->count, kept, mean, fresh, part->gradient, mean);
    vector_combine(part->count, fresh, part->gradient, kept, mean, scratch);
    const real *direction = orthogonalise(&sides, (int)chosen->number[ITERATIONS], scratch);
    decay_weights(chosen->number[OPTIMIZER_WEIGHT_DECAY], rate, part);
    vector_add_scaled(part->count, (real)(-rate * sqrt(wide > 1.0 ? wide : 1.0)), direction,
                      part->value);
}

static void step_other(const struct chosen *chosen, struct weights *part)
{
    const double *number = chosen->number;
    const double rate = number[ADAM_LR] * part->factor;
    const struct adam_numbers numbers = {number[ADAM_BETA1], number[ADAM_BETA2],
                                         number[ADAM_EPSILON]};
    decay_weights(number[ADAM_DECAY], rate, part);
    adam_on_tensor(&numbers, (real)rate, part);
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const struct hidden hidden = find_hidden(chosen, weights->tensors, weights->tensor_count);

    for (int i = 0; i < weights->tensor_count; i++) {
        struct weights part = weights_of_tensor(weights, &weights->tensors[i], ARRAYS);
        if (is_hidden(&hidden, weights->tensors, i))
            step_matrix(chosen, (double)rate, &weights->tensors[i], &part, weights->scratch);
        else
            step_other(chosen, &part);
    }
}

const struct optimizer muon_optimizer = {
    .name = "muon",
    .help = "nearly orthogonal momentum for hidden matrices, AdamW for the rest (Jordan et al., "
            "2024)",
    .settings = settings,
    .decay = DECAY_OWN, /* two rates, two decays */
    .whole = true,
    .memory_per_weight = ARRAYS,
    .scratch = scratch,
    .step = step,
};
