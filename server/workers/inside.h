/*
 * What the files of the conductor share; nobody else includes this.
 *
 *   conductor.c  the pump: queued runs meet free slots; starting and stopping
 *   cores.c      runs pinned to cores
 *   line.c       runs in line, and how long they are expected to take
 *   running.c    one run on one worker, from `assign` to `result`
 *   rows.c       its metrics
 *   tuning.c     a comparison's arm: tuning runs done, report runs released
 *   halving.c    tuning runs that stop at rungs
 *   looks.c      seeds of a comparison that come in rounds
 *   sources.c    arms that start from other arms: refined schedules, branches
 *   refining.c   curves from the norms of runs, on a helper thread
 *   release.c    waiting runs of an arm move on
 *   after.c      jobs that come after others
 *   reusing.c    runs whose results are there already
 *   control.c    what people ask: cancel, pause, priority, retry
 *   revive.c     jobs that have ended, read back
 *   shares.c     teams, and what they have used
 *   prepare.c    data sets
 */
#ifndef INSIDE_H
#define INSIDE_H

#include "queue/queue.h"
#include "workers/conductor.h"
#include "workers/job.h"
#include "workers/pool.h"

struct prepare;
struct again;

struct conductor {
    struct loop *loop;
    struct store *store;
    struct helpers *helpers;
    struct events *events;
    struct conductor_options options; /* strings owned */
    struct pool *pool;
    struct queue *queue;
    struct job_index *jobs;
    int after_jobs; /* of those: how many come after others */
    bool pump_soon; /* a pump is due at the end of this turn */
    bool stopping;
    bool held; /* workers are not read: too much waits for the disk */
    bool store_is_full;
    int rows_under_way;         /* of metrics, given to the store and not on disk yet */
    int interrupted;            /* runs of the server before: they come first */
    struct loop_timer *telling; /* watchers will be told how the queue stands */
    int told_used;
    size_t told_waiting;
    struct job *untold;              /* jobs that changed since watchers heard of them */
    struct loop_timer *telling_jobs; /* they will */
    struct again *agains;            /* what could not be written */
    struct loop_timer *retry; /* the next try after workers failed to start or the disk was full */
    struct loop_timer *look;  /* the pump runs again then, though nothing may happen before */
    int64_t look_at_ms;
    struct line_look {
        struct queue_place *places; /* [count] */
        size_t count, most;
        int64_t at_ms;
    } line_look;               /* the last one */
    struct loop_timer *saving; /* what teams have used will be written down */
    struct revival *revivals;  /* jobs that are being read back */
    struct prepare *prepares;  /* under way or waiting for a worker */
    int64_t prepare_count;
    loop_due *stopped;
    void *stopped_context;
    struct core {
        int number;  /* as the system counts */
        int64_t run; /* that has it; 0: none */
    } cores[1024];   /* [core_count]; as many as slots, or none: then they are not given out */
    int core_count;
    char *program;        /* digest of what the workers run */
    json_t *numerics;     /* {"native,1": their fingerprint, …}, as far as known */
    json_t *unrepeatable; /* names of metrics that a clock measured */
    int64_t stale_lines;  /* of older attempts, dropped */
};

/* revive.c. Calls `ready` with the job, now where it is unfinished, or once it has been read back;
 * NULL with err where that fails. It is held meanwhile. */
typedef void job_ready(void *context, struct job *job, const struct error *err);
void with_job(struct conductor *conductor, int64_t job, job_ready *ready, void *context);

/* conductor.c */
void adopt_again(struct conductor *conductor, struct job *job); /* a finished one, read back */
void wake_pump(struct conductor *conductor);
void pump_later(struct conductor *conductor, int64_t delay_ms);
/* Calls `due` after that time; where the conductor goes before, `drop` instead. */
void again_later(struct conductor *conductor, int64_t delay_ms, loop_due *due, loop_due *drop,
                 void *context);
void queue_run(struct conductor *conductor, struct run *run);
/* A change of its state is shown at once, its counts ten times a second at most. */
void publish_job(struct conductor *conductor, struct job *job);
void publish_run(struct conductor *conductor, const struct run *run);
/* Store commands that point at a job keep it alive; the last one of a final job lets it go. */
void hold_job(struct job *job);
void drop_job(struct conductor *conductor, struct job *job);

/* shares.c */
void need_team(struct conductor *conductor, int64_t team);
int load_shares(struct conductor *conductor, struct error *err);
void save_shares(struct conductor *conductor); /* now */
void save_later(struct conductor *conductor);  /* within a minute, and as long as runs run */

/* cores.c: which cores a run's worker has to itself; NULL: the system places its threads. */
void find_cores(struct conductor *conductor);
json_t *take_cores(struct conductor *conductor, const struct run *run);
void give_cores_back(struct conductor *conductor, const struct run *run);

/* line.c */
void enter_run(struct conductor *conductor, const struct run *run);
void run_begins(struct run *run); /* an attempt */
void run_ends(struct conductor *conductor, struct run *run, bool completed);
void run_resumes(struct run *run, int64_t step); /* its worker takes it up there */
void run_progresses(struct conductor *conductor, const struct run *run);

/* running.c, rows.c */
void start_run(struct conductor *conductor, struct run *run);
void give_assignment(struct run *run);
void run_message(struct conductor *conductor, struct worker *worker,
                 const struct wire_message *message);
