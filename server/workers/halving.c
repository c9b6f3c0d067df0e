/*
 * Tuning by successive halving: once all tuning runs of an arm have ended or stand at the same
 * rung, the store says who goes on. A run that stands waits, and has begun. What is to be done
 * follows from the states of the runs alone, so a restart only has to look.
 */
#include "workers/inside.h"

#include "jobs/halving.h"
#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

static bool stands(const struct run *run)
{
    return run->position.state == RUN_WAITING && run->position.attempt > 0;
}

static bool is_tuning(const struct run *run, int arm)
{
    return run->phase == PHASE_TUNE && run->arm == arm;
}

/* One that was tried again behind the decision trains to its end: there is nobody left to compare
 * it with before. */
static bool rung_is_decided(const struct job *job, int arm, int rung)
{
    for (int i = 0; i < job->run_count; i++) {
        const struct run *run = &job->runs[i];
        if (is_tuning(run, arm) &&
            (run->rung > rung || (run->position.state == RUN_PRUNED && run->rung == rung)))
            return true;
    }
    return false;
}

double halving_pause_at(const struct run *run)
{
    const struct job *job = run->job;
    if (run->phase != PHASE_TUNE || run->rung >= job->halving.rung_count ||
        rung_is_decided(job, run->arm, run->rung))
        return 0;
    return job->halving.at[run->rung];
}

/* The rung at which all that have not ended stand; -1: some are still on their way there. */
static int common_rung(const struct job *job, int arm)
{
    int rung = -1;
    for (int i = 0; i < job->run_count; i++) {
        const struct run *run = &job->runs[i];
        if (!is_tuning(run, arm))
            continue;
        if (run->endings > 0 || (!run_is_final(run->position.state) && !stands(run)))
            return -1;
        if (stands(run) && (rung < 0 || run->rung < rung))
            rung = run->rung;
    }
    return rung;
}

struct settling {
    struct conductor *conductor;
    struct job *job;
    int arm, rung;
};

static void announce_dropped(struct conductor *conductor, const struct run *run)
{
    json_t *json = run_json(run);
    json_object_set_new(json, "reason", json_string("dropped"));
    json_object_set_new(json, "finished_ms", json_integer(wall_ms()));
    events_publish(conductor->events, "run", run->job->id, json);
}

static void move_run(struct conductor *conductor, struct run *run, bool kept)
{
    if (kept) {
        run->rung++;
        job_move(run, EVENT_RELEASED, NULL);
        publish_run(conductor, run);
        queue_run(conductor, run);
        return;
    }
    job_move(run, EVENT_PRUNED, NULL);
    announce_dropped(conductor, run);
}

/* All are moved before the end of any has consequences. */
static void move_runs(const struct settling *settling, const bool *kept)
{
    struct conductor *conductor = settling->conductor;
    struct job *job = settling->job;
    int dropped = 0;
    for (int i = 0; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (!is_tuning(run, settling->arm) || !stands(run) || run->rung != settling->rung)
            continue;
        dropped += !kept[run->point];
        move_run(conductor, run, kept[run->point]);
    }
    job->tuning[settling->arm].left -= dropped;
    tuning_check_arm(conductor, job, settling->arm);
}

static void look_again(void *context)
{
    struct settling *settling = context;
    struct job *job = settling->job;
    job->tuning[settling->arm].settling = false;
    halving_check_arm(settling->conductor, job, settling->arm);
    drop_job(settling->conductor, job);
    free(settling);
}

static void settled(void *context, const bool *kept, const struct error *err)
{
    struct settling *settling = context;
    struct conductor *conductor = settling->conductor;
    struct job *job = settling->job;

    if (err) {
        log_line("job %" PRId64 ": settling a rung: %s", job->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, look_again, free, settling);
        return; /* keeps its hold on the job */
    }
    job->tuning[settling->arm].settling = false;
    move_runs(settling, kept);
    publish_job(conductor, job);
    free(settling);
    drop_job(conductor, job);
}

void halving_check_arm(struct conductor *conductor, struct job *job, int arm)
{
    const struct halving *halving = &job->halving;
    const int rung = halving->rung_count > 0 && job->tuning ? common_rung(job, arm) : -1;
    if (rung < 0 || job->tuning[arm].settling)
        return;
    struct settling *settling = xcalloc(1, sizeof *settling);
    *settling = (struct settling){conductor, job, arm, rung};
    job->tuning[arm].settling = true;
    hold_job(job);
    store_settle_rung(conductor->store,
                      &(struct rung){.job = job->id,
                                     .arm = arm,
                                     .number = rung,
                                     .at = halving->at[rung],
                                     .factor = halving->factor,
                                     .point_count = job->point_count,
                                     .metric = &job->metric,
                                     .now_ms = wall_ms()},
                      settled, settling);
}
