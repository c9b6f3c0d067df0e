/*
 * Arms that start from other arms. What is to be done follows from the states of the runs alone, so
 * a restart only has to look:
 *
 *   refined   the first runs of the arm (tuning, or report where nothing is tuned) wait for those
 * of the other arm; its curve and their release are one transaction branched  each report run waits
 * for the other arm's report run with the same seed, and is released with that run's setting and
 * the step to go on from
 *
 * Where the other arm has nothing to give, those that wait fail with "source failed".
 */
#include "workers/inside.h"

#include "branching.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* --- what waits, and for what -------------------------------------------------------------------
 */

static enum run_phase first_phase(const struct job *job)
{
    return job->tuning ? PHASE_TUNE : PHASE_REPORT;
}

static bool is_over(const struct run *run)
{
    return run_is_final(run->position.state) && run->endings == 0;
}

static bool is_of(const struct run *run, int arm, enum run_phase phase)
{
    return run->arm == arm && run->phase == phase;
}

static bool phase_waits(const struct job *job, int arm, enum run_phase phase)
{
    for (int i = 0; i < job->run_count; i++)
        if (is_of(&job->runs[i], arm, phase) && job->runs[i].position.state == RUN_WAITING)
            return true;
    return false;
}

static bool phase_is_over(const struct job *job, int arm, enum run_phase phase)
{
    for (int i = 0; i < job->run_count; i++)
        if (is_of(&job->runs[i], arm, phase) && !is_over(&job->runs[i]))
            return false;
    return true;
}

/* Report runs stand seed by seed, arm by arm. */
static struct run *same_seed(const struct run *run, int arm)
{
    return &run->job->runs[run->number + arm - run->arm];
}

/* --- refined ------------------------------------------------------------------------------------
 */

/* The runs to refine from: those of the chosen point that succeeded. The caller frees them. */
static int64_t *source_runs(const struct job *job, int arm, int *out_count)
{
    const enum run_phase phase = first_phase(job);
    const int point = job->tuning ? tuning_chosen(job, arm) : 0;
    int64_t *ids = xcalloc((size_t)job->run_count, sizeof *ids);

    *out_count = 0;
    for (int i = 0; i < job->run_count; i++) {
        const struct run *run = &job->runs[i];
        if (is_of(run, arm, phase) && run->point == point && run->position.state == RUN_SUCCEEDED)
            ids[(*out_count)++] = run->id;
    }
    return ids;
}

static void check_refined(struct conductor *conductor, struct job *job, int arm)
{
    struct source *source = &job->sources[arm];
    const enum run_phase phase = first_phase(job);
    struct release release = {
        .conductor = conductor, .job = job, .arm = arm, .phase = phase, .point = -1};
    int count;

    if (source->under_way || !phase_waits(job, arm, phase))
        return;
    if (!source->has_curve && !phase_is_over(job, source->arm, phase))
        return;
    AUTO_FREE int64_t *runs = source_runs(job, source->arm, &count);
    source->under_way = true;
    if (!source->has_curve && count > 0) {
        refine_arm(conductor, job, arm, runs, count);
        return;
    }
    if (!source->has_curve)
        release.trouble = xprintf("its schedule is refined from arm \"%.64s\", of which no %s run "
                                  "succeeded",
                                  job->arms[source->arm], run_phase_names[phase]);
    release_runs(&release);
}

/* --- branched -----------------------------------------------------------------------------------
 */

/* Where a run goes on from its source, which is over; 0 with the reason where it cannot. */
static int64_t step_of(const struct run *run, const struct run *source, struct error *err)
{
    const struct job *job = run->job;
    const char *name = job->arms[source->arm];
    const int64_t step = branch_step(job->sources[run->arm].at, source->steps);

    if (source->position.state != RUN_SUCCEEDED)
        error_of(err, ERROR_CONFLICT, "it goes on from run %" PRId64 " of arm \"%.64s\", which %s",
                 source->id, name,
                 source->position.state == RUN_FAILED ? "failed" : "was cancelled");
    else if (step == 0 || source->step < step)
        error_of(err, ERROR_CONFLICT,
                 "it goes on from step %" PRId64 " of run %" PRId64 " of arm \"%.64s\", which "
                 "ended at step %" PRId64,
                 step > 0 ? step : 1, source->id, name, source->step);
    else
        return step;
    return 0;
}

static void fail_run(struct conductor *conductor, struct run *run, const char *why)
{
    end_run(conductor, run, EVENT_SOURCE_FAILED, "source failed", why, -1);
}

struct branching {
    struct conductor *conductor;
    struct run *run;
    int64_t step;
};

static void write_branch(struct branching *branching);

static void branch_again(void *context)
{
    struct branching *branching = context;
    struct job *job = branching->run->job;
    write_branch(branching);
    drop_job(branching->conductor, job);
}

static void branch_written(void *context, double objective, const struct error *err)
{
    struct branching *branching = context;
    struct conductor *conductor = branching->conductor;
    struct run *run = branching->run;
    struct job *job = run->job;
    (void)objective;

    if (err && run->position.state == RUN_WAITING) {
        log_line("run %" PRId64 ": releasing it: %s", run->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, branch_again, free, branching);
        return; /* keeps its hold on the job */
    }
    run->releasing = false;
    if (run->position.state == RUN_WAITING) { /* else it was cancelled meanwhile */
        const struct run *source = same_seed(run, job->sources[run->arm].arm);
        run->point = source->point;
        run->threads = source->threads;
        run->branched_step = branching->step;
        job_move(run, EVENT_RELEASED, NULL);
        publish_run(conductor, run);
        publish_job(conductor, job);
        queue_run(conductor, run);
    }
    free(branching);
    drop_job(conductor, job);
}

