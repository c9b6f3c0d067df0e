#include "trainer/inside.h"

#include "math/vectors.h"

#include <math.h>

struct norms {
    double gradient, gradient_l1, update;
};

/* PyTorch's clip_grad_norm_(): norms above the limit are brought to just below it. */
static double clip_scale(double norm, double limit)
{
    const double scale = limit / (norm + 1e-6);
    return scale < 1.0 ? scale : 1.0;
}

static void report_norms(struct trainer *trainer, const struct norms *norms)
{
    emit(trainer, METRIC_GRADIENT_NORM, norms->gradient);
    emit(trainer, METRIC_GRADIENT_NORM_L1, norms->gradient_l1);
}

static void tell_nothing(double told[METRICS])
{
    for (int metric = 0; metric < METRICS; metric++)
        told[metric] = (double)NAN;
}

static void emit_told(struct trainer *trainer, const double *told)
{
    for (int metric = 0; metric < METRICS; metric++) {
        if (!isnan(told[metric]))
            emit(trainer, (enum metric)metric, told[metric]);
    }
}

/* What the optimizer said of this step, and what the objective says of where it led. */
static void report_told(struct trainer *trainer, double *told)
{
    const struct objective *objective = trainer->objective;
    if (objective->methods->measure)
        objective->methods->measure(trainer->objective, trainer->theta,
                                    (uint64_t)trainer->progress.step - 1, told);
    emit_told(trainer, told);
}

/* The noise of this step's gradient, where it is due, before theta moves on. */
static void probe_noise(struct trainer *trainer)
{
    struct objective *objective = trainer->objective;
    const struct report *report = trainer->report;
    const int64_t step = trainer->progress.step;
    double told[METRICS];

    if (!is_due(step, trainer->course.probe_every) || !objective->methods->probe)
        return;
    tell_nothing(told);
    objective->methods->probe(objective, trainer->theta, (uint64_t)step - 1, report->alive,
                              report->context, told);
    emit_told(trainer, told);
}

/* Finite weights that change by a finite amount stay finite, and others show here. */
static void check_update(struct trainer *trainer, double update_norm)
{
    emit(trainer, METRIC_UPDATE_NORM, update_norm);
    if (!isfinite(update_norm))
        diverge(trainer, "the weights are");
}

static void emit_average(struct trainer *trainer)
{
    const struct progress *progress = &trainer->progress;
    if (progress->average_count > 0)
        emit(trainer, METRIC_LOSS_AVERAGE, progress->average_sum / (double)progress->average_count);
}

static void report_step(struct trainer *trainer, const struct norms *norms, double *told,
                        bool exact)
{
    emit_train_loss(trainer, exact);
    emit_average(trainer);
    report_norms(trainer, norms);
    report_told(trainer, told);
    emit_samples_per_s(trainer);
    check_update(trainer, norms->update);
}

/* The gradient's norms, where somebody wants them; the answer is what clipping makes of it. */
static double measure_gradient(const struct trainer *trainer, bool wanted, struct norms *norms)
{
    const size_t dimension = trainer->objective->dimension;
    const double limit = trainer->course.clip_norm;

    if (wanted || isfinite(limit))
        norms->gradient = sqrt(vector_sum_squares(dimension, trainer->gradient));
    if (wanted)
        norms->gradient_l1 = vector_sum_absolute(dimension, trainer->gradient);
    return isfinite(limit) ? clip_scale(norms->gradient, limit) : 1.0;
}

/* The losses before each step since the burn-in, exact ones of a problem. */
static void note_average(struct trainer *trainer, double loss)
{
    struct progress *progress = &trainer->progress;
    const int64_t burn_in = trainer->course.burn_in;
    if (burn_in < 0 || progress->step <= burn_in)
        return;
    progress->average_sum += loss;
    progress->average_count++;
}

/* Takes the loss of a step into account; false where it ends the run. */
static bool note_loss(struct trainer *trainer, double loss, uint32_t samples)
{
    struct progress *progress = &trainer->progress;
    progress->loss_sum += loss;
    progress->loss_count++;
    note_average(trainer, loss);
    trainer->samples += samples;
    if (isfinite(loss))
        return true;
    emit(trainer, METRIC_TRAIN_LOSS, loss);
    diverge(trainer, "the training loss is");
    return false;
}

static double factor_at(const struct trainer *trainer, int64_t k)
{
    return schedule_factor(trainer->schedule, &trainer->schedule_chosen, k, trainer->course.steps);
}

void make_step(struct trainer *trainer)
{
    const struct course *course = &trainer->course;
    const int64_t k = trainer->progress.step++;
    uint32_t samples = 0;

    const double loss = trainer->objective->methods->loss_gradient(
        trainer->objective, trainer->theta, (uint64_t)k, trainer->gradient, &samples);
    if (!note_loss(trainer, loss, samples))
        return;
    probe_noise(trainer);

    const bool reports = k + 1 == course->steps || is_due(k + 1, course->report_every);
    const bool wants_norms = is_due(k + 1, course->norms_every);
    double told[METRICS];
    struct norms norms = {0};
    struct step step = {
        .theta = trainer->theta,
        .gradient = trainer->gradient,
        .factor = factor_at(trainer, k),
        .scale = measure_gradient(trainer, reports || wants_norms, &norms),
        .t = k + 1,
        .update_norm = reports ? &norms.update : NULL,
        .told = reports ? told : NULL,
    };
    tell_nothing(told);
    told[METRIC_LR] = stepper_rate(&trainer->stepper, step.factor);
    stepper_step(&trainer->stepper, &step);
    if (reports)
        report_step(trainer, &norms, told, samples == 0);
    else if (wants_norms)
        report_norms(trainer, &norms);
}

/* One outer iteration of an optimizer that drives the objective itself; it reports each time. */
int make_iteration(struct trainer *trainer, struct error *err)
{
    struct landscape *landscape = trainer->objective->landscape;
    const int64_t k = trainer->progress.step++;
    double told[METRICS], update_norm = 0;
    const struct step step = {
        .theta = trainer->theta,
        .gradient = trainer->gradient,
        .factor = factor_at(trainer, k),
        .t = k + 1,
        .update_norm = &update_norm,
        .told = told,
    };
    probe_noise(trainer);
    tell_nothing(told);
    landscape->alive = trainer->report->alive;
    landscape->alive_context = trainer->report->context;
    if (stepper_drive(&trainer->stepper, &step, landscape, err) < 0)
        return -1;
    report_told(trainer, told);
    check_update(trainer, update_norm);
    if (!isnan(told[METRIC_TRAIN_LOSS]) && !isfinite(told[METRIC_TRAIN_LOSS]))
        diverge(trainer, "the training loss is");
    return 0;
}
