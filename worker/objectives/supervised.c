/*
 * A model on a data set with a loss. The batch of step k and what dropout drops in it follow from
 * the seed and k alone, so a resumed run repeats them bit for bit.
 */
#include "objectives/supervised.h"

#include "objectives/supervised_inside.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Evaluation goes by chunks of at most this many examples, and of about this many numbers at its
 * widest layer, so that it needs little more memory than training. */
enum { CHUNK_ROWS = 512, CHUNK_FLOATS = 1 << 22, ALIVE_EVERY_CHUNKS = 4 };

/* --- a model and its examples ------------------------------------------------------------------*/

static struct model_size size_of(const struct supervised *self, size_t rows)
{
    const struct dataset *dataset = self->dataset;
    const size_t predicted = dataset->classes ? dataset->classes : dataset->target_count;
    return (struct model_size){
        .inputs = dataset->feature_count,
        .outputs = self->gives_back ? dataset->feature_count : predicted,
        .rows = rows,
    };
}

int desk_open(const struct supervised *self, size_t rows, bool derivatives, struct desk *desk,
              struct error *err)
{
    const struct dataset *dataset = self->dataset;
    struct model_size size = size_of(self, rows);

    size.derivatives = derivatives;
    *desk = (struct desk){.rows = rows, .gives_back = self->gives_back};
    if (model_open(self->model_spec, &size, self->batches.seed, &desk->model, err) < 0) {
        *desk = (struct desk){0};
        return -1;
    }
    desk->features = aligned_block(rows * size.inputs, sizeof(float));
    if (dataset->classes)
        desk->labels = aligned_block(rows, sizeof(uint16_t));
    else
        desk->targets = aligned_block(rows * dataset->target_count, sizeof(float));
    if (desk->features && (desk->labels || desk->targets))
        return 0;
    desk_release(desk);
    return error_set(err, "no memory for %zu examples at a time; take a smaller batch_size", rows);
}

void desk_release(struct desk *desk)
{
    model_free(desk->model);
    free(desk->features);
    free(desk->labels);
    free(desk->targets);
    *desk = (struct desk){0};
}

struct loss_batch desk_batch(const struct desk *desk, const float *outputs, size_t rows)
{
    return (struct loss_batch){
        .rows = rows,
        .width = model_outputs(desk->model),
        .outputs = outputs,
        .labels = desk->labels,
        .targets = desk->gives_back ? desk->features : desk->targets,
    };
}

/* --- steps and evaluations ---------------------------------------------------------------------*/

static struct supervised *supervised_of(struct objective *objective)
{
    return (struct supervised *)objective; /* its first member */
}

static void init(struct objective *objective, float *theta)
{
    model_init(supervised_of(objective)->desk.model, theta);
}

static double loss_gradient(struct objective *objective, const float *theta, uint64_t k,
                            float *gradient, uint32_t *samples)
{
    struct supervised *self = supervised_of(objective);
    struct desk *desk = &self->desk;
    const uint32_t rows =
        batches_take(&self->batches, k, desk->features, desk->labels, desk->targets);
    const float *outputs = model_train(desk->model, theta, desk->features, rows, k);
    const struct loss_batch batch = desk_batch(desk, outputs, rows);
    const double sum = self->loss->sum(&batch, model_d_outputs(desk->model));

    model_backward(desk->model, gradient);
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
    const bool has_accuracy = self->dataset->classes > 0 && !self->gives_back;
    struct desk *desk = &self->desk;
    double sum = 0;
    uint32_t correct = 0, chunks = 0, rows;

    if (from->count == 0)
        return false;
    for (uint32_t first = 0; first < from->count; first += rows) {
        const uint32_t left = from->count - first;
        rows = left < self->chunk ? left : (uint32_t)self->chunk;
        batches_rows(&self->batches, from, first, rows, desk->features, desk->labels,
                     desk->targets);
        const float *outputs = model_evaluate(desk->model, theta, desk->features, rows);
        const struct loss_batch batch = desk_batch(desk, outputs, rows);
        sum += self->loss->sum(&batch, model_d_outputs(desk->model));
        if (has_accuracy)
            correct += count_correct(&batch);
        if (alive && ++chunks % ALIVE_EVERY_CHUNKS == 0)
            alive(alive_context);
    }
    *out = (struct evaluation){
        .loss = sum / from->count,
        .accuracy = has_accuracy ? (double)correct / from->count : (double)NAN,
        .has_accuracy = has_accuracy,
    };
    return true;
}

static void supervised_free(struct objective *objective)
{
    struct supervised *self = supervised_of(objective);

    if (!self)
        return;
    supervised_landscape_free(self->landscape);
    batches_release(&self->batches);
    desk_release(&self->desk);
    free(self->probe[0]);
    free(self->probe[1]);
    json_decref(self->model_spec);
    dataset_free(self->opened);
    free(self);
}

