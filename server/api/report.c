/* The report of a comparison, or of a search: read and added up on a helper thread. */
#include "compare/report.h"
#include "api/api.h"
#include "api/job_runs.h"
#include "api/report.h"
#include "api/report_budgets.h"
#include "api/report_curves.h"
#include "api/report_theory.h"
#include "api/search_report.h"
#include "compare/task_reports.h"
#include "store/searches.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may be asked for in the query, each one of some words; 1 + which, 0: it is not asked for. */
enum choice { CHOICE_TABLE, CHOICE_PAIRS, CHOICE_BY, CHOICE_BAND, CHOICES };
enum { TABLE_VALUES = 1, TABLE_PAIRS, TABLE_TASKS };
enum { PAIRS_ALL = 1, PAIRS_BASELINE };

static const struct {
    const char *name, *words[5];
} choices[CHOICES] = {
    [CHOICE_TABLE] = {"table", {"values", "pairs", "tasks"}},
    [CHOICE_PAIRS] = {"pairs", {"all", "baseline"}},
    [CHOICE_BY] = {"by", {"step", "epoch", "wall_time", "work"}}, /* as enum curve_axis */
    [CHOICE_BAND] = {"band", {"standard_error", "quantiles"}},    /* as enum curve_band */
};

struct gathered {
    struct job_runs job;
    struct report_input input;
    struct report_run *runs;
    struct arm_budget *budgets;
    struct report_curves curves;
    struct run_course *courses; /* [runs]; NULL: not asked for */
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
        .reused_from = run->reused_from,
        .step = run->step,
        .steps = run->steps,
        .rung = run->rung,
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
        .looks = job->looks,
        .look_count = job->look_count,
    };
}

static int gather_curves(struct reader *reader, const struct api_read *read,
                         struct gathered *gathered, struct error *err)
{
    const struct job_runs *job = &gathered->job;
    struct report_input *input = &gathered->input;
    const int by = read->choices[CHOICE_BY], band = read->choices[CHOICE_BAND];

    input->curve = (struct curve_style){
        .metric = read->name[0] ? read->name : input->metric.name,
        .by = by ? (enum curve_axis)(by - 1) : AXIS_STEP,
        .band = band ? (enum curve_band)(band - 1) : judging_of(job->request).band,
        .points = read->points,
    };
    if (report_budgets_read(reader, job, &gathered->budgets, err) < 0 ||
        report_curves_read(reader, job, &input->curve, gathered->budgets, &gathered->curves, err) <
            0)
        return -1;
    input->budgets = gathered->budgets;
    input->curves = gathered->curves.curves;
    input->curve_count = gathered->curves.count;
    return 0;
}

/* What only some comparisons ask for. */
static int gather_courses(struct reader *reader, struct gathered *gathered, struct error *err)
{
    const struct job_runs *job = &gathered->job;
    const struct judging judging = judging_of(job->request);
    const double target = judging.has_target ? judging.target : (double)NAN;

    if (!judging.has_target && !job->metric.best)
        return 0;
    if (report_courses_read(reader, job, &gathered->curves, target, &gathered->courses, err) < 0)
        return -1;
    for (int i = 0; i < job->run_count; i++) {
        const struct run_course *course = &gathered->courses[i];
        gathered->runs[i].evaluations = course->evaluations;
        gathered->runs[i].target = course->known && judging.has_target ? &course->reached : NULL;
    }
    return 0;
}

static void gathered_release(struct gathered *gathered)
{
    report_curves_release(&gathered->curves);
    free(gathered->budgets);
    free(gathered->courses);
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
                        "job %" PRId64 " is neither a comparison nor a search: it has no report",
                        read->id);
    gather_runs(gathered);
    if (store_read_refined(reader, read->id, &gathered->refined, err) < 0)
        return -1;
    gathered->input.refined = gathered->refined;
    if (!with_curves)
        return 0;
    if (report_theory_read(reader, &gathered->job, &gathered->theory, err) < 0)
        return -1;
    gathered->input.theory = gathered->theory;
    return gather_curves(reader, read, gathered, err) < 0 ? -1
                                                          : gather_courses(reader, gathered, err);
}

int report_without_curves(struct reader *reader, int64_t job, json_t **out, struct error *err)
{
    const struct api_read read = {.id = job};
    struct gathered gathered;
    const int outcome = gather(reader, &read, &gathered, false, err);
    gathered.input.baseline_only = true;
    if (outcome == 0)
        *out = report_json(&gathered.input);
    gathered_release(&gathered);
    return outcome;
}

static int comparison_as_json(struct reader *reader, const struct api_read *read, json_t **out,
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

static bool is_search(const json_t *job)
{
    return strcmp(json_text_at(job, "kind", ""), job_kind_names[JOB_SEARCH]) == 0;
}

static int report_as_json(struct reader *reader, struct api_read *read, json_t **out,
                          struct error *err)
{
    json_t *job;
    if (store_read_asked(reader, read->id, &job, err) < 0)
        return -1;
    const int outcome = is_search(job) ? search_report_json(reader, read, job, out, err)
                                       : comparison_as_json(reader, read, out, err);
    json_decref(job);
    return outcome;
}

static int csv_of(const struct report_input *input, int table, char **out, struct error *err)
{
    if (table == TABLE_TASKS && !report_has_tasks(input))
        return error_set(err, "job %" PRId64 " has no tasks: take ?table=values or pairs",
                         input->job);
    *out = table == TABLE_TASKS   ? task_ranks_csv(input)
           : table == TABLE_PAIRS ? report_pairs_csv(input)
                                  : report_csv(input);
    return 0;
}

static int comparison_as_csv(struct reader *reader, const struct api_read *read, char **out,
                             struct error *err)
{
    struct gathered gathered;
    int outcome = gather(reader, read, &gathered, false, err);
    if (outcome == 0)
        outcome = csv_of(&gathered.input, read->choices[CHOICE_TABLE], out, err);
    gathered_release(&gathered);
    return outcome;
}

static int report_as_csv(struct reader *reader, struct api_read *read, struct reply *out,
                         struct error *err)
{
    static const char *const names[] = {"report", "report", "pairs", "tasks"};
    const char *name = names[read->choices[CHOICE_TABLE]];
    char *text = NULL;
    json_t *job;
    if (store_read_asked(reader, read->id, &job, err) < 0)
        return -1;
    const bool searched = is_search(job);
    const int outcome = searched ? search_report_csv(reader, read, job, &text, err)
                                 : comparison_as_csv(reader, read, &text, err);
    json_decref(job);
    if (outcome < 0)
        return -1;
    *out = reply_bytes(200, "text/csv; charset=utf-8", text, strlen(text));
    out->filename = xprintf("job-%" PRId64 "-%s.csv", read->id, searched ? "runs" : name);
    return 0;
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
            *out = 1 + i;
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
    if (search_report_query(req, &read, &err) < 0)
        return reply_error(&err);
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
