/*
 * One run on one worker: started on disk first, then assigned; its lines checked against the
 * attempt, written down, and only then shown; its end applied, written, announced.
 */
#include "workers/search_population.h"
#include "workers/search_prune.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STOP_GRACE_MS = 10000, /* a worker that does not stop when asked */
};

/* --- starting -----------------------------------------------------------------------------------
 */

static json_t *assignment_of(const struct conductor *conductor, struct run *run,
                             const struct started_run *started)
{
    json_t *line = json_pack("{s:I, s:i, s:o}", "run", run->id, "attempt", run->position.attempt,
                             "spec", json_loads(started->spec, 0, NULL));
    json_object_set_new(line, "folder",
                        json_sprintf("%s/%" PRId64, conductor->options.runs, run->id));
    json_object_set_new(line, "cache", json_string(conductor->options.cache));
    if (started->data)
        json_object_set_new(line, "data",
                            json_sprintf("%s/%s", conductor->options.cache, started->data));
    if (started->checkpoint >= 0)
        json_object_set_new(line, "checkpoint", json_integer(started->checkpoint));
    const double pause_at = run->phase == PHASE_SEARCH
                                ? search_pause_at(run, json_object_get(line, "spec"))
                                : halving_pause_at(run);
    if (pause_at > 0)
        json_object_set_new(line, "pause_at", json_real(pause_at));
    if (started->steps_seen >= 0)
        json_object_set_new(line, "steps_seen", json_integer(started->steps_seen));
    return line;
}

void give_assignment(struct run *run)
{
    struct worker *worker = run->task.worker;
    if (!run->assignment || worker->state != WORKER_READY)
        return;
    json_t *line = run->assignment;
    run->assignment = NULL;
    worker->heard_ms = clock_ms();
    json_t *cores = take_cores(run->job->conductor, run);
    if (cores)
        json_object_set_new(line, "cores", cores);
    pool_send(worker, WIRE_ASSIGN, line);
    if (run->stopping)
        stop_run(run, run->stopping);
}

/* A worker for it: a free one, or a new process. */
static int find_worker(struct conductor *conductor, const struct run *run, const json_t *spec,
                       struct worker **out_worker, struct error *err)
{
    const bool portable = strcmp(json_text_at(spec, "numeric", "native"), "portable") == 0;
    struct worker *worker = pool_find(conductor->pool, run->threads, portable);

    if (!worker && pool_start(conductor->pool, run->threads, portable, &worker, err) < 0)
        return -1;
    *out_worker = worker;
    return 0;
}

static bool stops_for(const struct run *run, const char *reason)
{
    return run->stopping && strcmp(run->stopping, reason) == 0;
}

/* What a stop makes of a run: only who cancels or prunes it wants it to stay where it is. */
static enum run_event stop_event(const struct run *run)
{
    return stops_for(run, "cancelled") ? EVENT_CANCEL
           : stops_for(run, "pruned")  ? EVENT_PRUNED
                                       : EVENT_PREEMPT;
}

static void end_stopped(struct conductor *conductor, struct run *run, const char *words,
                        int64_t step)
{
    if (stops_for(run, "pruned")) {
        end_run(conductor, run, EVENT_PRUNED, "pruned", search_verdict(run), step);
        return;
    }
    if (!stops_for(run, "timeout")) {
        end_run(conductor, run, stop_event(run), NULL, words, step);
        return;
    }
    AUTO_FREE char *message =
        xprintf("it ran for longer than its %.10g s", (double)run->job->options.timeout_ms / 1000);
    end_run(conductor, run, EVENT_FAILED, "timeout", message, step);
}

static void ran_too_long(void *context)
{
    struct run *run = context;
    run->timeout = NULL;
    if (!run->stopping)
        stop_run(run, "timeout");
}

/* Its attempts count together, those that were stopped or lost as well; a retry begins anew. */
static void limit_run(struct conductor *conductor, struct run *run)
{
    const int64_t timeout_ms = run->job->options.timeout_ms;
    const int64_t left_ms = timeout_ms - (run->ran_ms - run->allowed_from_ms);
    if (timeout_ms > 0)
        run->timeout = loop_after(conductor->loop, left_ms > 0 ? left_ms : 0, ran_too_long, run);
}

static void revert_start(struct conductor *conductor, struct run *run, const char *why)
{
    const int64_t retry_ms = conductor->options.retry_ms, pool_ms = pool_retry_ms(conductor->pool);
    log_line("run %" PRId64 " could not start: %s", run->id, why);
    pump_later(conductor, pool_ms > retry_ms ? pool_ms : retry_ms);
    end_run(conductor, run, stop_event(run), NULL, NULL, -1);
}

