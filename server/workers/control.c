/*
 * What people ask of jobs and runs. Every answer comes after its commit.
 */
#include "workers/inside.h"

#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

struct asked {
    struct conductor *conductor;
    struct job *job;
    struct audit_entry *audit; /* or NULL */
    store_done *done;
    void *context;
};

static struct asked *asked_new(struct conductor *conductor, struct job *job,
                               const struct audit_entry *audit, store_done *done, void *context)
{
    struct asked *asked = xcalloc(1, sizeof *asked);
    *asked = (struct asked){.conductor = conductor,
                            .job = job,
                            .audit = audit_copy(audit),
                            .done = done,
                            .context = context};
    hold_job(job);
    return asked;
}

static void asked_free(void *context)
{
    struct asked *asked = context;
    free(asked->audit);
    free(asked);
}

static void answer(void *context, const struct error *err)
{
    struct asked *asked = context;
    if (!err)
        publish_job(asked->conductor, asked->job);
    if (asked->done)
        asked->done(asked->context, err);
    drop_job(asked->conductor, asked->job);
    asked_free(asked);
}

static void no_such(const char *what, int64_t id, store_done *done, void *context)
{
    struct error err;
    error_of(&err, ERROR_NOT_FOUND, "there is no unfinished %s %" PRId64, what, id);
    done(context, &err);
}

static void write_job(struct conductor *conductor, struct job *job, const struct audit_entry *audit,
                      store_done *done, void *context)
{
    struct job_change change = job_change_of(job);
    change.audit = audit;
    store_change_job(conductor->store, &change, answer,
                     asked_new(conductor, job, NULL, done, context));
}

void conductor_pause_job(struct conductor *conductor, int64_t id, bool pause,
                         const struct audit_entry *audit, store_done *done, void *context)
{
    struct job *job = job_index_find(conductor->jobs, id);
    if (!job || job_is_final(job)) {
        no_such("job", id, done, context);
        return;
    }
    job->paused = pause;
    queue_set_paused(conductor->queue, clock_ms(), id, pause);
    wake_pump(conductor);
    search_look(job);
    write_job(conductor, job, audit, done, context);
}

void conductor_set_priority(struct conductor *conductor, int64_t id, int priority,
                            const struct audit_entry *audit, store_done *done, void *context)
{
    struct job *job = job_index_find(conductor->jobs, id);
    if (!job || job_is_final(job)) {
        no_such("job", id, done, context);
        return;
    }
    job->priority = priority;
    queue_set_priority(conductor->queue, clock_ms(), id, priority);
    write_job(conductor, job, audit, done, context);
}

/* --- cancel --------------------------------------------------------------------------------------
 */

static void cancel_moves(struct job *job)
{
    for (int i = 0; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        const enum run_state state = run->position.state;
        if ((state == RUN_RUNNING || state == RUN_QUEUED) && search_is_external(job))
            search_cancel_run(run, NULL, NULL, NULL);
        else if (state == RUN_RUNNING)
            stop_run(run, "cancelled");
        else if (state == RUN_QUEUED || state == RUN_WAITING)
            job_move(run, EVENT_CANCEL, NULL);
        if ((state == RUN_QUEUED || state == RUN_WAITING) && run->endings == 0 && job->tuning &&
            run->phase == PHASE_TUNE)
            job->tuning[run->arm].left--;
    }
}

static void write_cancel(void *context);

/* The runs are cancelled already: where that cannot be written now, whoever asked hears so, and it
 * is written as soon as it can be. */
static void cancel_written(void *context, const struct error *err)
{
    struct asked *asked = context;
    struct conductor *conductor = asked->conductor;

    if (!err) {
        looks_check_job(conductor, asked->job);
        events_publish(conductor->events, "reload", asked->job->id, json_object());
        answer(asked, NULL);
        return;
    }
    if (asked->done)
        asked->done(asked->context, err);
    asked->done = NULL;
    again_later(conductor, conductor->options.retry_ms, write_cancel, asked_free, asked);
}

