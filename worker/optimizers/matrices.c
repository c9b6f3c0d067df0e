#include "optimizers/matrices.h"

#include "math/blas.h"
#include "math/vectors.h"
#include "optimizers/adam.h"

#include <string.h>

struct sides matrix_sides(const struct tensor *tensor, size_t max_side)
{
    const size_t rows = tensor->shape[0], columns = rows > 0 ? tensor->count / rows : 0;
    return (struct sides){
        .rows = rows,
        .columns = columns,
        .left = rows <= max_side ? rows : 0,
        .right = columns <= max_side ? columns : 0,
    };
}

size_t factors_twice(const struct pieces *pieces, size_t max_side)
{
    size_t sum = 0;
    for (int i = 0; i < pieces->count; i++) {
        const struct sides sides = matrix_sides(&pieces->tensors[i], max_side);
        if (is_matrix(&pieces->tensors[i]))
            sum += 2 * factor_numbers(&sides);
    }
    return sum;
}

void matrix_statistics(const struct sides *sides, real kept, const real *gradient, real *left,
                       real *right)
{
    const size_t rows = sides->rows, columns = sides->columns;
    if (sides->left > 0)
        multiply_transposed(rows, rows, columns, gradient, gradient, kept, left);
    if (sides->right > 0)
        transposed_multiply(columns, columns, rows, gradient, gradient, kept, right);
}

void matrix_between(const struct sides *sides, enum factors_form form, const real *left,
                    const real *right, const real *in, real *out, real *between)
{
    const size_t rows = sides->rows, columns = sides->columns;

    if (sides->left == 0)
        memcpy(between, in, rows * columns * sizeof *between);
    else if (form == FACTORS_FORWARD)
        transposed_multiply(rows, columns, rows, left, in, 0.0F, between);
    else
        multiply(rows, columns, rows, left, in, 0.0F, between);

    if (sides->right == 0)
        memcpy(out, between, rows * columns * sizeof *out);
    else if (form == FACTORS_BACKWARD)
        multiply_transposed(rows, columns, columns, between, right, 0.0F, out);
    else
        multiply(rows, columns, columns, between, right, 0.0F, out);
}

struct weights weights_of_tensor(const struct weights *all, const struct tensor *tensor, int arrays)
{
    struct weights part = {
        .count = tensor->count,
        .value = all->value + tensor->offset,
        .gradient = all->gradient + tensor->offset,
        .step = all->step,
        .factor = all->factor,
    };
    for (int i = 0; i < arrays; i++)
        part.memory[i] = all->memory[i] + tensor->offset;
    return part;
}

void adam_on_tensor(const struct adam_numbers *numbers, real rate, struct weights *part)
{
    double number[] = {
        [ADAM_BETA1] = numbers->beta1,
        [ADAM_BETA2] = numbers->beta2,
        [ADAM_EPSILON] = numbers->epsilon,
        [ADAM_AMSGRAD] = 0.0,
    };
    const struct chosen chosen = {.number = number};
    adam_step(&chosen, rate, part);
}

void decay_weights(double amount, double rate, struct weights *part)
{
    if (amount != 0.0)
        vector_scale(part->count, (real)(1.0 - rate * amount), part->value);
}

struct moments {
    real kept1, fresh1, kept2, fresh2;
    real scale, correction, epsilon; /* 1 / (1 - beta1^t), sqrt(1 - beta2^t) */
};

OPTIMIZER_STEP take_direction(const struct moments *moments, struct weights *part,
                              real *restrict out)
{
    const struct moments m = *moments;
    real *restrict mean = part->memory[0];
    real *restrict square = part->memory[1];
    const real *restrict gradient = part->gradient;

    for (size_t i = 0; i < part->count; i++) {
        const real g = gradient[i];
        mean[i] = m.kept1 * mean[i] + m.fresh1 * g;
        square[i] = m.kept2 * square[i] + m.fresh2 * (g * g);
        out[i] = m.scale * mean[i] / (real_sqrt(square[i]) / m.correction + m.epsilon);
    }
}

void adam_direction(const struct adam_numbers *numbers, struct weights *part, real *out)
{
    const double t = (double)part->step;
    const struct moments moments = {
        .kept1 = (real)numbers->beta1,
        .fresh1 = (real)(1.0 - numbers->beta1),
        .kept2 = (real)numbers->beta2,
        .fresh2 = (real)(1.0 - numbers->beta2),
        .scale = (real)(1.0 / (1.0 - pow(numbers->beta1, t))),
        .correction = (real)sqrt(1.0 - pow(numbers->beta2, t)),
        .epsilon = (real)numbers->epsilon,
    };
    take_direction(&moments, part, out);
}