static void run_started(void *context, const struct started_run *started, const struct error *err)
{
    struct run *run = context;
    struct job *job = run->job;
    struct conductor *conductor = job->conductor;
    struct error trouble;
    struct worker *worker;

    if (run->reused_from > 0) { /* it has ended already */
        drop_job(conductor, job);
        return;
    }
    if (err && err->kind != ERROR_UNAVAILABLE && err->kind != ERROR_INTERNAL) {
        end_run(conductor, run, EVENT_FAILED, "error", err->sentence, -1);
    } else if (search_verdict(run)) { /* the server went before it was told */
        end_run(conductor, run, EVENT_PRUNED, "pruned", search_verdict(run), -1);
    } else if (err) {
        revert_start(conductor, run, err->sentence);
    } else if (run->stopping) {
        end_run(conductor, run, stop_event(run), NULL, NULL, -1);
    } else {
        json_t *line = assignment_of(conductor, run, started);
        if (conductor->stopping) {
            json_decref(line);
            end_run(conductor, run, EVENT_PREEMPT, NULL, NULL, -1);
        } else if (find_worker(conductor, run, json_object_get(line, "spec"), &worker, &trouble) <
                   0) {
            json_decref(line);
            revert_start(conductor, run, trouble.sentence);
        } else {
            run->assignment = line;
            run->task.worker = worker;
            worker->task = &run->task;
            limit_run(conductor, run);
            give_assignment(run);
            publish_run(conductor, run);
            publish_job(conductor, job);
        }
    }
    drop_job(conductor, job);
}

static void job_started(void *context, const struct error *err)
{
    struct job *job = context;
    (void)err; /* written again with the next change */
    drop_job(job->conductor, job);
}

void start_run(struct conductor *conductor, struct run *run)
{
    struct job *job = run->job;
    const int64_t now = wall_ms();

    job_move(run, EVENT_START, NULL);
    run->started_ms = now;
    run_begins(run);
    run->stopping = NULL;
    run->bytes = 0;
    reuse_for_run(conductor, run);
    hold_job(job);
    store_start_run(conductor->store, run->id, run->position.attempt, "local", now, run_started,
                    run);
    if (job->started_ms == 0) {
        job->started_ms = now;
        const struct job_change change = job_change_of(job);
        hold_job(job);
        store_change_job(conductor->store, &change, job_started, job);
    }
}

/* --- ending --------------------------------------------------------------------------------------
 */

struct ending {
    struct conductor *conductor;
    struct run *run;
    enum run_event event;
    const char *reason; /* static */
    char *message;
    int64_t step;
    struct audit_entry *audit; /* of who cancelled it; or NULL, as is done */
    store_done *done;
    void *context;
};

static void ending_free(void *context)
{
    struct ending *ending = context;
    free(ending->message);
    free(ending->audit);
    free(ending);
}

static void write_ending(struct ending *ending);

static void write_ending_again(void *context)
{
    struct ending *ending = context;
    write_ending(ending);
    drop_job(ending->conductor, ending->run->job);
}

static void announce_run(const struct ending *ending)
{
    json_t *json = run_json(ending->run);
    json_object_set_new(json, "reason", ending->reason ? json_string(ending->reason) : json_null());
    json_object_set_new(json, "message",
                        ending->message ? json_text(ending->message) : json_null());
    if (run_is_final(ending->run->position.state))
        json_object_set_new(json, "finished_ms", json_integer(wall_ms()));
    events_publish(ending->conductor->events, "run", ending->run->job->id, json);
}

/* Whoever asked hears once, also where it has to be tried again. */
static void answer_ending(struct ending *ending, const struct error *err)
{
    store_done *done = ending->done;
    ending->done = NULL;
    if (done)
        done(ending->context, err);
}

