#include "trainer.h"

#include "checkpoint.h"
#include "digest.h"
#include "json.h"
#include "math/fingerprint.h"
#include "math/vectors.h"
#include "memory.h"
#include "metrics.h"
#include "objectives/objectives.h"
#include "safetensors.h"
#include "schedules.h"
#include "stepper.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const outcome_names[] = {
    [OUTCOME_SUCCEEDED] = "succeeded",
    [OUTCOME_STOPPED] = "stopped",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_DIVERGED] = "diverged",
};

/* What the specification says about the course of training. */
struct course {
    int64_t steps;
    int64_t report_every;
    int64_t norms_every;    /* 0: with the reports only */
    int64_t evaluate_every; /* steps; 0: there is nothing to evaluate on */
    double clip_norm;       /* infinity: no clipping */
    int64_t checkpoint_every_ns;
    enum metric stop_metric; /* METRICS: no such rule */
    double stop_at_most, stop_at_least;
    int64_t patience; /* evaluations; 0: endless */
};

/* All that changes while it trains, but the arrays: a section of the checkpoint as it is. */
struct progress {
    int64_t step;    /* made so far */
    double loss_sum; /* of the batches since the last report */
    int64_t loss_count;
    double best_loss; /* of the validation part */
    int64_t evaluations_since_best;
    double wall_ms;
    double last[METRICS];  /* last value of each metric */
    int64_t seen[METRICS]; /* whether there is one */
};

struct trainer {
    const struct training *training;
    const struct report *report;
    struct course course;
    struct objective *objective;
    struct stepper stepper;
    const struct schedule *schedule;
    struct chosen schedule_chosen;
    real *theta, *gradient;
    real *point; /* where to evaluate, for an optimizer that trains elsewhere; or NULL */
    struct progress progress;
    char *fingerprint;
    char spec_digest[DIGEST_TEXT_BYTES];
    int64_t begun_ns;        /* this attempt */
    double earlier_ms;       /* the attempts before it */
    int64_t checkpointed_ns; /* the last checkpoint, or the beginning */
    int64_t reported_ns;     /* the last report, for samples_per_s */
    uint64_t samples;        /* since then */
    bool ends;               /* one of the run's own rules says: this was the last step */
    struct outcome *outcome;
};

/* --- setting up ---------------------------------------------------------------------------- */

static double limit_at(const json_t *object, const char *key, double none)
{
    return json_number_at(object, key, none);
}

static struct course course_of(const json_t *spec, const struct objective *objective,
                               const struct optimizer *optimizer)
{
    const bool drives = optimizer->drive != NULL; /* an iteration is its epoch and its report */
    const int64_t per_epoch = drives ? 1 : (int64_t)objective->steps_per_epoch;
    const int64_t epochs = json_integer_at(spec, "epochs", 1);
    const json_t *stop = json_object_get(spec, "stop_when");
    return (struct course){
        .steps =
            json_integer_at(spec, "steps", json_integer_at(spec, "iterations", epochs * per_epoch)),
        .report_every = drives ? 1 : json_integer_at(spec, "report_every_steps", 20),
        .norms_every = json_integer_at(spec, "norms_every_steps", 0),
        .evaluate_every = json_integer_at(spec, "evaluate_every_epochs", 1) * per_epoch,
        .clip_norm = limit_at(spec, "clip_norm", HUGE_VAL),
        .checkpoint_every_ns = (int64_t)(json_number_at(spec, "checkpoint_every_s", 30) * 1e9),
        .stop_metric = metric_find(json_text_at(stop, "metric", "")),
        .stop_at_most = limit_at(stop, "at_most", -HUGE_VAL),
        .stop_at_least = limit_at(stop, "at_least", HUGE_VAL),
        .patience = json_integer_at(spec, "patience", 0),
    };
}

static int open_schedule(struct trainer *trainer, const json_t *choice, struct error *err)
{
    const char *name = json_text_at(choice, "type", "");
    trainer->schedule = schedule_find(name);
    if (!trainer->schedule)
        return error_set(err, "unknown schedule \"%.64s\"", name);
    chosen_read(trainer->schedule->settings, choice, &trainer->schedule_chosen);
    return 0;
}

static void note_identity(struct trainer *trainer)
{
    json_t *numeric = fingerprint();
    AUTO_FREE char *spec = json_compact(trainer->training->spec);
    trainer->fingerprint = json_compact(numeric);
    digest_of(spec, strlen(spec), trainer->spec_digest);
    json_decref(numeric);
}

