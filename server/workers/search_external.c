/*
 * What external runners say of their runs: rows of metrics on the way, and how it ended.
 */
#include "workers/search_prune.h"

#include "json.h"
#include "log.h"
#include "memory.h"
#include "problems.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_ROWS_MOST = 64 };

static int find_run(struct conductor *conductor, int64_t id, struct search **out_search,
                    struct run **out_run, struct error *err)
{
    struct run *run = job_index_find_run(conductor->jobs, id);
    if (!run || !run->job->search)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " is not of a search that is still going on", id);
    if (!run->job->search->plan->external)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " is trained by this server's workers: nobody else tells",
                        id);
    if (run->number >= run->job->search->proposed || run->position.attempt == 0)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " was not asked for yet: POST /api/v1/jobs/%" PRId64 "/ask",
                        id, run->job->id);
    *out_search = run->job->search;
    *out_run = run;
    return 0;
}

/* --- rows ----------------------------------------------------------------------------------------
 */

struct report {
    struct search *search;
    struct run *run;
    struct seen_rows *seen; /* what the pruner looks at */
    json_t *shown;          /* what watchers will see */
    conductor_answered *done;
    void *context;
};

static json_t *report_answer(const struct run *run, bool stop)
{
    const struct search_outcome *outcome = &run->job->search->outcomes[run->number];
    if (run->position.state != RUN_RUNNING)
        return json_pack("{s:b, s:s, s:n}", "stop", (int)stop, "state",
                         run_state_names[run->position.state], "lease_until_ms");
    return json_pack("{s:b, s:s, s:I}", "stop", (int)stop, "state",
                     run_state_names[run->position.state], "lease_until_ms",
                     wall_ms() + outcome->lease_until_ms - clock_ms());
}

static void show_rows(const struct report *report)
{
    const struct run *run = report->run;
    if (json_array_size(report->shown) > 0)
        events_publish(report->search->conductor->events, "metrics", run->job->id,
                       json_pack("{s:I, s:I, s:O}", "run", run->id, "job", run->job->id, "rows",
                                 report->shown));
}

static void report_written(void *context, int mismatches, const struct error *err)
{
    struct report *report = context;
    struct search *search = report->search;
    struct run *run = report->run;
    struct job *job = search->job;
    (void)mismatches;

    if (err) {
        seen_rows_free(report->seen);
        report->done(report->context, NULL, err);
    } else {
        show_rows(report);
        const bool stop = search_rows_written(run, report->seen) || run->stopping ||
                          run_is_final(run->position.state);
        report->done(report->context, report_answer(run, stop), NULL);
    }
    json_decref(report->shown);
    free(report);
    drop_job(search->conductor, job);
}

static struct metric_row *rows_of(struct conductor *conductor, const struct report_row *from,
                                  int count, int *out_count)
{
    struct metric_row *rows = xcalloc((size_t)count, sizeof *rows);
    *out_count = 0;
    for (int i = 0; i < count; i++) {
        const uint32_t name =
            store_metric_name(conductor->store, from[i].name, strlen(from[i].name), false);
        if (name != 0)
            rows[(*out_count)++] = (struct metric_row){from[i].step, from[i].value, name};
    }
    return rows;
}

static json_t *rows_json(const struct report_row *rows, int count)
{
    json_t *shown = json_array();
    for (int i = count > EVENT_ROWS_MOST ? count - EVENT_ROWS_MOST : 0; i < count; i++)
        json_array_append_new(
            shown, json_pack("[I, s, o]", rows[i].step, rows[i].name, json_number(rows[i].value)));
    return shown;
}

/* While nobody else has it, whoever had it last may go on: it is heard, but does not get it back.
 */
static bool is_theirs(const struct run *run, int attempt)
{
    return !run_is_final(run->position.state) && (attempt == 0 || attempt == run->position.attempt);
}

static void renew_lease(const struct search *search, const struct run *run)
{
    struct search_outcome *outcome = &search->outcomes[run->number];
    if (run->position.state == RUN_RUNNING)
        outcome->lease_until_ms = clock_ms() + outcome->lease_ms;
}

static int64_t last_step(const struct report_row *rows, int count, int64_t before)
{
    for (int i = 0; i < count; i++)
        before = rows[i].step > before ? rows[i].step : before;
    return before;
}