static void write_cancel(void *context)
{
    struct asked *asked = context;
    struct job_change change = job_change_of(asked->job);
    change.audit = asked->audit;
    const struct runs_change cancel = {.job = change.job,
                                       .arm = -1,
                                       .phase = -1,
                                       .from = RUN_QUEUED,
                                       .waiting_too = true,
                                       .to = RUN_CANCELLED,
                                       .now_ms = wall_ms(),
                                       .change = &change};
    store_change_runs(asked->conductor->store, &cancel, cancel_written, asked);
}

void conductor_cancel_job(struct conductor *conductor, int64_t id, const struct audit_entry *audit,
                          store_done *done, void *context)
{
    struct job *job = job_index_find(conductor->jobs, id);
    if (!job || job_is_final(job)) {
        no_such("job", id, done, context);
        return;
    }
    queue_clear_job(conductor->queue, clock_ms(), id);
    cancel_moves(job);
    if (job_is_final(job))
        job->finished_ms = wall_ms();
    write_cancel(asked_new(conductor, job, audit, done, context));
    search_look(job);
    wake_pump(conductor);
}

/* One that runs is cancelled once its worker has stopped; until then nothing changes on disk but
 * the audit. */
static void cancel_running(struct conductor *conductor, struct run *run,
                           const struct audit_entry *audit, store_done *done, void *context)
{
    stop_run(run, "cancelled");
    if (audit)
        store_add_audit(conductor->store, audit, done, context);
    else
        done(context, NULL);
}

void conductor_cancel_run(struct conductor *conductor, int64_t id, const struct audit_entry *audit,
                          store_done *done, void *context)
{
    struct run *run = job_index_find_run(conductor->jobs, id);
    if (!run || run_is_final(run->position.state)) {
        no_such("run", id, done, context);
        return;
    }
    if (search_is_unproposed(run)) {
        struct error err;
        error_of(&err, ERROR_CONFLICT, "run %" PRId64 " was not proposed yet", id);
        done(context, &err);
        return;
    }
    if (search_is_external(run->job)) {
        search_cancel_run(run, audit, done, context);
        return;
    }
    if (run->position.state == RUN_RUNNING) {
        cancel_running(conductor, run, audit, done, context);
        return;
    }
    queue_leave(conductor->queue, clock_ms(), id);
    end_cancelled_run(conductor, run, audit, done, context);
}

/* --- retry ---------------------------------------------------------------------------------------
 */

/* A report run needs its arm's choice: the grid point, or -1 where the run has what it needs. */
static int point_for_retry(const struct run *run, int *out_point, struct error *err)
{
    struct job *job = run->job;
    *out_point = -1;
    if (run->phase != PHASE_REPORT || !job->tuning || run->point >= 0)
        return 0;
    if (job->tuning[run->arm].left > 0)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " has no setting to run yet: its arm is still being tuned",
                        run->id);
    tuning_recall(job, run->arm);
    const int chosen = job->tuning[run->arm].chosen;
    if (chosen < 0)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " has no setting to run: no tuning run of its arm succeeded",
                        run->id);
    *out_point = chosen;
    return 0;
}

struct retry {
    struct asked *asked;
    struct run *run;
    int point;                  /* of the grid, where the run gets one by this; else -1 */
    struct run_position before; /* to be taken up again where this cannot be written */
    int64_t finished_ms;
};

static void count_tuning(const struct run *run, int change)
{
    if (run->job->tuning && run->phase == PHASE_TUNE)
        run->job->tuning[run->arm].left += change;
}

static void take_back_retry(const struct retry *retry)
{
    struct run *run = retry->run;
    struct job *job = run->job;
    job->counts[run->position.state]--;
    run->position = retry->before;
    job->counts[run->position.state]++;
    job->finished_ms = retry->finished_ms;
    count_tuning(run, -1);
}

