/*
 * Verdicts on runs of a search. A point is looked at once it is on disk, and the verdict is on disk
 * before the run hears of it: after a restart, what was let pass is not looked at again.
 */
#include "workers/search_prune.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- rows ----------------------------------------------------------------------------------------
 */

struct seen_row {
    int64_t step;
    double value;
};

struct seen_rows {
    int count;
    struct seen_row list[];
};

void seen_rows_free(struct seen_rows *rows)
{
    free(rows);
}

static struct pruning *pruning_of(const struct run *run)
{
    return run->job->search ? run->job->search->pruning : NULL;
}

struct seen_rows *search_rows_seen(const struct run *run, const struct metric_row *rows, int count)
{
    if (!pruning_of(run) || search_prunes_points(run->job->search))
        return NULL; /* a point is looked at when one of its runs has ended */
    const char *metric = run->job->search->plan->objectives[0].name;
    const uint32_t name = name_metric(run->job->conductor, metric, strlen(metric));
    int found = 0;
    for (int i = 0; i < count; i++)
        found += rows[i].name == name;
    if (found == 0)
        return NULL;
    struct seen_rows *seen = xcalloc(1, sizeof *seen + (size_t)found * sizeof(struct seen_row));
    for (int i = 0; i < count; i++)
        if (rows[i].name == name)
            seen->list[seen->count++] = (struct seen_row){rows[i].step, rows[i].value};
    return seen;
}

/* --- writing a verdict down ----------------------------------------------------------------------
 */

struct judging_run {
    struct run *run;
    int64_t step;
    char *verdict; /* NULL: it goes on */
};

static void judging_free(void *context)
{
    struct judging_run *judging = context;
    free(judging->verdict);
    free(judging);
}

/* One that has ended, or is about to for a reason of its own, has no need to hear of it. */
static void act_on(struct run *run)
{
    const bool yields = run->stopping && strcmp(run->stopping, "preempted") == 0;
    if (run->position.state == RUN_RUNNING && !run->job->search->plan->external &&
        (!run->stopping || yields))
        stop_run(run, "pruned");
}

static void write_judgement(void *context);

static void judgement_written(void *context, const struct error *err)
{
    struct judging_run *judging = context;
    struct run *run = judging->run;
    struct job *job = run->job;
    struct conductor *conductor = job->conductor;

    if (err) {
        log_line("run %" PRId64 ": its verdict is not on disk yet: %s", run->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, write_judgement, judging_free, judging);
        return; /* keeps its hold on the job */
    }
    if (judging->verdict)
        act_on(run);
    judging_free(judging);
    drop_job(conductor, job);
}

static void write_judgement(void *context)
{
    const struct judging_run *judging = context;
    store_judge(judging->run->job->conductor->store,
                &(struct new_judgement){judging->run->id, judging->step, judging->verdict},
                judgement_written, context);
}

static void keep_judgement(struct run *run, const struct kept_curve *curve)
{
    struct judging_run *judging = xcalloc(1, sizeof *judging);
    *judging = (struct judging_run){
        .run = run,
        .step = curve->judged,
        .verdict = curve->verdict ? xstrdup(curve->verdict) : NULL,
    };
    hold_job(run->job);
    write_judgement(judging);
}

/* --- looking -------------------------------------------------------------------------------------
 */

static char *words_of(const struct search *search, const struct kept_curve *curve, int at,
                      const struct prune_table *table, const char *why)
{
    const bool points = search_prunes_points(search);
    const int64_t first = points ? json_integer_at(search->plan->base, "seed", 1) : 0;
    return xprintf("%s: %s %.6g %s %" PRId64 " %s", search->pruning->pruner->rule->name,
                   search->plan->objectives[0].name, prune_shown(table, curve->points[at].value),
                   points ? "with seed" : "at step", first + curve->steps[at], why);
}

/* The first point behind those that were looked at. Parts come in any order: all are looked at
 * together. */
