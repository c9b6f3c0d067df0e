/*
 * A comparison's arm is tuned alone; when its last tuning run is on disk, the best grid point is
 * chosen and the arm's report runs are released with it.
 */
#include "workers/inside.h"

#include "log.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* Objectives of an arm's tuning runs as [point][seed]; seeds in the order of the runs. */
static double *gather(const struct job *job, int arm, int *out_seeds)
{
    AUTO_FREE int *seen = xcalloc((size_t)job->point_count, sizeof *seen);
    int runs = 0;
    for (int i = 0; i < job->run_count; i++)
        runs += job->runs[i].phase == PHASE_TUNE && job->runs[i].arm == arm;

    const int seeds = runs / job->point_count;
    double *values = xcalloc((size_t)runs, sizeof *values);
    for (int i = 0; i < job->run_count; i++) {
        const struct run *run = &job->runs[i];
        if (run->phase != PHASE_TUNE || run->arm != arm)
            continue;
        const bool ended_well = run->position.state == RUN_SUCCEEDED;
        values[run->point * seeds + seen[run->point]++] = ended_well ? run->objective : (double)NAN;
    }
    *out_seeds = seeds;
    return values;
}

int tuning_threads(const struct job *job, int arm, int point)
{
    for (int i = 0; i < job->run_count; i++) {
        const struct run *run = &job->runs[i];
        if (run->phase == PHASE_TUNE && run->arm == arm && run->point == point)
            return run->threads;
    }
    return 1;
}

struct release {
    struct conductor *conductor;
    struct job *job;
    int arm;
};

static void move_waiting(struct release *release)
{
    struct job *job = release->job;
    const int chosen = job->tuning[release->arm].chosen;
    const int threads = tuning_threads(job, release->arm, chosen);

    for (int i = 0; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (run->arm != release->arm || run->position.state != RUN_WAITING)
            continue;
        run->point = chosen;
        job_move(run, chosen < 0 ? EVENT_SOURCE_FAILED : EVENT_RELEASED, NULL);
        if (chosen >= 0) {
            run->threads = threads;
            queue_run(release->conductor, run);
        }
    }
}

static void arm_released(void *context, const struct error *err);

static void write_release(struct release *release)
{
    struct job *job = release->job;
    const int chosen = job->tuning[release->arm].chosen;
    const bool found = chosen >= 0;

    hold_job(job);
    store_change_runs(
        release->conductor->store, job->id, release->arm, RUN_WAITING,
        found ? RUN_QUEUED : RUN_FAILED, found ? job_variant(job, release->arm, chosen) : 0,
        found ? NULL : "source failed", found ? NULL : "no tuning run of this arm succeeded", NULL,
        wall_ms(), arm_released, release);
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
    free(release);
}

static void arm_released(void *context, const struct error *err)
{
    struct release *release = context;
    struct job *job = release->job;

    if (err) {
        log_line("job %lld: releasing an arm: %s", (long long)job->id, err->sentence);
        again_later(release->conductor, release->conductor->options.retry_ms, release_again, free,
                    release);
        return; /* keeps its hold on the job */
    }
    move_waiting(release);
    if (job_is_final(job) && !job->finished_ms)
        job->finished_ms = wall_ms();
    const struct job_change change = job_change_of(job);
    store_change_job(release->conductor->store, &change, job_written, release);
}

/* A choice that was acted on stays, whatever a tuning run that was tried again has said since. */
static int chosen_before(const struct job *job, int arm)
{
    for (int i = 0; i < job->run_count; i++)
        if (job->runs[i].phase == PHASE_REPORT && job->runs[i].arm == arm &&
            job->runs[i].point >= 0)
            return job->runs[i].point;
    return -1;
}

void tuning_recall(struct job *job, int arm)
{
    int seeds;
    job->tuning[arm].chosen = chosen_before(job, arm);
    if (job->tuning[arm].chosen >= 0)
        return;
    AUTO_FREE double *values = gather(job, arm, &seeds);
    job->tuning[arm].chosen =
        comparison_choose(values, job->point_count, seeds, job->metric.maximize);
}

static void release_arm(struct conductor *conductor, struct job *job, int arm)
{
    tuning_recall(job, arm);
    struct release *release = xcalloc(1, sizeof *release);
    *release = (struct release){conductor, job, arm};
    write_release(release);
}

static bool arm_waits(const struct job *job, int arm)
{
    for (int i = 0; i < job->run_count; i++)
        if (job->runs[i].arm == arm && job->runs[i].position.state == RUN_WAITING)
            return true;
    return false;
}

void tuning_run_done(struct conductor *conductor, struct run *run)
{
    struct job *job = run->job;
    if (!job->tuning || run->phase != PHASE_TUNE || !run_is_final(run->position.state))
        return;
    if (--job->tuning[run->arm].left == 0 && arm_waits(job, run->arm))
        release_arm(conductor, job, run->arm);
}

/* What a restart finds: arms whose tuning was done but not acted on, and arms that chose before. */
void tuning_check_job(struct conductor *conductor, struct job *job)
{
    for (int arm = 0; job->tuning && arm < job->arm_count; arm++) {
        if (job->tuning[arm].left > 0)
            continue;
        if (arm_waits(job, arm))
            release_arm(conductor, job, arm);
        else
            tuning_recall(job, arm);
    }
}
