#include "api/report_curves.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void release_all(struct series *series, int count)
{
    for (int i = 0; i < count; i++)
        series_release(&series[i]);
    free(series);
}

/* --- places on the axis ------------------------------------------------------------------- */

/* Between two rows of the other series on the straight line; NaN outside. *cursor moves on. */
static double other_at(const struct series *other, int64_t step, int *cursor)
{
    assert(other); /* places_of() has seen to it */
    while (*cursor + 1 < other->count && other->step[*cursor + 1] <= step)
        ++*cursor;
    const int i = *cursor;
    if (i >= other->count || step < other->step[i])
        return (double)NAN;
    if (step == other->step[i] || i + 1 == other->count)
        return step == other->step[i] ? other->value[i] : (double)NAN;
    const double share =
        (double)(step - other->step[i]) / (double)(other->step[i + 1] - other->step[i]);
    return other->value[i] + share * (other->value[i + 1] - other->value[i]);
}

static int by_run(const void *left, const void *right)
{
    const struct series *a = left, *b = right;
    return (a->run > b->run) - (a->run < b->run);
}

/* Series come in the order of their runs. */
static const struct series *series_of(const struct series *list, int count, int64_t run)
{
    return count ? bsearch(&(struct series){.run = run}, list, (size_t)count, sizeof *list, by_run)
                 : NULL;
}

/* NULL: the run does not have the axis. Where a row has no place, it keeps the one before. */
static double *places_of(const struct series *series, enum curve_axis by, double steps_per_epoch,
                         const struct series *work)
{
    if ((by == AXIS_EPOCH && !(steps_per_epoch > 0)) || (by == AXIS_WORK && !work))
        return NULL;
    double *x = xcalloc((size_t)series->count, sizeof *x);
    int cursor = 0;

    for (int i = 0; i < series->count; i++) {
        const double step = (double)series->step[i];
        switch (by) {
        case AXIS_STEP:
        case CURVE_AXES:
            x[i] = step;
            break;
        case AXIS_EPOCH:
            x[i] = step / steps_per_epoch;
            break;
        case AXIS_WALL_TIME:
            x[i] = (double)series->wall_ms[i] / 1000;
            break;
        case AXIS_WORK:
            x[i] = other_at(work, series->step[i], &cursor);
            break;
        }
        if (i > 0 && isfinite(x[i - 1]) && !(x[i] >= x[i - 1]))
            x[i] = x[i - 1];
    }
    return x;
}

/* --- curves -------------------------------------------------------------------------------- */

static void add_curve(struct report_curves *out, const struct live_run *run,
                      const struct series *series, double *x, enum curve_axis by)
{
    int first = 0;
    while (first < series->count && !isfinite(x[first]))
        first++;
    out->x[out->count] = x;
    out->curves[out->count++] = (struct curve_input){
        .arm = run->arm,
        .stays = run->position.state == RUN_SUCCEEDED && (by == AXIS_WALL_TIME || by == AXIS_WORK),
        .count = series->count - first,
        .x = x + first,
        .value = series->value + first,
    };
}

int report_curves_read(struct reader *reader, const struct job_runs *job,
                       const struct curve_style *style, const struct arm_budget *budgets,
                       struct report_curves *out, struct error *err)
{
    struct series *work = NULL;
    int work_count = 0;

    *out = (struct report_curves){0};
    if (store_read_job_series(reader, job->id, style->metric, PHASE_REPORT, style->points,
                              &out->series, &out->series_count, err) < 0)
        return -1;
    if (style->by == AXIS_WORK && store_read_job_series(reader, job->id, "work", PHASE_REPORT,
                                                        style->points, &work, &work_count, err) < 0)
        return -1;
    out->curves = xcalloc((size_t)out->series_count, sizeof *out->curves);
    out->x = xcalloc((size_t)out->series_count, sizeof *out->x);
    for (int i = 0; i < out->series_count; i++) {
        const struct series *series = &out->series[i];
        const struct live_run *run = job_runs_find(job, series->run);
        double *x = places_of(series, style->by, budgets[run->arm].steps_per_epoch,
                              series_of(work, work_count, series->run));
        if (x)
            add_curve(out, run, series, x, style->by);
    }
    release_all(work, work_count);
    return 0;
}

