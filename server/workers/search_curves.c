/*
 * Curves of a search's runs, as a pruning rule sees them.
 */
#include "workers/search_prune.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool any_stands(const struct job *job)
{
    for (int i = 0; i < job->run_count; i++)
        if (job->runs[i].position.state == RUN_WAITING && job->runs[i].position.attempt > 0)
            return true;
    return false;
}

void search_prune_open(struct search *search)
{
    struct pruner *pruner = pruner_new(search->plan->pruner);
    const bool idle = !pruner || strcmp(pruner->rule->name, "none") == 0;
    if (!pruner || (idle && !search->pruning && !any_stands(search->job))) {
        pruner_free(pruner);
        return;
    }
    if (!search->pruning)
        search->pruning = xcalloc(1, sizeof *search->pruning);
    pruner_free(search->pruning->pruner);
    search->pruning->pruner = pruner;
}

void search_prune_free(struct search *search)
{
    struct pruning *pruning = search->pruning;
    if (!pruning)
        return;
    for (int i = 0; i < pruning->room; i++) {
        free(pruning->curves[i].points);
        free(pruning->curves[i].steps);
        free(pruning->curves[i].verdict);
    }
    pruner_free(pruning->pruner);
    free(pruning->curves);
    free(pruning);
    search->pruning = NULL;
}

static struct kept_curve *curve_of(struct search *search, int number)
{
    struct pruning *pruning = search->pruning;
    if (pruning->room < search->job->run_count) { /* the budget may have grown */
        const int room = search->job->run_count;
        pruning->curves = xrealloc(pruning->curves, (size_t)room, sizeof *pruning->curves);
        for (int i = pruning->room; i < room; i++)
            pruning->curves[i] = (struct kept_curve){.judged = -1};
        pruning->room = room;
    }
    return &pruning->curves[number];
}

/* --- progress ------------------------------------------------------------------------------------
 */

/* Runs are measured by the first one whose length is known; an external runner's by what the first
 * one that ended has reported. */
static double find_most(const struct search *search)
{
    const struct pruning *pruning = search->pruning;
    if (!search->plan->external) {
        for (int i = 0; i < search->proposed; i++)
            if (search->job->runs[i].steps > 0)
                return (double)search->job->runs[i].steps;
        return 0;
    }
    for (int i = 0; i < search->order_count; i++) {
        const int number = search->order[i];
        const struct kept_curve *curve = number < pruning->room ? &pruning->curves[number] : NULL;
        if (curve && curve->count > 0 && search->outcomes[number].outcome == PROPOSAL_DONE)
            return (double)curve->steps[curve->count - 1];
    }
    return 0;
}

static double progress_of(const struct search *search, int number, int64_t step)
{
    const double steps = (double)search->job->runs[number].steps;
    const double most = search->pruning->most;
    if (search->plan->external || search_prunes_points(search) || steps <= 0 || most <= 0 ||
        steps == most)
        return (double)step;
    return (double)step * most / steps;
}

/* Where the measure is known now, or is another: it was taken before the first run began. */
static void measure(struct search *search)
{
    struct pruning *pruning = search->pruning;
    const double most = find_most(search);
    if (most == pruning->most)
        return;
    pruning->most = most;
    for (int i = 0; i < pruning->room; i++)
        for (int k = 0; k < pruning->curves[i].count; k++)
            pruning->curves[i].points[k].progress =
                progress_of(search, i, pruning->curves[i].steps[k]);
}

/* --- points --------------------------------------------------------------------------------------
 */

/* The last two stay, since a rule looks at what lies between them. */
static void thin_out(struct kept_curve *curve)
{
    int kept = 0;
    for (int i = 0; i < curve->count; i++) {
        if (i % 2 == 1 && i < curve->count - 2)
            continue;
        curve->points[kept] = curve->points[i];
        curve->steps[kept++] = curve->steps[i];
    }
    curve->count = kept;
}

static void make_room(struct kept_curve *curve)
{
    if (curve->count < curve->room)
        return;
    curve->room = curve->room ? 2 * curve->room : 8;
    curve->points = xrealloc(curve->points, (size_t)curve->room, sizeof *curve->points);
    curve->steps = xrealloc(curve->steps, (size_t)curve->room, sizeof *curve->steps);
}

static void insert_point(struct kept_curve *curve, int at, int64_t step, struct curve_point point)
{
    const size_t behind = (size_t)(curve->count - at);
    make_room(curve);
    memmove(&curve->points[at + 1], &curve->points[at], behind * sizeof *curve->points);
    memmove(&curve->steps[at + 1], &curve->steps[at], behind * sizeof *curve->steps);
    curve->points[at] = point;
    curve->steps[at] = step;
    curve->count++;
}

/* Rows that a run on a worker sends again after a resume are the same rows. Behind a verdict
 * nothing is news. */
