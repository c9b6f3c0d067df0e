#include "compare/task_reports.h"

#include "compare/csv.h"
#include "compare/over_tasks.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a task as a comparison of its own ----------------------------------------------------- */

/* Arms first … first + count - 1 of the whole are its arms 0 … count - 1. */
struct slice {
    struct report_input input;
    int first, count;
    json_t *request, *sources, *refined, *theory;
    struct report_run *runs;
    struct curve_input *curves;
};

static int task_count_of(const struct report_input *input)
{
    return (int)json_array_size(json_object_get(input->request, "tasks"));
}

static const char *task_name(const struct report_input *input, int task)
{
    const json_t *tasks = json_object_get(input->request, "tasks");
    return json_text_at(json_array_get(tasks, (size_t)task), "name", "");
}

static bool has_arm(const struct slice *slice, int arm)
{
    return arm >= slice->first && arm < slice->first + slice->count;
}

static void slice_runs(const struct report_input *whole, struct slice *slice)
{
    slice->runs = xcalloc((size_t)whole->run_count, sizeof *slice->runs);
    slice->input.runs = slice->runs;
    slice->input.run_count = 0;
    for (int i = 0; i < whole->run_count; i++) {
        if (!has_arm(slice, whole->runs[i].arm))
            continue;
        struct report_run *run = &slice->runs[slice->input.run_count++];
        *run = whole->runs[i];
        run->arm -= slice->first;
    }
}

static void slice_curves(const struct report_input *whole, struct slice *slice)
{
    slice->curves = xcalloc((size_t)whole->curve_count, sizeof *slice->curves);
    slice->input.curves = slice->curves;
    slice->input.curve_count = 0;
    for (int i = 0; i < whole->curve_count; i++) {
        if (!has_arm(slice, whole->curves[i].arm))
            continue;
        struct curve_input *curve = &slice->curves[slice->input.curve_count++];
        *curve = whole->curves[i];
        curve->arm -= slice->first;
    }
}

static json_t *slice_of_list(const json_t *list, const struct slice *slice)
{
    if (!list)
        return NULL;
    json_t *part = json_array();
    for (int arm = slice->first; arm < slice->first + slice->count; arm++) {
        json_t *entry = json_array_get(list, (size_t)arm);
        json_array_append_new(part, entry ? json_deep_copy(entry) : json_null());
    }
    return part;
}

/* They name the other arm by its number. */
static void slice_sources(const struct report_input *whole, struct slice *slice)
{
    size_t i;
    json_t *source;

    slice->sources = slice_of_list(whole->sources, slice);
    json_array_foreach(slice->sources, i, source)
    {
        if (json_is_object(source))
            json_object_set_new(source, "arm",
                                json_integer(json_integer_at(source, "arm", 0) - slice->first));
    }
    slice->input.sources = slice->sources;
}

static void slice_refined(const struct report_input *whole, struct slice *slice)
{
    if (!whole->refined)
        return;
    slice->refined = json_object();
    for (int arm = 0; arm < slice->count; arm++) {
        char from[16], to[16];
        snprintf(from, sizeof from, "%d", slice->first + arm);
        snprintf(to, sizeof to, "%d", arm);
        json_t *schedule = json_object_get(whole->refined, from);
        if (schedule)
            json_object_set(slice->refined, to, schedule);
    }
    slice->input.refined = slice->refined;
}

static void slice_fill(const struct report_input *whole, int task, struct slice *slice)
{
    const int count = (int)json_array_size(json_object_get(whole->request, "arms"));

    *slice = (struct slice){.input = *whole, .first = task * count, .count = count};
    slice->request = json_copy((json_t *)(uintptr_t)whole->request);
    json_object_del(slice->request, "tasks");
    slice->input.request = slice->request;
    slice->theory = slice_of_list(whole->theory, slice);
    slice->input.theory = slice->theory;
    if (whole->budgets)
        slice->input.budgets = whole->budgets + slice->first;
    slice_runs(whole, slice);
    slice_curves(whole, slice);
    slice_sources(whole, slice);
    slice_refined(whole, slice);
}

