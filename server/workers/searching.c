/*
 * Proposals of a search. What is to be done follows from the states of the runs, so a restart only
 * has to look: as many new runs are proposed as may be under way and are not.
 */
#include "workers/search_population.h"
#include "workers/search_prune.h"

#include "jobs/planner.h"
#include "json.h"
#include "log.h"
#include "memory.h"
#include "search/stop.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROPOSED_AT_ONCE = 64 };

int search_result_count(const struct search *search)
{
    return search->plan->objective_count + search->plan->constraint_count + 1;
}

/* --- on the helper thread ------------------------------------------------------------------------
 */

/* The study, lent. */
struct lending {
    struct search *search;
    struct repeated *study;
    const struct stop_rule *rule;
    char *why; /* it ends, says the rule */
    int count, made;
    int edits; /* of the search, as the study knows it */
    bool hurry;
    double took_ms;
    struct study_proposal proposals[PROPOSED_AT_ONCE];
};

static void ask_rule(struct lending *lending)
{
    const struct search_plan *plan = lending->search->plan;
    struct chosen chosen;
    chosen_read(lending->rule->settings, plan->stop, &chosen);
    lending->why = lending->rule->look(&chosen, repeated_history(lending->study), plan->seed,
                                       plan->objectives[0].maximize ? -1 : 1);
    chosen_release(&chosen);
}

static double precise_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static void propose_on_helper(void *reader, void *context)
{
    struct lending *lending = context;
    (void)reader;
    if (lending->rule)
        ask_rule(lending);
    if (lending->why)
        return;
    const double begun_ms = precise_ms();
    repeated_set_hurry(lending->study, lending->hurry);
    while (lending->made < lending->count &&
           repeated_propose(lending->study, &lending->proposals[lending->made]) == 0)
        lending->made++;
    lending->took_ms = precise_ms() - begun_ms;
}

/* --- from a point to a variant -------------------------------------------------------------------
 */

static struct data_facts find_data(void *context, const char *name)
{
    const struct search *search = context;
    const struct conductor_options *options = &search->conductor->options;
    return options->find_data ? options->find_data(options->world, search->job->team, name)
                              : (struct data_facts){.known = true};
}

static struct variant_plan variant_of(struct search *search, const double *values)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct planner planner = {search->conductor->options.catalog, find_data, search,
                                    &problems};
    return search_variant(&planner, search->plan, values);
}

/* --- writing them down ---------------------------------------------------------------------------
 */

/* A batch on its way to the disk. Points and memos are the study's. */
struct batch {
    struct search *search;
    int count;
    struct ask *asks[PROPOSED_AT_ONCE]; /* of external runners: who gets it */
    struct new_proposal proposals[PROPOSED_AT_ONCE];
};

static void batch_free(void *context)
{
    struct batch *batch = context;
    for (int i = 0; i < batch->count; i++) {
        search_variant_release(&batch->proposals[i].variant);
        free((void *)(uintptr_t)batch->proposals[i].overlay);
    }
    free(batch);
}

static void release_run(struct search *search, const struct new_proposal *proposal)
{
    struct run *run = &search->job->runs[proposal->number];
    if (run->position.state != RUN_WAITING)
        return; /* cancelled meanwhile */
    run->point = proposal->number;
    run->threads = proposal->variant.threads;
    run->branched_step = search_member_begins(search, proposal->parent);
    const char *given_up = search_given_up(search, proposal->number);
    if (given_up) {
        end_run(search->conductor, run, EVENT_PRUNED, "pruned", given_up, -1);
        return;
    }
    job_move(run, EVENT_RELEASED, NULL);
    if (!search->plan->external) {
        publish_run(search->conductor, run);
        queue_run(search->conductor, run);
    }
}

/* It has begun: its first attempt was written down with it. Without a worker nobody waits for it
 * any more. */
static void hand_out(struct batch *batch, int i)
{
    struct search *search = batch->search;
    const struct new_proposal *proposal = &batch->proposals[i];
    struct run *run = &search->job->runs[proposal->number];
    if (run->position.state != RUN_QUEUED) {
        search_give(search, batch->asks[i], NULL);
        return;
    }
    if (!proposal->worker) {
        search_put_back(search, run);
        return;
    }
    job_move(run, EVENT_START, NULL);
    run->started_ms = wall_ms();
    if (search->job->started_ms == 0)
        search->job->started_ms = run->started_ms;
    search_lease(search, run, proposal->lease_ms);
    publish_run(search->conductor, run);
    search_give(search, batch->asks[i], run);
}

/* Whoever asked hears now that the disk does not take it; the point is for the next one. */
static void refuse_batch(struct batch *batch, const struct error *err)
{
    search_refuse_asks(batch->search, err);
    for (int i = 0; i < batch->count; i++) {
        search_give(batch->search, batch->asks[i], NULL);
        batch->asks[i] = NULL;
        batch->proposals[i].worker = NULL;
        batch->proposals[i].lease_ms = 0;
    }
}