static int open_stepper(struct trainer *trainer, const json_t *choice, struct error *err)
{
    const struct objective *objective = trainer->objective;
    const struct pieces pieces = {objective->dimension, objective->tensors,
                                  objective->tensor_count};
    if (stepper_init(&trainer->stepper, choice, &pieces, err) < 0)
        return -1;
    struct stepper *stepper = &trainer->stepper;
    if (stepper->optimizer->accepts)
        return stepper->optimizer->accepts(&stepper->chosen, objective->landscape, err);
    if (stepper->optimizer->drive && !objective->landscape)
        return error_set(err,
                         "%s drives the objective itself, which this one does not offer; take "
                         "a data set, or a problem without noise and replicas",
                         stepper->optimizer->name);
    return 0;
}

static int allocate_vectors(struct trainer *trainer, struct error *err)
{
    const size_t dimension = trainer->objective->dimension;
    const bool apart = trainer->stepper.optimizer->point != NULL;

    trainer->theta = aligned_block(dimension, sizeof(real));
    trainer->gradient = aligned_block(dimension, sizeof(real));
    trainer->point = apart ? aligned_block(dimension, sizeof(real)) : NULL;
    if (trainer->theta && trainer->gradient && (trainer->point || !apart))
        return 0;
    return error_of(err, ERROR_INTERNAL, "not enough memory for %zu parameters", dimension);
}

static int trainer_open(struct trainer *trainer, struct error *err)
{
    const struct training *training = trainer->training;
    const json_t *spec = training->spec;

    note_identity(trainer);
    if (objective_open(spec, training->data, training->cache, &trainer->objective, err) < 0 ||
        open_stepper(trainer, json_object_get(spec, "optimizer"), err) < 0 ||
        open_schedule(trainer, json_object_get(spec, "schedule"), err) < 0 ||
        allocate_vectors(trainer, err) < 0)
        return -1;

    trainer->course = course_of(spec, trainer->objective, trainer->stepper.optimizer);
    if (trainer->course.steps < 1)
        return error_set(err, "there is not one step to make");
    trainer->progress.best_loss = HUGE_VAL;
    return 0;
}

static void trainer_close(struct trainer *trainer)
{
    free(trainer->theta);
    free(trainer->gradient);
    free(trainer->point);
    free(trainer->fingerprint);
    chosen_release(&trainer->schedule_chosen);
    stepper_release(&trainer->stepper);
    if (trainer->objective)
        trainer->objective->methods->free(trainer->objective);
}