/* The run a line is about, where the line is of its present attempt; an older one is dropped. */
struct run *run_of(struct conductor *conductor, struct worker *worker, int64_t id, int64_t attempt);
void run_metrics(struct conductor *conductor, struct worker *worker, const char *line,
                 size_t bytes);
uint32_t name_metric(struct conductor *conductor, const char *name, size_t bytes);
void lose_run(struct conductor *conductor, struct run *run, const char *words);
void stop_run(struct run *run, const char *reason);
/* Applies the event, gives the slot back, writes it down; what follows happens after the commit. */
void end_run(struct conductor *conductor, struct run *run, enum run_event event, const char *reason,
             const char *message, int64_t step);
/* The same for one that waits and was cancelled; `done` once that is on disk, or at the first time
 * that it could not be written. */
void end_cancelled_run(struct conductor *conductor, struct run *run,
                       const struct audit_entry *audit, store_done *done, void *context);

/* tuning.c */
void tuning_run_done(struct conductor *conductor, struct run *run);
void tuning_recall(struct job *job, int arm); /* what a tuned arm chose */
int tuning_threads(const struct job *job, int arm, int point);
int tuning_chosen(const struct job *job, int arm); /* the grid point; -1: none */
/* Releases the arm's report runs where its tuning is done. */
void tuning_check_arm(struct conductor *conductor, struct job *job, int arm);
void tuning_check_job(struct conductor *conductor, struct job *job); /* after a restart */

/* halving.c. Where a run shall stop to be compared, as a fraction of its steps; 0: nowhere. And
 * whether the arm's runs all stand at a rung, so that some go on. */
double halving_pause_at(const struct run *run);
void halving_check_arm(struct conductor *conductor, struct job *job, int arm);

/* looks.c. Report runs before that number may begin: those of the rounds up to the next look. Takes
 * that look where its round is over. And whether a retry of the run has to wait for its round (left
 * as it is where not); -1: nobody waits for it any more. */
int looks_begun_before(const struct job *job);
void looks_check_job(struct conductor *conductor, struct job *job);
int looks_retry(const struct run *run, bool *out_waits, struct error *err);

/* sources.c. The first looks at everything: after a restart or a retry; the second at what may go
 * on now that a run's end is on disk. */
void sources_check_job(struct conductor *conductor, struct job *job);
void sources_run_done(struct conductor *conductor, struct run *run);
/* Whether a retry of the run has to wait for what it starts from; -1: that has failed. */
int sources_retry(const struct run *run, bool *out_waits, struct error *err);

/* refining.c: gives the arm's variants their curve from the norms of the runs, and releases its
 * waiting runs with that; source.under_way meanwhile. */
void refine_arm(struct conductor *conductor, struct job *job, int arm, const int64_t *runs,
                int run_count);

/* release.c: all waiting runs of a phase of an arm, together, once that is on disk. Takes over
 * texts and specs. */
struct release {
    struct conductor *conductor;
    struct job *job;
    int arm;
    enum run_phase phase;
    int before;    /* only runs with a number before that one; 0: all */
    int point;     /* of the grid, where they get one by this; -1: they have theirs */
    char *trouble; /* NULL: they are queued; else they fail, and this says why */
    char **specs;  /* [spec_count] of the arm's variants: new ones; NULL: none */
    int spec_count;
};
void release_runs(const struct release *release);

/* reusing.c: looks for results of identical runs that have succeeded. For runs that wait in the
 * line, and right before store_start_run() for one that leaves it: run.reused_from is set before
 * the answer to that start, where there were some. */
void reuse_for_job(struct conductor *conductor, struct job *job);
void reuse_for_run(struct conductor *conductor, struct run *run);
char *program_digest(const char *path); /* the caller frees it */
void learn_numeric(struct conductor *conductor, const struct worker *worker);

/* search_load.c, search_tells.c: searches. A new one begins to propose; one from the store is
 * filled in before the loop runs, and goes on once all jobs are there. */
void search_adopt(struct conductor *conductor, struct job *job);
int search_load(struct conductor *conductor, struct job *job, struct error *err);
void search_resume(struct job *job);
bool search_waits(const struct job *job); /* for what comes before it */
void search_begin(struct job *job);       /* what comes before it has ended */
void search_look(struct job *job); /* a change may let it go on; jobs of other kinds: nothing */
void search_run_done(struct conductor *conductor, struct run *run);
bool search_is_unproposed(const struct run *run); /* it has no point yet */
bool search_is_external(const struct job *job);   /* others train its runs */
/* search_external.c: a run that external runners train, queued or with one of them; and one that is
 * retried: it can be asked for. */
void search_cancel_run(struct run *run, const struct audit_entry *audit, store_done *done,
                       void *context);
void search_requeue(struct run *run);

/* after.c: releases the runs of a job that comes after others where those have ended; and asks that
 * of all jobs that come after one that has. */
void after_check_job(struct conductor *conductor, struct job *job);
void after_job_ended(struct conductor *conductor, int64_t job);

/* prepare.c */
void prepare_pump(struct conductor *conductor);
void prepare_message(struct conductor *conductor, struct worker *worker,
                     const struct wire_message *message);
void prepare_lost(struct conductor *conductor, struct worker *worker, const char *words);
/* While stopping: who waits for a worker is answered while it still can be. */
void prepare_refuse_waiting(struct conductor *conductor);
void prepare_cancel_all(struct conductor *conductor);

#endif
