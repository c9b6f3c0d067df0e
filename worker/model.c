#include "model.h"

#include "math/vectors.h"
#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dense, activation and dropout for each hidden width, and the last dense layer. */
enum { LAYERS_MAX = 3 * MODEL_HIDDEN_MAX + 1 };

/* A layer in its place. */
struct placed {
    struct layer layer;
    size_t offset;    /* of its parameters within theta */
    int first_tensor; /* of the model's */
    bool in_place;    /* writes over the output of the layer before */
    struct layer_pass pass;
};

struct model {
    struct model_size size;
    uint64_t seed;
    size_t dimension;
    int layer_count;
    struct placed layers[LAYERS_MAX];
    int tensor_count;
    struct tensor tensors[2 * LAYERS_MAX];
    float *activations;   /* one block: every layer's output and memory, then these: */
    float *deltas[2];     /* [rows][widest], by turns, on the way back */
    float *directions[2]; /* the same for derivatives, wide enough for the input too */
};

/* --- building ----------------------------------------------------------------------------------*/

static void add_tensors(struct model *model, const struct placed *placed, int number)
{
    for (int i = 0; i < placed->layer.tensor_count; i++) {
        const struct layer_tensor *from = &placed->layer.tensors[i];
        assert(model->tensor_count < (int)COUNT_OF(model->tensors));
        struct tensor *to = &model->tensors[model->tensor_count++];

        snprintf(to->name, sizeof to->name, "layers.%d.%s", number, from->name);
        to->rank = from->rank;
        memcpy(to->shape, from->shape, (size_t)from->rank * sizeof *to->shape);
        to->offset = placed->offset + from->offset;
        to->count = from->count;
    }
}

static int layers_with_parameters(const struct model *model)
{
    int count = 0;
    for (int i = 0; i < model->layer_count; i++)
        count += model->layers[i].layer.tensor_count > 0;
    return count;
}

/* A layer may write over its input if neither it nor the one that made it looks there again; the
 * model's own input is the caller's. */
static bool works_in_place(const struct placed *before, const struct layer *layer)
{
    return before && layer->kind->slope && !layer->kind->keeps_input &&
           !before->layer.kind->keeps_output;
}

void model_add(struct model *model, const struct layer_kind *kind, const double *chosen)
{
    assert(model->layer_count < LAYERS_MAX);
    const int number = layers_with_parameters(model);
    struct placed *placed = &model->layers[model->layer_count];
    const struct placed *before = model->layer_count ? placed - 1 : NULL;

    layer_plan(&placed->layer, kind, before ? before->layer.outputs : model->size.inputs, chosen);
    placed->offset = model->dimension;
    placed->first_tensor = model->tensor_count;
    placed->in_place = works_in_place(before, &placed->layer);
    model->layer_count++;
    model->dimension += placed->layer.parameters;
    add_tensors(model, placed, number);
}

static const struct model_kind *kind_of(const json_t *spec)
{
    const char *name = json_string_value(json_object_get(spec, "type"));
    for (const struct model_kind *const *kind = model_kinds; name && *kind; kind++)
        if (strcmp((*kind)->name, name) == 0)
            return *kind;
    return NULL;
}

static int check_size(const struct model_size *size, struct error *err)
{
    if (size->inputs < 1 || size->inputs > MODEL_INPUTS_MAX)
        return error_set(err, "a model takes 1 … %d numbers per example, the data have %zu",
                         MODEL_INPUTS_MAX, size->inputs);
    if (size->outputs < 1 || size->outputs > MODEL_WIDTH_MAX)
        return error_set(err, "a model gives 1 … %d numbers per example, the data ask for %zu",
                         MODEL_WIDTH_MAX, size->outputs);
    return 0;
}

static size_t widest(const struct model *model)
{
    size_t most = 0;
    for (int i = 0; i < model->layer_count; i++)
        if (model->layers[i].layer.outputs > most)
            most = model->layers[i].layer.outputs;
    return most;
}

static size_t direction_width(const struct model *model)
{
    const size_t width = widest(model), inputs = model->size.inputs;
    if (!model->size.derivatives)
        return 0;
    return width > inputs ? width : inputs;
}

/* In pieces that the block is cut into. */
size_t model_floats_per_row(const struct model *model)
{
    size_t floats = 2 * widest(model) + 2 * direction_width(model);
    for (int i = 0; i < model->layer_count; i++) {
        const struct placed *placed = &model->layers[i];
        floats += placed->layer.memory + (placed->in_place ? 0 : placed->layer.outputs);
    }
    return floats;
}

