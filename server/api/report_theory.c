#include "api/report_theory.h"

#include "compare/predictions.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static bool has_problem(const json_t *spec)
{
    const json_t *problem = json_object_get(spec, "problem");
    return problem && !json_is_null(problem);
}

/* Most comparisons have data sets: nothing is read for them. */
static bool on_problem(const json_t *request)
{
    size_t i;
    json_t *entry;
    if (has_problem(json_object_get(request, "base")))
        return true;
    json_array_foreach(json_object_get(request, "tasks"), i, entry)
    {
        if (has_problem(json_object_get(entry, "spec")))
            return true;
    }
    json_array_foreach(json_object_get(request, "arms"), i, entry)
    {
        if (has_problem(json_object_get(entry, "patch")))
            return true;
    }
    return false;
}

/* A report run of the arm whose specification is settled; NULL: it waits to be tuned. */
static const struct live_run *settled_run(const struct job_runs *job, int arm)
{
    for (int i = 0; i < job->run_count; i++) {
        const struct live_run *run = &job->runs[i];
        if (run->arm == arm && run->phase == PHASE_REPORT && run->position.state != RUN_WAITING)
            return run;
    }
    return NULL;
}

static int read_prediction(struct reader *reader, const struct job_runs *job, int arm, json_t **out,
                           struct error *err)
{
    const struct live_run *run = settled_run(job, arm);
    json_auto_t *whole = NULL;
    if (run && store_read_run(reader, run->id, &whole, err) < 0)
        return -1;
    *out = prediction_json(json_object_get(whole, "spec"));
    return 0;
}

static json_t *measure_arm(const struct job_runs *job, int arm, const char *metric,
                           const struct last_value *lasts, int count)
{
    AUTO_FREE double *values = xcalloc((size_t)count, sizeof *values);
    int n = 0;
    for (int i = 0; i < count; i++) {
        const struct live_run *run = job_runs_find(job, lasts[i].run);
        if (run->arm == arm && run->position.state == RUN_SUCCEEDED && isfinite(lasts[i].value))
            values[n++] = lasts[i].value;
    }
    return measured_json(metric, values, n);
}

/* Fills in what is still null: an arm's runs may have one of the metrics only. */
static int add_measured(struct reader *reader, const struct job_runs *job, const char *metric,
                        json_t *arms, struct error *err)
{
    AUTO_FREE struct last_value *lasts = NULL;
    int count = 0;
    size_t arm;
    json_t *entry;

    if (store_read_job_last(reader, job->id, metric, PHASE_REPORT, &lasts, &count, err) < 0)
        return -1;
    json_array_foreach(arms, arm, entry)
    {
        if (!json_is_null(json_object_get(entry, "prediction")) &&
            json_is_null(json_object_get(entry, "measured")))
            json_object_set_new(entry, "measured",
                                measure_arm(job, (int)arm, metric, lasts, count));
    }
    return 0;
}

static bool any_prediction(const json_t *arms)
{
    size_t i;
    json_t *entry;
    json_array_foreach(arms, i, entry)
    {
        if (!json_is_null(json_object_get(entry, "prediction")))
            return true;
    }
    return false;
}

int report_theory_read(struct reader *reader, const struct job_runs *job, json_t **out,
                       struct error *err)
{
    const size_t count = json_array_size(job->arms);
    json_auto_t *arms = json_array();

    *out = NULL;
    if (!on_problem(job->request))
        return 0;
    for (size_t arm = 0; arm < count; arm++) {
        json_t *prediction;
        if (read_prediction(reader, job, (int)arm, &prediction, err) < 0)
            return -1;
        json_array_append_new(arms, json_pack("{s:o, s:n}", "prediction", prediction, "measured"));
    }
    for (int i = 0; prediction_metrics[i] && any_prediction(arms); i++) {
        if (add_measured(reader, job, prediction_metrics[i], arms, err) < 0)
            return -1;
    }
    *out = json_incref(arms);
    return 0;
}
