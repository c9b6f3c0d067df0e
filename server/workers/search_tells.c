/*
 * Results of a search's runs. The store gives them their order; the study hears of them in that
 * order, or where the search is `in_order`, in the order of their numbers and no sooner than
 * proposals may know them.
 */
#include "workers/search_borrowed.h"
#include "workers/search_files.h"
#include "workers/search_prune.h"

#include "json.h"
#include "log.h"
#include "memory.h"
#include "search/telling.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void search_grow(struct search *search, int room)
{
    const size_t width = (size_t)search_result_count(search);
    if (room <= search->room)
        return;
    search->outcomes = xrealloc(search->outcomes, (size_t)room, sizeof *search->outcomes);
    search->order = xrealloc(search->order, (size_t)room, sizeof *search->order);
    for (int i = search->room; i < room; i++) {
        search->outcomes[i] = (struct search_outcome){.step = -1, .parent = -1};
        search->outcomes[i].results = xcalloc(width, sizeof(double));
    }
    search->room = room;
}

/* --- in the study's terms ------------------------------------------------------------------------
 */

static void tell_study(struct search *search, int number)
{
    const struct search_outcome *outcome = &search->outcomes[number];
    const enum trial_state state = outcome->outcome == PROPOSAL_DONE     ? TRIAL_DONE
                                   : outcome->outcome == PROPOSAL_PRUNED ? TRIAL_PRUNED
                                                                         : TRIAL_FAILED;
    struct telling telling;

    if (outcome->outcome == PROPOSAL_DELETED) {
        repeated_forget(search->study, number);
        return;
    }
    telling_of(search->plan, state, outcome->results, outcome->step, &telling);
    repeated_tell(search->study, number, &telling.told);
}

/* How many of the order the next proposal may know. */
static int may_know(const struct search *search)
{
    if (!search->plan->in_order)
        return search->order_count;
    const int next = search->proposed + search->proposing;
    const int known = next - search_parallel(search) + 1;
    int count = search->fed;
    while (count < known && count < search->room && search->outcomes[count].is_told)
        count++;
    return count;
}

/* Of what the study has heard before; the rest it hears as it is now. */
static void feed_corrections(struct search *search)
{
    search->corrected = false;
    for (int i = 0; i < search->fed; i++) {
        const int number = search->plan->in_order ? i : search->order[i];
        if (search->outcomes[number].corrected)
            tell_study(search, number);
    }
    for (int i = 0; i < search->proposed; i++)
        search->outcomes[i].corrected = false;
}

void search_feed(struct search *search)
{
    if (search->lent || !search->study)
        return;
    if (search->corrected)
        feed_corrections(search);
    for (const int until = may_know(search); search->fed < until; search->fed++)
        tell_study(search, search->plan->in_order ? search->fed : search->order[search->fed]);
}

void search_learn(struct search *search, int number, enum proposal_outcome outcome,
                  const double *results, int64_t step)
{
    struct search_outcome *kept = &search->outcomes[number];
    const bool again = kept->is_told;

    kept->is_told = true;
    kept->outcome = outcome;
    kept->step = step;
    memcpy(kept->results, results, (size_t)search_result_count(search) * sizeof(double));
    if (!again)
        search->order[search->order_count++] = number;
    else
        kept->corrected = search->corrected = true;
}

/* --- ends of this server's own runs --------------------------------------------------------------
 */

struct search_tell {
    struct search *search;
    struct run *run;
};

static enum proposal_outcome outcome_of(const struct run *run)
{
    switch (run->position.state) {
    case RUN_SUCCEEDED:
        return PROPOSAL_DONE;
    case RUN_PRUNED:
        return PROPOSAL_PRUNED;
    case RUN_CANCELLED:
        return PROPOSAL_DELETED;
    case RUN_WAITING:
    case RUN_QUEUED:
    case RUN_RUNNING:
    case RUN_FAILED:
    case RUN_STATES:
        break;
    }
    return PROPOSAL_FAILED;
}

static void write_tell(void *context);

static void tell_written(void *context, const struct added_tell *told, const struct error *err)
{
    struct search_tell *tell = context;
    struct search *search = tell->search;
    struct conductor *conductor = search->conductor;
    struct run *run = tell->run;
    struct job *job = search->job;

    if (err) {
        log_line("run %" PRId64 ": its result is not on disk yet: %s", run->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, write_tell, free, tell);
        return; /* keeps its hold on the job */
    }
    search->edits += told->edits;
    int64_t step = run->step;
    const enum proposal_outcome outcome = search_pruned_outcome(run, outcome_of(run), &step);
    search_learn(search, run->number, outcome, told->results, step);
    if (search_prunes_points(search) && search_add_part(search, run->number))
        search_judge_point(run);
    search_feed(search);
    search_tidy(search, run->number);
    search_step(search);
    publish_job(conductor, job);
    free(tell);
    drop_job(conductor, job);
}

static void write_tell(void *context)
{
    const struct search_tell *tell = context;
    int64_t step = tell->run->step;
    const enum proposal_outcome outcome =
        search_pruned_outcome(tell->run, outcome_of(tell->run), &step);
    const struct new_tell new_tell = {
        .job = tell->search->job->id,
        .run = tell->run->id,
        .outcome = outcome,
        .plan = tell->search->plan,
        .step = step,
    };
    store_tell(tell->search->conductor->store, &new_tell, tell_written, context);
}

static void tell_later(struct search *search, struct run *run)
{
    struct search_tell *tell = xcalloc(1, sizeof *tell);
    *tell = (struct search_tell){search, run};
    hold_job(run->job);
    write_tell(tell);
}

void search_run_done(struct conductor *conductor, struct run *run)
{
    struct search *search = run->job->search;
    (void)conductor;
    if (!search || run->number >= search->proposed)
        return;
    if (!run_is_final(run->position.state)) {
        search_step(search); /* it may stand at a rung, which leaves a place free */
        return;
    }
    if (!search_borrow_curve(search, run, tell_later))
        tell_later(search, run);
}