static void check_waiting(struct conductor *conductor, struct job *job)
{
    sources_check_job(conductor, job);
    looks_check_job(conductor, job);
}

static void retry_written(void *context, double objective, const struct error *err)
{
    struct retry *retry = context;
    struct run *run = retry->run;
    (void)objective;

    if (err) {
        take_back_retry(retry);
    } else {
        if (retry->point >= 0) {
            run->point = retry->point;
            run->threads = tuning_threads(run->job, run->arm, run->point);
        }
        run->allowed_from_ms = run->ran_ms;
        run->not_before_ms = 0;
        publish_run(retry->asked->conductor, run);
        if (search_is_external(run->job))
            search_requeue(run);
        else if (run->position.state == RUN_QUEUED)
            queue_run(retry->asked->conductor, run);
        else /* it waits for what it starts from, which may be there already */
            check_waiting(retry->asked->conductor, run->job);
    }
    answer(retry->asked, err);
    free(retry);
}

static void retry_run(struct conductor *conductor, struct run *run, const struct audit_entry *audit,
                      store_done *done, void *context)
{
    struct error err;
    struct job *job = run->job;
    const struct run_position before = run->position;
    const int64_t finished_ms = job->finished_ms;
    bool waits;
    int point = -1;

    if (run->endings > 0) {
        error_of(&err, ERROR_UNAVAILABLE, "the end of run %" PRId64 " is being written; try again",
                 run->id);
        done(context, &err);
        return;
    }
    if (search_is_unproposed(run)) {
        error_of(&err, ERROR_CONFLICT,
                 "run %" PRId64 " was never proposed; a larger budget brings new ones", run->id);
        done(context, &err);
        return;
    }
    if (sources_retry(run, &waits, &err) < 0 ||
        (!waits && point_for_retry(run, &point, &err) < 0) || looks_retry(run, &waits, &err) < 0 ||
        job_move(run, waits ? EVENT_RETRY_LATER : EVENT_RETRY, &err) < 0) {
        done(context, &err);
        return;
    }
    job->finished_ms = 0;
    run->objective = (double)NAN;
    count_tuning(run, +1);
    const struct run_timing timing = {.ran_ms = run->ran_ms, .allowed_from_ms = run->ran_ms};
    struct run_change change = {
        .run = run->id,
        .position = run->position,
        .timing = &timing,
        .variant = point >= 0 ? job_variant(job, run->arm, point) : 0,
        .step = -1,
        .now_ms = wall_ms(),
        .job = job_change_of(job),
    };
    change.job.audit = audit;
    struct retry *retry = xcalloc(1, sizeof *retry);
    *retry = (struct retry){.asked = asked_new(conductor, job, NULL, done, context),
                            .run = run,
                            .point = point,
                            .before = before,
                            .finished_ms = finished_ms};
    store_change_run(conductor->store, &change, retry_written, retry);
}

struct retry_wish {
    struct conductor *conductor;
    int64_t run;
    struct audit_entry *audit; /* or NULL */
    store_done *done;
    void *context;
};

static void retry_ready(void *context, struct job *job, const struct error *err)
{
    struct retry_wish *wish = context;
    struct run *run = job_index_find_run(wish->conductor->jobs, wish->run);
    if (err)
        wish->done(wish->context, err);
    else if (!run || run->job != job)
        no_such("run", wish->run, wish->done, wish->context);
    else
        retry_run(wish->conductor, run, wish->audit, wish->done, wish->context);
    free(wish->audit);
    free(wish);
}

void conductor_retry_run(struct conductor *conductor, int64_t job, int64_t id,
                         const struct audit_entry *audit, store_done *done, void *context)
{
    struct retry_wish *wish = xcalloc(1, sizeof *wish);
    *wish = (struct retry_wish){.conductor = conductor,
                                .run = id,
                                .audit = audit_copy(audit),
                                .done = done,
                                .context = context};
    with_job(conductor, job, retry_ready, wish);
}