bool search_curve_add(struct search *search, int number, int64_t step, double value)
{
    struct kept_curve *curve = curve_of(search, number);
    const bool parts = search->pruning->pruner->rule->takes_parts;
    int at = curve->count;

    measure(search);
    while (at > 0 && curve->steps[at - 1] > step)
        at--;
    if ((at > 0 && curve->steps[at - 1] == step) || (!parts && at < curve->count) ||
        (curve->verdict && step > curve->judged))
        return false;
    if (curve->count == CURVE_POINTS_MAX && parts)
        return false;
    if (curve->count == CURVE_POINTS_MAX) {
        thin_out(curve);
        at = curve->count;
    }
    insert_point(curve, at, step,
                 (struct curve_point){
                     .progress = progress_of(search, number, step),
                     .value = search->plan->objectives[0].maximize ? -value : value,
                 });
    return true;
}

/* --- the table -----------------------------------------------------------------------------------
 */

static enum curve_state state_of(const struct search *search, const struct run *run,
                                 const struct kept_curve *curve)
{
    const struct search_outcome *outcome = &search->outcomes[run->number];
    if (outcome->is_told && outcome->outcome == PROPOSAL_DELETED)
        return CURVE_FAILED;
    if (curve->verdict && (search->plan->in_order || run->position.state != RUN_SUCCEEDED))
        return CURVE_PRUNED;
    switch (run->position.state) {
    case RUN_WAITING:
        return run->position.attempt > 0 && run->endings == 0 && !run->releasing ? CURVE_PAUSED
                                                                                 : CURVE_RUNNING;
    case RUN_QUEUED:
    case RUN_RUNNING:
        return CURVE_RUNNING;
    case RUN_SUCCEEDED:
        return CURVE_DONE;
    case RUN_PRUNED:
        return CURVE_PRUNED;
    case RUN_CANCELLED:
    case RUN_FAILED:
    case RUN_STATES:
        break;
    }
    return CURVE_FAILED;
}

static struct run_curve seen_point(struct search *search, int point)
{
    const struct kept_curve *curve = curve_of(search, point);
    return (struct run_curve){
        .state = search_point_state(search, point),
        .points = curve->points,
        .count = curve->count,
        .number = point * search->plan->seeds,
    };
}

static struct run_curve seen_curve(struct search *search, int number)
{
    if (search_prunes_points(search))
        return seen_point(search, number);
    const struct kept_curve *curve = curve_of(search, number);
    const struct search_outcome *outcome = &search->outcomes[number];
    const bool gone = outcome->is_told && outcome->outcome == PROPOSAL_DELETED;
    return (struct run_curve){
        .state = state_of(search, &search->job->runs[number], curve),
        .points = curve->points,
        .count = gone ? 0 : curve->count,
        .rung = search->job->runs[number].rung,
        .number = number,
    };
}

/* How many runs, or points, from the first on number `number` is compared with. */
static int compared_with(const struct search *search, int number)
{
    const int seeds = search_prunes_points(search) ? search->plan->seeds : 1;
    if (number < 0 || !search->plan->in_order)
        return (search->proposed + seeds - 1) / seeds;
    const int known = number - search_parallel(search) + 1;
    return known > 0 ? known : 0;
}

struct prune_table search_prune_table(struct search *search, int number, int *out_at)
{
    const int count = compared_with(search, number);
    const bool apart = number >= count;
    struct run_curve *runs = xcalloc((size_t)count + 1, sizeof *runs);

    measure(search);
    for (int i = 0; i < count; i++)
        runs[i] = seen_curve(search, i);
    if (apart)
        runs[count] = seen_curve(search, number);
    *out_at = apart ? count : number;
    return (struct prune_table){
        .runs = runs,
        .count = count + apart,
        .most = search->pruning->most,
        .open = search->plan->external,
        .maximize = search->plan->objectives[0].maximize,
        .seed = search->plan->seed,
    };
}

/* --- from the store ------------------------------------------------------------------------------
 */

void search_prune_restore(struct search *search, const struct kept_proposal *kept)
{
    if (!search->pruning)
        return;
    const bool points = search_prunes_points(search);
    struct kept_curve *curve =
        curve_of(search, points ? kept->number / search->plan->seeds : kept->number);
    if (kept->judged > curve->judged)
        curve->judged = kept->judged;
    if (kept->verdict && !curve->verdict)
        curve->verdict = xstrdup(kept->verdict);
}

struct curve_loading {
    struct search *search;
    int at; /* runs come in their order */
};

/* A run that took over the results of another one has those of that one. */
static void load_point(void *context, int64_t run, int64_t step, double value)
{
    struct curve_loading *loading = context;
    const struct job *job = loading->search->job;
    while (loading->at < loading->search->proposed && job_run_id(job, loading->at) != run)
        loading->at++;
    if (loading->at < loading->search->proposed)
        search_curve_add(loading->search, loading->at, step, value);
}

int search_prune_load(struct search *search, struct error *err)
{
    struct curve_loading loading = {search, 0};
    if (!search->pruning)
        return 0;
    if (search_prunes_points(search)) {
        search_add_parts(search);
        return 0;
    }
    return store_load_curves(search->conductor->store, search->job->id,
                             search->plan->objectives[0].name, load_point, &loading, err);
}
