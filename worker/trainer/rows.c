#include "trainer/inside.h"

#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

void say(struct trainer *trainer, const char *format, ...)
{
    char text[2 * ERROR_SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    trainer->report->log(trainer->report->context, text);
}

const real *point_of(struct trainer *trainer)
{
    return stepper_point(&trainer->stepper, trainer->theta, trainer->progress.step, trainer->point);
}

void emit(struct trainer *trainer, enum metric metric, double value)
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

void diverge(struct trainer *trainer, const char *what)
{
    trainer->outcome->state = OUTCOME_DIVERGED;
    snprintf(trainer->outcome->message, sizeof trainer->outcome->message,
             "%s not finite at step %" PRId64, what, trainer->progress.step);
}

bool has_diverged(const struct trainer *trainer)
{
    return trainer->outcome->state == OUTCOME_DIVERGED;
}

void emit_samples_per_s(struct trainer *trainer)
{
    const int64_t now_ns = monotonic_ns();
    const double elapsed_s = (double)(now_ns - trainer->reported_ns) / 1e9;
    if (trainer->samples > 0 && elapsed_s > 0.0)
        emit(trainer, METRIC_SAMPLES_PER_S, (double)trainer->samples / elapsed_s);
    trainer->reported_ns = now_ns;
    trainer->samples = 0;
}

void emit_train_loss(struct trainer *trainer, bool exact)
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