static void slice_release(struct slice *slice)
{
    json_decref(slice->request);
    json_decref(slice->sources);
    json_decref(slice->refined);
    json_decref(slice->theory);
    free(slice->runs);
    free(slice->curves);
}

/* --- over tasks ---------------------------------------------------------------------------- */

struct whole {
    struct over_tasks over;
    const char *arms[COMPARISON_ARMS_MAX]; /* borrowed from the request */
    const char *tasks[COMPARISON_ARMS_MAX];
};

static struct matrix matrix_of_slice(const struct slice *slice)
{
    struct arms arms = arms_of(&slice->input);
    const struct matrix matrix = matrix_of(&arms); /* its values are its own */
    arms_release(&arms);
    return matrix;
}

static struct whole whole_of(const struct report_input *input, const struct slice *slices,
                             int task_count)
{
    struct whole whole = {.arms = {NULL}};
    const json_t *arms = json_object_get(input->request, "arms");
    struct matrix *matrices = xcalloc((size_t)task_count, sizeof *matrices);

    for (int arm = 0; arm < slices[0].count; arm++)
        whole.arms[arm] = json_text_at(json_array_get(arms, (size_t)arm), "name", "");
    for (int task = 0; task < task_count; task++) {
        whole.tasks[task] = task_name(input, task);
        matrices[task] = matrix_of_slice(&slices[task]);
    }
    whole.over = over_tasks_of(matrices, task_count);
    for (int task = 0; task < task_count; task++)
        matrix_release(&matrices[task]);
    free(matrices);
    return whole;
}

static struct slice *slices_of(const struct report_input *input, int task_count)
{
    struct slice *slices = xcalloc((size_t)task_count, sizeof *slices);
    for (int task = 0; task < task_count; task++)
        slice_fill(input, task, &slices[task]);
    return slices;
}

static void slices_release(struct slice *slices, int task_count)
{
    for (int task = 0; task < task_count; task++)
        slice_release(&slices[task]);
    free(slices);
}

/* --- JSON ---------------------------------------------------------------------------------- */

/* What is about the job as a whole stands there once. */
static json_t *task_json(const struct report_input *input, const json_t *report, int task)
{
    static const char *const members[] = {"baseline", "finished",  "arms",    "saved", "warnings",
                                          "sentence", "sentences", "judging", "pairs"};
    json_t *json = json_pack("{s:o}", "name", json_text(task_name(input, task)));
    for (size_t i = 0; i < COUNT_OF(members); i++)
        json_object_set(json, members[i], json_object_get(report, members[i]));
    return json;
}

static bool has_warning(const json_t *report, const json_t *warning)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(report, "warnings"), i, entry)
    {
        if (json_equal(entry, warning))
            return true;
    }
    return false;
}

static bool all_have_warning(const json_t *reports, const json_t *warning)
{
    size_t i;
    json_t *report;
    json_array_foreach(reports, i, report)
    {
        if (!has_warning(report, warning))
            return false;
    }
    return true;
}

static json_t *warnings_of(const struct report_input *input, const json_t *reports)
{
    json_t *all = json_array(), *report, *warning;
    size_t task, i;

    json_array_foreach(reports, task, report)
    {
        json_array_foreach(json_object_get(report, "warnings"), i, warning)
        {
            AUTO_FREE char *text =
                xprintf("on %s: %s", task_name(input, (int)task), json_string_value(warning));
            if (!all_have_warning(reports, warning))
                json_array_append_new(all, json_text(text));
            else if (task == 0)
                json_array_append(all, warning);
        }
    }
    return all;
}

/* {"reused_runs": …} of all tasks together. */
static json_t *saved_of(const json_t *reports)
{
    json_t *sums = json_object(), *report, *value;
    const char *key;
    size_t task;

    json_array_foreach(reports, task, report)
    {
        json_object_foreach(json_object_get(report, "saved"), key, value)
        {
            json_object_set_new(
                sums, key, json_integer(json_integer_at(sums, key, 0) + json_integer_value(value)));
        }
    }
    return sums;
}

