/* The report of a comparison: read and added up on a helper thread. */
#include "compare/report.h"
#include "api/api.h"
#include "api/job_runs.h"
#include "api/report_theory.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may be asked for in the query, each one of some words; the first where it is not asked. */
enum choice { CHOICE_TABLE, CHOICE_PAIRS, CHOICES };
enum { TABLE_VALUES, TABLE_PAIRS };
enum { PAIRS_ALL, PAIRS_BASELINE };

static const struct {
    const char *name, *words[5];
} choices[CHOICES] = {
    [CHOICE_TABLE] = {"table", {"values", "pairs"}},
    [CHOICE_PAIRS] = {"pairs", {"all", "baseline"}},
};

struct gathered {
    struct job_runs job;
    struct report_input input;
    struct report_run *runs;
    struct series *series;
    struct curve_input *curves;
    json_t *refined;
    json_t *theory;
};

static struct report_run report_run_of(const struct live_run *run)
{
    return (struct report_run){
        .id = run->id,
        .arm = run->arm,
        .point = run->phase == PHASE_REPORT && run->position.state == RUN_WAITING ? -1 : run->point,
        .phase = run->phase,
        .seed = run->seed,
        .state = run->position.state,
        .objective = run->objective,
        .branched_step = run->branched_step,
    };
}

static enum job_state state_of(const struct job_runs *job)
{
    int counts[RUN_STATES] = {0};
    for (int i = 0; i < job->run_count; i++)
        counts[job->runs[i].position.state]++;
    return job_state_of(counts, job->paused);
}

static void gather_runs(struct gathered *gathered)
{
    const struct job_runs *job = &gathered->job;
    gathered->runs = xcalloc((size_t)job->run_count, sizeof *gathered->runs);
    for (int i = 0; i < job->run_count; i++)
        gathered->runs[i] = report_run_of(&job->runs[i]);
    gathered->input = (struct report_input){
        .job = job->id,
        .state = state_of(job),
        .metric = job->metric,
        .request = job->request,
        .sources = job->sources,
        .runs = gathered->runs,
        .run_count = job->run_count,
    };
}

static int gather_curves(struct reader *reader, struct gathered *gathered, const char *metric,
                         int points, struct error *err)
{
    int count = 0;
    if (store_read_job_series(reader, gathered->input.job, metric, PHASE_REPORT, points,
                              &gathered->series, &count, err) < 0)
        return -1;
    gathered->curves = xcalloc((size_t)count, sizeof *gathered->curves);
    for (int i = 0; i < count; i++)
        gathered->curves[i] = (struct curve_input){
            .arm = job_runs_find(&gathered->job, gathered->series[i].run)->arm,
            .count = gathered->series[i].count,
            .step = gathered->series[i].step,
            .value = gathered->series[i].value,
        };
    gathered->input.curves = gathered->curves;
    gathered->input.curve_count = count;
    gathered->input.curve_metric = metric;
    gathered->input.curve_points = points;
    return 0;
}

static void gathered_release(struct gathered *gathered)
{
    for (int i = 0; i < gathered->input.curve_count; i++)
        series_release(&gathered->series[i]);
    free(gathered->series);
    free(gathered->curves);
    free(gathered->runs);
    json_decref(gathered->refined);
    json_decref(gathered->theory);
    job_runs_release(&gathered->job);
}

static int gather(struct reader *reader, const struct api_read *read, struct gathered *gathered,
                  bool with_curves, struct error *err)
{
    *gathered = (struct gathered){0};
    if (job_runs_read(reader, read->id, &gathered->job, err) < 0)
        return -1;
    if (gathered->job.kind != JOB_COMPARE)
        return error_of(err, ERROR_NOT_FOUND,
                        "job %" PRId64 " is not a comparison: it has no report", read->id);
    gather_runs(gathered);
    if (store_read_refined(reader, read->id, &gathered->refined, err) < 0)
        return -1;
    gathered->input.refined = gathered->refined;
    const char *metric = read->name[0] ? read->name : gathered->input.metric.name;
    if (!with_curves)
        return 0;
    if (report_theory_read(reader, &gathered->job, &gathered->theory, err) < 0)
        return -1;
    gathered->input.theory = gathered->theory;
    return gather_curves(reader, gathered, metric, read->points, err);
}

static int report_as_json(struct reader *reader, struct api_read *read, json_t **out,
                          struct error *err)
{
    struct gathered gathered;
    const int outcome = gather(reader, read, &gathered, true, err);
    gathered.input.baseline_only = read->choices[CHOICE_PAIRS] == PAIRS_BASELINE;
    if (outcome == 0)
        *out = report_json(&gathered.input);
    gathered_release(&gathered);
    return outcome;
}

static int report_as_csv(struct reader *reader, struct api_read *read, struct reply *out,
                         struct error *err)
{
    const bool pairs = read->choices[CHOICE_TABLE] == TABLE_PAIRS;
    struct gathered gathered;
    const int outcome = gather(reader, read, &gathered, false, err);
    if (outcome == 0) {
        char *text = pairs ? report_pairs_csv(&gathered.input) : report_csv(&gathered.input);
        *out = reply_bytes(200, "text/csv; charset=utf-8", text, strlen(text));
        out->filename = xprintf("job-%" PRId64 "-%s.csv", read->id, pairs ? "pairs" : "report");
    }
    gathered_release(&gathered);
    return outcome;
}

static int read_choice(const struct request *req, enum choice choice, int *out, struct error *err)
{
    const char *const *words = choices[choice].words;
    const char *asked = request_query(req, choices[choice].name);
    char all[120] = "";

    *out = 0;
    if (!asked)
        return 0;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], asked) == 0) {
            *out = i;
            return 0;
        }
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", words[i]);
    }
    return error_set(err, "the query's \"%s\" must be one of %s", choices[choice].name, all);
}

static struct reply show_report(struct request *req)
{
    static const char *const offered[] = {"json", "csv", NULL};
    struct api_read read = {.work = report_as_json};
    struct error err;
    int64_t points;
    const char *format = api_format(req, offered);
    const char *metric = request_query(req, "metric");

    if (!format)
        return reply_problem(406, "?format= must be json or csv");
    if (request_id(req, 0, &read.id, &err) < 0 ||
        request_query_integer(req, "points", 2, 10000, 200, &points, &err) < 0)
        return reply_error(&err);
    for (int i = 0; i < CHOICES; i++) {
        if (read_choice(req, (enum choice)i, &read.choices[i], &err) < 0)
            return reply_error(&err);
    }
    if (metric && (!*metric || strlen(metric) > 63))
        return reply_problem(422, "?metric= must be the name of a metric, such as valid_loss");
    read.points = (int)points;
    snprintf(read.name, sizeof read.name, "%s", metric ? metric : "");
    if (strcmp(format, "csv") == 0)
        read.make = report_as_csv;
    return api_read(req, &read);
}

const struct route report_routes[] = {
    {METHOD_GET, "/api/v1/jobs/{id}/report", show_report, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {0},
};
