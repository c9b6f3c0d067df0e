#include "compare/report.h"

#include "compare/arms.h"
#include "compare/csv.h"
#include "compare/looked.h"
#include "compare/matrix.h"
#include "compare/reach.h"
#include "compare/statistics.h"
#include "compare/task_reports.h"
#include "compare/verdict_json.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>

/* A report run that its arm could do without has nothing to show. */
static bool has_ended(const struct report_run *run)
{
    return run_is_final(run->state) && !(run->phase == PHASE_REPORT && run->state == RUN_PRUNED);
}

static json_t *values_json(const struct sample *sample)
{
    json_t *values = json_array();
    for (int i = 0; i < sample->count; i++) {
        const struct report_run *run = sample->runs[i];
        if (has_ended(run))
            json_array_append_new(
                values,
                json_pack("{s:I, s:I, s:o, s:o}", "seed", (json_int_t)run->seed, "run",
                          (json_int_t)run->id, "reused_from",
                          run->reused_from > 0 ? json_integer(run->reused_from) : json_null(),
                          "value",
                          report_run_counts(run) ? json_number(run->objective) : json_null()));
    }
    return values;
}

/* Where halving gave up a grid point. */
static json_t *dropped_json(const struct sample *sample)
{
    for (int i = 0; i < sample->count; i++) {
        const struct report_run *run = sample->runs[i];
        if (run->state == RUN_PRUNED)
            return json_pack("{s:i, s:I}", "rung", run->rung + 1, "step", (json_int_t)run->step);
    }
    return json_null();
}

static json_t *tuning_json(const struct arms *arms, const struct arm *arm)
{
    json_t *tuning = json_array();
    for (uint64_t point = 0; arm->tuning && point < arms->grid.point_count; point++) {
        const struct sample *sample = &arm->tuning[point];
        json_array_append_new(tuning,
                              json_pack("{s:o, s:i, s:o, s:i, s:o, s:o}", "point",
                                        grid_values(&arms->grid, point), "n", sample->n, "mean",
                                        json_number(sample->n ? sample->mean : NO_VALUE), "failed",
                                        sample->failed, "values", values_json(sample), "dropped",
                                        dropped_json(sample)));
    }
    return tuning;
}

static json_t *arm_curve(const struct report_input *input, int arm)
{
    if (!input->curve.metric)
        return json_null();
    return curve_json(&input->curve, input->curves, input->curve_count, arm);
}

/* What the theory says of the arm, and what the person who asked for it wrote beside it. */
static void add_remarks(const struct arms *arms, int index, json_t *arm)
{
    const json_t *asked =
        json_array_get(json_object_get(arms->input->request, "arms"), (size_t)index);
    const json_t *theory = json_array_get(arms->input->theory, (size_t)index);
    static const char *const members[] = {"prediction", "measured"};

    json_t *note = json_object_get(asked, "note");
    json_object_set_new(arm, "note", note ? json_incref(note) : json_null());
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        json_t *value = json_object_get(theory, members[i]);
        json_object_set_new(arm, members[i], value ? json_incref(value) : json_null());
    }
}

static json_t *arm_json(const struct arms *arms, const struct matrix *matrix, int index)
{
    const struct arm *arm = &arms->list[index];
    const struct sample *report = &arm->report;

    json_t *object = json_pack(
        "{s:s, s:o, s:i, s:o, s:o, s:o, s:b, s:i, s:i, s:o, s:o, s:o, s:o}", "name", arm->name,
        "chosen", arm->chosen < 0 ? json_null() : grid_values(&arms->grid, (uint64_t)arm->chosen),
        "n", report->n, "mean", json_number(report->mean), "standard_error",
        json_number(report->standard_error), "median", json_number(matrix_median(matrix, index)),
        "best", arm->best, "failed", report->failed, "cancelled", report->cancelled, "values",
        values_json(report), "tuning", tuning_json(arms, arm), "curve",
        arm_curve(arms->input, index), "source", arm_source_json(arms, index));
    json_object_set_new(object, "target", arm_target_json(arms, index));
    add_remarks(arms, index, object);
    return object;
}

static bool is_finished(const struct report_input *input)
{
    for (int i = 0; i < input->run_count; i++) {
        if (!run_is_final(input->runs[i].state))
            return false;
    }
    return true;
}

