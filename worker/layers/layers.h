/*
 * Layers: each one file with a table of settings and the functions below. A layer turns `inputs`
 * numbers per example into `outputs` numbers; batches are [rows][numbers], row-major.
 *
 * To add one: write worker/layers/NAME.c and put its name into the list in layers.c. The contract
 * tests then check its gradient and its directional derivative against finite differences, and that
 * it repeats bit for bit. A layer whose Jacobian is diagonal gives `slope` alone, another one
 * `backward` and `derivative`.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAYER_SETTINGS_MAX = 8, LAYER_TENSORS_MAX = 4, LAYER_RANK_MAX = 4 };

/* A tensor of a layer: floats offset … offset + count - 1 of its parameters. */
struct layer_tensor {
    const char *name; /* "weight" */
    int rank;
    size_t shape[LAYER_RANK_MAX];
    size_t offset, count;
};

struct layer_kind;

struct layer {
    const struct layer_kind *kind;
    double chosen[LAYER_SETTINGS_MAX]; /* by the place of the setting in its table */
    size_t inputs, outputs;            /* floats per example */
    size_t parameters;                 /* floats of theta */
    size_t memory;                     /* floats per example, kept from forward to backward */
    struct layer_tensor tensors[LAYER_TENSORS_MAX];
    int tensor_count;
};

/* One batch on its way through one layer. What backward(), slope() and derivative() find here is
 * what forward() left. */
struct layer_pass {
    size_t rows;
    bool training;      /* dropout drops */
    uint64_t seed;      /* of the run */
    uint64_t stream;    /* of this layer in this step: the step of its random numbers */
    const float *theta; /* [parameters] */
    const float *input; /* [rows][inputs]; spoilt where the layer worked in place */
    float *output;      /* [rows][outputs]; may be `input` */
    float *memory;      /* [rows][memory] */
};

struct layer_kind {
    const char *name;
    const char *help;
    const struct setting *settings; /* numbers, integers, flags and choices only */

    /* What it looks at again after forward(). One that keeps neither, or only its output, works in
     * place where its forerunner allows it. */
    bool keeps_input, keeps_output;

    /* inputs and chosen are set; fills in outputs, parameters, memory and tensors. */
    void (*plan)(struct layer *layer);

    /* A tensor's start, from the stream of random numbers (RANDOM_INIT) of its place in the model.
     * NULL: the layer has no tensors. */
    void (*init)(const struct layer *layer, int tensor, uint64_t seed, uint64_t place,
                 float *values);

    void (*forward)(const struct layer *layer, const struct layer_pass *pass);

    /* vector [rows][outputs] *= the diagonal Jacobian. Serves backward and forward alike. */
    void (*slope)(const struct layer *layer, const struct layer_pass *pass, float *vector);

    /* d_output  [rows][outputs]  d(loss) / d(output)
     * d_input   [rows][inputs]   out; NULL: not wanted (the first layer's)
     * gradient  [parameters]     out: overwritten */
    void (*backward)(const struct layer *layer, const struct layer_pass *pass,
                     const float *d_output, float *d_input, float *gradient);

    /* The derivative of the output along (direction, r_input): Pearlmutter's R-operator (1994).
     * direction  [parameters]      of theta
     * r_input    [rows][inputs]    NULL: zero (the first layer's)
     * r_output   [rows][outputs]   out */
    void (*derivative)(const struct layer *layer, const struct layer_pass *pass,
                       const float *direction, const float *r_input, float *r_output);

    /* What backward() gives, with each row's part of the gradient squared before they are added.
     * NULL: it has no tensors, or cannot say.
     * squared_d_output  [rows][outputs]  squares of d(loss) / d(output)
     * squared_input     [rows][inputs]   squares of the input
     * squares           [parameters]     out: overwritten */
    void (*squares)(const struct layer *layer, const struct layer_pass *pass,
                    const float *squared_d_output, const float *squared_input, float *squares);
};

extern const struct layer_kind *const layer_kinds[]; /* ends with NULL */
const struct layer_kind *layer_kind_find(const char *name);

extern const struct layer_kind dense_layer;
extern const struct layer_kind dropout_layer;

/* The settings of a dense layer, in the order of its table; of its choices of init. */
enum { DENSE_OUTPUTS, DENSE_INIT };
#define DENSE_INITS "he|xavier|lecun|uniform|zero|sparse"

/* The settings of a dropout layer. */
enum { DROPOUT_RATE };

/* A layer on `inputs` numbers with its settings (as many as its table has). */
void layer_plan(struct layer *layer, const struct layer_kind *kind, size_t inputs,
                const double *chosen);

#endif
