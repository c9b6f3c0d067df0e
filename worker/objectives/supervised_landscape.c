/*
 * The supervised objective as second-order optimizers drive it: sums over samples, chunk by chunk
 * in a fixed order, so that memory stays bounded and the bits depend on nothing else. Dropout is
 * off.
 *
 * The examples of the curvature's sample stay with a model of their own, whose forward pass then
 * serves every product (Pearlmutter, 1994; Schraudolph, 2002), as long as that takes no more than
 * KEPT_FLOATS_MAX. More examples are passed forward again for each product.
 */
#include "objectives/supervised_inside.h"

#include "math/vectors.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>

#define KEPT_FLOATS_MAX ((size_t)1 << 25) /* 128 MiB of activations and examples */

struct supervised_landscape {
    struct landscape landscape; /* first */
    const struct supervised *owner;
    struct desk walker; /* takes a sample chunk by chunk */
    struct desk kept;   /* holds the curvature's sample */
    uint32_t *rows;     /* [walker.rows] */
    float *part;        /* [dimension] what a chunk adds */
    const float *curved_at;
    struct sample curved_sample;
    bool is_kept; /* kept has been passed forward there */
};

static struct supervised_landscape *landscape_of(struct landscape *landscape)
{
    return (struct supervised_landscape *)landscape;
}

static uint32_t training_count(const struct supervised_landscape *self)
{
    return self->owner->dataset->train.count;
}

static int prepare(struct landscape *landscape, struct error *err)
{
    struct supervised_landscape *self = landscape_of(landscape);

    if (desk_open(self->owner, self->owner->chunk, true, &self->walker, err) < 0)
        return -1;
    self->rows = aligned_block(self->walker.rows, sizeof *self->rows);
    self->part = aligned_block(landscape->dimension, sizeof *self->part);
    if (self->rows && self->part)
        return 0;
    return error_of(err, ERROR_INTERNAL, "not enough memory for %zu parameters",
                    landscape->dimension);
}

/* --- examples ----------------------------------------------------------------------------------*/

/* Examples first … first + count - 1 of the sample, onto places at and behind `place`. */
static void lay_out(const struct supervised_landscape *self, struct sample sample, uint32_t first,
                    uint32_t count, struct desk *desk, uint32_t place)
{
    const struct batches *batches = &self->owner->batches;
    const struct dataset_part *part = &self->owner->dataset->train;
    const size_t inputs = self->owner->dataset->feature_count;
    float *features = desk->features + place * inputs;
    uint16_t *labels = desk->labels ? desk->labels + place : NULL;
    float *targets =
        desk->targets ? desk->targets + place * self->owner->dataset->target_count : NULL;
    const struct permutation order =
        permutation_stream(batches->seed, RANDOM_SAMPLE, sample.draw, part->count);

    for (uint32_t i = 0; i < count; i++)
        self->rows[i] = sample.count == part->count ? first + i : permutation_at(&order, first + i);
    batches_named(batches, part, self->rows, count, features, labels, targets);
}

/* How many examples the chunk that begins there has. */
static uint32_t chunk_at(const struct supervised_landscape *self, struct sample sample,
                         uint32_t first)
{
    const uint32_t left = sample.count - first, most = (uint32_t)self->walker.rows;
    return left < most ? left : most;
}

static void report_alive(const struct supervised_landscape *self)
{
    if (self->landscape.alive)
        self->landscape.alive(self->landscape.alive_context);
}

/* The sum of the chunk's losses; their mean's derivative by the outputs is left to the model. */
static double pass_forward(const struct supervised_landscape *self, struct desk *desk,
                           const float *theta, uint32_t rows, struct loss_batch *batch)
{
    *batch = desk_batch(desk, model_evaluate(desk->model, theta, desk->features, rows), rows);
    return self->owner->loss->sum(batch, model_d_outputs(desk->model));
}

/* --- loss and gradient -------------------------------------------------------------------------*/

static double loss(struct landscape *landscape, const float *theta, struct sample sample)
{
    struct supervised_landscape *self = landscape_of(landscape);
    struct loss_batch batch;
    double sum = 0.0;
    uint32_t rows;

    for (uint32_t first = 0; first < sample.count; first += rows) {
        rows = chunk_at(self, sample, first);
        lay_out(self, sample, first, rows, &self->walker, 0);
        sum += pass_forward(self, &self->walker, theta, rows, &batch);
        report_alive(self);
    }
    landscape->passes += sample.count;
    return sum / sample.count;
}

/* Adds the chunk's gradient, and the squares of its examples' own ones: what comes from the mean
 * over `rows` has each of them divided by that. */
static void add_gradient(const struct supervised_landscape *self, uint32_t rows, double weight,
                         float *gradient, float *squares, float *squares_part)
{
    const size_t dimension = self->landscape.dimension;

    if (squares)
        model_backward_squares(self->walker.model, self->part, squares_part);
    else
        model_backward(self->walker.model, self->part);
    vector_add_scaled(dimension, (float)weight, self->part, gradient);
    if (squares)
        vector_add_scaled(dimension, (float)rows * (float)rows, squares_part, squares);
}

