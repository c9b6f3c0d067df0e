/*
 * SOAP (Vyas et al., 2024, arXiv 2409.11321): Adam in the eigenbasis of Shampoo's factors. For each
 * matrix of weights with gradient G, the factors being running means of G G' and G' G, and Q_l, Q_r
 * their eigenvectors:
 *
 *     G' = Q_l' G Q_r;  mean, square: Adam's, of G'
 *     value -= rate sqrt(1 - beta2^s) / (1 - beta1^s) Q_l (mean / (sqrt(square) + epsilon)) Q_r'
 *     value *= 1 - rate weight_decay;  then the factors take G in
 *
 * with s = t - 1: the first step only starts factors and bases. Every `basis_every` steps a basis
 * is refreshed by one power iteration: its columns are sorted by the diagonal of Q' P Q, downwards,
 * and Q = qr(P Q). The mean is turned from the old basis to the new, the square only sorted along.
 *
 * What is no matrix goes by Adam from the first step on, with the same decay after it.
 */
#include "math/blas.h"
#include "math/decompositions.h"
#include "math/vectors.h"
#include "memory.h"
#include "optimizers/matrices.h"

#include <stdlib.h>
#include <string.h>

enum { BETA1 = OPTIMIZER_OWN, BETA2, EPSILON, FACTOR_BETA, BASIS_EVERY, MAX_SIDE };
enum { MEAN, SQUARE, ARRAYS };

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.003", 0.01),
    OPTIMIZER_FRACTION("beta1", 0.95, "share of the mean gradient kept at each step"),
    OPTIMIZER_FRACTION("beta2", 0.95, "share of the mean squared gradient kept"),
    OPTIMIZER_EPSILON(1e-8),
    OPTIMIZER_FRACTION("factor_beta", 0.95, "share of the factors kept at each step"),
    {.name = "basis_every",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1e6,
     .fallback = 10,
     .unit = "steps",
     .help = "between two refreshments of the eigenvectors"},
    MAX_SIDE_SETTING,
    {0},
};

/* What belongs to one matrix. */
struct piece {
    struct sides sides;
    real *factor_left, *factor_right; /* the running means, without their factor 1 - factor_beta */
    real *basis_left, *basis_right;   /* their eigenvectors, as columns */
    real *scratch;
};

static struct sides sides_of(const struct chosen *chosen, const struct tensor *tensor)
{
    return matrix_sides(tensor, (size_t)chosen->number[MAX_SIDE]);
}

static size_t extra(const struct chosen *chosen, const struct pieces *pieces)
{
    return factors_twice(pieces, (size_t)chosen->number[MAX_SIDE]);
}

static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    size_t most = 0;
    for (int i = 0; i < pieces->count; i++) {
        const struct sides sides = sides_of(chosen, &pieces->tensors[i]);
        const size_t longer = sides.left > sides.right ? sides.left : sides.right;
        const size_t count = pieces->tensors[i].count;
        const size_t refresh = longer * longer + decomposition_scratch(longer);
        const size_t needed = 2 * count + (refresh > count ? refresh : count);
        if (is_matrix(&pieces->tensors[i]) && needed > most)
            most = needed;
    }
    return most;
}

static struct piece piece_at(const struct sides *sides, real *extra, real *scratch)
{
    const size_t left = sides->left * sides->left, numbers = factor_numbers(sides);
    return (struct piece){
        .sides = *sides,
        .factor_left = extra,
        .factor_right = extra + left,
        .basis_left = extra + numbers,
        .basis_right = extra + numbers + left,
        .scratch = scratch,
    };
}

static void turn(const struct piece *piece, enum factors_form form, const real *in, real *out,
                 real *between)
{
    matrix_between(&piece->sides, form, piece->basis_left, piece->basis_right, in, out, between);
}

/* --- bases --------------------------------------------------------------------------------- */

static void first_basis(size_t side, const real *factor, real *basis, real *scratch)
{
    memcpy(basis, factor, side * side * sizeof *basis);
    if (side > 0)
        symmetric_eigen(side, basis, scratch, scratch + side);
}

struct ranked {
    double value;
    size_t place;
};

/* From the largest down; among equals, or where there is NaN, the earlier one first. */
static int compare_ranks(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->value > y->value || x->value < y->value)
        return x->value > y->value ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* The order of the columns by the diagonal of Q' (P Q); `image` is P Q. */
static void rank_columns(size_t side, const real *basis, const real *image, struct ranked *ranks)
{
    for (size_t j = 0; j < side; j++)
        ranks[j] = (struct ranked){.place = j};
    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++)
            ranks[j].value += (double)basis[i * side + j] * (double)image[i * side + j];
    qsort(ranks, side, sizeof *ranks, compare_ranks);
}

/* to = from [rows][ranked columns] with its columns in the order of the ranks. */
static void sort_columns(size_t rows, size_t columns, const struct ranked *ranks, const real *from,
                         real *to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            to[i * columns + j] = from[i * columns + ranks[j].place];
}

static void sort_rows(size_t rows, size_t columns, const struct ranked *ranks, const real *from,
                      real *to)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(to + i * columns, from + ranks[i].place * columns, columns * sizeof *to);
}

/* One power iteration; the answer, which the caller frees, is how the columns were sorted. */
static struct ranked *refresh_basis(size_t side, const real *factor, real *basis, real *scratch)
{
    struct ranked *ranks = xcalloc(side, sizeof *ranks);
    real *image = scratch;

