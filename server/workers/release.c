/*
 * Waiting runs of an arm move on together, to the line or to their end: written down first.
 */
#include "workers/inside.h"

#include "log.h"
#include "memory.h"

#include <stdlib.h>

static struct release *release_copy(const struct release *release)
{
    struct release *copy = xcalloc(1, sizeof *copy);
    *copy = *release;
    return copy;
}

static void release_free(void *context)
{
    struct release *release = context;
    for (int i = 0; i < release->spec_count; i++)
        free(release->specs[i]);
    free(release->specs);
    free(release->trouble);
    free(release);
}

static void move_run(const struct release *release, struct run *run)
{
    struct job *job = run->job;
    if (release->trouble) {
        job_move(run, EVENT_SOURCE_FAILED, NULL);
        if (run->phase == PHASE_TUNE)
            job->tuning[run->arm].left--;
        return;
    }
    if (release->point >= 0) {
        run->point = release->point;
        run->threads = tuning_threads(job, release->arm, release->point);
    }
    job_move(run, EVENT_RELEASED, NULL);
    queue_run(release->conductor, run);
}

static void move_waiting(const struct release *release)
{
    struct job *job = release->job;
    const int count = release->before > 0 ? release->before : job->run_count;
    for (int i = 0; i < count; i++) {
        struct run *run = &job->runs[i];
        if (run->arm == release->arm && run->phase == release->phase &&
            run->position.state == RUN_WAITING)
            move_run(release, run);
    }
    if (job->sources && job->sources[release->arm].under_way) {
        job->sources[release->arm].under_way = false;
        job->sources[release->arm].has_curve |= release->spec_count > 0;
    }
}

static void release_written(void *context, const struct error *err);

static void write_release(struct release *release)
{
    const bool fails = release->trouble != NULL;
    const struct runs_change change = {
        .job = release->job->id,
        .arm = release->arm,
        .phase = (int)release->phase,
        .before = release->before > 0 ? release->job->first_run + release->before : 0,
        .from = RUN_WAITING,
        .to = fails ? RUN_FAILED : RUN_QUEUED,
        .variant = !fails && release->point >= 0
                       ? job_variant(release->job, release->arm, release->point)
                       : 0,
        .reason = fails ? "source failed" : NULL,
        .message = release->trouble,
        .now_ms = wall_ms(),
        .specs = release->specs,
        .spec_count = release->spec_count,
        .first_variant = job_variant(release->job, release->arm, 0),
    };
    hold_job(release->job);
    store_change_runs(release->conductor->store, &change, release_written, release);
}

static void release_again(void *context)
{
    struct release *release = context;
    write_release(release);
    drop_job(release->conductor, release->job);
}

static void job_written(void *context, const struct error *err)
{
    struct release *release = context;
    (void)err; /* the job's state follows from its runs; it is written again with the next change */
    publish_job(release->conductor, release->job);
    drop_job(release->conductor, release->job);
    release_free(release);
}

static void release_written(void *context, const struct error *err)
{
    struct release *release = context;
    struct conductor *conductor = release->conductor;
    struct job *job = release->job;

    if (err) {
        log_line("job %lld: releasing an arm: %s", (long long)job->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, release_again, release_free, release);
        return; /* keeps its hold on the job */
    }
    move_waiting(release);
    if (!release->trouble)
        reuse_for_job(conductor, job);
    if (release->trouble) { /* others may have waited for those that now have failed */
        tuning_check_arm(conductor, job, release->arm);
        sources_check_job(conductor, job);
        looks_check_job(conductor, job);
    }
    if (job_is_final(job) && !job->finished_ms)
        job->finished_ms = wall_ms();
    const struct job_change change = job_change_of(job);
    store_change_job(conductor->store, &change, job_written, release);
}

void release_runs(const struct release *release)
{
    write_release(release_copy(release));
}
