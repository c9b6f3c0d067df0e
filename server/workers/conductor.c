#include "workers/inside.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_GRACE_MS = 5000, TELL_EVERY_MS = 250, TELL_JOB_EVERY_MS = 100, RETRY_MS = 1000 };

/* --- the pump -------------------------------------------------------------------------------- */

/* Workers for other numbers of threads, or for portable bits, stay for the next such run, but not
 * more of them than can ever run at once. One at a time: every end of a run comes by here. */
static void dismiss_spare(struct conductor *conductor)
{
    struct worker *spare = NULL;
    int idle = 0;
    for (struct worker *worker = pool_first(conductor->pool); worker; worker = worker->next) {
        if (worker->task || worker->state != WORKER_READY)
            continue;
        idle++;
        if (worker->threads > 1 || worker->portable)
            spare = worker; /* the oldest is the last */
    }
    if (spare && idle > conductor->options.slots)
        pool_dismiss(spare, SPARE_GRACE_MS);
}

static void look_is_due(void *context)
{
    struct conductor *conductor = context;
    conductor->look = NULL;
    wake_pump(conductor);
}

/* Runs that are held back, and teams that wait: nothing else may happen until their time comes. */
static void look_again_at(struct conductor *conductor, int64_t at_ms)
{
    if (at_ms == 0 || (conductor->look && conductor->look_at_ms <= at_ms))
        return;
    const int64_t now_ms = clock_ms();
    loop_cancel(conductor->look);
    conductor->look_at_ms = at_ms;
    conductor->look =
        loop_after(conductor->loop, at_ms > now_ms ? at_ms - now_ms : 0, look_is_due, conductor);
}

/* Runs of teams above their part give way to a team that has waited for long enough. One that is
 * about to end for another reason gives way as well. */
static void make_room(struct conductor *conductor)
{
    const int64_t after_ms = conductor->options.preempt_after_ms;
    int64_t id, look_again_ms = 0;
    while (after_ms > 0 &&
           (id = queue_preempt(conductor->queue, clock_ms(), after_ms, &look_again_ms)) != 0) {
        struct run *run = job_index_find_run(conductor->jobs, id);
        assert(run && run->position.state == RUN_RUNNING);
        if (!run->stopping)
            stop_run(run, "preempted");
    }
    look_again_at(conductor, look_again_ms);
}

static void pump(void *context)
{
    struct conductor *conductor = context;
    conductor->pump_soon = false;
    dismiss_spare(conductor);

    while (!conductor->stopping && !conductor->held && !conductor->retry &&
           conductor->interrupted == 0) {
        int64_t look_again_ms;
        const int64_t id = queue_next(conductor->queue, clock_ms(), &look_again_ms);
        if (id == 0) {
            look_again_at(conductor, look_again_ms);
            make_room(conductor);
            return;
        }
        struct run *run = job_index_find_run(conductor->jobs, id);
        assert(run && run->position.state == RUN_QUEUED);
        start_run(conductor, run);
        save_later(conductor);
    }
}

/* What changed in between is not missed: the figures are those of the moment. */
static void tell_queue(void *context)
{
    struct conductor *conductor = context;
    const size_t waiting = queue_length(conductor->queue);
    conductor->telling = NULL;
    const int used = queue_used(conductor->queue);
    if (used == conductor->told_used && waiting == conductor->told_waiting)
        return;
    conductor->told_used = used;
    conductor->told_waiting = waiting;
    events_publish(conductor->events, "queue", 0,
                   json_pack("{s:i, s:i, s:I}", "used", used, "total", conductor->options.slots,
                             "waiting_runs", (json_int_t)waiting));
}

void wake_pump(struct conductor *conductor)
{
    if (!conductor->telling)
        conductor->telling = loop_after(conductor->loop, TELL_EVERY_MS, tell_queue, conductor);
    if (conductor->pump_soon)
        return;
    conductor->pump_soon = true;
    loop_soon(conductor->loop, pump, conductor);
}

static void try_again(void *context)
{
    struct conductor *conductor = context;
    conductor->retry = NULL;
    wake_pump(conductor);
    prepare_pump(conductor);
}

void pump_later(struct conductor *conductor, int64_t delay_ms)
{
    if (!conductor->retry && !conductor->stopping)
        conductor->retry = loop_after(conductor->loop, delay_ms, try_again, conductor);
}