static bool all_finished(const json_t *reports)
{
    size_t task;
    json_t *report;
    json_array_foreach(reports, task, report)
    {
        if (!json_is_true(json_object_get(report, "finished")))
            return false;
    }
    return true;
}

/* The first report, made one of them all. */
static json_t *joined(const struct report_input *input, const json_t *reports, json_t *over_tasks)
{
    static const char *const of_tasks[] = {"arms", "pairs", "sentences"};
    json_t *json = json_copy(json_array_get(reports, 0));
    json_t *tasks = json_array(), *report;
    size_t task;

    json_array_foreach(reports, task, report)
    {
        json_array_append_new(tasks, task_json(input, report, (int)task));
    }
    for (size_t i = 0; i < COUNT_OF(of_tasks); i++)
        json_object_set_new(json, of_tasks[i], json_array());
    json_object_set_new(json, "judging", json_null());
    json_object_set_new(json, "finished", json_boolean(all_finished(reports)));
    json_object_set_new(json, "saved", saved_of(reports));
    json_object_set_new(json, "sequential", json_null()); /* refused beside tasks */
    json_object_set_new(json, "warnings", warnings_of(input, reports));
    json_object_set(json, "sentence", json_object_get(over_tasks, "sentence"));
    json_object_set_new(json, "tasks", tasks);
    json_object_set_new(json, "over_tasks", over_tasks);
    return json;
}

bool report_has_tasks(const struct report_input *input)
{
    return task_count_of(input) > 0;
}

json_t *task_reports_json(const struct report_input *input)
{
    const int task_count = task_count_of(input);
    struct slice *slices = slices_of(input, task_count);
    struct whole whole = whole_of(input, slices, task_count);
    json_auto_t *reports = json_array();

    for (int task = 0; task < task_count; task++)
        json_array_append_new(reports, report_json(&slices[task].input));
    json_t *json = joined(input, reports, over_tasks_json(&whole.over, whole.arms, whole.tasks));
    over_tasks_release(&whole.over);
    slices_release(slices, task_count);
    return json;
}

/* --- CSV ----------------------------------------------------------------------------------- */

/* Names have no line's end in them, so a line is a line. */
static void write_lines(FILE *out, const char *task, const char *text, bool with_head)
{
    bool head = true;
    for (const char *line = text; *line; head = false) {
        const size_t bytes = strcspn(line, "\n");
        if (head && with_head)
            fprintf(out, "task,%.*s\n", (int)bytes, line);
        if (!head) {
            csv_text(out, task);
            fprintf(out, ",%.*s\n", (int)bytes, line);
        }
        line += bytes + (line[bytes] == '\n');
    }
}

char *task_reports_csv(const struct report_input *input,
                       char *(*table)(const struct report_input *))
{
    const int task_count = task_count_of(input);
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);

    for (int task = 0; task < task_count; task++) {
        struct slice slice;
        slice_fill(input, task, &slice);
        AUTO_FREE char *part = table(&slice.input);
        write_lines(out, task_name(input, task), part, task == 0);
        slice_release(&slice);
    }
    fclose(out);
    return text;
}

static void write_place(FILE *out, const struct whole *whole, int task, int arm)
{
    const struct over_tasks *over = &whole->over;
    const struct task_place *place = &over->places[task * over->arm_count + arm];

    csv_text(out, whole->tasks[task]);
    fputc(',', out);
    csv_text(out, whole->arms[arm]);
    fprintf(out, ",%d,%d,", over->seeds[task], place->failed);
    csv_number(out, place->mean);
    fputc(',', out);
    csv_number(out, place->rank);
    fputc('\n', out);
}

char *task_ranks_csv(const struct report_input *input)
{
    const int task_count = task_count_of(input);
    struct slice *slices = slices_of(input, task_count);
    struct whole whole = whole_of(input, slices, task_count);
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);

    fputs("task,arm,seeds,failed,mean,rank\n", out);
    for (int task = 0; task < task_count; task++) {
        for (int arm = 0; arm < whole.over.arm_count; arm++)
            write_place(out, &whole, task, arm);
    }
    fclose(out);
    over_tasks_release(&whole.over);
    slices_release(slices, task_count);
    return text;
}
