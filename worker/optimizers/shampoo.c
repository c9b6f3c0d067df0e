/*
 * Shampoo (Gupta, Koren and Singer, 2018, arXiv 1802.09568), its steps as long as Adam's: for each
 * matrix of weights with gradient G
 *
 *     left = factor_beta left + G G';  right = factor_beta right + G' G      (1: their sums)
 *     direction = left^(-1/4) M right^(-1/4),  M: the mean gradient by beta1
 *     value = (1 - rate weight_decay) value - rate direction |Adam's step| / |direction|
 *
 * The roots are taken anew every `root_every` steps. Where a side is too long for a factor, the
 * other one is taken to -1/2. epsilon_root times the largest eigenvalue is added to all of them.
 * What is no matrix goes by AdamW. With beta1 = 0, M is the gradient itself, as in the paper.
 */
#include "math/blas.h"
#include "math/decompositions.h"
#include "math/vectors.h"
#include "optimizers/matrices.h"

#include <string.h>

enum { BETA1 = OPTIMIZER_OWN, BETA2, EPSILON, FACTOR_BETA, ROOT_EVERY, EPSILON_ROOT, MAX_SIDE };
enum { MEAN, SQUARE, ARRAYS };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.001: that of Adam", 0.0),
    OPTIMIZER_FRACTION("beta1", 0.9, "share of the mean gradient kept at each step"),
    OPTIMIZER_FRACTION("beta2", 0.999, "share of the mean squared gradient kept"),
    OPTIMIZER_EPSILON(1e-8),
    {.name = "factor_beta",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .fallback = 1,
     .help = "share of the factors kept at each step; 1: they are sums, as in the paper"},
    {.name = "root_every",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1e6,
     .fallback = 10,
     .unit = "steps",
     .help = "between two computations of the factors' roots"},
    {.name = "epsilon_root",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 1e-6,
     .help = "added to a factor's eigenvalues, in units of the largest"},
    MAX_SIDE_SETTING,
    {0},
};

static struct sides sides_of(const struct chosen *chosen, const struct tensor *tensor)
{
    return matrix_sides(tensor, (size_t)chosen->number[MAX_SIDE]);
}

/* Each matrix keeps its two factors, then their two roots. */
static size_t extra(const struct chosen *chosen, const struct pieces *pieces)
{
    return factors_twice(pieces, (size_t)chosen->number[MAX_SIDE]);
}

static size_t root_scratch(size_t side)
{
    return side > 0 ? side * side + side + decomposition_scratch(side) : 0;
}

static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    size_t most = 0;
    for (int i = 0; i < pieces->count; i++) {
        const struct sides sides = sides_of(chosen, &pieces->tensors[i]);
        const size_t longer = sides.left > sides.right ? sides.left : sides.right;
        const size_t work = root_scratch(longer), step = 3 * pieces->tensors[i].count;
        const size_t needed = work > step ? work : step;
        if (is_matrix(&pieces->tensors[i]) && needed > most)
            most = needed;
    }
    return most;
}

/* root = factor^-power, by its eigenvectors V: (V s) (V s)' with s = value^(-power / 2). */
static void take_root(size_t side, double power, double epsilon, const real *factor, real *root,
                      real *scratch)
{
    real *vectors = scratch, *values = vectors + side * side;

    memcpy(vectors, factor, side * side * sizeof *vectors);
    symmetric_eigen(side, vectors, values, values + side);
    const double largest = (double)values[0];
    for (size_t j = 0; j < side; j++) {
        const double value = (double)values[j] < 0.0 ? 0.0 : (double)values[j];
        values[j] = (real)(largest == 0.0 ? 1.0 : pow(value + epsilon * largest, -power / 2.0));
    }
    for (size_t i = 0; i < side; i++)
        vector_multiply(side, values, vectors + i * side);
    multiply_transposed(side, side, side, vectors, vectors, 0.0F, root);
}

static void take_roots(const struct chosen *chosen, const struct sides *sides, const real *factors,
                       real *roots, real *scratch)
{
    const double power = sides->left > 0 && sides->right > 0 ? 0.25 : 0.5;
    const double epsilon = chosen->number[EPSILON_ROOT];
    const size_t left = sides->left * sides->left;

    if (sides->left > 0)
        take_root(sides->left, power, epsilon, factors, roots, scratch);
    if (sides->right > 0)
        take_root(sides->right, power, epsilon, factors + left, roots + left, scratch);
}

static void step_matrix(const struct chosen *chosen, const struct adam_numbers *numbers, real rate,
                        const struct sides *sides, struct weights *part, real *factors,
                        real *scratch)
{
    const size_t left = sides->left * sides->left;
    real *roots = factors + factor_numbers(sides);
    real *direction = scratch, *between = direction + part->count, *adams = between + part->count;

    matrix_statistics(sides, (real)chosen->number[FACTOR_BETA], part->gradient, factors,
                      factors + left);
    if ((part->step - 1) % (int64_t)chosen->number[ROOT_EVERY] == 0)
        take_roots(chosen, sides, factors, roots, scratch);
    adam_direction(numbers, part, adams);
    matrix_between(sides, FACTORS_PLAIN, roots, roots + left, part->memory[MEAN], direction,
                   between);
    const double length = sqrt(vector_sum_squares(part->count, direction));
    const double wanted = sqrt(vector_sum_squares(part->count, adams));
    if (length != 0.0)
        vector_add_scaled(part->count, (real)(-(double)rate * wanted / length), direction,
                          part->value);
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const double *number = chosen->number;
    const struct adam_numbers numbers = {number[BETA1], number[BETA2], number[EPSILON]};
    real *factors = weights->extra;

    for (int i = 0; i < weights->tensor_count; i++) {
        const struct tensor *tensor = &weights->tensors[i];
        struct weights part = weights_of_tensor(weights, tensor, ARRAYS);
        if (!is_matrix(tensor)) {
            adam_on_tensor(&numbers, rate, &part);
            continue;
        }
        const struct sides sides = sides_of(chosen, tensor);
        step_matrix(chosen, &numbers, rate, &sides, &part, factors, weights->scratch);
        factors += 2 * factor_numbers(&sides);
    }
}

const struct optimizer shampoo_optimizer = {
    .name = "shampoo",
    .help = "whitens gradients from both sides of a matrix, steps as long as Adam's (Gupta, Koren "
            "and Singer, 2018)",
    .settings = settings,
    .decay = DECAY_DECOUPLED,
    .adaptive = true,
    .whole = true,
    .memory_per_weight = ARRAYS,
    .extra = extra,
    .scratch = scratch,
    .step = step,
};