void conductor_report(struct conductor *conductor, int64_t id, int attempt,
                      const struct report_row *rows, int count, conductor_answered *done,
                      void *context)
{
    struct search *search;
    struct run *run;
    struct error err;
    int row_count;
    if (find_run(conductor, id, &search, &run, &err) < 0) {
        done(context, NULL, &err);
        return;
    }
    if (!is_theirs(run, attempt)) {
        done(context, report_answer(run, true), NULL);
        return;
    }
    renew_lease(search, run);
    run->step = last_step(rows, count, run->step);
    struct metric_row *list = rows_of(conductor, rows, count, &row_count);
    struct report *report = xcalloc(1, sizeof *report);
    *report = (struct report){.search = search,
                              .run = run,
                              .seen = search_rows_seen(run, list, row_count),
                              .shown = rows_json(rows, count),
                              .done = done,
                              .context = context};
    hold_job(search->job);
    store_add_metrics(conductor->store, run->id, run->position.attempt, wall_ms() - run->started_ms,
                      list, row_count, report_written, report);
}

/* --- the end -------------------------------------------------------------------------------------
 */

struct external_end {
    struct search *search;
    struct run *run;
    struct told_results told_of;
    const char *reason; /* static; NULL: none */
    char *message;
    bool late;
    conductor_answered *told; /* NULL: answered, or a person cancels it */
    store_done *cancelled;    /* likewise */
    struct audit_entry *audit;
    void *context;
};

static void end_free(void *context)
{
    struct external_end *end = context;
    free(end->message);
    free(end->audit);
    free(end);
}

static json_t *end_answer(const struct run *run, bool late, bool repeated)
{
    return json_pack("{s:I, s:s, s:b, s:b}", "id", run->id, "state",
                     run_state_names[run->position.state], "late", (int)late, "repeated",
                     (int)repeated);
}

/* Once; also where it has to be written again. */
static void answer_end(struct external_end *end, const struct error *err)
{
    if (end->told)
        end->told(end->context, err ? NULL : end_answer(end->run, end->late, false), err);
    if (end->cancelled)
        end->cancelled(end->context, err);
    end->told = NULL;
    end->cancelled = NULL;
}

static void write_end(void *context);

static void end_written(void *context, const struct added_tell *told, const struct error *err)
{
    struct external_end *end = context;
    struct search *search = end->search;
    struct conductor *conductor = search->conductor;
    struct run *run = end->run;
    struct job *job = search->job;

    if (err) {
        log_line("run %" PRId64 ": its end is not on disk yet: %s", run->id, err->sentence);
        answer_end(end, err);
        again_later(conductor, conductor->options.retry_ms, write_end, end_free, end);
        return; /* keeps its hold on the job */
    }
    run->endings--;
    const enum proposal_outcome outcome = end->told_of.outcome;
    run->objective = outcome == PROPOSAL_DONE ? told->results[0] : (double)NAN;
    search->edits += told->edits;
    search_learn(search, run->number, outcome, told->results, run->step);
    publish_run(conductor, run);
    answer_end(end, NULL);
    search_feed(search);
    search_step(search);
    publish_job(conductor, job);
    end_free(end);
    drop_job(conductor, job);
}

/* The run's end and its results in one transaction: neither is there without the other. */
static void write_end(void *context)
{
    struct external_end *end = context;
    const struct run *run = end->run;
    struct run_change change = {
        .run = run->id,
        .position = run->position,
        .reason = end->reason,
        .message = end->message,
        .step = run->step,
        .now_ms = wall_ms(),
        .job = job_change_of(run->job),
    };
    change.job.audit = end->audit;
    const struct new_tell tell = {
        .job = run->job->id,
        .run = run->id,
        .outcome = end->told_of.outcome,
        .plan = end->search->plan,
        .results = end->told_of.given ? end->told_of.results : NULL,
        .step = run->step,
        .late = end->late,
        .change = &change,
    };
    store_tell(end->search->conductor->store, &tell, end_written, end);
}

/* A run that was put back, or has failed so, is taken up once more for whoever tells of it. */
static bool take_up_late(struct search *search, struct run *run)
{
    if (run->position.state == RUN_RUNNING)
        return false;
    if (run->position.state == RUN_FAILED)
        job_move(run, EVENT_RETRY, NULL);
    search_unlease(search, run);
    job_move(run, EVENT_START, NULL);
    return true;
}

static enum run_event event_of(enum proposal_outcome outcome)
{
    return outcome == PROPOSAL_DONE     ? EVENT_SUCCEEDED
           : outcome == PROPOSAL_PRUNED ? EVENT_PRUNED
                                        : EVENT_FAILED;
}

static void end_external(struct external_end *end)
{
    struct search *search = end->search;
    struct run *run = end->run;
    end->late = take_up_late(search, run) || end->late;
    if (!end->late)
        pace_run(&search->pace, (double)(clock_ms() - search->outcomes[run->number].leased_ms));
    search_unlease(search, run);
    job_move(run, event_of(end->told_of.outcome), NULL);
    if (job_is_final(run->job))
        run->job->finished_ms = wall_ms();
    run->endings++;
    hold_job(run->job);
    write_end(end);
}