static void run_ended(void *context, double objective, const struct error *err)
{
    struct ending *ending = context;
    struct conductor *conductor = ending->conductor;
    struct run *run = ending->run;
    struct job *job = run->job;

    if (err) { /* the outcome must not be lost: again, once the store takes things */
        log_line("run %" PRId64 ": its end is not on disk yet: %s", run->id, err->sentence);
        answer_ending(ending, err);
        again_later(conductor, conductor->options.retry_ms, write_ending_again, ending_free,
                    ending);
        return; /* keeps its hold on the job */
    }
    if (run->interrupted) {
        run->interrupted = false;
        conductor->interrupted--;
        wake_pump(conductor);
    }
    run->objective = objective;
    announce_run(ending);
    if (--run->endings == 0) {
        tuning_run_done(conductor, run);
        sources_run_done(conductor, run);
        search_run_done(conductor, run);
        looks_check_job(conductor, job);
    }
    publish_job(conductor, job);
    if (run->endings == 0 && run->position.state == RUN_QUEUED)
        queue_run(conductor, run);
    answer_ending(ending, NULL);
    ending_free(ending);
    drop_job(conductor, job);
}

static void write_ending(struct ending *ending)
{
    struct run *run = ending->run;
    const struct run_timing timing = job_timing(run);
    struct run_change change = {
        .run = run->id,
        .position = run->position,
        .reason = ending->reason,
        .message = ending->message,
        .step = ending->step,
        .bytes = run->bytes,
        .now_ms = wall_ms(),
        .metric = &run->job->metric,
        .timing = &timing,
        .job = job_change_of(run->job),
    };
    change.job.audit = ending->audit;
    hold_job(run->job);
    store_change_run(ending->conductor->store, &change, run_ended, ending);
}

/* Takes over what the ending points to. */
static void begin_ending(const struct ending *from)
{
    struct error err;
    struct conductor *conductor = from->conductor;
    struct run *run = from->run;
    struct job *job = run->job;
    struct ending *ending = xcalloc(1, sizeof *ending);
    *ending = *from;

    if (job_move(run, from->event, &err) < 0) {
        log_line("run %" PRId64 ": %s", run->id, err.sentence);
        answer_ending(ending, &err);
        ending_free(ending);
        return;
    }
    run_ends(conductor, run, from->event == EVENT_SUCCEEDED);
    if (run->task.worker) {
        run->task.worker->task = NULL;
        pool_relieve(run->task.worker);
    }
    run->task.worker = NULL;
    run->stopping = NULL;
    loop_cancel(run->timeout);
    run->timeout = NULL;
    give_cores_back(conductor, run);
    json_decref(run->assignment);
    run->assignment = NULL;
    if (job_is_final(job))
        job->finished_ms = wall_ms();

    run->endings++;
    write_ending(ending);
    wake_pump(conductor);
}

void end_run(struct conductor *conductor, struct run *run, enum run_event event, const char *reason,
             const char *message, int64_t step)
{
    begin_ending(&(struct ending){
        .conductor = conductor,
        .run = run,
        .event = event,
        .reason = reason,
        .message = message ? xstrdup(message) : NULL,
        .step = step,
    });
}

void end_cancelled_run(struct conductor *conductor, struct run *run,
                       const struct audit_entry *audit, store_done *done, void *context)
{
    begin_ending(&(struct ending){
        .conductor = conductor,
        .run = run,
        .event = EVENT_CANCEL,
        .step = -1,
        .audit = audit_copy(audit),
        .done = done,
        .context = context,
    });
}

/* 1, 4 s: what took the worker down may be over by then, and if not, has not kept the machine busy
 * with starting others. */
static int64_t lost_delay_ms(const struct conductor *conductor, const struct run *run)
{
    return conductor->options.retry_ms << (2 * run->position.attempts_lost);
}

void lose_run(struct conductor *conductor, struct run *run, const char *words)
{
    run->task.worker = NULL; /* it is being freed */
    const bool was_given = !run->assignment;
    if (run->stopping || !was_given) { /* a worker that did not start says nothing of the run */
        end_stopped(conductor, run, NULL, -1);
        return;
    }
    run->not_before_ms = clock_ms() + lost_delay_ms(conductor, run);
    end_run(conductor, run, EVENT_LOST, "worker lost", words, -1);
}

/* --- stopping ------------------------------------------------------------------------------------
 */

void stop_run(struct run *run, const char *reason)
{
    struct worker *worker = run->task.worker;

    run->stopping = reason;
    if (!worker || run->assignment)
        return; /* told as soon as it is assigned */
    pool_send(worker, WIRE_STOP,
              json_pack("{s:I, s:i, s:s}", "run", run->id, "attempt", run->position.attempt,
                        "reason", reason));
    pool_demand(worker, STOP_GRACE_MS, "did not stop when asked");
}

/* --- a run's lines -------------------------------------------------------------------------------
 */

