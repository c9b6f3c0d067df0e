/*
 * A model on a data set with a loss. The batch of step k and what dropout drops in it follow from
 * the seed and k alone, so a resumed run repeats them bit for bit.
 */
#include "objectives/supervised.h"

#include "datasets/batches.h"
#include "json.h"
#include "losses/losses.h"
#include "memory.h"
#include "model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Evaluation goes by chunks of at most this many examples, and of about this many numbers at its
 * widest layer, so that it needs little more memory than training. */
enum { CHUNK_ROWS = 512, CHUNK_FLOATS = 1 << 22, ALIVE_EVERY_CHUNKS = 4 };

struct supervised {
    struct objective objective;
    const struct dataset *dataset;
    struct dataset *opened; /* the same where it is ours to close */
    struct batches batches;
    const struct loss *loss;
    struct model *model;
    size_t chunk; /* rows of an evaluation */
    float *features;
    uint16_t *labels;
    float *targets;
};

static struct supervised *supervised_of(struct objective *objective)
{
    return (struct supervised *)objective; /* its first member */
}

static void init(struct objective *objective, float *theta)
{
    model_init(supervised_of(objective)->model, theta);
}

static struct loss_batch loss_batch_of(const struct supervised *self, const float *outputs,
                                       size_t rows)
{
    return (struct loss_batch){
        .rows = rows,
        .width = model_outputs(self->model),
        .outputs = outputs,
        .labels = self->labels,
        .targets = self->targets,
    };
}

static double loss_gradient(struct objective *objective, const float *theta, uint64_t k,
                            float *gradient, uint32_t *samples)
{
    struct supervised *self = supervised_of(objective);
    const uint32_t rows =
        batches_take(&self->batches, k, self->features, self->labels, self->targets);
    const float *outputs = model_train(self->model, theta, self->features, rows, k);
    const struct loss_batch batch = loss_batch_of(self, outputs, rows);
    const double sum = self->loss->sum(&batch, model_d_outputs(self->model));

    model_backward(self->model, gradient);
    *samples = rows;
    return sum / rows;
}

/* How many rows have their largest output at their label; the first of equal ones counts. */
static uint32_t count_correct(const struct loss_batch *batch)
{
    uint32_t correct = 0;
    for (size_t r = 0; r < batch->rows; r++) {
        const float *row = batch->outputs + r * batch->width;
        size_t best = 0;
        for (size_t j = 1; j < batch->width; j++)
            if (row[j] > row[best])
                best = j;
        correct += best == batch->labels[r];
    }
    return correct;
}

static const struct dataset_part *part_of(const struct supervised *self, enum part part)
{
    return part == PART_TRAIN ? &self->dataset->train : &self->dataset->valid;
}

static bool evaluate(struct objective *objective, const float *theta, enum part part,
                     void (*alive)(void *), void *alive_context, struct evaluation *out)
{
    struct supervised *self = supervised_of(objective);
    const struct dataset_part *from = part_of(self, part);
    double sum = 0;
    uint32_t correct = 0, chunks = 0, rows;

    if (from->count == 0)
        return false;
    for (uint32_t first = 0; first < from->count; first += rows) {
        const uint32_t left = from->count - first;
        rows = left < self->chunk ? left : (uint32_t)self->chunk;
        batches_rows(&self->batches, from, first, rows, self->features, self->labels,
                     self->targets);
        const float *outputs = model_evaluate(self->model, theta, self->features, rows);
        const struct loss_batch batch = loss_batch_of(self, outputs, rows);
        sum += self->loss->sum(&batch, model_d_outputs(self->model));
        if (self->labels)
            correct += count_correct(&batch);
        if (alive && ++chunks % ALIVE_EVERY_CHUNKS == 0)
            alive(alive_context);
    }
    *out = (struct evaluation){
        .loss = sum / from->count,
        .accuracy = self->labels ? (double)correct / from->count : (double)NAN,
        .has_accuracy = self->labels != NULL,
    };
    return true;
}

static void supervised_free(struct objective *objective)
{
    struct supervised *self = supervised_of(objective);

    if (!self)
        return;
    batches_release(&self->batches);
    model_free(self->model);
    free(self->features);
    free(self->labels);
    free(self->targets);
    dataset_free(self->opened);
    free(self);
}

static const struct objective_methods methods = {
    .init = init,
    .loss_gradient = loss_gradient,
    .evaluate = evaluate,
    .free = supervised_free,
};

/* --- opening -----------------------------------------------------------------------------------*/

static enum standardize standardize_of(const json_t *spec)
{
    const char *name = json_text_at(spec, "standardize", "none");
    if (strcmp(name, "global") == 0)
        return STANDARDIZE_GLOBAL;
    return strcmp(name, "feature") == 0 ? STANDARDIZE_FEATURE : STANDARDIZE_NONE;
}

