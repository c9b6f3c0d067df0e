/*
 * What the optimizers share that see a layer's weights as a matrix: Muon, Shampoo, SOAP.
 */
#ifndef MATRICES_H
#define MATRICES_H

#include "optimizers/optimizers.h"

/* A tensor as a matrix [rows][columns]: its first dimension against all others. `left` and `right`
 * are the sides that have a factor of their own: rows and columns, or 0 for a side that is longer
 * than max_side, whose factor is the identity. */
struct sides {
    size_t rows, columns;
    size_t left, right;
};

static inline bool is_matrix(const struct tensor *tensor)
{
    return tensor->rank >= 2;
}

struct sides matrix_sides(const struct tensor *tensor, size_t max_side);

/* Numbers of one factor for each side, left before right. */
static inline size_t factor_numbers(const struct sides *sides)
{
    return sides->left * sides->left + sides->right * sides->right;
}

/* Twice the factors of all matrices: each has something as large beside it (roots, bases). */
size_t factors_twice(const struct pieces *pieces, size_t max_side);

/* left = kept left + G G', right = kept right + G' G, for the sides that have a factor. */
void matrix_statistics(const struct sides *sides, real kept, const real *gradient, real *left,
                       real *right);

/* out = left G right, or its transposed factors; a side without a factor counts as the identity.
 *     between  [rows][columns]  scratch; in, out and between are three arrays */
enum factors_form {
    FACTORS_PLAIN,    /* left G right */
    FACTORS_FORWARD,  /* left' G right */
    FACTORS_BACKWARD, /* left G right' */
};
void matrix_between(const struct sides *sides, enum factors_form form, const real *left,
                    const real *right, const real *in, real *out, real *between);

/* The part of a view that is one tensor; without extra and scratch. */
struct weights weights_of_tensor(const struct weights *all, const struct tensor *tensor,
                                 int arrays);

/* Adam on one tensor, with means in memory[0] and squares in memory[1]. */
struct adam_numbers {
    double beta1, beta2, epsilon;
};
void adam_on_tensor(const struct adam_numbers *numbers, real rate, struct weights *part);

/* How far AdamW shrinks the weights, apart from its step. */
void decay_weights(double amount, double rate, struct weights *part);

/* out = the direction of Adam's step, mean / (1 - beta1^t) / (sqrt(square / (1 - beta2^t)) +
 * epsilon), after the moments have taken the gradient in. */
void adam_direction(const struct adam_numbers *numbers, struct weights *part, real *out);

#define MAX_SIDE_SETTING                                                                           \
    {                                                                                              \
        .name = "max_side", .type = SETTING_INTEGER, .low = 1, .high = 10000, .fallback = 10000,   \
        .help = "a longer side of a matrix is left as it is: its factor would cost its square in " \
                "memory and its cube in time"                                                      \
    }

#endif