/* Every piece starts on a cache line. */
static float *cut(float **block, size_t floats)
{
    enum { LINE_FLOATS = 16 };
    float *piece = *block;
    *block += (floats + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    return piece;
}

static int allocate(struct model *model, struct error *err)
{
    enum { PIECES = 2 * LAYERS_MAX + 4, LINE_FLOATS = 16 };
    const size_t rows = model->size.rows, width = widest(model);
    size_t floats;

    if (model->dimension > MODEL_FLOATS_MAX)
        return error_set(err, "the model has %zu parameters; at most %zu are accepted",
                         model->dimension, MODEL_FLOATS_MAX);
    if (!__builtin_mul_overflow(rows, model_floats_per_row(model), &floats) &&
        floats <= MODEL_FLOATS_MAX)
        model->activations = aligned_block(floats + PIECES * LINE_FLOATS, sizeof(float));
    if (!model->activations)
        return error_set(err,
                         "no memory for this model's activations on %zu examples at a time; take "
                         "a smaller batch_size or narrower layers",
                         rows);

    float *block = model->activations;
    for (int i = 0; i < model->layer_count; i++) {
        struct placed *placed = &model->layers[i];
        struct layer_pass *pass = &placed->pass;
        pass->output =
            placed->in_place ? placed[-1].pass.output : cut(&block, rows * placed->layer.outputs);
        pass->memory = cut(&block, rows * placed->layer.memory);
    }
    for (int i = 0; i < 2; i++) {
        model->deltas[i] = cut(&block, rows * width);
        model->directions[i] = cut(&block, rows * direction_width(model));
    }
    return 0;
}

int model_open(const json_t *spec, const struct model_size *size, uint64_t seed,
               struct model **out_model, struct error *err)
{
    const struct model_kind *kind = kind_of(spec);
    struct chosen chosen;

    if (!kind)
        return error_set(err, "no such type of model");
    if (check_size(size, err) < 0)
        return -1;

    struct model *model = xcalloc(1, sizeof *model);
    model->size = *size;
    model->seed = seed;
    chosen_read(kind->settings, spec, &chosen);
    kind->build(model, &chosen, size->outputs);
    chosen_release(&chosen);
    if (allocate(model, err) < 0) {
        model_free(model);
        return -1;
    }
    *out_model = model;
    return 0;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    free(model->activations);
    free(model);
}

size_t model_dimension(const struct model *model)
{
    return model->dimension;
}

size_t model_outputs(const struct model *model)
{
    return model->size.outputs;
}

const struct tensor *model_tensors(const struct model *model, int *count)
{
    *count = model->tensor_count;
    return model->tensors;
}

void model_init(const struct model *model, float *theta)
{
    for (int i = 0; i < model->layer_count; i++) {
        const struct placed *placed = &model->layers[i];
        for (int t = 0; t < placed->layer.tensor_count; t++) {
            const int place = placed->first_tensor + t;
            placed->layer.kind->init(&placed->layer, t, model->seed, (uint64_t)place,
                                     theta + model->tensors[place].offset);
        }
    }
}

/* --- passes ------------------------------------------------------------------------------------*/

static const float *forward(struct model *model, const float *theta, const float *input,
                            size_t rows, bool training, uint64_t step)
{
    assert(rows <= model->size.rows);
    for (int i = 0; i < model->layer_count; i++) {
        struct placed *placed = &model->layers[i];
        struct layer_pass *pass = &placed->pass;

        pass->rows = rows;
        pass->training = training;
        pass->seed = model->seed;
        pass->stream = step * (uint64_t)model->layer_count + (uint64_t)i;
        pass->theta = theta + placed->offset;
        pass->input = input;
        placed->layer.kind->forward(&placed->layer, pass);
        input = pass->output;
    }
    return input;
}

const float *model_train(struct model *model, const float *theta, const float *input, size_t rows,
                         uint64_t step)
{
    return forward(model, theta, input, rows, true, step);
}

const float *model_evaluate(struct model *model, const float *theta, const float *input,
                            size_t rows)
{
    return forward(model, theta, input, rows, false, 0);
}

const float *model_last_outputs(const struct model *model)
{
    return model->layers[model->layer_count - 1].pass.output;
}

float *model_d_outputs(struct model *model)
{
    return model->deltas[0];
}

bool model_has_derivative(const struct model *model)
{
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer_kind *kind = model->layers[i].layer.kind;
        if (!kind->slope && !kind->derivative)
            return false;
    }
    return true;
}

bool model_has_squares(const struct model *model)
{
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i].layer;
        if (layer->parameters > 0 && !layer->kind->squares)
            return false;
    }
    return true;
}

static void square(size_t count, const float *from, float *to)
{
    memcpy(to, from, count * sizeof *to);
    vector_multiply(count, from, to);
}

static void add_squares(struct model *model, const struct placed *placed, const float *delta,
                        float *squares)
{
    const struct layer *layer = &placed->layer;
    const struct layer_pass *pass = &placed->pass;

    square(pass->rows * layer->outputs, delta, model->directions[0]);
    square(pass->rows * layer->inputs, pass->input, model->directions[1]);
    layer->kind->squares(layer, pass, model->directions[0], model->directions[1],
                         squares + placed->offset);
}

/* squares: NULL where nobody wants them. */
static void backward(struct model *model, float *gradient, float *squares)
{
    float *delta = model->deltas[0], *next = model->deltas[1];

    for (int i = model->layer_count - 1; i >= 0; i--) {
        const struct placed *placed = &model->layers[i];
        const struct layer_kind *kind = placed->layer.kind;
        if (kind->slope) {
            kind->slope(&placed->layer, &placed->pass, delta);
            continue;
        }
        if (squares)
            add_squares(model, placed, delta, squares);
        kind->backward(&placed->layer, &placed->pass, delta, i > 0 ? next : NULL,
                       gradient + placed->offset);
        float *used = delta;
        delta = next;
        next = used;
    }
}

void model_backward(struct model *model, float *gradient)
{
    backward(model, gradient, NULL);
}

void model_backward_squares(struct model *model, float *gradient, float *squares)
{
    assert(model->size.derivatives && model_has_squares(model));
    backward(model, gradient, squares);
}

const float *model_derivative(struct model *model, const float *direction)
{
    assert(model->size.derivatives);
    float *along = NULL; /* zero: the data do not depend on theta */

    for (int i = 0; i < model->layer_count; i++) {
        const struct placed *placed = &model->layers[i];
        const struct layer_kind *kind = placed->layer.kind;
        if (kind->slope && along)
            kind->slope(&placed->layer, &placed->pass, along);
        if (kind->slope)
            continue;
        float *next = model->directions[along == model->directions[0]];
        kind->derivative(&placed->layer, &placed->pass, direction + placed->offset, along, next);
        along = next;
    }
    return along;
}
