/*
 * External runners ask for points: first for those that were put back, then for new ones. Many asks
 * are served by one lending of the study; each is answered once all its runs are on disk, or with
 * fewer where no more come.
 */
#include "workers/searching.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

struct ask {
    struct search *search;
    int wanted;  /* points not promised yet */
    int pending; /* promised, and not on disk yet */
    int64_t lease_ms;
    char *worker;
    json_t *runs;         /* of the answer */
    bool failed;          /* what it waited for is not on disk */
    struct error trouble; /* why */
    conductor_answered *done;
    void *context;
    struct ask *next;
};

/* --- answers -------------------------------------------------------------------------------------
 */

static json_t *time_text(int64_t ms)
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[64];
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return json_sprintf("%s.%03dZ", text, (int)(ms % 1000));
}

static json_t *run_answer(const struct search *search, const struct run *run)
{
    const struct search_outcome *outcome = &search->outcomes[run->number];
    const int64_t until_ms = wall_ms() + outcome->lease_until_ms - clock_ms();
    return json_pack("{s:I, s:i, s:i, s:o, s:o, s:I}", "id", run->id, "number", run->number,
                     "attempt", run->position.attempt, "parameters",
                     space_values_json(&search->plan->space, outcome->point), "lease_until",
                     time_text(until_ms), "lease_until_ms", until_ms);
}

static int points_left(const struct search *search)
{
    if (search->ended || job_is_final(search->job))
        return search->put_back_count;
    return search->job->run_count - search->proposed - search->proposing + search->put_back_count;
}

static json_t *job_answer(const struct search *search)
{
    const struct job *job = search->job;
    return json_pack("{s:I, s:s, s:i, s:i}", "id", job->id, "state",
                     job_state_names[job_state(job)], "left", points_left(search), "running",
                     job->counts[RUN_RUNNING]);
}

static void ask_free(struct ask *ask)
{
    json_decref(ask->runs);
    free(ask->worker);
    free(ask);
}

static void unlink_ask(struct ask *ask)
{
    struct ask **at = &ask->search->asks;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
}

/* Some of the runs are better than none. */
static void answer(struct ask *ask)
{
    struct search *search = ask->search;
    struct job *job = search->job;
    unlink_ask(ask);
    if (ask->failed && json_array_size(ask->runs) == 0)
        ask->done(ask->context, NULL, &ask->trouble);
    else
        ask->done(ask->context,
                  json_pack("{s:O, s:o}", "runs", ask->runs, "job", job_answer(search)), NULL);
    ask_free(ask);
    drop_job(search->conductor, job);
}

static void answer_if_served(struct ask *ask)
{
    if (ask->wanted == 0 && ask->pending == 0)
        answer(ask);
}

static void end_asks(struct search *search, const struct error *err)
{
    for (struct ask *ask = search->asks, *next; ask; ask = next) {
        next = ask->next;
        ask->wanted = 0;
        ask->failed = err != NULL;
        if (err)
            ask->trouble = *err;
        answer_if_served(ask);
    }
}

void search_answer_asks(struct search *search)
{
    end_asks(search, NULL);
}

void search_refuse_asks(struct search *search, const struct error *err)
{
    end_asks(search, err);
}

void search_drop_asks(struct search *search)
{
    while (search->asks) {
        struct ask *ask = search->asks;
        search->asks = ask->next;
        ask_free(ask);
    }
}

/* --- new points ----------------------------------------------------------------------------------
 */

int search_wanted(const struct search *search)
{
    int wanted = 0;
    for (const struct ask *ask = search->asks; ask; ask = ask->next)
        wanted += ask->wanted;
    return wanted + search->promised;
}

struct ask *search_next_ask(struct search *search, const char **out_worker, int64_t *out_lease_ms)
{
    struct ask *ask = search->asks;
    while (ask && ask->wanted == 0)
        ask = ask->next;
    *out_worker = ask ? ask->worker : NULL;
    *out_lease_ms = ask ? ask->lease_ms : 0;
    if (!ask)
        return NULL;
    ask->wanted--;
    ask->pending++;
    search->promised++;
    return ask;
}

