/*
 * Jobs that come after others. Their runs wait until those have ended; the store looks, and writes
 * what follows. Asked anew whenever a job on which others wait is done with: a question too many
 * changes nothing.
 */
#include "workers/inside.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

static enum run_phase first_phase(const struct job *job)
{
    if (job->kind == JOB_TRAIN)
        return PHASE_TRAIN;
    return job->tuning ? PHASE_TUNE : PHASE_REPORT;
}

/* Those that wait for the other jobs alone, not for another arm or for tuning as well. */
static bool is_first(const struct run *run)
{
    const struct job *job = run->job;
    return run->position.state == RUN_WAITING && run->position.attempt == 0 &&
           run->phase == first_phase(job) && run->number < looks_begun_before(job) &&
           (run->arm < 0 || !job->sources || job->sources[run->arm].kind == SOURCE_NONE);
}

static bool waits(const struct job *job)
{
    if (job->kind == JOB_SEARCH)
        return search_waits(job);
    for (int i = 0; job->options.after_count > 0 && i < job->run_count; i++)
        if (is_first(&job->runs[i]))
            return true;
    return false;
}

static uint64_t first_arms(const struct job *job)
{
    uint64_t arms = 0;
    for (int arm = 0; arm < job->arm_count; arm++)
        if (!job->sources || job->sources[arm].kind == SOURCE_NONE)
            arms |= UINT64_C(1) << arm;
    return arms;
}

/* --- what the store has decided -----------------------------------------------------------------
 */

static void release(struct conductor *conductor, struct job *job)
{
    if (job->kind == JOB_SEARCH) {
        search_begin(job);
        return;
    }
    for (int i = 0; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (!is_first(run))
            continue;
        job_move(run, EVENT_RELEASED, NULL);
        queue_run(conductor, run);
    }
    reuse_for_job(conductor, job);
}

static void fail(struct conductor *conductor, struct job *job)
{
    for (int i = 0; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (run->position.state != RUN_WAITING)
            continue;
        job_move(run, EVENT_SOURCE_FAILED, NULL);
        if (job->tuning && run->phase == PHASE_TUNE)
            job->tuning[run->arm].left--;
    }
    if (job_is_final(job) && !job->finished_ms)
        job->finished_ms = wall_ms();
    events_publish(conductor->events, "reload", job->id, json_object());
}

static void look_again(void *context)
{
    struct job *job = context;
    after_check_job(job->conductor, job);
    drop_job(job->conductor, job);
}

static void nothing(void *context)
{
    (void)context;
}

static void released(void *context, enum after_outcome outcome, const struct error *err)
{
    struct job *job = context;
    struct conductor *conductor = job->conductor;

    if (err) {
        log_line("job %" PRId64 ": looking at the jobs before it: %s", job->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, look_again, nothing, job);
        return; /* keeps its hold on the job */
    }
    if (outcome == AFTER_RELEASED)
        release(conductor, job);
    else if (outcome == AFTER_FAILED)
        fail(conductor, job);
    if (outcome != AFTER_WAITS)
        publish_job(conductor, job);
    drop_job(conductor, job);
}

/* --- asking -------------------------------------------------------------------------------------
 */

void after_check_job(struct conductor *conductor, struct job *job)
{
    if (!waits(job))
        return;
    hold_job(job);
    store_release_after(conductor->store,
                        &(struct after){.job = job->id,
                                        .before = job->kind == JOB_SEARCH
                                                      ? job->first_run /* it proposes by itself */
                                                      : job->first_run + looks_begun_before(job),
                                        .jobs = job->options.after,
                                        .count = job->options.after_count,
                                        .any = job->options.after_any,
                                        .phase = first_phase(job),
                                        .arms = first_arms(job),
                                        .now_ms = wall_ms()},
                        released, job);
}

struct ended {
    struct conductor *conductor;
    int64_t job;
};

static void look_for_waiting(void *context, struct job *job)
{
    const struct ended *ended = context;
    for (int i = 0; i < job->options.after_count; i++)
        if (job->options.after[i] == ended->job)
            after_check_job(ended->conductor, job);
}

void after_job_ended(struct conductor *conductor, int64_t job)
{
    if (conductor->after_jobs > 0)
        job_index_each(conductor->jobs, look_for_waiting, &(struct ended){conductor, job});
}
