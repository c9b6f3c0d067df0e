#include "trainer/inside.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

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

void evaluate(struct trainer *trainer)
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
bool evaluates(const struct trainer *trainer)
{
    const int64_t every = trainer->course.evaluate_every;
    const int64_t step = trainer->progress.step;
    return is_due(step, every) || (every > 0 && step == trainer->course.steps);
}