void report_curves_release(struct report_curves *curves)
{
    for (int i = 0; i < curves->count; i++)
        free(curves->x[i]);
    free(curves->x);
    free(curves->curves);
    release_all(curves->series, curves->series_count);
    *curves = (struct report_curves){0};
}

/* --- courses ------------------------------------------------------------------------------- */

enum { COURSE_POINTS = 200 }; /* of a first look; the rows where it crosses are read then */

static struct target_curve target_curve_of(const struct series *series, bool failed)
{
    return (struct target_curve){
        .count = series->count,
        .step = series->step,
        .value = series->value,
        .wall_ms = series->wall_ms,
        .failed = failed,
    };
}

/* The first bucket that holds a value at or beyond the target; -1: none does. */
static int crossing_bucket(const struct series *series, double target, bool maximize)
{
    for (int i = 0; i < series->count; i++) {
        if (maximize ? series->high[i] >= target : series->low[i] <= target)
            return i;
    }
    return -1;
}

/* From the last row of the bucket before on, row by row. */
static int read_crossing(struct reader *reader, const struct series *series, int bucket,
                         const char *metric, double target, bool maximize, struct target_time *out,
                         struct error *err)
{
    struct series *rows = NULL;
    int count = 0;
    const int64_t from = bucket > 0 ? series->step[bucket - 1] : 0;

    if (store_read_series(reader, series->run, metric, from, series->step[bucket], 0, &rows, &count,
                          err) < 0)
        return -1;
    if (count == 1) {
        const struct target_curve curve = target_curve_of(&rows[0], false);
        *out = target_time(&curve, target, maximize);
    }
    release_all(rows, count);
    return 0;
}

static int read_reached(struct reader *reader, const struct series *series, bool failed,
                        const struct metric_choice *metric, double target, struct target_time *out,
                        struct error *err)
{
    const int bucket = series->reduced ? crossing_bucket(series, target, metric->maximize) : -1;
    const struct target_curve curve = target_curve_of(series, failed);
    if (bucket >= 0)
        return read_crossing(reader, series, bucket, metric->name, target, metric->maximize, out,
                             err);
    *out = target_time(&curve, target, metric->maximize);
    return 0;
}

static int read_courses(struct reader *reader, const struct job_runs *job,
                        const struct report_curves *curves, double target,
                        struct run_course *courses, struct error *err)
{
    for (int i = 0; i < curves->series_count; i++) {
        const struct series *series = &curves->series[i];
        const struct live_run *run = job_runs_find(job, series->run);
        struct run_course *course = &courses[run - job->runs];

        course->known = series->count > 0;
        course->evaluations = series->rows;
        if (course->known && !isnan(target) &&
            read_reached(reader, series, run->position.state == RUN_FAILED, &job->metric, target,
                         &course->reached, err) < 0)
            return -1;
    }
    return 0;
}

int report_courses_read(struct reader *reader, const struct job_runs *job,
                        const struct report_curves *curves, double target, struct run_course **out,
                        struct error *err)
{
    struct report_curves own = {0};

    *out = xcalloc((size_t)job->run_count, sizeof **out);
    if (curves->series_count && strcmp(curves->series[0].name, job->metric.name) == 0)
        return read_courses(reader, job, curves, target, *out, err);
    if (store_read_job_series(reader, job->id, job->metric.name, PHASE_REPORT, COURSE_POINTS,
                              &own.series, &own.series_count, err) < 0)
        return -1;
    const int outcome = read_courses(reader, job, &own, target, *out, err);
    report_curves_release(&own);
    return outcome;
}