static void write_batch(void *context);

static void batch_written(void *context, const struct error *err)
{
    struct batch *batch = context;
    struct search *search = batch->search;
    struct conductor *conductor = search->conductor;
    struct job *job = search->job;

    if (err && err->kind != ERROR_CONFLICT) {
        log_line("job %" PRId64 ": its proposals are not on disk yet: %s", job->id, err->sentence);
        refuse_batch(batch, err);
        again_later(conductor, conductor->options.retry_ms, write_batch, batch_free, batch);
        return; /* keeps its hold on the job */
    }
    search->proposing -= batch->count;
    search->proposed += batch->count;
    for (int i = 0; i < batch->count; i++) {
        if (!err) /* with one they were cancelled before */
            release_run(search, &batch->proposals[i]);
        if (search->plan->external)
            hand_out(batch, i);
    }
    publish_job(conductor, job);
    batch_free(batch);
    search_step(search);
    drop_job(conductor, job);
}

static void write_batch(void *context)
{
    struct batch *batch = context;
    store_add_proposals(batch->search->conductor->store, batch->search->job->id, batch->proposals,
                        batch->count, wall_ms(), batch_written, batch);
}

static struct new_proposal proposal_of(struct search *search, const struct study_proposal *from,
                                       int edits)
{
    return (struct new_proposal){
        .run = job_run_id(search->job, from->number),
        .number = from->number,
        .seen = from->seen,
        .edits = edits,
        .how = from->how,
        .parent = from->parent,
        .point = from->values,
        .memo = from->memo,
        .point_count = search->plan->space.count,
        .memo_count = from->memo_count,
        .variant = variant_of(search, from->values),
    };
}

static void add_to_batch(struct batch *batch, int i, const struct study_proposal *from, int edits)
{
    struct search *search = batch->search;
    struct new_proposal *proposal = &batch->proposals[i];
    *proposal = proposal_of(search, from, edits);
    proposal->overlay = search_member_overlay(search, proposal);
    search->outcomes[from->number].point = from->values;
    search->outcomes[from->number].parent = from->parent;
    if (search->plan->external)
        batch->asks[i] = search_next_ask(search, &proposal->worker, &proposal->lease_ms);
}

/* --- proposing -----------------------------------------------------------------------------------
 */

/* Takes the study back, with what it has proposed. */
static void proposed(void *context)
{
    struct lending *lending = context;
    struct search *search = lending->search;
    struct job *job = search->job;
    const bool exhausted = lending->made < lending->count;
    const char *why = lending->why ? lending->why : search_exhausted_words(search);

    search->lent = false;
    search->proposing -= lending->count - lending->made;
    if (!lending->hurry)
        pace_proposals(&search->pace, lending->took_ms, lending->made);
    if (lending->made > 0) {
        struct batch *batch = xcalloc(1, sizeof *batch);
        *batch = (struct batch){.search = search, .count = lending->made};
        for (int i = 0; i < lending->made; i++)
            add_to_batch(batch, i, &lending->proposals[i], lending->edits);
        hold_job(job);
        write_batch(batch);
    }
    search->exhausted = exhausted && !lending->why;
    if (exhausted)
        search_end(search, why);
    free(lending->why);
    free(lending);
    search_feed(search);
    search_step(search);
    drop_job(search->conductor, job);
}

/* What people want tried is, whatever the rule says. */
static void lend(struct search *search, int most)
{
    const int enqueued = repeated_enqueued(search->study);
    const int count = enqueued > 0 && enqueued < most ? enqueued : most;
    const char *rule = enqueued > 0 ? "" : json_text_at(search->plan->stop, "type", "none");
    struct lending *lending = xcalloc(1, sizeof *lending);
    *lending = (struct lending){
        .search = search,
        .study = search->study,
        .rule = stop_find(rule),
        .count = count,
        .edits = search->edits,
        .hurry = search->plan->external && !search->plan->in_order &&
                 pace_hurries(&search->pace, search_wanted(search) + search->leased_count),
    };
    search->lent = true;
    search->proposing += count;
    hold_job(search->job);
    if (helpers_run(search->conductor->helpers, propose_on_helper, proposed, lending))
        return;
    search->proposing -= count;
    search->lent = false;
    free(lending);
    drop_job(search->conductor, search->job);
    search_step_later(search);
}

/* Runs that are on their way: proposed, and neither ended nor standing at a rung. */
static int under_way(const struct search *search)
{
    const int promoting = search->pruning ? search->pruning->promoting : 0;
    return search->job->counts[RUN_QUEUED] + search->job->counts[RUN_RUNNING] + search->proposing +
           promoting;
}

int search_parallel(const struct search *search)
{
    const int slots = search->conductor->options.slots;
    return search->plan->parallel ? search->plan->parallel : slots > 0 ? slots : 1;
}

