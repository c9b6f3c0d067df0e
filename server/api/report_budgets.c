#include "api/report_budgets.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* One with its chosen grid point where there is one; the steps it plans, once one knows. */
static struct live_run representative(const struct job_runs *job, int arm)
{
    struct live_run found = {.arm = arm};
    for (int i = 0; i < job->run_count; i++) {
        const struct live_run *run = &job->runs[i];
        if (run->arm != arm || run->phase != PHASE_REPORT)
            continue;
        if (run->position.state != RUN_WAITING && run->point > 0)
            found.point = run->point;
        if (run->steps > found.steps)
            found.steps = run->steps;
    }
    return found;
}

/* Batches in the training part; 0: the data set is gone, or there is none. */
static double steps_per_epoch(struct reader *reader, const struct job_runs *job, const json_t *spec,
                              int64_t batch_size)
{
    const char *name = json_text_at(spec, "dataset", NULL);
    json_auto_t *dataset = NULL;
    struct error err;

    if (!name || batch_size < 1 || store_read_dataset(reader, job->team, name, &dataset, &err) < 0)
        return 0;
    const int64_t examples = json_integer_at(json_object_get(dataset, "summary"), "train", 0);
    const int64_t batches = (examples + batch_size - 1) / batch_size;
    return (double)batches;
}

static struct arm_budget budget_of(struct reader *reader, const struct job_runs *job,
                                   const json_t *spec, int64_t steps)
{
    const int64_t epochs = json_integer_at(spec, "epochs", 0);
    struct arm_budget budget = {
        .iterations = json_integer_at(spec, "iterations", 0),
        .epochs = epochs,
        .batch_size = json_integer_at(spec, "batch_size", 0),
        .steps = steps ? steps : json_integer_at(spec, "steps", 0),
    };
    if (budget.iterations)
        budget.steps = budget.batch_size = 0;
    else if (epochs && budget.steps)
        budget.steps_per_epoch = (double)budget.steps / (double)epochs;
    else
        budget.steps_per_epoch = steps_per_epoch(reader, job, spec, budget.batch_size);
    return budget;
}

int report_budgets_read(struct reader *reader, const struct job_runs *job, struct arm_budget **out,
                        struct error *err)
{
    const int arm_count = (int)json_array_size(job->arms);

    *out = xcalloc((size_t)arm_count, sizeof **out);
    for (int arm = 0; arm < arm_count; arm++) {
        const struct live_run run = representative(job, arm);
        AUTO_FREE char *text = NULL;
        if (store_read_variant(reader, job->first_variant + arm * job->point_count + run.point,
                               &text, err) < 0)
            return -1;
        json_auto_t *spec = json_loads(text, 0, NULL);
        (*out)[arm] = budget_of(reader, job, spec, run.steps);
    }
    return 0;
}
