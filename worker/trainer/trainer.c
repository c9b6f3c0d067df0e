#include "trainer/inside.h"

#include "json.h"
#include "memory.h"
#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const outcome_names[] = {
    [OUTCOME_SUCCEEDED] = "succeeded",
    [OUTCOME_STOPPED] = "stopped",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_DIVERGED] = "diverged",
};

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

static bool pauses(const struct trainer *trainer)
{
    return trainer->course.pause_step > 0 && trainer->progress.step == trainer->course.pause_step;
}

static void run_steps(struct trainer *trainer)
{
    const struct report *report = trainer->report;

    if (pauses(trainer)) { /* a checkpoint brought it there */
        trainer->outcome->state = OUTCOME_STOPPED;
        return;
    }
    trainer->outcome->state = OUTCOME_SUCCEEDED;
    while (trainer->progress.step < trainer->course.steps) {
        if (!advance(trainer))
            return;
        const int64_t now_ns = monotonic_ns();
        const bool last = trainer->progress.step == trainer->course.steps;
        const bool stopped = report->poll(report->context, now_ns) || pauses(trainer);
        const bool handed_on = keep_for_branches(trainer, now_ns) && pauses(trainer);
        if (!last && !handed_on && (stopped || checkpoint_is_due(trainer, now_ns)))
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

static json_t *weights_list(struct trainer *trainer)
{
    const real *point = point_of(trainer);
    json_t *list = json_array();
    for (size_t i = 0; i < trainer->objective->dimension; i++)
        json_array_append_new(list, json_number((double)point[i]));
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