void search_give(struct search *search, struct ask *ask, struct run *run)
{
    if (!ask)
        return;
    search->promised--;
    ask->pending--;
    if (run)
        json_array_append_new(ask->runs, run_answer(search, run));
    answer_if_served(ask);
}

/* --- those that were put back --------------------------------------------------------------------
 */

struct handing {
    struct ask *ask;
    struct run *run;
};

static void take_back(const struct handing *handing)
{
    struct run *run = handing->run;
    job_move(run, EVENT_PREEMPT, NULL);
    run->position.attempt--;
    search_put_back(handing->ask->search, run);
}

static void hand_over(const struct handing *handing)
{
    struct search *search = handing->ask->search;
    search_lease(search, handing->run, handing->ask->lease_ms);
    publish_run(search->conductor, handing->run);
    json_array_append_new(handing->ask->runs, run_answer(search, handing->run));
}

static void handed(void *context, const struct started_run *started, const struct error *err)
{
    struct handing *handing = context;
    struct ask *ask = handing->ask;
    struct search *search = ask->search;
    struct run *run = handing->run;
    struct job *job = search->job;
    (void)started;

    run->endings--;
    if (run->position.state == RUN_RUNNING) /* it was not cancelled meanwhile */
        (err ? take_back : hand_over)(handing);
    if (err) {
        log_line("run %" PRId64 " could not be handed out: %s", run->id, err->sentence);
        ask->failed = true;
        ask->trouble = *err;
    }
    ask->pending--;
    answer_if_served(ask);
    publish_job(search->conductor, job);
    free(handing);
    drop_job(search->conductor, job);
}

static void hand_out_again(struct search *search, struct ask *ask)
{
    struct run *run = &search->job->runs[search->put_back[--search->put_back_count]];
    struct handing *handing = xcalloc(1, sizeof *handing);
    *handing = (struct handing){ask, run};
    ask->wanted--;
    ask->pending++;
    job_move(run, EVENT_START, NULL);
    run->started_ms = wall_ms();
    run->endings++;
    hold_job(search->job);
    store_lease(search->conductor->store, run->id, ask->lease_ms);
    store_start_run(search->conductor->store, run->id, run->position.attempt, ask->worker,
                    run->started_ms, handed, handing);
}

void search_hand_back(struct search *search)
{
    for (struct ask *ask = search->asks; ask && search->put_back_count > 0; ask = ask->next)
        while (ask->wanted > 0 && search->put_back_count > 0)
            hand_out_again(search, ask);
}

/* --- asking --------------------------------------------------------------------------------------
 */

static void add_ask(struct search *search, struct ask *ask)
{
    struct ask **at = &search->asks;
    while (*at)
        at = &(*at)->next;
    *at = ask;
}

/* NULL with err where there is none to ask. */
static struct search *find_external(struct conductor *conductor, int64_t id, struct error *err)
{
    struct job *job = job_index_find(conductor->jobs, id);
    if (!job)
        error_of(err, ERROR_CONFLICT, "job %" PRId64 " has ended", id);
    else if (!job->search)
        error_of(err, ERROR_CONFLICT, "job %" PRId64 " is not a search", id);
    else if (!job->search->plan->external)
        error_of(err, ERROR_CONFLICT,
                 "this server's workers train the runs of job %" PRId64
                 "; only a search with \"runner\": \"external\" hands them out",
                 id);
    else
        return job->search;
    return NULL;
}

void conductor_ask(struct conductor *conductor, int64_t id, const struct ask_options *options,
                   conductor_answered *done, void *context)
{
    struct error err;
    struct search *search = find_external(conductor, id, &err);
    if (!search) {
        done(context, NULL, &err);
        return;
    }
    struct ask *ask = xcalloc(1, sizeof *ask);
    *ask = (struct ask){.search = search,
                        .wanted = options->count,
                        .lease_ms = options->lease_ms,
                        .worker = xstrdup(options->worker),
                        .runs = json_array(),
                        .done = done,
                        .context = context};
    hold_job(search->job);
    add_ask(search, ask);
    search_step(search);
}
