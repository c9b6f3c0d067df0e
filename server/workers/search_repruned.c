/*
 * Curves that are read from the store while a search goes on, on a helper thread. A search that
 * gets a pruner needs what its runs have reported before, and what they report meanwhile comes
 * behind it; a run that took over the results of another one sends no rows, and is compared by that
 * one's.
 */
#include "workers/search_borrowed.h"

#include "workers/search_prune.h"

#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS_MOST = 4000000 };

struct point {
    int64_t run, step;
    double value;
};

struct reading {
    struct search *search;
    char metric[64];
    struct point *points; /* [count] run by run, in the order of their steps */
    int count, room, outcome;
    struct error err;
    struct run *run; /* that borrows its curve; NULL: of all runs */
    search_curve_there *then;
};

static void take_point(void *context, int64_t run, int64_t step, double value)
{
    struct reading *reading = context;
    if (reading->count == POINTS_MOST)
        return;
    if (reading->count == reading->room) {
        reading->room = reading->room ? 2 * reading->room : 1024;
        reading->points = xrealloc(reading->points, (size_t)reading->room, sizeof *reading->points);
    }
    reading->points[reading->count++] = (struct point){run, step, value};
}

static void read_points(void *reader, void *context)
{
    struct reading *reading = context;
    const struct search *search = reading->search;
    (void)reader;
    if (reading->run)
        reading->outcome = store_load_curve(search->conductor->store, reading->run->id,
                                            reading->metric, take_point, reading, &reading->err);
    else
        reading->outcome = store_load_curves(search->conductor->store, search->job->id,
                                             reading->metric, take_point, reading, &reading->err);
}

/* The rule has looked at none of them, and where it would have stopped a run that has ended it does
 * not matter any more. */
static void add_points(struct search *search, int number, const struct point *points, int count)
{
    for (int i = 0; i < count; i++)
        search_curve_add(search, number, points[i].step, points[i].value);
}

static void add_later(struct search *search, int number, const struct kept_curve *later)
{
    const double sign = search->plan->objectives[0].maximize ? -1 : 1;
    for (int i = 0; i < later->count; i++)
        search_curve_add(search, number, later->steps[i], sign * later->points[i].value);
}

static void merge(struct search *search, int number, const struct point *points, int count)
{
    struct kept_curve later = {0};
    if (number < search->pruning->room) {
        struct kept_curve *curve = &search->pruning->curves[number];
        later = *curve;
        curve->points = NULL;
        curve->steps = NULL;
        curve->count = curve->room = 0;
    }
    add_points(search, number, points, count);
    add_later(search, number, &later);
    free(later.points);
    free(later.steps);
}

static void merge_all(struct reading *reading)
{
    const struct conductor *conductor = reading->search->conductor;
    for (int i = 0, end; i < reading->count; i = end) {
        const int64_t id = reading->points[i].run;
        const struct run *run = job_index_find_run(conductor->jobs, id);
        for (end = i; end < reading->count && reading->points[end].run == id;)
            end++;
        if (run && run->job == reading->search->job)
            merge(reading->search, run->number, reading->points + i, end - i);
    }
}

static void points_read(void *context)
{
    struct reading *reading = context;
    struct search *search = reading->search;
    struct job *job = search->job;
    if (reading->outcome < 0)
        log_line("job %" PRId64 ": its curves: %s", job->id, reading->err.sentence);
    else if (search->pruning)
        merge_all(reading);
    if (reading->then && !search->conductor->stopping) /* else the next start tells of it */
        reading->then(search, reading->run);
    free(reading->points);
    free(reading);
    drop_job(job->conductor, job);
}

static bool read_later(struct search *search, struct run *run, search_curve_there *then)
{
    struct reading *reading = xcalloc(1, sizeof *reading);
    *reading = (struct reading){.search = search, .run = run, .then = then};
    snprintf(reading->metric, sizeof reading->metric, "%s", search->plan->objectives[0].name);
    hold_job(search->job);
    if (helpers_run(search->conductor->helpers, read_points, points_read, reading))
        return true;
    free(reading);
    drop_job(search->conductor, search->job);
    return false;
}

void search_prune_change(struct search *search)
{
    const bool had_curves = search->pruning != NULL;
    search_prune_open(search);
    if (had_curves || !search->pruning)
        return;
    if (!read_later(search, NULL, NULL))
        log_line("job %" PRId64 ": too many reads are waiting; its pruner begins without what was "
                 "reported before",
                 search->job->id);
}

/* Where it is there after a restart, it is not read again. */
bool search_borrow_curve(struct search *search, struct run *run, search_curve_there *then)
{
    const struct pruning *pruning = search->pruning;
    if (run->reused_from == 0 || !pruning || pruning->pruner->rule->takes_parts ||
        (run->number < pruning->room && pruning->curves[run->number].count > 0))
        return false;
    return read_later(search, run, then);
}