/* --- what is tried again -----------------------------------------------------------------------
 */

struct again {
    struct conductor *conductor;
    struct loop_timer *timer;
    loop_due *due, *drop;
    void *context;
    struct again *next;
};

static void again_is_due(void *context)
{
    struct again *again = context;
    struct again **at = &again->conductor->agains;
    while (*at != again)
        at = &(*at)->next;
    *at = again->next;
    again->due(again->context);
    free(again);
}

void again_later(struct conductor *conductor, int64_t delay_ms, loop_due *due, loop_due *drop,
                 void *context)
{
    struct again *again = xcalloc(1, sizeof *again);
    *again = (struct again){.conductor = conductor,
                            .timer = loop_after(conductor->loop, delay_ms, again_is_due, again),
                            .due = due,
                            .drop = drop,
                            .context = context,
                            .next = conductor->agains};
    conductor->agains = again;
}

static void drop_agains(struct conductor *conductor)
{
    while (conductor->agains) {
        struct again *again = conductor->agains;
        conductor->agains = again->next;
        loop_cancel(again->timer);
        again->drop(again->context);
        free(again);
    }
}

void queue_run(struct conductor *conductor, struct run *run)
{
    assert(run->position.state == RUN_QUEUED);
    enter_run(conductor, run);
    wake_pump(conductor);
}

/* --- jobs come and go ------------------------------------------------------------------------ */

static void leave_untold(struct conductor *conductor, struct job *job)
{
    struct job **at = &conductor->untold;
    while (*at && *at != job)
        at = &(*at)->next_untold;
    if (*at)
        *at = job->next_untold;
    job->untold = false;
}

static void tell_job(struct conductor *conductor, struct job *job)
{
    if (job->untold)
        leave_untold(conductor, job);
    job->told_ms = clock_ms();
    job->told_state = job_state(job);
    events_publish(conductor->events, "job", job->id, job_json(job));
}

static void tell_jobs(void *context)
{
    struct conductor *conductor = context;
    conductor->telling_jobs = NULL;
    while (conductor->untold)
        tell_job(conductor, conductor->untold);
}

void publish_job(struct conductor *conductor, struct job *job)
{
    const bool told_lately = job->told_ms > 0 && job->told_state == job_state(job) &&
                             clock_ms() - job->told_ms < TELL_JOB_EVERY_MS;
    if (job_is_final(job) && job->told_ms > 0 && job->told_state == job_state(job))
        return; /* its end was told with the run before; nothing changes any more */
    if (job_is_final(job) || !told_lately) {
        tell_job(conductor, job);
        return;
    }
    if (job->untold)
        return;
    job->untold = true;
    job->next_untold = conductor->untold;
    conductor->untold = job;
    if (!conductor->telling_jobs)
        conductor->telling_jobs =
            loop_after(conductor->loop, TELL_JOB_EVERY_MS, tell_jobs, conductor);
}

void publish_run(struct conductor *conductor, const struct run *run)
{
    events_publish(conductor->events, "run", run->job->id, run_json(run));
}

void hold_job(struct job *job)
{
    job->pending++;
}

static void forget_job(struct conductor *conductor, struct job *job)
{
    if (job->untold)
        leave_untold(conductor, job);
    queue_remove_job(conductor->queue, job->id);
    job_index_remove(conductor->jobs, job);
    conductor->after_jobs -= job->options.after_count > 0;
    after_job_ended(conductor, job->id);
    job_free(job);
}

void drop_job(struct conductor *conductor, struct job *job)
{
    assert(job->pending > 0);
    job->pending--;
    if (job->pending == 0 && job_is_final(job))
        forget_job(conductor, job);
}

static void take_up_job(struct conductor *conductor, struct job *job)
{
    job->conductor = conductor;
    job_index_add(conductor->jobs, job);
    conductor->after_jobs += job->options.after_count > 0;
    need_team(conductor, job->team);
    queue_add_job(conductor->queue, job->id, job->team, job->priority, job->paused);
    if (job->usual_ms > 0)
        queue_expect_job(conductor->queue, job->id, job->usual_ms);
    for (int i = 0; i < job->run_count; i++)
        if (job->runs[i].position.state == RUN_QUEUED && !search_is_external(job))
            enter_run(conductor, &job->runs[i]);
    wake_pump(conductor);
}