static const struct objective_methods methods = {
    .init = init,
    .loss_gradient = loss_gradient,
    .evaluate = evaluate,
    .probe = supervised_probe,
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

static int refuse_loss(const struct supervised *self, const char *data, struct error *err)
{
    const bool classes = self->dataset->classes > 0;
    const char *other = loss_for(classes && !self->gives_back)->name;
    if (self->gives_back)
        return error_set(err,
                         "the loss %s compares classes, but the model is to give its inputs back; "
                         "take %s",
                         self->loss->name, other);
    if (classes)
        return error_set(err,
                         "the loss %s compares numbers, but the data set \"%s\" has classes; take "
                         "%s, or \"targets\": \"inputs\"",
                         self->loss->name, data, other);
    return error_set(err,
                     "the loss %s compares classes, but the data set \"%s\" has numbers to "
                     "predict; take %s",
                     self->loss->name, data, other);
}

static int choose_loss(struct supervised *self, const json_t *spec, struct error *err)
{
    const bool classes = self->dataset->classes > 0 && !self->gives_back;
    const char *name = json_text_at(spec, "loss", NULL);

    self->loss = name ? loss_find(name) : loss_for(classes);
    if (!self->loss)
        return error_set(err, "no such loss: \"%s\"", name);
    if (self->loss->of_classes != classes)
        return refuse_loss(self, json_text_at(spec, "dataset", ""), err);
    return 0;
}

static bool are_probabilities(size_t count, const float *values)
{
    for (size_t i = 0; i < count; i++)
        if (!(values[i] >= 0.0F && values[i] <= 1.0F))
            return false;
    return true;
}

static bool part_fits(const struct supervised *self, const struct dataset_part *part)
{
    const struct dataset *dataset = self->dataset;
    if (!self->gives_back)
        return are_probabilities(part->count * dataset->target_count, part->targets);
    return part->bytes || are_probabilities(part->count * dataset->feature_count, part->floats);
}

/* Bytes are parts of 255; anything else is looked through. */
static int check_probabilities(const struct supervised *self, struct error *err)
{
    if (!self->loss->of_probabilities)
        return 0;
    if (self->gives_back && self->batches.standardize != STANDARDIZE_NONE)
        return error_set(
            err,
            "the loss %s compares with numbers within 0 … 1, which standardized inputs "
            "are not; take \"standardize\": \"none\"",
            self->loss->name);
    if (part_fits(self, &self->dataset->train) && part_fits(self, &self->dataset->valid))
        return 0;
    return error_set(err,
                     "the loss %s compares with numbers within 0 … 1, but the data set has others; "
                     "take mean_squared",
                     self->loss->name);
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

static int open_desk(struct supervised *self, const json_t *spec, struct error *err)
{
    const struct model_size size = size_of(self, 0);
    const uint32_t batch = self->batches.batch_size < self->dataset->train.count
                               ? self->batches.batch_size
                               : self->dataset->train.count;

    self->model_spec = json_incref(json_object_get(spec, "model"));
    self->chunk = chunk_rows(&size, self->model_spec);
    return desk_open(self, batch > self->chunk ? batch : self->chunk, false, &self->desk, err);
}

static bool drops(const json_t *model)
{
    return json_number_at(model, "dropout", 0.0) > 0.0;
}

static int prepare(struct supervised *self, const json_t *spec, struct error *err)
{
    const int64_t batch_size = json_integer_at(spec, "batch_size", 128);
    const uint64_t seed = (uint64_t)json_integer_at(spec, "seed", 1);

    assert(batch_size >= 1 && batch_size <= UINT32_MAX);
    if (self->dataset->train.count == 0)
        return error_set(err, "the data set has no examples to train on");
    self->gives_back = strcmp(json_text_at(spec, "targets", "labels"), "inputs") == 0;
    if (choose_loss(self, spec, err) < 0 ||
        batches_init(&self->batches, self->dataset, standardize_of(spec), (uint32_t)batch_size,
                     seed, err) < 0 ||
        check_probabilities(self, err) < 0 || open_desk(self, spec, err) < 0)
        return -1;

    struct objective *objective = &self->objective;
    objective->methods = &methods;
    objective->dimension = model_dimension(self->desk.model);
    objective->steps_per_epoch = self->batches.per_epoch;
    objective->tensors = model_tensors(self->desk.model, &objective->tensor_count);
    if (!drops(self->model_spec)) /* a function that changes at each look cannot be driven */
        objective->landscape = self->landscape = supervised_landscape_new(self);
    return supervised_probe_open(self, spec, err);
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