struct run *run_of(struct conductor *conductor, struct worker *worker, int64_t id, int64_t attempt)
{
    struct task *task = worker->task;
    if (task && task->kind == TASK_RUN) {
        struct run *run = (struct run *)task;
        if (run->id == id && run->position.attempt == attempt)
            return run;
    }
    conductor->stale_lines++;
    return NULL;
}

static void job_noted(void *context, const struct error *err)
{
    struct job *job = context;
    if (err)
        log_line("job %" PRId64 ": %s", job->id, err->sentence);
    drop_job(job->conductor, job);
}

static void note_started(struct conductor *conductor, struct run *run,
                         const struct wire_message *message)
{
    AUTO_FREE char *fingerprint = json_compact(json_object_get(message->body, "fingerprint"));
    run->steps = json_integer_at(message->body, "steps", 0);
    run_resumes(run, json_integer_at(message->body, "resumed", 0));
    hold_job(run->job);
    store_note_run(conductor->store, run->id, run->position.attempt, fingerprint,
                   json_integer_at(message->body, "resumed", 0), run->steps, job_noted, run->job);
    publish_run(conductor, run);
}

struct kept {
    struct run *run;
    int attempt;
    int64_t step;
};

static void checkpoint_noted(void *context, const struct error *err)
{
    struct kept *kept = context;
    struct run *run = kept->run;

    if (!err && run->task.worker && run->position.attempt == kept->attempt)
        pool_send(run->task.worker, WIRE_KEPT,
                  json_pack("{s:I, s:I}", "run", run->id, "step", kept->step));
    drop_job(run->job->conductor, run->job);
    free(kept);
}

static void note_checkpoint(struct conductor *conductor, struct run *run,
                            const struct wire_message *message)
{
    struct kept *kept = xcalloc(1, sizeof *kept);
    *kept = (struct kept){run, run->position.attempt, json_integer_at(message->body, "step", 0)};
    hold_job(run->job);
    store_note_checkpoint(conductor->store, run->id, run->position.attempt, kept->step,
                          json_integer_at(message->body, "bytes", 0), checkpoint_noted, kept);
}

static void note_log(struct conductor *conductor, struct run *run,
                     const struct wire_message *message)
{
    const char *text = json_text_at(message->body, "text", "");
    hold_job(run->job);
    store_add_log(conductor->store, run->id, run->position.attempt, text, wall_ms(), job_noted,
                  run->job);
    events_publish(conductor->events, "log", run->job->id,
                   json_pack("{s:I, s:I, s:i, s:s}", "run", run->id, "job", run->job->id, "attempt",
                             run->position.attempt, "text", text));
}

static bool stands_at_rung(const struct run *run)
{
    return stops_for(run, "rung") ||
           (!run->stopping && (halving_pause_at(run) > 0 || search_pauses(run)));
}

static void take_result(struct conductor *conductor, struct run *run,
                        const struct wire_message *message)
{
    const char *state = json_text_at(message->body, "state", "");
    const char *words = json_text_at(message->body, "message", NULL);
    const int64_t step = json_integer_at(message->body, "step", -1);

    run->step = step >= 0 ? step : run->step;
    run->bytes = json_integer_at(message->body, "bytes", 0);
    if (strcmp(state, "succeeded") == 0)
        end_run(conductor, run, EVENT_SUCCEEDED, NULL, words, step);
    else if (strcmp(state, "stopped") == 0 && search_generation_ends(run))
        end_run(conductor, run, EVENT_SUCCEEDED, NULL, words, step);
    else if (strcmp(state, "stopped") == 0 && stands_at_rung(run))
        end_run(conductor, run, EVENT_RUNG, NULL, words, step);
    else if (strcmp(state, "stopped") == 0)
        end_stopped(conductor, run, words, step);
    else if (strcmp(state, "diverged") == 0)
        end_run(conductor, run, EVENT_FAILED, "diverged", words, step);
    else
        end_run(conductor, run, EVENT_FAILED, "error", words, step);
}

void run_message(struct conductor *conductor, struct worker *worker,
                 const struct wire_message *message)
{
    struct run *run = run_of(conductor, worker, message->run, message->attempt);
    if (!run)
        return;
    if (message->type == WIRE_STARTED)
        note_started(conductor, run, message);
    else if (message->type == WIRE_CHECKPOINT)
        note_checkpoint(conductor, run, message);
    else if (message->type == WIRE_LOG)
        note_log(conductor, run, message);
    else if (message->type == WIRE_RESULT)
        take_result(conductor, run, message);
    else
        pool_kill(worker, "sent a line that only a server sends");
}