static double gradient(struct landscape *landscape, const float *theta, struct sample sample,
                       float *out, float *squares)
{
    struct supervised_landscape *self = landscape_of(landscape);
    AUTO_FREE float *squares_part =
        squares ? xcalloc(landscape->dimension, sizeof *squares_part) : NULL;
    struct loss_batch batch;
    double sum = 0.0;
    uint32_t rows;

    vector_fill(landscape->dimension, 0.0F, out);
    if (squares)
        vector_fill(landscape->dimension, 0.0F, squares);
    for (uint32_t first = 0; first < sample.count; first += rows) {
        rows = chunk_at(self, sample, first);
        lay_out(self, sample, first, rows, &self->walker, 0);
        sum += pass_forward(self, &self->walker, theta, rows, &batch);
        add_gradient(self, rows, (double)rows / sample.count, out, squares, squares_part);
        report_alive(self);
    }
    landscape->passes += (squares ? 4.0 : 3.0) * sample.count;
    return sum / sample.count;
}

/* --- curvature ---------------------------------------------------------------------------------*/

/* Room for the whole sample, twice what there was at least, so that growing samples seldom ask;
 * false where that is too much. */
static bool has_room(struct supervised_landscape *self, uint32_t count)
{
    const struct dataset *data = self->owner->dataset;
    const size_t floats =
        model_floats_per_row(self->walker.model) + data->feature_count + data->target_count;
    const size_t most = KEPT_FLOATS_MAX / floats;
    struct error err;

    if (count <= self->kept.rows)
        return true;
    if (count > most)
        return false;
    size_t rows = 2 * self->kept.rows > count ? 2 * self->kept.rows : count;
    rows = rows < most ? rows : most;
    rows = rows < training_count(self) ? rows : training_count(self);
    desk_release(&self->kept);
    return desk_open(self->owner, rows, true, &self->kept, &err) == 0;
}

static void curve_at(struct landscape *landscape, const float *theta, struct sample sample)
{
    struct supervised_landscape *self = landscape_of(landscape);

    self->curved_at = theta;
    self->curved_sample = sample;
    self->is_kept = has_room(self, sample.count);
    if (!self->is_kept)
        return;
    for (uint32_t first = 0; first < sample.count; first += chunk_at(self, sample, first))
        lay_out(self, sample, first, chunk_at(self, sample, first), &self->kept, first);
    model_evaluate(self->kept.model, theta, self->kept.features, sample.count);
    landscape->passes += sample.count;
}

/* J' H J v of a model that has been passed forward. */
static void curve(const struct supervised_landscape *self, struct model *model,
                  const struct loss_batch *batch, const float *direction, float *product)
{
    const float *along = model_derivative(model, direction);
    self->owner->loss->curvature(batch, along, model_d_outputs(model));
    model_backward(model, product);
}

static void product_by_chunks(struct supervised_landscape *self, const float *direction,
                              float *product)
{
    const struct sample sample = self->curved_sample;
    const size_t dimension = self->landscape.dimension;
    struct desk *desk = &self->walker;
    uint32_t rows;

    vector_fill(dimension, 0.0F, product);
    for (uint32_t first = 0; first < sample.count; first += rows) {
        rows = chunk_at(self, sample, first);
        lay_out(self, sample, first, rows, desk, 0);
        const struct loss_batch batch = desk_batch(
            desk, model_evaluate(desk->model, self->curved_at, desk->features, rows), rows);
        curve(self, desk->model, &batch, direction, self->part);
        vector_add_scaled(dimension, (float)((double)rows / sample.count), self->part, product);
        report_alive(self);
    }
    self->landscape.passes += 5.0 * sample.count;
}

static void product(struct landscape *landscape, const float *direction, float *out)
{
    struct supervised_landscape *self = landscape_of(landscape);
    struct desk *desk = &self->kept;
    const uint32_t count = self->curved_sample.count;

    if (!self->is_kept) {
        product_by_chunks(self, direction, out);
        return;
    }
    const struct loss_batch batch = desk_batch(desk, model_last_outputs(desk->model), count);
    curve(self, desk->model, &batch, direction, out);
    landscape->passes += 4.0 * count;
    report_alive(self);
}

/* --- life --------------------------------------------------------------------------------------*/

static const struct landscape_methods methods = {
    .prepare = prepare,
    .loss = loss,
    .gradient = gradient,
    .curve_at = curve_at,
    .product = product,
};

struct landscape *supervised_landscape_new(struct supervised *owner)
{
    struct supervised_landscape *self = xcalloc(1, sizeof *self);
    self->owner = owner;
    self->landscape = (struct landscape){
        .methods = &methods,
        .dimension = model_dimension(owner->desk.model),
        .examples = owner->dataset->train.count,
        .has_curvature = model_has_derivative(owner->desk.model) && owner->loss->curvature,
        .has_squares = model_has_squares(owner->desk.model),
    };
    return &self->landscape;
}

void supervised_landscape_free(struct landscape *landscape)
{
    struct supervised_landscape *self = landscape_of(landscape);
    if (!self)
        return;
    desk_release(&self->walker);
    desk_release(&self->kept);
    free(self->rows);
    free(self->part);
    free(self);
}
