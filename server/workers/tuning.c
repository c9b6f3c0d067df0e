/*
 * A comparison's arm is tuned alone; when its last tuning run is on disk, the best grid point is
 * chosen and the arm's report runs are released with it.
 */
#include "workers/inside.h"

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

/* A choice that was acted on stays, whatever a tuning run that was tried again has said since. */
static int chosen_before(const struct job *job, int arm)
{
    for (int i = 0; i < job->run_count; i++)
        if (job->runs[i].phase == PHASE_REPORT && job->runs[i].arm == arm &&
            job->runs[i].point >= 0)
            return job->runs[i].point;
    return -1;
}

/* A branched arm is not tuned: it takes what the arm it branches from has chosen. */
static int tuned_arm(const struct job *job, int arm)
{
    const bool branched = job->sources && job->sources[arm].kind == SOURCE_BRANCH;
    return branched ? job->sources[arm].arm : arm;
}

int tuning_chosen(const struct job *job, int arm)
{
    int seeds;
    const int before = chosen_before(job, arm);
    if (before >= 0)
        return before;
    if (tuned_arm(job, arm) != arm)
        return tuning_chosen(job, tuned_arm(job, arm));
    AUTO_FREE double *values = gather(job, arm, &seeds);
    return comparison_choose(values, job->point_count, seeds, job->metric.maximize);
}

void tuning_recall(struct job *job, int arm)
{
    job->tuning[arm].chosen = tuning_chosen(job, arm);
}

static void release_arm(struct conductor *conductor, struct job *job, int arm)
{
    tuning_recall(job, arm);
    const int chosen = job->tuning[arm].chosen;
    release_runs(&(struct release){
        .conductor = conductor,
        .job = job,
        .arm = arm,
        .phase = PHASE_REPORT,
        .before = chosen < 0 ? 0 : looks_begun_before(job),
        .point = chosen,
        .trouble = chosen < 0 ? xstrdup("no tuning run of this arm succeeded") : NULL,
    });
}

static bool arm_waits(const struct job *job, int arm)
{
    const int before = looks_begun_before(job);
    for (int i = 0; i < before; i++)
        if (job->runs[i].arm == arm && job->runs[i].position.state == RUN_WAITING)
            return true;
    return false;
}

void tuning_check_arm(struct conductor *conductor, struct job *job, int arm)
{
    const bool branched = tuned_arm(job, arm) != arm; /* released run by run: sources.c */
    if (job->tuning && job->tuning[arm].left == 0 && !branched && arm_waits(job, arm))
        release_arm(conductor, job, arm);
}

void tuning_run_done(struct conductor *conductor, struct run *run)
{
    struct job *job = run->job;
    if (!job->tuning || run->phase != PHASE_TUNE)
        return;
    if (run_is_final(run->position.state)) {
        job->tuning[run->arm].left--;
        tuning_check_arm(conductor, job, run->arm);
    }
    halving_check_arm(conductor, job, run->arm);
}

/* What a restart finds: arms whose tuning was done but not acted on, and arms that chose before. */
void tuning_check_job(struct conductor *conductor, struct job *job)
{
    for (int arm = 0; job->tuning && arm < job->arm_count; arm++) {
        halving_check_arm(conductor, job, arm);
        if (job->tuning[arm].left > 0)
            continue;
        tuning_recall(job, arm);
        tuning_check_arm(conductor, job, arm);
    }
}