    multiply(side, side, side, factor, basis, 0.0F, image);
    rank_columns(side, basis, image, ranks);
    sort_columns(side, side, ranks, image, basis);
    orthonormalise(side, basis, image + side * side);
    return ranks;
}

static void refresh_side(const struct piece *piece, bool left, real *square)
{
    const size_t rows = piece->sides.rows, columns = piece->sides.columns;
    const size_t side = left ? piece->sides.left : piece->sides.right;
    real *copy = piece->scratch + rows * columns, *work = copy + rows * columns;
    if (side == 0)
        return;

    AUTO_FREE struct ranked *ranks =
        left ? refresh_basis(side, piece->factor_left, piece->basis_left, work)
             : refresh_basis(side, piece->factor_right, piece->basis_right, work);
    memcpy(copy, square, rows * columns * sizeof *copy);
    if (left)
        sort_rows(rows, columns, ranks, copy, square);
    else
        sort_columns(rows, columns, ranks, copy, square);
}

static void refresh(const struct piece *piece, struct weights *part)
{
    real *straight = piece->scratch, *between = straight + part->count;

    turn(piece, FACTORS_BACKWARD, part->memory[MEAN], straight, between);
    refresh_side(piece, true, part->memory[SQUARE]);
    refresh_side(piece, false, part->memory[SQUARE]);
    turn(piece, FACTORS_FORWARD, straight, part->memory[MEAN], between);
}

/* --- a step -------------------------------------------------------------------------------- */

OPTIMIZER_STEP take_moments(const struct adam_numbers *numbers, const real *restrict turned,
                            real *restrict direction, struct weights *part)
{
    const real kept1 = (real)numbers->beta1, fresh1 = (real)(1.0 - numbers->beta1);
    const real kept2 = (real)numbers->beta2, fresh2 = (real)(1.0 - numbers->beta2);
    const real epsilon = (real)numbers->epsilon;
    real *restrict mean = part->memory[MEAN];
    real *restrict square = part->memory[SQUARE];

    for (size_t i = 0; i < part->count; i++) {
        mean[i] = kept1 * mean[i] + fresh1 * turned[i];
        square[i] = kept2 * square[i] + fresh2 * (turned[i] * turned[i]);
        direction[i] = mean[i] / (real_sqrt(square[i]) + epsilon);
    }
}

static void take_statistics(const struct chosen *chosen, const struct piece *piece,
                            const struct weights *part)
{
    matrix_statistics(&piece->sides, (real)chosen->number[FACTOR_BETA], part->gradient,
                      piece->factor_left, piece->factor_right);
}

/* No update, but a gradient that is no number shows. */
static void begin(const struct chosen *chosen, const struct piece *piece, struct weights *part)
{
    take_statistics(chosen, piece, part);
    first_basis(piece->sides.left, piece->factor_left, piece->basis_left, piece->scratch);
    first_basis(piece->sides.right, piece->factor_right, piece->basis_right, piece->scratch);
    vector_add_scaled(part->count, 0.0F, part->gradient, part->value);
}

static void step_matrix(const struct chosen *chosen, const struct adam_numbers *numbers, real rate,
                        const struct piece *piece, struct weights *part)
{
    const int64_t steps = part->step - 1;
    const double correction =
        sqrt(1.0 - pow(numbers->beta2, (double)steps)) / (1.0 - pow(numbers->beta1, (double)steps));
    real *turned = piece->scratch, *direction = turned + part->count;
    real *between = direction + part->count;

    if (steps == 0) {
        begin(chosen, piece, part);
        return;
    }
    turn(piece, FACTORS_FORWARD, part->gradient, turned, between);
    take_moments(numbers, turned, direction, part);
    turn(piece, FACTORS_BACKWARD, direction, turned, between);
    vector_add_scaled(part->count, (real)(-(double)rate * correction), turned, part->value);
    decay_weights(chosen->number[OPTIMIZER_WEIGHT_DECAY], (double)rate, part);
    take_statistics(chosen, piece, part);
    if (steps % (int64_t)chosen->number[BASIS_EVERY] == 0)
        refresh(piece, part);
}

static void step(const struct chosen *chosen, real rate, struct weights *weights)
{
    const double *number = chosen->number;
    const struct adam_numbers numbers = {number[BETA1], number[BETA2], number[EPSILON]};
    real *kept = weights->extra;

    for (int i = 0; i < weights->tensor_count; i++) {
        const struct tensor *tensor = &weights->tensors[i];
        struct weights part = weights_of_tensor(weights, tensor, ARRAYS);
        if (!is_matrix(tensor)) {
            adam_on_tensor(&numbers, rate, &part);
            decay_weights(number[OPTIMIZER_WEIGHT_DECAY], (double)rate, &part);
            continue;
        }
        const struct sides sides = sides_of(chosen, tensor);
        const struct piece piece = piece_at(&sides, kept, weights->scratch);
        step_matrix(chosen, &numbers, rate, &piece, &part);
        kept += 2 * factor_numbers(&sides);
    }
}

const struct optimizer soap_optimizer = {
    .name = "soap",
    .help = "adam in the eigenbasis of Shampoo's factors (Vyas et al., 2024)",
    .settings = settings,
    .decay = DECAY_OWN, /* after the step */
    .adaptive = true,
    .whole = true,
    .memory_per_weight = ARRAYS,
    .extra = extra,
    .scratch = scratch,
    .step = step,
};