static void write_branch(struct branching *branching)
{
    struct run *run = branching->run;
    const struct run *source = same_seed(run, run->job->sources[run->arm].arm);
    AUTO_FREE char *overlay = xprintf("{\"branch\":{\"run\":%" PRId64 ",\"step\":%" PRId64 "}}",
                                      source->id, branching->step);
    struct run_change change = {
        .run = run->id,
        .position = run->position,
        .variant = job_variant(run->job, run->arm, source->point),
        .step = -1,
        .now_ms = wall_ms(),
        .overlay = overlay,
        .job = job_change_of(run->job),
    };
    change.position.state = RUN_QUEUED;
    hold_job(run->job);
    store_change_run(branching->conductor->store, &change, branch_written, branching);
}

static void check_branch(struct conductor *conductor, struct run *run)
{
    const struct run *source = same_seed(run, run->job->sources[run->arm].arm);
    struct error err;

    if (run->position.state != RUN_WAITING || run->releasing || !is_over(source))
        return;
    const int64_t step = step_of(run, source, &err);
    if (step == 0) {
        fail_run(conductor, run, err.sentence);
        return;
    }
    struct branching *branching = xcalloc(1, sizeof *branching);
    *branching = (struct branching){conductor, run, step};
    run->releasing = true;
    write_branch(branching);
}

/* --- what was kept ------------------------------------------------------------------------------
 */

static void unlink_on_helper(void *reader, void *path)
{
    (void)reader;
    unlink(path);
}

/* Whether a run that goes on from the same place may still be started, or tried again. */
static bool is_needed(const struct run *run, const struct run *source)
{
    const struct job *job = run->job;
    for (int arm = 0; arm < job->arm_count; arm++) {
        const struct source *other = &job->sources[arm];
        if (other->kind == SOURCE_BRANCH && other->arm == source->arm &&
            other->at == job->sources[run->arm].at &&
            same_seed(run, arm)->position.state != RUN_SUCCEEDED)
            return true;
    }
    return false;
}

/* A crash in between leaves the file behind; it costs room and nothing else. */
static void drop_kept(struct conductor *conductor, const struct run *run)
{
    const struct run *source = same_seed(run, run->job->sources[run->arm].arm);
    if (run->position.state != RUN_SUCCEEDED || is_needed(run, source))
        return;
    char *path = xprintf("%s/%" PRId64 "/kept-%" PRId64, conductor->options.runs, source->id,
                         run->branched_step);
    if (!helpers_run(conductor->helpers, unlink_on_helper, free, path))
        free(path);
}

/* --- looking ------------------------------------------------------------------------------------
 */

void sources_check_job(struct conductor *conductor, struct job *job)
{
    for (int arm = 0; job->sources && arm < job->arm_count; arm++)
        if (job->sources[arm].kind == SOURCE_REFINED)
            check_refined(conductor, job, arm);
    for (int i = 0; job->sources && i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (run->phase == PHASE_REPORT && job->sources[run->arm].kind == SOURCE_BRANCH)
            check_branch(conductor, run);
    }
}

void sources_run_done(struct conductor *conductor, struct run *run)
{
    struct job *job = run->job;
    for (int arm = 0; job->sources && arm < job->arm_count; arm++) {
        if (job->sources[arm].arm != run->arm)
            continue;
        if (job->sources[arm].kind == SOURCE_REFINED && run->phase == first_phase(job))
            check_refined(conductor, job, arm);
        if (job->sources[arm].kind == SOURCE_BRANCH && run->phase == PHASE_REPORT)
            check_branch(conductor, same_seed(run, arm));
    }
    if (job->sources && run->branched_step > 0)
        drop_kept(conductor, run);
}

/* --- retries ------------------------------------------------------------------------------------
 */

static int retry_refined(const struct run *run, bool *out_waits, struct error *err)
{
    const struct job *job = run->job;
    const struct source *source = &job->sources[run->arm];
    int count = 1;

    if (run->phase != first_phase(job) || source->has_curve)
        return 0;
    if (phase_is_over(job, source->arm, run->phase))
        free(source_runs(job, source->arm, &count));
    if (count == 0)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " has no schedule: no %s run of arm \"%.64s\" succeeded; "
                        "retry one of those first",
                        run->id, run_phase_names[run->phase], job->arms[source->arm]);
    *out_waits = true;
    return 0;
}

static int retry_branched(const struct run *run, bool *out_waits, struct error *err)
{
    const struct run *source = same_seed(run, run->job->sources[run->arm].arm);
    struct error why;

    if (run->branched_step > 0)
        return 0;
    if (is_over(source) && step_of(run, source, &why) == 0)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " has nothing to start from: %.300s; retry run %" PRId64
                        " first",
                        run->id, why.sentence, source->id);
    *out_waits = true;
    return 0;
}

int sources_retry(const struct run *run, bool *out_waits, struct error *err)
{
    const struct job *job = run->job;
    *out_waits = false;
    if (!job->sources || run->arm < 0)
        return 0;
    if (job->sources[run->arm].kind == SOURCE_REFINED)
        return retry_refined(run, out_waits, err);
    if (job->sources[run->arm].kind == SOURCE_BRANCH)
        return retry_branched(run, out_waits, err);
    return 0;
}