void adopt_again(struct conductor *conductor, struct job *job)
{
    take_up_job(conductor, job);
    for (int arm = 0; job->tuning && arm < job->arm_count; arm++)
        tuning_recall(job, arm);
}

json_t *conductor_adopt(struct conductor *conductor, const struct job_plan *plan,
                        const struct added_job *added, int64_t now_ms)
{
    struct job *job = job_of_plan(plan, added, now_ms);
    take_up_job(conductor, job);
    reuse_for_job(conductor, job);
    after_check_job(conductor, job);
    search_adopt(conductor, job);
    publish_job(conductor, job);
    return job_json(job);
}

/* --- the pool's news -------------------------------------------------------------------------- */

static void worker_ready(void *context, struct worker *worker)
{
    struct conductor *conductor = context;
    struct task *task = worker->task;

    learn_numeric(conductor, worker);
    if (task && task->kind == TASK_RUN)
        give_assignment((struct run *)task);
    prepare_pump(conductor);
    wake_pump(conductor);
}

static void worker_metrics(void *context, struct worker *worker, const char *line, size_t bytes)
{
    run_metrics(context, worker, line, bytes);
}

static void worker_message(void *context, struct worker *worker, const struct wire_message *message)
{
    if (message->type == WIRE_PREPARED)
        prepare_message(context, worker, message);
    else
        run_message(context, worker, message);
}

static void tell_if_stopped(struct conductor *conductor)
{
    if (!conductor->stopping || !conductor->stopped || pool_first(conductor->pool))
        return;
    loop_due *stopped = conductor->stopped;
    conductor->stopped = NULL;
    save_shares(conductor);
    loop_soon(conductor->loop, stopped, conductor->stopped_context);
}

static void worker_gone(void *context, struct worker *worker, const char *words)
{
    struct conductor *conductor = context;
    struct task *task = worker->task;

    if (task || worker->state == WORKER_STARTING)
        log_line("worker %s is gone: %s", worker->name, words);
    worker->task = NULL;
    if (task && task->kind == TASK_RUN)
        lose_run(conductor, (struct run *)task, words);
    else if (task)
        prepare_lost(conductor, worker, words);
    if (pool_retry_ms(conductor->pool) > 0)
        pump_later(conductor, pool_retry_ms(conductor->pool));
    wake_pump(conductor);
    tell_if_stopped(conductor);
}

/* --- making, loading, stopping -----------------------------------------------------------------
 */

static json_t *unrepeatable_names(const json_t *metrics)
{
    json_t *names = json_array();
    size_t i;
    json_t *metric;
    json_array_foreach(metrics, i, metric)
    {
        if (!json_flag_at(metric, "repeats", true))
            json_array_append(names, json_object_get(metric, "name"));
    }
    return names;
}

/* Of the workers that are started first. */
static json_t *known_numerics(const json_t *numeric)
{
    AUTO_FREE char *text = numeric ? json_compact(numeric) : NULL;
    return text ? json_pack("{s:s}", "native,1", text) : json_object();
}

struct conductor *conductor_new(struct loop *loop, struct store *store, struct helpers *helpers,
                                struct events *events, const struct conductor_options *options)
{
    struct conductor *conductor = xcalloc(1, sizeof *conductor);
    conductor->loop = loop;
    conductor->store = store;
    conductor->helpers = helpers;
    conductor->events = events;
    conductor->options = *options;
    conductor->options.program = xstrdup(options->program);
    conductor->options.runs = xstrdup(options->runs);
    conductor->options.cache = xstrdup(options->cache);
    if (options->retry_ms == 0)
        conductor->options.retry_ms = RETRY_MS;
    const struct worker_command command = {options->program, options->runs, options->cache};
    conductor->pool = pool_new(loop, &command, options->lease_ms,
                               &(struct pool_owner){.ready = worker_ready,
                                                    .metrics = worker_metrics,
                                                    .message = worker_message,
                                                    .gone = worker_gone,
                                                    .context = conductor});
    conductor->unrepeatable = unrepeatable_names(options->metrics);
    conductor->program = program_digest(options->program);
    conductor->numerics = known_numerics(options->numeric);
    conductor->queue = queue_new(options->slots, QUEUE_HALF_LIFE_MS, clock_ms());
    conductor->jobs = job_index_new();
    find_cores(conductor);
    return conductor;
}