static int room(const struct search *search)
{
    const int left = search->job->run_count - search->proposed - search->proposing;
    const int free_places = search->plan->external ? search_wanted(search) - search->proposing
                                                   : search_parallel(search) - under_way(search);
    const int most = search_generation_room(search, left);
    int count = most < free_places ? most : free_places;
    if (search->plan->in_order && count > 1)
        count = 1; /* the next one may know more */
    return count < PROPOSED_AT_ONCE ? count : PROPOSED_AT_ONCE;
}

/* In order, proposal k is made once all up to k - parallel have ended. */
static bool is_its_turn(const struct search *search)
{
    const int needed = search->proposed + search->proposing - search_parallel(search) + 1;
    return !search->plan->in_order || search->fed >= needed;
}

/* --- the end -------------------------------------------------------------------------------------
 */

struct search_ending {
    struct search *search;
    char *why;
};

static void ending_free(void *context)
{
    struct search_ending *ending = context;
    free(ending->why);
    free(ending);
}

static void write_end(void *context);

static void end_written(void *context, int removed, const struct error *err)
{
    struct search_ending *ending = context;
    struct search *search = ending->search;
    struct conductor *conductor = search->conductor;
    struct job *job = search->job;
    (void)removed;

    if (err) {
        log_line("job %" PRId64 ": its end is not on disk yet: %s", job->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, write_end, ending_free, ending);
        return; /* keeps its hold on the job */
    }
    publish_job(conductor, job);
    events_publish(conductor->events, "reload", job->id, json_object());
    ending_free(ending);
    drop_job(conductor, job);
}

static void write_end(void *context)
{
    struct search_ending *ending = context;
    const struct job_change change = job_change_of(ending->search->job);
    store_end_search(ending->search->conductor->store, &change, ending->why, end_written, ending);
}

/* Runs that were never proposed are no more. */
static void drop_unproposed(struct search *search)
{
    struct job *job = search->job;
    job_cut(search->conductor->jobs, job, search->proposed + search->proposing);
    if (job_is_final(job) && !job->finished_ms)
        job->finished_ms = wall_ms();
}

void search_end(struct search *search, const char *why)
{
    if (search->ended || job_is_final(search->job))
        return;
    search->ended = true;
    search->stopped = why ? xstrdup(why) : NULL;
    drop_unproposed(search);
    struct search_ending *ending = xcalloc(1, sizeof *ending);
    *ending = (struct search_ending){search, why ? xstrdup(why) : NULL};
    hold_job(search->job);
    write_end(ending);
}

/* Without those of the run that it goes on from. */
static int64_t steps_made(const struct run *run)
{
    return run->step > run->branched_step ? run->step - run->branched_step : 0;
}

const char *search_spent(const struct search *search, const struct search_budget *budget)
{
    const struct job *job = search->job;
    int64_t steps = 0;
    for (int i = 0; steps < budget->steps && i < search->proposed; i++)
        steps += steps_made(&job->runs[i]);
    if (budget->steps > 0 && steps >= budget->steps)
        return "its runs have trained for as many steps as its budget has";
    if (budget->time_ms > 0 && job->started_ms > 0 &&
        wall_ms() - job->started_ms >= budget->time_ms)
        return "its time is up";
    return NULL;
}

static bool budget_is_spent(struct search *search)
{
    const char *spent = search_spent(search, &search->plan->budget);
    if (spent)
        search_end(search, spent);
    return spent != NULL;
}

/* Runs at rungs go on before new ones begin. Where the search has ended for a reason, they end. */
static void step_rungs(struct search *search)
{
    const bool all_proposed = search->proposed + search->proposing == search->job->run_count;
    const int running = under_way(search);
    if (search->ended && !search->exhausted)
        search_prune_rest(search);
    else
        search_promote(search, search_parallel(search) - running, all_proposed && running == 0);
}

static bool goes_on(const struct search *search)
{
    return search->begun && search->study && !search->conductor->stopping && !search->job->paused &&
           !job_is_final(search->job);
}

static void step_proposals(struct search *search)
{
    const bool is_busy = search->lent || search_is_edited(search);
    const bool is_spent = !is_busy && !search->ended && budget_is_spent(search);
    step_rungs(search);
    if (is_busy || search->ended || is_spent)
        return;
    const int count = room(search);
    if (count > 0 && is_its_turn(search))
        lend(search, count);
}

/* Who asks is never kept waiting for what others may tell. */
void search_step(struct search *search)
{
    search_try_edit(search);
    if (goes_on(search)) {
        search_hand_back(search);
        step_proposals(search);
    }
    if (search->asks && !search->lent && search->proposing == 0 && !search_is_edited(search))
        search_answer_asks(search);
}

static void step_is_due(void *context)
{
    struct search *search = context;
    struct job *job = search->job;
    search_step(search);
    drop_job(job->conductor, job);
}

static void nothing(void *context)
{
    (void)context;
}

void search_step_later(struct search *search)
{
    hold_job(search->job);
    again_later(search->conductor, search->conductor->options.retry_ms, step_is_due, nothing,
                search);
}