static int choose_loss(struct supervised *self, const json_t *spec, struct error *err)
{
    const bool classes = self->dataset->classes > 0;
    const char *name = json_text_at(spec, "loss", NULL);
    const char *data = json_text_at(spec, "dataset", "");

    self->loss = name ? loss_find(name) : loss_for(classes);
    if (!self->loss)
        return error_set(err, "no such loss: \"%s\"", name);
    if (self->loss->of_classes && !classes)
        return error_set(err,
                         "the loss %s compares classes, but the data set \"%s\" has numbers to "
                         "predict; take %s",
                         self->loss->name, data, loss_for(classes)->name);
    if (!self->loss->of_classes && classes)
        return error_set(err,
                         "the loss %s compares numbers, but the data set \"%s\" has classes; take "
                         "%s",
                         self->loss->name, data, loss_for(classes)->name);
    return 0;
}

static size_t chunk_rows(const struct model_size *size, const json_t *model)
{
    const json_t *hidden = json_object_get(model, "hidden");
    size_t widest = size->inputs > size->outputs ? size->inputs : size->outputs, i;
    json_t *width;

    json_array_foreach(hidden, i, width)
    {
        const size_t numbers = (size_t)json_integer_value(width);
        widest = numbers > widest ? numbers : widest;
    }
    const size_t rows = CHUNK_FLOATS / widest;
    return rows < 1 ? 1 : rows > CHUNK_ROWS ? CHUNK_ROWS : rows;
}

static int open_model(struct supervised *self, const json_t *spec, struct error *err)
{
    const struct dataset *dataset = self->dataset;
    const json_t *model = json_object_get(spec, "model");
    struct model_size size = {
        .inputs = dataset->feature_count,
        .outputs = dataset->classes ? dataset->classes : dataset->target_count,
    };
    const uint32_t batch = self->batches.batch_size < dataset->train.count
                               ? self->batches.batch_size
                               : dataset->train.count;

    self->chunk = chunk_rows(&size, model);
    size.rows = batch > self->chunk ? batch : self->chunk;
    if (model_open(model, &size, self->batches.seed, &self->model, err) < 0)
        return -1;

    self->features = aligned_block(size.rows * size.inputs, sizeof(float));
    if (dataset->classes)
        self->labels = aligned_block(size.rows, sizeof(uint16_t));
    else
        self->targets = aligned_block(size.rows * size.outputs, sizeof(float));
    if (!self->features || (!self->labels && !self->targets))
        return error_set(err, "no memory for %zu examples at a time; take a smaller batch_size",
                         size.rows);
    return 0;
}

static int prepare(struct supervised *self, const json_t *spec, struct error *err)
{
    const int64_t batch_size = json_integer_at(spec, "batch_size", 128);
    const uint64_t seed = (uint64_t)json_integer_at(spec, "seed", 1);

    assert(batch_size >= 1 && batch_size <= UINT32_MAX);
    if (self->dataset->train.count == 0)
        return error_set(err, "the data set has no examples to train on");
    if (choose_loss(self, spec, err) < 0 ||
        batches_init(&self->batches, self->dataset, standardize_of(spec), (uint32_t)batch_size,
                     seed, err) < 0 ||
        open_model(self, spec, err) < 0)
        return -1;

    struct objective *objective = &self->objective;
    objective->methods = &methods;
    objective->dimension = model_dimension(self->model);
    objective->steps_per_epoch = self->batches.per_epoch;
    objective->tensors = model_tensors(self->model, &objective->tensor_count);
    return 0;
}

static int open_over(const json_t *spec, const struct dataset *dataset, struct dataset *opened,
                     struct objective **out_objective, struct error *err)
{
    struct supervised *self = xcalloc(1, sizeof *self);

    self->dataset = dataset;
    self->opened = opened;
    if (prepare(self, spec, err) < 0) {
        supervised_free(&self->objective);
        return -1;
    }
    *out_objective = &self->objective;
    return 0;
}

int supervised_over(const json_t *spec, const struct dataset *dataset,
                    struct objective **out_objective, struct error *err)
{
    return open_over(spec, dataset, NULL, out_objective, err);
}

int supervised_open(const json_t *spec, const char *data, const char *cache,
                    struct objective **out_objective, struct error *err)
{
    struct dataset *dataset;

    if (data && dataset_open(data, &dataset, err) < 0)
        return -1;
    if (!data && dataset_open_builtin(json_text_at(spec, "dataset", ""), cache, &dataset, err) < 0)
        return -1;
    return open_over(spec, dataset, dataset, out_objective, err);
}
