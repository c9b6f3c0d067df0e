/*
 * A search is taken up: a new one with its first proposals, one from the store with all that it had
 * proposed and heard, so that it goes on with the same points.
 */
#include "workers/search_files.h"
#include "workers/search_prune.h"

#include "jobs/planner.h"
#include "json.h"
#include "log.h"
#include "memory.h"
#include "search/telling.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct search *search_new(struct conductor *conductor, struct job *job)
{
    struct search_plan *plan = search_plan_of(conductor->options.catalog, job->request);
    struct search *search = xcalloc(1, sizeof *search);
    *search = (struct search){
        .conductor = conductor, .job = job, .plan = plan, .begun = job->options.after_count == 0};
    job->search = search;
    search->study = repeated_of_plan(plan, plan->budget.runs, search_parallel(search));
    search_prune_open(search);
    search_grow(search, job->run_count);
    for (int i = 0; search->study && i < plan->enqueued_count; i++)
        repeated_enqueue(search->study, plan->enqueued + (size_t)i * (size_t)plan->space.count);
    return search;
}

void search_free(struct search *search)
{
    if (!search)
        return;
    for (int i = 0; i < search->room; i++)
        free(search->outcomes[i].results);
    loop_cancel(search->deadline);
    loop_cancel(search->lapse);
    search_drop_asks(search);
    search_drop_edits(search);
    free(search->put_back);
    free(search->leased);
    repeated_free(search->study);
    search_prune_free(search);
    search_plan_free(search->plan);
    free(search->outcomes);
    free(search->order);
    free(search->stopped);
    free(search);
}

void search_adopt(struct conductor *conductor, struct job *job)
{
    if (job->kind == JOB_SEARCH)
        search_step(search_new(conductor, job));
}

/* --- from the store ------------------------------------------------------------------------------
 */

struct loading {
    struct search *search;
    int *numbers; /* [count] by place in the order of tells; -1: none */
    int count;
};

static void restore_proposal(struct loading *loading, const struct kept_proposal *kept)
{
    struct search *search = loading->search;
    search->proposed = kept->number + 1;
    search->job->runs[kept->number].point = kept->number;
    search->outcomes[kept->number].lease_ms = kept->lease_ms;
    search->outcomes[kept->number].parent = kept->parent;
    search_prune_restore(search, kept);
    if (!search->study)
        return;
    repeated_restore(search->study, kept->point, kept->memo, kept->memo_count);
    if (strcmp(kept->how, "enqueued") == 0)
        repeated_pass_enqueued(search->study);
}

static void load_proposal(void *context, const struct kept_proposal *kept)
{
    struct loading *loading = context;
    struct search *search = loading->search;
    if (kept->number != search->proposed || kept->number >= search->room)
        return; /* the store's own rules keep this from happening */
    restore_proposal(loading, kept);
    if (kept->told < 0 || kept->told >= loading->count ||
        kept->result_count != search_result_count(search))
        return;
    struct search_outcome *outcome = &search->outcomes[kept->number];
    outcome->is_told = true;
    outcome->outcome = kept->outcome;
    outcome->step = kept->step;
    memcpy(outcome->results, kept->results, (size_t)kept->result_count * sizeof(double));
    loading->numbers[kept->told] = kept->number;
}

/* A run whose end was written and not told any more. */
static void tell_missing(struct search *search)
{
    struct job *job = search->job;
    for (int i = 0; i < search->proposed; i++)
        if (run_is_final(job->runs[i].position.state) && !search->outcomes[i].is_told)
            search_run_done(search->conductor, &job->runs[i]);
}

static void order_tells(const struct loading *loading)
{
    struct search *search = loading->search;
    for (int place = 0; place < loading->count; place++)
        if (loading->numbers[place] >= 0)
            search->order[search->order_count++] = loading->numbers[place];
}

static void find_points(struct search *search)
{
    for (int i = 0; search->study && i < search->proposed; i++)
        search->outcomes[i].point = repeated_values(search->study, i);
}

/* Whoever has a run may not have noticed that the server was away: its lease begins anew. */
static void renew_leases(struct search *search)
{
    for (int i = 0; search->plan->external && i < search->proposed; i++) {
        struct run *run = &search->job->runs[i];
        if (run->position.state == RUN_RUNNING)
            search_lease(search, run, search->outcomes[i].lease_ms);
        else if (run->position.state == RUN_QUEUED)
            search_put_back(search, run);
    }
}

int search_load(struct conductor *conductor, struct job *job, struct error *err)
{
    if (job->kind != JOB_SEARCH)
        return 0;
    struct search *search = search_new(conductor, job);
    AUTO_FREE int *numbers = xcalloc((size_t)search->room, sizeof *numbers);
    struct loading loading = {search, numbers, search->room};
    struct kept_search kept;

    for (int i = 0; i < search->room; i++)
        numbers[i] = -1;
    if (store_load_search(conductor->store, job->id, &kept, load_proposal, &loading, err) < 0)
        return -1;
    order_tells(&loading);
    find_points(search);
    if (search_prune_load(search, err) < 0)
        return -1;
    search->edits = kept.edits;
    search->begun = search->begun || search->proposed > 0;
    if (!search->study)
        log_line("job %" PRId64 ": this program does not know its algorithm; nothing more is "
                 "proposed",
                 job->id);
    return 0;
}

void search_resume(struct job *job)
{
    struct search *search = job->search;
    if (!search)
        return;
    search_prune_resume(search);
    tell_missing(search);
    search_tidy_all(search);
    renew_leases(search);
    search_feed(search);
    search_step(search);
}

bool search_waits(const struct job *job)
{
    return job->options.after_count > 0 && (!job->search || !job->search->begun);
}

void search_begin(struct job *job)
{
    job->search->begun = true;
    search_step(job->search);
}

bool search_is_external(const struct job *job)
{
    return job->search && job->search->plan->external;
}

bool search_is_unproposed(const struct run *run)
{
    return run->job->search && run->number >= run->job->search->proposed;
}

void search_look(struct job *job)
{
    if (job->search)
        search_step(job->search);
}
