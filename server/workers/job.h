/*
 * Jobs and runs that are not finished, in memory: what the loop needs to decide the next move. The
 * store has everything else; a finished job is forgotten here.
 */
#ifndef JOB_H
#define JOB_H

#include "jobs/plan.h"
#include "jobs/state.h"
#include "store/store.h"
#include <stdint.h>

enum task_kind { TASK_RUN, TASK_PREPARE };

/* What a worker has been given; the first member of whatever that is. */
struct task {
    enum task_kind kind;
    struct worker *worker; /* NULL: none at present */
};

struct run {
    struct task task;
    struct job *job;
    int64_t id;
    int number, arm;
    int point; /* of the grid; -1: a report run whose arm has not chosen */
    enum run_phase phase;
    uint64_t seed;
    struct run_position position;
    int threads;
    double objective;           /* NaN: none */
    const char *stopping;       /* the reason it was told to stop for; NULL: it was not */
    json_t *assignment;         /* the assign line, until its worker is ready for it */
    int64_t step, steps;        /* done and planned, as last heard */
    int64_t bytes;              /* of its files, as the worker's result said; 0: it did not */
    int64_t started_ms;         /* wall clock, of this attempt */
    int endings;                /* ends that are being written down; the last one is acted on */
    int rung;                   /* how many rungs it has passed */
    int64_t reused_from;        /* the run whose results are its own; 0: none */
    int64_t branched_step;      /* where it goes on from another run; 0: it does not, or not yet */
    bool releasing;             /* from waiting: that is being written down */
    int64_t began_ms;           /* its attempt, CLOCK_MONOTONIC */
    struct loop_timer *timeout; /* it has run for long enough then */
    int64_t allowed_from_ms;    /* of ran_ms, where its timeout begins: the last retry */
    int64_t not_before_ms;      /* it does not start before, CLOCK_MONOTONIC; 0: at any time */
    int64_t ran_ms;             /* in attempts before */
    bool unmeasured;            /* as far as is known: not all of them were seen to their end */
    int64_t resumed_step;       /* where this attempt began */
    int64_t steps_since_ms;     /* when it did, CLOCK_MONOTONIC; 0: not yet */
    bool interrupted; /* by the end of the server before this one; not yet in the line again */
};

struct arm_tuning {
    int left;      /* tuning runs whose outcome is not on disk yet */
    int chosen;    /* the grid point; -1: not known (yet) */
    bool settling; /* who goes on from a rung is being decided */
};

/* The other arm that an arm starts from. */
struct source {
    enum source_kind kind;
    int arm;
    double at;      /* SOURCE_BRANCH */
    bool has_curve; /* SOURCE_REFINED: the arm's schedule has been refined */
    bool under_way; /* it is being refined, or that is being written down */
};

/* Of a comparison that is looked at while its seeds come in. */
struct job_looks {
    int seed_count;   /* report seeds */
    int first_report; /* number of the first report run; they stand seed by seed, arm by arm */
    int done;         /* looks */
    bool settling;    /* one is being written down */
    struct arm_decision decisions[ARMS_MAX];
};

/* Runs with consecutive ids and numbers. A job begins with one range; a search gets another one
 * when its budget grows. */
struct run_range {
    struct job *job;
    int64_t first_run;
    int first_number, count;
    struct run_range *next; /* of the job, in their order */
};

struct job {
    int64_t id, team, first_run, first_variant;
    enum job_kind kind;
    char *name;
    int priority;
    bool paused;
    struct job_options options;
    struct halving halving; /* of its tuning runs */
    struct judging judging; /* of a comparison */
    int baseline;           /* an arm; -1: it is no comparison */
    int run_count, arm_count, point_count;
    char **arms; /* [arm_count] names */
    struct metric_choice metric;
    int64_t created_ms, started_ms, finished_ms;
    int64_t usual_ms; /* its runs took so long before this server started; 0: not known */
    int counts[RUN_STATES];
    struct run *runs;            /* [run_count] they stay where they are, also when more come */
    struct run_range *ranges;    /* of their ids */
    struct arm_tuning *tuning;   /* [arm_count], NULL without tuning */
    struct source *sources;      /* [arm_count], NULL where no arm starts from another */
    struct job_looks *looks;     /* NULL: only at the end */
    struct conductor *conductor; /* whose it is */
    char *request;               /* of a search, as it is kept; else NULL */
    struct search *search;       /* searching.h; NULL: it is none */
    int pending;                 /* store commands under way that point here */
    int64_t told_ms;             /* when watchers last heard of it, CLOCK_MONOTONIC; 0: never */
    enum job_state told_state;   /* then */
    bool untold;                 /* in the conductor's list of those who will */
    struct job *next_untold;
};

/* From a plan that is on disk now. */
struct job *job_of_plan(const struct job_plan *plan, const struct added_job *added, int64_t now_ms);
/* From a row of the store, runs added one by one in order. */
struct job *job_of_row(const struct live_job *row);
void job_add_row(struct job *job, const struct live_run *row);
/* Once all runs are in: counts, what is left to tune. */
void job_complete_rows(struct job *job);
void job_free(struct job *job);
void search_free(struct search *search); /* accepts NULL */

struct run_timing job_timing(const struct run *run); /* at present, for the store */

bool job_is_final(const struct job *job);
enum job_state job_state(const struct job *job);
struct job_change job_change_of(const struct job *job); /* its present state, for the store */

/* Moves one run and the counts of its job. */
int job_move(struct run *run, enum run_event event, struct error *err);

int64_t job_run_id(const struct job *job, int number);

/* Of a search: more runs that wait, with ids from `first_run` on; and the end of those from number
 * `kept` on, which nothing points to. RUNS_MAX at most. Ids that have ended may be another job's
 * next, so that this must be told before. Seeds go by turns of the numbers: `seed` and the
 * `seeds` - 1 after it. */
struct job_index;
void job_grow(struct job_index *index, struct job *job, int64_t first_run, int count, uint64_t seed,
              int seeds);
void job_cut(struct job_index *index, struct job *job, int kept);

/* The variant of an arm's grid point. */
int64_t job_variant(const struct job *job, int arm, int point);

/* Jobs by id, and by the id of any of their runs. */
struct job_index *job_index_new(void);
void job_index_free(struct job_index *index); /* frees the jobs too */
void job_index_add(struct job_index *index, struct job *job);
void job_index_remove(struct job_index *index, struct job *job);
struct job *job_index_find(const struct job_index *index, int64_t job);
struct run *job_index_find_run(const struct job_index *index, int64_t run);
void job_index_each(struct job_index *index, void (*visit)(void *, struct job *), void *context);

/* The job and run objects of the events (a list's shape, without what only the store knows). */
json_t *job_json(const struct job *job);
json_t *run_json(const struct run *run);

#endif