struct loading {
    struct job **jobs;
    int count;
};

static void load_job(void *context, const struct live_job *row)
{
    struct loading *loading = context;
    loading->jobs = xrealloc(loading->jobs, (size_t)loading->count + 1, sizeof(struct job *));
    loading->jobs[loading->count++] = job_of_row(row);
}

static void load_run(void *context, const struct live_run *row)
{
    struct loading *loading = context;
    job_add_row(loading->jobs[loading->count - 1], row);
}

/* A run that ran when the server ended goes back into the line. That was not its fault, so it costs
 * no attempt; the new attempt's number keeps out whatever its old worker may still say. */
static void requeue_interrupted(struct conductor *conductor, struct job *job)
{
    for (int i = 0; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (run->position.state != RUN_RUNNING || search_is_external(job))
            continue;
        run->interrupted = true;
        conductor->interrupted++;
        end_run(conductor, run, EVENT_PREEMPT, NULL, NULL, -1);
    }
}

int conductor_load(struct conductor *conductor, struct error *err)
{
    struct loading loading = {0};
    struct error start_error;
    struct worker *worker;

    if (load_shares(conductor, err) < 0)
        return -1;
    if (store_load(conductor->store, load_job, load_run, &loading, err) < 0) {
        for (int i = 0; i < loading.count; i++)
            job_free(loading.jobs[i]);
        free(loading.jobs);
        return -1;
    }
    for (int i = 0; i < loading.count; i++) {
        struct job *job = loading.jobs[i];
        job_complete_rows(job);
        if (search_load(conductor, job, &start_error) < 0)
            log_line("job %lld: %s", (long long)job->id, start_error.sentence);
        take_up_job(conductor, job);
        requeue_interrupted(conductor, job);
        tuning_check_job(conductor, job);
        sources_check_job(conductor, job);
        looks_check_job(conductor, job);
        after_check_job(conductor, job);
        search_resume(job);
    }
    free(loading.jobs);
    /* Warm workers: a first run starts without waiting for a process. */
    for (int i = 0; i < conductor->options.slots; i++)
        if (pool_start(conductor->pool, 1, false, &worker, &start_error) < 0)
            log_line("%s", start_error.sentence);
    return 0;
}

void conductor_free(struct conductor *conductor)
{
    if (!conductor)
        return;
    loop_cancel(conductor->retry);
    loop_cancel(conductor->telling);
    loop_cancel(conductor->telling_jobs);
    loop_cancel(conductor->saving);
    loop_cancel(conductor->look);
    drop_agains(conductor);
    prepare_cancel_all(conductor);
    pool_free(conductor->pool);
    job_index_free(conductor->jobs);
    queue_free(conductor->queue);
    free(conductor->line_look.places);
    json_decref(conductor->unrepeatable);
    json_decref(conductor->numerics);
    free(conductor->program);
    free((char *)(uintptr_t)conductor->options.program);
    free((char *)(uintptr_t)conductor->options.runs);
    free((char *)(uintptr_t)conductor->options.cache);
    free(conductor);
}

void conductor_stop(struct conductor *conductor, int64_t grace_ms, loop_due *done, void *context)
{
    conductor->stopping = true;
    conductor->stopped = done;
    conductor->stopped_context = context;
    pool_hold(conductor->pool, false);
    prepare_refuse_waiting(conductor);
    for (struct worker *worker = pool_first(conductor->pool); worker; worker = worker->next) {
        struct task *task = worker->task;
        if (task && task->kind == TASK_RUN && !((struct run *)task)->stopping)
            ((struct run *)task)->stopping = "shutdown";
        pool_dismiss(worker, grace_ms);
    }
    tell_if_stopped(conductor);
}

/* --- what it tells ------------------------------------------------------------------------------
 */

bool conductor_has_job(const struct conductor *conductor, int64_t job)
{
    return job_index_find(conductor->jobs, job) != NULL;
}

bool conductor_has_run(const struct conductor *conductor, int64_t run)
{
    return job_index_find_run(conductor->jobs, run) != NULL;
}

int conductor_slots(const struct conductor *conductor, int *used)
{
    *used = queue_used(conductor->queue);
    return conductor->options.slots;
}

int conductor_worker_count(const struct conductor *conductor)
{
    return pool_count(conductor->pool);
}
