/*
 * Leases of external runners: whoever has a run says something of it before its lease ends, or the
 * run goes back to be asked for again, with the same point. One timer a search, for the lease that
 * ends first.
 */
#include "workers/search_prune.h"

#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

static void add_number(int **list, int *count, int number)
{
    if ((*count & (*count - 1)) == 0) /* grows by doubling */
        *list = xrealloc(*list, 2 * (size_t)*count + 1, sizeof **list);
    (*list)[(*count)++] = number;
}

static void remove_number(int *list, int *count, int number)
{
    for (int i = 0; i < *count; i++)
        if (list[i] == number) {
            list[i] = list[--*count];
            return;
        }
}

/* --- putting back --------------------------------------------------------------------------------
 */

void search_put_back(struct search *search, const struct run *run)
{
    add_number(&search->put_back, &search->put_back_count, run->number);
}

struct lapse {
    struct search *search;
    struct run *run;
    struct run_position position; /* that is written */
};

static void write_lapse(void *context);

static void lapse_done(struct lapse *lapse)
{
    struct search *search = lapse->search;
    struct conductor *conductor = search->conductor;
    struct run *run = lapse->run;
    publish_run(conductor, run);
    if (--run->endings == 0 && run->position.state == RUN_QUEUED)
        search_put_back(search, run);
    else if (run->endings == 0) /* it was the last try, or is pruned */
        search_run_done(conductor, run);
    publish_job(conductor, run->job);
    search_step(search);
    free(lapse);
    drop_job(conductor, run->job);
}

static void lapse_written(void *context, double objective, const struct error *err)
{
    struct lapse *lapse = context;
    struct conductor *conductor = lapse->search->conductor;
    (void)objective;

    if (!err) {
        lapse_done(lapse);
        return;
    }
    log_line("run %" PRId64 ": its lapse is not on disk yet: %s", lapse->run->id, err->sentence);
    again_later(conductor, conductor->options.retry_ms, write_lapse, free, lapse);
}

/* It was told or cancelled meanwhile: that is what stays. */
static bool is_outdated(const struct lapse *lapse)
{
    const struct run_position *now = &lapse->run->position;
    return now->state != lapse->position.state || now->attempt != lapse->position.attempt;
}

static void write_lapse(void *context)
{
    struct lapse *lapse = context;
    const struct run *run = lapse->run;
    if (is_outdated(lapse)) {
        lapse_done(lapse);
        return;
    }
    const bool pruned = run->position.state == RUN_PRUNED;
    const struct run_change change = {
        .run = run->id,
        .position = run->position,
        .reason = pruned ? "pruned" : "lease lapsed",
        .message = pruned ? search_verdict(run) : "nothing was heard of it before its lease ended",
        .step = run->step,
        .now_ms = wall_ms(),
        .job = job_change_of(run->job),
    };
    store_change_run(lapse->search->conductor->store, &change, lapse_written, context);
}

/* Whoever was told to stop need not say so. */
static void let_lapse(struct search *search, struct run *run)
{
    search_unlease(search, run);
    job_move(run, search_verdict(run) ? EVENT_PRUNED : EVENT_LOST, NULL);
    if (job_is_final(run->job))
        run->job->finished_ms = wall_ms();
    struct lapse *lapse = xcalloc(1, sizeof *lapse);
    *lapse = (struct lapse){search, run, run->position};
    run->endings++;
    hold_job(run->job);
    write_lapse(lapse);
}

/* --- the timer -----------------------------------------------------------------------------------
 */

static void look_at_leases(void *context);

static void set_timer(struct search *search, int64_t at_ms)
{
    const int64_t now_ms = clock_ms();
    loop_cancel(search->lapse);
    search->lapse_at_ms = at_ms;
    search->lapse = loop_after(search->conductor->loop, at_ms > now_ms ? at_ms - now_ms : 0,
                               look_at_leases, search);
}

static int64_t first_end(const struct search *search)
{
    int64_t first = INT64_MAX;
    for (int i = 0; i < search->leased_count; i++) {
        const int64_t until_ms = search->outcomes[search->leased[i]].lease_until_ms;
        first = until_ms < first ? until_ms : first;
    }
    return first;
}

static void look_at_leases(void *context)
{
    struct search *search = context;
    const int64_t now_ms = clock_ms();
    search->lapse = NULL;
    if (search->conductor->stopping)
        return; /* leases begin anew with the next server */
    for (int i = search->leased_count - 1; i >= 0; i--) {
        const int number = search->leased[i];
        if (search->outcomes[number].lease_until_ms <= now_ms)
            let_lapse(search, &search->job->runs[number]);
    }
    if (search->leased_count > 0)
        set_timer(search, first_end(search));
}

/* A timer that is set fires no later than the first lease ends: leases only get longer. */
void search_lease(struct search *search, struct run *run, int64_t lease_ms)
{
    struct search_outcome *outcome = &search->outcomes[run->number];
    outcome->lease_ms = lease_ms;
    outcome->leased_ms = clock_ms();
    outcome->lease_until_ms = outcome->leased_ms + lease_ms;
    add_number(&search->leased, &search->leased_count, run->number);
    if (!search->lapse || outcome->lease_until_ms < search->lapse_at_ms)
        set_timer(search, outcome->lease_until_ms);
}

void search_unlease(struct search *search, const struct run *run)
{
    remove_number(search->leased, &search->leased_count, run->number);
    remove_number(search->put_back, &search->put_back_count, run->number);
}
