/*
 * Runs that need not train, because an identical one has succeeded. Asked for when runs enter the
 * line, and once more when one is about to start: its twin may have ended meanwhile. The store
 * decides and writes in one go; here the run follows in memory.
 */
#include "workers/inside.h"

#include "digest.h"
#include "json.h"
#include "memory.h"
#include "version.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_RUNS = 64 }; /* a few ms of the writer's time */

/* --- what beside a run's specification its bits depend on ---------------------------------------
 */

/* Of the file itself: a program that was built anew has the same version and maybe other bits. */
char *program_digest(const char *path)
{
    char digest[DIGEST_TEXT_BYTES] = "";
    struct stat status;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_size == 0)
        return xstrdup(SWEEPD_VERSION);
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return xstrdup(SWEEPD_VERSION);
    digest_of(bytes, (size_t)status.st_size, digest);
    munmap(bytes, (size_t)status.st_size);
    return xprintf("%s %s", SWEEPD_VERSION, digest);
}

void learn_numeric(struct conductor *conductor, const struct worker *worker)
{
    AUTO_FREE char *key =
        xprintf("%s,%d", worker->portable ? "portable" : "native", worker->threads);
    if (worker->numeric)
        json_object_set_new(conductor->numerics, key, json_string(worker->numeric));
}

/* --- taking over --------------------------------------------------------------------------------
 */

struct asking {
    struct conductor *conductor;
    struct job *job;
    int number; /* of the first run asked about */
    int until;  /* all runs before this one will be */
};

static void ask(struct conductor *conductor, struct job *job, int number, int until);

static void announce(struct conductor *conductor, const struct run *run)
{
    json_t *json = run_json(run);
    json_object_set_new(json, "message",
                        json_sprintf("reused from run %lld", (long long)run->reused_from));
    json_object_set_new(json, "finished_ms", json_integer(wall_ms()));
    events_publish(conductor->events, "run", run->job->id, json);
}

/* On disk it has succeeded. In memory it may have been about to start: it has no worker yet. */
static bool move_run(struct conductor *conductor, struct run *run)
{
    if (run->position.state == RUN_QUEUED) {
        queue_leave(conductor->queue, clock_ms(), run->id);
        return job_move(run, EVENT_REUSED, NULL) == 0;
    }
    if (run->position.state == RUN_RUNNING) {
        queue_end(conductor->queue, clock_ms(), run->id, false);
        run->position.attempt--;
        run->stopping = NULL;
        return job_move(run, EVENT_SUCCEEDED, NULL) == 0;
    }
    return false; /* cancelled meanwhile, which is yet to be written */
}

static void take_over(struct conductor *conductor, struct run *run, const struct reused_run *from)
{
    struct job *job = run->job;
    if (!move_run(conductor, run))
        return;
    run->reused_from = from->source;
    run->objective = from->objective;
    run->step = from->step;
    run->steps = from->steps;
    if (job->started_ms == 0)
        job->started_ms = wall_ms();
    if (job_is_final(job))
        job->finished_ms = wall_ms();
    announce(conductor, run);
    tuning_run_done(conductor, run);
    sources_run_done(conductor, run);
    search_run_done(conductor, run);
    looks_check_job(conductor, job);
}

static void reused(void *context, const struct reused_run *runs, int count, const struct error *err)
{
    struct asking *asking = context;
    struct conductor *conductor = asking->conductor;
    struct job *job = asking->job;
    (void)err; /* they train, then */

    const int64_t first = job_run_id(job, asking->number);
    for (int i = 0; i < count; i++)
        take_over(conductor, &job->runs[asking->number + (runs[i].run - first)], &runs[i]);
    if (count > 0) {
        publish_job(conductor, job);
        wake_pump(conductor);
    }
    if (asking->number + CHUNK_RUNS < asking->until)
        ask(conductor, job, asking->number + CHUNK_RUNS, asking->until);
    free(asking);
    drop_job(conductor, job);
}

/* Runs with consecutive ids: those of a comparison, or one. */
static void ask(struct conductor *conductor, struct job *job, int number, int until)
{
    const int left = until - number;
    struct asking *asking = xcalloc(1, sizeof *asking);
    *asking = (struct asking){conductor, job, number, until};
    hold_job(job);
    store_reuse_runs(conductor->store,
                     &(struct reuse){.job = job->id,
                                     .first_run = job_run_id(job, number),
                                     .count = left < CHUNK_RUNS ? left : CHUNK_RUNS,
                                     .take = !job->options.anew,
                                     .program = conductor->program,
                                     .numerics = conductor->numerics,
                                     .now_ms = wall_ms()},
                     reused, asking);
}

void reuse_for_job(struct conductor *conductor, struct job *job)
{
    if (!job->options.anew && job->counts[RUN_QUEUED] > 0)
        ask(conductor, job, 0, job->run_count);
}

void reuse_for_run(struct conductor *conductor, struct run *run)
{
    ask(conductor, run->job, run->number, run->number + 1);
}