static int first_new(const struct pruning *pruning, const struct kept_curve *curve)
{
    int at = curve->count;
    if (pruning->pruner->rule->takes_parts)
        return curve->count - 1;
    while (at > 0 && curve->steps[at - 1] > curve->judged)
        at--;
    return at;
}

/* Point by point, as if each had come by itself: how many came at once is chance. */
static void look_at(struct search *search, int number)
{
    struct pruning *pruning = search->pruning;
    struct kept_curve *curve = &pruning->curves[number];
    char why[PRUNE_WHY_BYTES] = "";
    int place;
    struct prune_table table = search_prune_table(search, number, &place);
    struct run_curve *runs = (struct run_curve *)(uintptr_t)table.runs;

    for (int at = first_new(pruning, curve); at < curve->count && !curve->verdict; at++) {
        runs[place].count = at + 1;
        curve->judged = curve->steps[at] > curve->judged ? curve->steps[at] : curve->judged;
        if (pruner_look(pruning->pruner, &table, place, why) == PRUNE_STOP)
            curve->verdict = words_of(search, curve, at, &table, why);
    }
    free(runs);
}

/* What a run has sent behind its verdict is no part of its curve. */
static void cut_off(struct kept_curve *curve)
{
    while (curve->verdict && curve->count > 0 && curve->steps[curve->count - 1] > curve->judged)
        curve->count--;
}

void search_judge_point(struct run *run)
{
    struct search *search = run->job->search;
    const int point = run->number / search->plan->seeds;
    struct kept_curve *curve = &search->pruning->curves[point];
    if (curve->verdict)
        return;
    look_at(search, point);
    if (curve->verdict)
        keep_judgement(run, curve);
}

static void judge(struct run *run)
{
    struct search *search = run->job->search;
    struct kept_curve *curve = &search->pruning->curves[run->number];
    const int64_t before = curve->judged;
    const bool ended = run_is_final(run->position.state) && !search->plan->in_order;

    if (pruner_pauses(search->pruning->pruner)) {
        search_pause_late(run);
        return;
    }
    if (ended || curve->verdict || curve->count == 0)
        return;
    look_at(search, run->number);
    cut_off(curve);
    if (curve->judged != before || curve->verdict)
        keep_judgement(run, curve);
}

bool search_rows_written(struct run *run, struct seen_rows *rows)
{
    bool news = false;
    if (!pruning_of(run)) {
        free(rows);
        return false;
    }
    for (int i = 0; rows && i < rows->count; i++)
        news |= search_curve_add(run->job->search, run->number, rows->list[i].step,
                                 rows->list[i].value);
    free(rows);
    if (news)
        judge(run);
    return search_verdict(run) != NULL;
}

void search_prune_resume(struct search *search)
{
    if (!search->pruning || search_prunes_points(search))
        return; /* a point is looked at again with its next run */
    for (int i = 0; i < search->proposed && i < search->pruning->room; i++)
        if (!search->outcomes[i].is_told && search->pruning->curves[i].count > 0)
            judge(&search->job->runs[i]);
}

/* --- what it makes of a run ----------------------------------------------------------------------
 */

const char *search_verdict(const struct run *run)
{
    const struct pruning *pruning = pruning_of(run);
    if (!pruning || search_prunes_points(run->job->search))
        return NULL;
    return run->number < pruning->room ? pruning->curves[run->number].verdict : NULL;
}

enum proposal_outcome search_pruned_outcome(const struct run *run, enum proposal_outcome outcome,
                                            int64_t *step)
{
    if (!search_verdict(run))
        return outcome;
    if (outcome != PROPOSAL_DELETED && run->job->search->plan->in_order)
        outcome = PROPOSAL_PRUNED;
    if (outcome == PROPOSAL_PRUNED)
        *step = run->job->search->pruning->curves[run->number].judged;
    return outcome;
}