/* What a report run of each arm takes that never began; 0: not known. */
static void find_steps(const struct report_input *input, int64_t steps[ARMS_MAX])
{
    for (int i = 0; i < input->run_count; i++) {
        const struct report_run *run = &input->runs[i];
        if (run->phase == PHASE_REPORT && run->steps > 0 && run->arm < ARMS_MAX)
            steps[run->arm] = run->steps - run->branched_step;
    }
}

/* What was not trained, and why. */
static json_t *saved_json(const struct report_input *input)
{
    int reused_runs = 0, dropped_runs = 0, decided_runs = 0;
    int64_t reused_steps = 0, dropped_steps = 0, decided_steps = 0, steps[ARMS_MAX] = {0};
    find_steps(input, steps);
    for (int i = 0; i < input->run_count; i++) {
        const struct report_run *run = &input->runs[i];
        if (run->reused_from > 0) {
            reused_runs++;
            reused_steps += run->step;
        } else if (run->state == RUN_PRUNED && run->phase == PHASE_REPORT) {
            decided_runs++;
            decided_steps += steps[run->arm];
        } else if (run->state == RUN_PRUNED) {
            dropped_runs++;
            dropped_steps += run->steps - run->step;
        }
    }
    return json_pack("{s:i, s:I, s:i, s:I, s:i, s:I}", "reused_runs", reused_runs, "reused_steps",
                     (json_int_t)reused_steps, "dropped_runs", dropped_runs, "dropped_steps",
                     (json_int_t)dropped_steps, "decided_runs", decided_runs, "decided_steps",
                     (json_int_t)decided_steps);
}

json_t *report_json(const struct report_input *input)
{
    if (report_has_tasks(input))
        return task_reports_json(input);
    struct arms arms = arms_of(input);
    struct matrix matrix = matrix_of(&arms);
    struct comparison_verdict verdict = verdict_of(&matrix.comparison);
    json_t *list = json_array();
    for (int i = 0; i < arms.count; i++)
        json_array_append_new(list, arm_json(&arms, &matrix, i));

    json_t *report =
        json_pack("{s:I, s:s, s:{s:s, s:s, s:s}, s:s, s:b, s:o, s:o, s:o}", "job",
                  (json_int_t)input->job, "state", job_state_names[input->state], "metric", "name",
                  input->metric.name, "goal", input->metric.maximize ? "maximize" : "minimize",
                  "at", input->metric.best ? "best" : "last", "baseline",
                  arms.count ? arms.list[arms.baseline].name : "", "finished", is_finished(input),
                  "arms", list, "saved", saved_json(input), "warnings", arms_warnings(&arms));
    looked_warnings(&matrix, &arms, &verdict, json_object_get(report, "warnings"));
    json_object_set_new(report, "sequential", looked_json(&matrix, &arms, &verdict));
    verdict_add_json(&matrix, &verdict, input->baseline_only, report);
    json_object_set_new(report, "tasks", json_null());
    json_object_set_new(report, "over_tasks", json_null());
    verdict_release(&verdict);
    matrix_release(&matrix);
    arms_release(&arms);
    return report;
}

static void write_line(FILE *out, const char *arm, const struct report_run *run)
{
    csv_text(out, arm);
    fprintf(out, ",%" PRIu64 ",%" PRId64 ",", run->seed, run->id);
    if (report_run_counts(run))
        csv_number(out, run->objective);
    fputc('\n', out);
}

char *report_csv(const struct report_input *input)
{
    if (report_has_tasks(input))
        return task_reports_csv(input, report_csv);
    struct arms arms = arms_of(input);
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);

    fputs("arm,seed,run,value\n", out);
    for (int i = 0; i < arms.count; i++) {
        const struct sample *report = &arms.list[i].report;
        for (int j = 0; j < report->count; j++) {
            if (has_ended(report->runs[j]))
                write_line(out, arms.list[i].name, report->runs[j]);
        }
    }
    fclose(out);
    arms_release(&arms);
    return text;
}

char *report_pairs_csv(const struct report_input *input)
{
    if (report_has_tasks(input))
        return task_reports_csv(input, report_pairs_csv);
    struct arms arms = arms_of(input);
    struct matrix matrix = matrix_of(&arms);
    struct comparison_verdict verdict = verdict_of(&matrix.comparison);
    char *text = verdict_csv(&matrix, &verdict);

    verdict_release(&verdict);
    matrix_release(&matrix);
    arms_release(&arms);
    return text;
}