/* --- telling -------------------------------------------------------------------------------------
 */

void conductor_check_tell(const struct conductor *conductor, int64_t id,
                          const struct tell_options *options, struct problems *problems)
{
    const struct run *run = job_index_find_run(conductor->jobs, id);
    const struct search_plan *plan = run && run->job->search ? run->job->search->plan : NULL;
    if (plan && plan->external) /* else another refusal */
        tell_check(plan, options, problems);
}

static struct external_end *end_of(struct search *search, struct run *run,
                                   const struct tell_options *options)
{
    struct external_end *end = xcalloc(1, sizeof *end);
    *end = (struct external_end){
        .search = search,
        .run = run,
        .late = options->attempt > 0 && options->attempt != run->position.attempt,
    };
    told_results_of(search->plan, options, &end->told_of);
    const bool diverged =
        options->state == RUN_SUCCEEDED && end->told_of.outcome == PROPOSAL_FAILED;
    if (end->told_of.outcome == PROPOSAL_FAILED)
        end->reason = diverged ? "diverged" : "error";
    end->message = options->message ? xstrdup(options->message)
                   : diverged       ? xstrdup("a value that it was told with is not finite")
                                    : NULL;
    return end;
}

/* Told before: the same again is fine, anything else is not. One whose leases all lapsed was told
 * by nobody. */
static int check_repeat(const struct search *search, const struct run *run,
                        const struct external_end *end, bool *out_repeated, struct error *err)
{
    const struct search_outcome *told = &search->outcomes[run->number];
    const enum run_state state = run->position.state;
    const bool lapsed = run->position.attempts_lost >= RUN_ATTEMPTS_MAX && state == RUN_FAILED;
    *out_repeated = false;
    if (!run_is_final(state) || lapsed)
        return 0;
    if (run->endings > 0)
        return error_of(err, ERROR_UNAVAILABLE,
                        "what was told of run %" PRId64 " is being written; try again", run->id);
    *out_repeated =
        told->is_told && told_results_repeat(&end->told_of, told->outcome, told->results,
                                             search_result_count(search));
    if (*out_repeated)
        return 0;
    return error_of(err, ERROR_CONFLICT, "run %" PRId64 " has %s already, and with other values",
                    run->id, state == RUN_CANCELLED ? "been cancelled" : run_state_names[state]);
}

void conductor_tell(struct conductor *conductor, int64_t id, const struct tell_options *options,
                    conductor_answered *done, void *context)
{
    struct search *search;
    struct run *run;
    struct error err;
    bool repeated;
    if (find_run(conductor, id, &search, &run, &err) < 0) {
        done(context, NULL, &err);
        return;
    }
    struct external_end *end = end_of(search, run, options);
    if (check_repeat(search, run, end, &repeated, &err) < 0 || repeated) {
        done(context, repeated ? end_answer(run, false, true) : NULL, repeated ? NULL : &err);
        end_free(end);
        return;
    }
    end->told = done;
    end->context = context;
    end_external(end);
}

struct ended_tell {
    struct conductor *conductor;
    int64_t run;
    const struct tell_options *options;
    conductor_answered *done;
    void *context;
};

static void tell_ready(void *context, struct job *job, const struct error *err)
{
    struct ended_tell *tell = context;
    (void)job;
    if (err)
        tell->done(tell->context, NULL, err);
    else
        conductor_tell(tell->conductor, tell->run, tell->options, tell->done, tell->context);
    free(tell);
}

void conductor_tell_ended(struct conductor *conductor, int64_t job, int64_t run,
                          const struct tell_options *options, conductor_answered *done,
                          void *context)
{
    struct ended_tell *tell = xcalloc(1, sizeof *tell);
    *tell = (struct ended_tell){conductor, run, options, done, context};
    with_job(conductor, job, tell_ready, tell);
}

/* A person cancels it: whoever has it hears so with the next report. */
void search_cancel_run(struct run *run, const struct audit_entry *audit, store_done *done,
                       void *context)
{
    struct search *search = run->job->search;
    struct external_end *end = xcalloc(1, sizeof *end);
    *end = (struct external_end){.search = search,
                                 .run = run,
                                 .told_of = {.outcome = PROPOSAL_DELETED, .given = true},
                                 .cancelled = done,
                                 .audit = audit_copy(audit),
                                 .context = context};
    for (int i = 0; i < search_result_count(search); i++)
        end->told_of.results[i] = (double)NAN;
    search_unlease(search, run);
    job_move(run, EVENT_CANCEL, NULL);
    if (job_is_final(run->job))
        run->job->finished_ms = wall_ms();
    run->endings++;
    hold_job(run->job);
    write_end(end);
}

void search_requeue(struct run *run)
{
    search_put_back(run->job->search, run);
    search_step(run->job->search);
}
