/* The noise of a batch's gradient, probed by the gradients of its parts. */
#include "objectives/supervised_inside.h"

#include "json.h"
#include "memory.h"
#include "objectives/noise_probe.h"

struct probed_batch {
    struct supervised *self;
    const float *theta;
};

/* Without dropout: it would drop the same in every part. */
static void part_gradient(void *context, uint32_t first, uint32_t count, float *gradient)
{
    const struct probed_batch *probed = context;
    const struct desk *desk = &probed->self->desk;
    const size_t inputs = probed->self->dataset->feature_count;
    const float *features = desk->features + first * inputs;
    const float *outputs = model_evaluate(desk->model, probed->theta, features, count);
    struct loss_batch batch = desk_batch(desk, outputs, count);

    if (batch.labels)
        batch.labels += first;
    if (batch.targets)
        batch.targets += first * batch.width;
    probed->self->loss->sum(&batch, model_d_outputs(desk->model));
    model_backward(desk->model, gradient);
}

void supervised_probe(struct objective *objective, const float *theta, uint64_t k,
                      void (*alive)(void *), void *alive_context, double *metrics)
{
    struct supervised *self = (struct supervised *)objective; /* its first member */
    const struct desk *desk = &self->desk;
    struct probed_batch batch = {self, theta};
    const uint32_t rows =
        batches_take(&self->batches, k, desk->features, desk->labels, desk->targets);
    const struct probed probed = {objective->dimension, rows, part_gradient, &batch, alive,
                                  alive_context};

    noise_probe(&probed, self->probe[0], self->probe[1], metrics);
}

int supervised_probe_open(struct supervised *self, const json_t *spec, struct error *err)
{
    if (json_integer_at(spec, "probe_noise_every_steps", 0) == 0)
        return 0;
    for (int i = 0; i < 2; i++)
        self->probe[i] = aligned_block(self->objective.dimension, sizeof(float));
    if (self->probe[0] && self->probe[1])
        return 0;
    return error_set(err, "no memory for two more gradients; leave probe_noise_every_steps out");
}