static void say(struct trainer *trainer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct trainer *trainer, const char *format, ...)
{
    char text[2 * ERROR_SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    trainer->report->log(trainer->report->context, text);
}

/* --- checkpoints --------------------------------------------------------------------------- */

/* What a checkpoint holds, in its order; the answer is how many sections. */
static int sections_of(struct trainer *trainer, struct checkpoint_section *sections)
{
    struct stepper *stepper = &trainer->stepper;
    const size_t memory = (size_t)stepper->memory_count * stepper->stride;
    const size_t scalars = (size_t)stepper->optimizer->scalar_count;
    const struct checkpoint_section all[] = {
        {"progress", &trainer->progress, sizeof trainer->progress},
        {"theta", trainer->theta, stepper->pieces.dimension * sizeof(real)},
        {"scalars", stepper->scalars, scalars * sizeof(double)},
        {"memory", stepper->memory, memory * sizeof(real)},
        {"extra", stepper->extra, stepper->extra_count * sizeof(real)},
    };
    memcpy(sections, all, sizeof all);
    return COUNT_OF(all);
}

static struct checkpoint_head head_at(const struct trainer *trainer, int64_t step)
{
    return (struct checkpoint_head){
        .run = trainer->training->run,
        .attempt = trainer->training->attempt,
        .step = step,
        .fingerprint = trainer->fingerprint,
        .spec_digest = trainer->spec_digest,
    };
}

static double wall_ms(const struct trainer *trainer, int64_t now_ns)
{
    return trainer->earlier_ms + (double)(now_ns - trainer->begun_ns) / 1e6;
}

/* A disk that is full costs the checkpoint, not the run. */
static void keep_checkpoint(struct trainer *trainer, int64_t now_ns)
{
    const struct report *report = trainer->report;
    const char *folder = trainer->training->folder;
    struct checkpoint_section sections[CHECKPOINT_SECTIONS_MAX];
    struct error err;

    trainer->checkpointed_ns = now_ns;
    if (!folder)
        return;
    trainer->progress.wall_ms = wall_ms(trainer, now_ns);
    const struct checkpoint_head head = head_at(trainer, trainer->progress.step);
    if (checkpoint_write(folder, &head, sections, sections_of(trainer, sections), &err) < 0) {
        say(trainer, "no checkpoint at step %" PRId64 ": %s", head.step, err.sentence);
        return;
    }
    report->checkpoint(report->context, head.step);
    checkpoint_prune(folder, report->kept(report->context));
}

/* Other kernels would give other bits from here on: a person must decide. */
static int cannot_go_on(int64_t step, struct error *err)
{
    const struct error reason = *err;
    return error_of(err, ERROR_CONFLICT,
                    "checkpoint %" PRId64 " cannot be continued on this machine: %.400s", step,
                    reason.sentence);
}

/* Goes on from the step asked for; where its file is gone or damaged from the newest older one that
 * is whole, or from the start. Never from a newer one: rows between might not be on record. */
static int resume(struct trainer *trainer, struct error *err)
{
    const struct training *training = trainer->training;
    struct checkpoint_section sections[CHECKPOINT_SECTIONS_MAX];
    const int count = sections_of(trainer, sections);
    int64_t step = training->folder && training->checkpoint > 0 ? training->checkpoint : -1;

    while (step > 0) {
        const struct checkpoint_head head = head_at(trainer, step);
        if (checkpoint_read(training->folder, &head, sections, count, err) == 0)
            break;
        if (err->kind == ERROR_CONFLICT)
            return cannot_go_on(step, err);
        say(trainer, "checkpoint %" PRId64 " cannot be used: %s", step, err->sentence);
        step = checkpoint_newest(training->folder, step - 1);
    }
    if (step <= 0)
        trainer->objective->methods->init(trainer->objective, trainer->theta);
    if (training->folder)
        checkpoint_remove_after(training->folder, trainer->progress.step);
    trainer->earlier_ms = trainer->progress.wall_ms;
    return 0;
}

/* Where evaluations and the kept model are. */
static const real *point_of(struct trainer *trainer)
{
    return stepper_point(&trainer->stepper, trainer->theta, trainer->progress.step, trainer->point);
}

/* --- rows ---------------------------------------------------------------------------------- */

static void emit(struct trainer *trainer, enum metric metric, double value)
{
    struct progress *progress = &trainer->progress;
    const struct course *course = &trainer->course;

    progress->last[metric] = value;
    progress->seen[metric] = 1;
    trainer->report->row(trainer->report->context, progress->step, metric_kinds[metric].name,
                         value);
    if (metric == course->stop_metric &&
        (value <= course->stop_at_most || value >= course->stop_at_least)) {
        trainer->ends = true;
        snprintf(trainer->outcome->message, sizeof trainer->outcome->message,
                 "stopped at step %" PRId64 ": %s is %.6g", progress->step,
                 metric_kinds[metric].name, value);
    }
}

static void diverge(struct trainer *trainer, const char *what)
{
    trainer->outcome->state = OUTCOME_DIVERGED;
    snprintf(trainer->outcome->message, sizeof trainer->outcome->message,
             "%s not finite at step %" PRId64, what, trainer->progress.step);
}

static bool has_diverged(const struct trainer *trainer)
{
    return trainer->outcome->state == OUTCOME_DIVERGED;
}

static void emit_samples_per_s(struct trainer *trainer)
{
    const int64_t now_ns = monotonic_ns();
    const double elapsed_s = (double)(now_ns - trainer->reported_ns) / 1e9;
    if (trainer->samples > 0 && elapsed_s > 0.0)
        emit(trainer, METRIC_SAMPLES_PER_S, (double)trainer->samples / elapsed_s);
    trainer->reported_ns = now_ns;
    trainer->samples = 0;
}

/* The mean over the batches since the last report; a problem's value is exact, so its present one
 * says more. */
static void emit_train_loss(struct trainer *trainer, bool exact)
{
    struct progress *progress = &trainer->progress;
    const struct report *report = trainer->report;
    struct objective *objective = trainer->objective;
    struct evaluation evaluation;

    double loss = progress->loss_sum / (double)progress->loss_count;
    if (exact && objective->methods->evaluate(objective, point_of(trainer), PART_TRAIN,
                                              report->alive, report->context, &evaluation))
        loss = evaluation.loss;
    progress->loss_sum = 0.0;
    progress->loss_count = 0;
    emit(trainer, METRIC_TRAIN_LOSS, loss);
    if (!isfinite(loss))
        diverge(trainer, "the training loss is");
}

/* --- one step ------------------------------------------------------------------------------ */

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

/* What the optimizer said of this step, and what the objective says of where it led. */
static void report_told(struct trainer *trainer, double *told)
{
    const struct objective *objective = trainer->objective;
    if (objective->methods->measure)
        objective->methods->measure(trainer->objective, trainer->theta,
                                    (uint64_t)trainer->progress.step - 1, told);
    for (int metric = 0; metric < METRICS; metric++) {
        if (!isnan(told[metric]))
            emit(trainer, (enum metric)metric, told[metric]);
    }
}

/* Finite weights that change by a finite amount stay finite, and others show here. */
static void check_update(struct trainer *trainer, double update_norm)
{
    emit(trainer, METRIC_UPDATE_NORM, update_norm);
    if (!isfinite(update_norm))
        diverge(trainer, "the weights are");
}

static void report_step(struct trainer *trainer, const struct norms *norms, double *told,
                        bool exact)
{
    emit_train_loss(trainer, exact);
    report_norms(trainer, norms);
    report_told(trainer, told);
    emit_samples_per_s(trainer);
    check_update(trainer, norms->update);
}

static void tell_nothing(double told[METRICS])
{
    for (int metric = 0; metric < METRICS; metric++)
        told[metric] = (double)NAN;
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

static bool is_due(int64_t step, int64_t every)
{
    return every > 0 && step % every == 0;
}

/* Takes the loss of a step into account; false where it ends the run. */
static bool note_loss(struct trainer *trainer, double loss, uint32_t samples)
{
    struct progress *progress = &trainer->progress;
    progress->loss_sum += loss;
    progress->loss_count++;
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

static void make_step(struct trainer *trainer)
{
    const struct course *course = &trainer->course;
    const int64_t k = trainer->progress.step++;
    uint32_t samples = 0;

    const double loss = trainer->objective->methods->loss_gradient(
        trainer->objective, trainer->theta, (uint64_t)k, trainer->gradient, &samples);
    if (!note_loss(trainer, loss, samples))
        return;

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
static int make_iteration(struct trainer *trainer, struct error *err)
{
    struct landscape *landscape = trainer->objective->landscape;
    const int64_t k = trainer->progress.step++;
    double told[METRICS], update_norm;
    const struct step step = {
        .theta = trainer->theta,
        .gradient = trainer->gradient,
        .factor = factor_at(trainer, k),
        .t = k + 1,
        .update_norm = &update_norm,
        .told = told,
    };
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

/* --- evaluation ---------------------------------------------------------------------------- */

static void lose_patience(struct trainer *trainer, double loss)
{
    struct progress *progress = &trainer->progress;
    const int64_t patience = trainer->course.patience;

    if (loss < progress->best_loss) {
        progress->best_loss = loss;
        progress->evaluations_since_best = 0;
        return;
    }
    if (++progress->evaluations_since_best < patience || patience == 0)
        return;
    trainer->ends = true;
    snprintf(trainer->outcome->message, sizeof trainer->outcome->message,
             "stopped at step %" PRId64 ": valid_loss has not improved for %" PRId64
             " evaluations (best %.6g)",
             progress->step, patience, progress->best_loss);
}

static void evaluate(struct trainer *trainer)
{
    const struct report *report = trainer->report;
    struct objective *objective = trainer->objective;
    struct evaluation evaluation;

    if (!objective->methods->evaluate(objective, point_of(trainer), PART_VALID, report->alive,
                                      report->context, &evaluation))
        return;
    emit(trainer, METRIC_VALID_LOSS, evaluation.loss);
    if (evaluation.has_accuracy)
        emit(trainer, METRIC_VALID_ACCURACY, evaluation.accuracy);
    if (!isfinite(evaluation.loss))
        diverge(trainer, "the validation loss is");
    lose_patience(trainer, evaluation.loss);
}

/* Whether a step ends an evaluation's epochs, or the run. */
static bool evaluates(const struct trainer *trainer)
{
    const int64_t every = trainer->course.evaluate_every;
    const int64_t step = trainer->progress.step;
    return is_due(step, every) || (every > 0 && step == trainer->course.steps);
}

/* --- a run --------------------------------------------------------------------------------- */

static bool checkpoint_is_due(const struct trainer *trainer, int64_t now_ns)
{
    const struct course *course = &trainer->course;
    if (course->checkpoint_every_ns == 0)
        return trainer->progress.step % course->report_every == 0;
    return now_ns - trainer->checkpointed_ns >= course->checkpoint_every_ns;
}

/* Rows that the last step owes where one of the run's own rules ended it early. */
static void end_early(struct trainer *trainer, bool evaluated)
{
    if (trainer->progress.loss_count > 0 && trainer->objective->steps_per_epoch > 0)
        emit_train_loss(trainer, false);
    if (trainer->course.evaluate_every > 0 && !evaluated)
        evaluate(trainer);
}

static void fail(struct outcome *outcome, const struct error *err)
{
    outcome->state = OUTCOME_FAILED;
    snprintf(outcome->message, sizeof outcome->message, "%s", err->sentence);
}

/* A step and the evaluation it may end with; false where the run is over. */
static bool advance(struct trainer *trainer)
{
    struct error err;

    if (!trainer->stepper.optimizer->drive) {
        make_step(trainer);
    } else if (make_iteration(trainer, &err) < 0) {
        fail(trainer->outcome, &err);
        return false;
    }
    const bool evaluated = !has_diverged(trainer) && evaluates(trainer);
    if (evaluated)
        evaluate(trainer);
    if (trainer->ends && !has_diverged(trainer))
        end_early(trainer, evaluated);
    return !has_diverged(trainer) && !trainer->ends;
}

static void run_steps(struct trainer *trainer)
{
    const struct report *report = trainer->report;

    trainer->outcome->state = OUTCOME_SUCCEEDED;
    while (trainer->progress.step < trainer->course.steps) {
        if (!advance(trainer))
            return;
        const int64_t now_ns = monotonic_ns();
        const bool last = trainer->progress.step == trainer->course.steps;
        const bool stopped = report->poll(report->context, now_ns);
        if (!last && (stopped || checkpoint_is_due(trainer, now_ns)))
            keep_checkpoint(trainer, now_ns);
        if (!last && stopped) {
            trainer->outcome->state = OUTCOME_STOPPED;
            return;
        }
    }
}

static int keep_model(struct trainer *trainer, struct error *err)
{
    const struct training *training = trainer->training;
    if (!training->folder)
        return 0;
    AUTO_FREE char *path = xprintf("%s/model.safetensors", training->folder);
    AUTO_FREE char *run = xprintf("%" PRId64, training->run);
    AUTO_FREE char *step = xprintf("%" PRId64, trainer->progress.step);
    json_t *metadata = json_pack("{s:s, s:s, s:s, s:s}", "format", "sweepd", "run", run, "step",
                                 step, "spec", trainer->spec_digest);
    const int result =
        safetensors_write(path, trainer->objective, point_of(trainer), metadata, err);
    json_decref(metadata);
    return result;
}

static json_t *last_metrics(const struct progress *progress)
{
    json_t *metrics = json_object();
    for (int i = 0; i < METRICS; i++) {
        if (progress->seen[i])
            json_object_set_new(metrics, metric_kinds[i].name, json_number(progress->last[i]));
    }
    return metrics;
}

static json_t *weights_list(const struct trainer *trainer)
{
    json_t *list = json_array();
    for (size_t i = 0; i < trainer->objective->dimension; i++)
        json_array_append_new(list, json_number((double)trainer->theta[i]));
    return list;
}

static void run_to_end(struct trainer *trainer)
{
    const struct report *report = trainer->report;
    struct outcome *outcome = trainer->outcome;
    struct error err;

    if (trainer_open(trainer, &err) < 0 || resume(trainer, &err) < 0) {
        fail(outcome, &err);
        return;
    }
    report->started(report->context, trainer->progress.step, trainer->course.steps,
                    trainer->earlier_ms);
    trainer->begun_ns = trainer->checkpointed_ns = trainer->reported_ns = monotonic_ns();
    run_steps(trainer);
    if (outcome->state == OUTCOME_SUCCEEDED && keep_model(trainer, &err) < 0)
        fail(outcome, &err);
    if (trainer->training->wants_weights && trainer->objective->dimension <= WEIGHTS_MAX)
        outcome->weights = weights_list(trainer);
}

void train(const struct training *training, const struct report *report, struct outcome *outcome)
{
    struct trainer trainer = {.training = training, .report = report, .outcome = outcome};

    *outcome = (struct outcome){0};
    run_to_end(&trainer);
    outcome->step = trainer.progress.step;
    outcome->metrics = last_metrics(&trainer.progress);
    trainer_close(&trainer);
}

void outcome_release(struct outcome *outcome)
{
    json_decref(outcome->metrics);
    json_decref(outcome->weights);
    *outcome = (struct outcome){0};
}
