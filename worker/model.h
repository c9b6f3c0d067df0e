/*
 * Models: stacks of layers on flat vectors of parameters that their caller owns.
 *
 * A model holds one block of memory for all activations of a batch. Forward leaves there what
 * backward and the directional derivative need, so these follow the forward pass they belong to,
 * with the same theta and the same input still in place.
 */
#ifndef MODEL_H
#define MODEL_H

#include "error.h"
#include "layers/layers.h"
#include "math/tensor.h"
#include "settings.h"
#include <jansson.h>

enum { MODEL_HIDDEN_MAX = 16, MODEL_WIDTH_MAX = 65536, MODEL_INPUTS_MAX = 1 << 24 };

/* Of the parameters, and of the activations of a batch: 8 GiB of floats. More would be taken from
 * the machine before it could say no. */
#define MODEL_FLOATS_MAX ((size_t)1 << 31)

struct model;

/* A type of model: what its settings are and which layers they make. */
struct model_kind {
    const char *name;
    const char *help;
    const struct setting *settings;
    /* Calls model_add() for each layer; the last one gives `outputs` numbers. */
    void (*build)(struct model *model, const struct chosen *chosen, size_t outputs);
};

extern const struct model_kind *const model_kinds[]; /* ends with NULL */

struct model_size {
    size_t inputs;    /* numbers per example, 1 … MODEL_INPUTS_MAX */
    size_t outputs;   /* classes, or targets; 1 … MODEL_WIDTH_MAX */
    size_t rows;      /* the largest batch */
    bool derivatives; /* room for model_derivative() and model_backward_squares() too */
};

/* Builds a model by its resolved specification, {"type": "mlp", "hidden": [128], …}. Refuses what
 * is outside the limits above and activations that memory does not hold. The seed decides theta's
 * start and what dropout drops. The caller frees it. */
int model_open(const json_t *spec, const struct model_size *size, uint64_t seed,
               struct model **out_model, struct error *err);
void model_free(struct model *model); /* accepts NULL */

/* For struct model_kind's build: the next layer, on the outputs of the one before. */
void model_add(struct model *model, const struct layer_kind *kind, const double *chosen);

size_t model_dimension(const struct model *model);
size_t model_outputs(const struct model *model);

/* Floats of activations that an example takes. */
size_t model_floats_per_row(const struct model *model);

/* Weight and bias of the layer number n that has any: "layers.n.weight", "layers.n.bias". They fill
 * theta without gaps. */
const struct tensor *model_tensors(const struct model *model, int *count);

/* theta [dimension] out: a pure function of seed and specification. */
void model_init(const struct model *model, float *theta);

/* input [rows][inputs] -> outputs [rows][outputs], which stay the model's. `step` counts training
 * steps; it chooses what dropout drops. */
const float *model_train(struct model *model, const float *theta, const float *input, size_t rows,
                         uint64_t step);
/* The same without dropout. */
const float *model_evaluate(struct model *model, const float *theta, const float *input,
                            size_t rows);

/* What the last forward pass gave; still there after the way back and derivatives. */
const float *model_last_outputs(const struct model *model);

/* Where the loss leaves d(loss) / d(outputs), [rows][outputs]; model_backward() uses it up. */
float *model_d_outputs(struct model *model);
/* gradient [dimension] out: overwritten. */
void model_backward(struct model *model, float *gradient);

/* Whether every layer has a derivative along a direction in theta. */
bool model_has_derivative(const struct model *model);
/* Whether every layer says how large each example's own gradient is. */
bool model_has_squares(const struct model *model);
/* As model_backward(), and squares [dimension] out: the sum over the rows of each row's squared
 * part of the gradient. With room for derivatives only. */
void model_backward_squares(struct model *model, float *gradient, float *squares);

/* d(outputs) along `direction` [dimension] in theta: [rows][outputs], the model's until the next
 * call (Pearlmutter, 1994). */
const float *model_derivative(struct model *model, const float *direction);

#endif
