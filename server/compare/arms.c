#include "compare/arms.h"

#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool report_run_counts(const struct report_run *run)
{
    return run->state == RUN_SUCCEEDED && isfinite(run->objective);
}

/* --- sorting ------------------------------------------------------------------------------- */

static int compare_ints(int a, int b)
{
    return (a > b) - (a < b);
}

/* By arm, then phase, then (tuning) point; else as they came: they lie in one array. */
static int by_place(const void *left, const void *right)
{
    const struct report_run *a = *(const struct report_run *const *)left;
    const struct report_run *b = *(const struct report_run *const *)right;
    int order = compare_ints(a->arm, b->arm);
    if (!order)
        order = compare_ints(a->phase, b->phase);
    if (!order && a->phase == PHASE_TUNE)
        order = compare_ints(a->point, b->point);
    return order ? order : (a > b) - (a < b);
}

static void sort_runs(struct arms *arms)
{
    const struct report_input *input = arms->input;
    arms->sorted = xcalloc((size_t)input->run_count, sizeof(struct report_run *));
    for (int i = 0; i < input->run_count; i++)
        arms->sorted[i] = &input->runs[i];
    qsort(arms->sorted, (size_t)input->run_count, sizeof(struct report_run *), by_place);
}

/* --- adding up ----------------------------------------------------------------------------- */

static void count_run(struct sample *sample, const struct report_run *run)
{
    if (!run_is_final(run->state))
        sample->open++;
    else if (report_run_counts(run))
        sample->n++;
    else if (run->state == RUN_CANCELLED)
        sample->cancelled++;
    else if (run->state == RUN_PRUNED)
        sample->pruned++;
    else
        sample->failed++;
}

static struct sample sample_of(const struct report_run *const *runs, int count)
{
    struct sample sample = {.runs = runs, .count = count};
    AUTO_FREE double *values = xcalloc((size_t)count, sizeof *values);

    for (int i = 0; i < count; i++) {
        if (report_run_counts(runs[i]))
            values[sample.n] = runs[i]->objective;
        count_run(&sample, runs[i]);
    }
    sample.mean = statistics_mean(values, sample.n);
    sample.standard_error = statistics_standard_error(values, sample.n);
    return sample;
}

static bool same_sample(const struct report_run *a, const struct report_run *b)
{
    return a->arm == b->arm && a->phase == b->phase &&
           (a->phase == PHASE_REPORT || a->point == b->point);
}

static void add_sample(struct arms *arms, const struct report_run *const *runs, int count)
{
    const struct report_run *first = runs[0];
    if (first->arm < 0 || first->arm >= arms->count)
        return;
    struct arm *arm = &arms->list[first->arm];
    if (first->phase == PHASE_REPORT)
        arm->report = sample_of(runs, count);
    else if (arm->tuning && first->point >= 0 && (uint64_t)first->point < arms->grid.point_count)
        arm->tuning[first->point] = sample_of(runs, count);
}

static void add_samples(struct arms *arms)
{
    const int run_count = arms->input->run_count;
    for (int from = 0, to; from < run_count; from = to) {
        for (to = from + 1; to < run_count && same_sample(arms->sorted[from], arms->sorted[to]);)
            to++;
        add_sample(arms, arms->sorted + from, to - from);
    }
}

/* --- what was chosen, and what is best ----------------------------------------------------- */

/* As the queue chose, or will: by the same function, once every tuning run has ended. */
static int choose(const struct arms *arms, const struct arm *arm)
{
    const int points = (int)arms->grid.point_count, seeds = arm->tuning[0].count;
    AUTO_FREE double *values = xcalloc((size_t)points * (size_t)seeds, sizeof *values);

    for (int point = 0; point < points; point++) {
        const struct sample *sample = &arm->tuning[point];
        if (sample->open || sample->count != seeds || seeds == 0)
            return -1;
        for (int i = 0; i < seeds; i++)
            values[point * seeds + i] =
                report_run_counts(sample->runs[i]) ? sample->runs[i]->objective : NO_VALUE;
    }
    return comparison_choose(values, points, seeds, arms->input->metric.maximize);
}

static int chosen_point(const struct arms *arms, const struct arm *arm)
{
    if (arms->grid.axis_count == 0)
        return -1;
    for (int i = 0; i < arm->report.count; i++) {
        const struct report_run *run = arm->report.runs[i];
        if (run->state != RUN_WAITING && run->point >= 0 &&
            (uint64_t)run->point < arms->grid.point_count)
            return run->point;
    }
    return arm->tuning ? choose(arms, arm) : -1;
}

static bool is_better(const struct sample *a, const struct sample *b, bool maximize)
{
    if (a->failed != b->failed)
        return a->failed < b->failed;
    return maximize ? a->mean > b->mean : a->mean < b->mean;
}

static void mark_best(struct arms *arms)
{
    struct arm *best = NULL;
    for (int i = 0; i < arms->count; i++) {
        struct arm *arm = &arms->list[i];
        if (arm->report.n > 0 &&
            (!best || is_better(&arm->report, &best->report, arms->input->metric.maximize)))
            best = arm;
    }
    if (best)
        best->best = true;
}

/* --- the whole ----------------------------------------------------------------------------- */

static void read_grid(struct arms *arms)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const json_t *tune = json_object_get(arms->input->request, "tune");
    if (!json_is_object(tune) ||
        !grid_read(json_object_get(tune, "over"), &arms->grid, &problems) ||
        arms->grid.point_count > RUNS_MAX)
        arms->grid = (struct grid){.point_count = 1};
}

static void read_names(struct arms *arms)
{
    const json_t *request = arms->input->request, *list = json_object_get(request, "arms");
    const char *baseline = json_text_at(request, "baseline", NULL);

    arms->count = (int)json_array_size(list);
    arms->list = xcalloc((size_t)arms->count, sizeof *arms->list);
    for (int i = 0; i < arms->count; i++) {
        struct arm *arm = &arms->list[i];
        arm->name = json_text_at(json_array_get(list, (size_t)i), "name", "");
        arm->report.mean = arm->report.standard_error = NO_VALUE;
        if (arms->grid.axis_count && !arm_is_branch(arms, i))
            arm->tuning = xcalloc(arms->grid.point_count, sizeof *arm->tuning);
        if (baseline && strcmp(arm->name, baseline) == 0)
            arms->baseline = i;
    }
}

struct arms arms_of(const struct report_input *input)
{
    struct arms arms = {.input = input};

    read_grid(&arms);
    read_names(&arms);
    sort_runs(&arms);
    add_samples(&arms);
    for (int i = 0; i < arms.count; i++)
        arms.list[i].chosen = chosen_point(&arms, &arms.list[i]);
    mark_best(&arms);
    return arms;
}

void arms_release(struct arms *arms)
{
    for (int i = 0; i < arms->count; i++)
        free(arms->list[i].tuning);
    free(arms->list);
    free(arms->sorted);
    *arms = (struct arms){0};
}
