/*
 * The store: everything that must survive, in one SQLite file.
 *
 * Changes go to the writer thread, which owns the one read-write connection: it takes all that
 * waits (up to 1,024 commands), makes one transaction with a savepoint a command, commits, and only
 * then the callbacks run, on the loop, in the order the commands came. A command that fails takes
 * back its own savepoint alone. A commit that fails (disk full) fails every command in it with
 * ERROR_UNAVAILABLE; a failed fsync stops the process with exit status 4: recovery is a restart.
 *
 * Reads run on helper threads with read-only connections. They answer JSON in the API's shape.
 */
#ifndef STORE_H
#define STORE_H

#include "jobs/plan.h"
#include "jobs/state.h"
#include "loop/helper.h"
#include "loop/loop.h"

struct store;
struct reader;      /* a read-only connection, of one helper thread */
struct audit_entry; /* store/audit.h: who asked for a change; written in the change's transaction */

struct store_options {
    const char *folder;      /* holds sweepd.db; must exist */
    const char *vfs;         /* SQLite VFS name, NULL: the default */
    const char *synchronous; /* NULL: "FULL"; "OFF" only in the tests that show why */
    int mailbox_commands;    /* 8,192 */
    int ballast_mib;         /* a file to give back when the disk is full; 0: none */
    int checkpoint_pages;    /* of 4 KiB, how long the log grows; 0: 4,096 */
};

int store_open(struct loop *loop, const struct store_options *options, struct store **out_store,
               struct error *err);
/* Commits what waits, calls every callback, stops the thread, closes. */
void store_close(struct store *store);

/* Whether the mailbox is (nearly) full: POSTs get 503 and workers are not read for now. `relieved`
 * is called once it is below half again. */
bool store_is_full(const struct store *store);
void store_when_relieved(struct store *store, loop_due *relieved, void *context);

/* {"commits", "commands", "metric_rows", "stale_rows" (of older attempts, dropped), "mismatches"
 * (rows sent again with other bits), "largest_batch", "checkpoints", "wal_bytes", "disk_full",
 * "mailbox" (commands under way)} */
json_t *store_counters(const struct store *store);

/* Arguments are copied before these functions return. `done` may be NULL. A full mailbox drops
 * nothing: what does not fit waits on the loop, so a caller that minds store_is_full() for what it
 * can refuse may send what it must at any time. */
typedef void store_done(void *context, const struct error *err); /* err NULL: committed */

/* --- jobs and runs (store/jobs.c, store/runs.c) -------------------------------------------- */

struct new_job {
    const struct job_plan *plan;
    const char *request_text;    /* as submitted, JSON */
    const char *idempotency_key; /* or NULL */
    const char *body_digest;     /* of the submitted bytes, with a key */
    int64_t now_ms;
    int64_t team;                    /* whose it is; 0: the default team's */
    int64_t max_queued;              /* runs that the team may have queued; 0: no limit */
    int64_t max_bytes;               /* that it may keep (team_stored); 0: no limit */
    const struct audit_entry *audit; /* or NULL */
};
struct added_job {
    int64_t job, first_run; /* runs have consecutive ids in the order of the plan */
    int64_t first_variant;  /* likewise */
    bool repeated;          /* the key was used before with the same body: that job again */
    int run_count;          /* of the job (also when repeated) */
    int64_t team;
};
/* A key used before by the team with another body: ERROR_CONFLICT. Keys are kept 7 days. More runs
 * than the team may have queued: ERROR_LIMIT, or ERROR_FORBIDDEN where the job alone has. */
typedef void store_job_added(void *context, const struct added_job *added, const struct error *err);
void store_add_job(struct store *store, const struct new_job *job, store_job_added *done,
                   void *context);

/* The state is not written: the database computes it from the counts of the job's runs and
 * `paused`, by the rule of job_state_of(). */
struct job_change {
    int64_t job;
    enum job_state state;
    bool paused;
    int priority;
    int64_t started_ms;              /* 0: as it is; store_start_run() sets it with the first run */
    int64_t finished_ms;             /* 0: not yet (stored as NULL) */
    const struct audit_entry *audit; /* who asked for it, of this and whatever it is part of */
};
void store_change_job(struct store *store, const struct job_change *change, store_done *done,
                      void *context);

/* queued -> running: attempt is the new one. Answers what the worker needs. Refused
 * (ERROR_CONFLICT) where the run is not queued or the attempt is not its next; so are, below, notes
 * that come with another attempt than the run's present one, and changes that come with an older
 * one. Rows and log lines of an older attempt are dropped and answered as success: nobody waits for
 * them. */
struct started_run {
    char *spec; /* resolved JSON text with the run's seed in it; freed by the store after `done` */
    char *data; /* cache file name of its data set, or NULL */
    int64_t checkpoint; /* step of the recorded checkpoint, -1: none */
    char *fingerprint;  /* JSON of the attempt that wrote it, or NULL */
    int64_t steps_seen; /* largest step with a metric, -1: none */
};
typedef void store_run_started(void *context, const struct started_run *started,
                               const struct error *err);
void store_start_run(struct store *store, int64_t run, int attempt, const char *worker,
                     int64_t now_ms, store_run_started *done, void *context);

/* The worker's `started` line: its fingerprint (JSON text), where it resumed, steps planned. */
void store_note_run(struct store *store, int64_t run, int attempt, const char *fingerprint,
                    int64_t resumed_step, int64_t steps, store_done *done, void *context);
/* bytes: of all files of the run; 0: not known, and as it was. */
void store_note_checkpoint(struct store *store, int64_t run, int attempt, int64_t step,
                           int64_t bytes, store_done *done, void *context);

/* What a run may still cost (migration 0007). */
struct run_timing {
    int64_t ran_ms;          /* in its attempts that have ended; -1: not known */
    int64_t allowed_from_ms; /* of that, before its last retry */
    int64_t not_before_ms;   /* wall clock: it does not start before; 0: at any time */
};

/* Any other change of state. Where it ends as succeeded, the objective is read from the series in
 * the same transaction by `metric` (NULL: none). */
struct run_change {
    int64_t run;
    struct run_position position;
    int64_t variant;     /* > 0: set */
    const char *reason;  /* "diverged", "worker lost", …; NULL: none */
    const char *message; /* a sentence, or NULL */
    int64_t step;        /* last step done, -1: unknown */
    int rung;            /* > 0: set: how many it has passed */
    int64_t bytes;       /* of its files; 0: not known, and as it was */
    int64_t now_ms;      /* becomes finished_ms where final, queued_ms where queued */
    const struct metric_choice *metric;
    const char *overlay; /* what its specification has beside its variant's; NULL: as it is */
    const struct run_timing *timing; /* NULL: as it is */
    struct job_change job;           /* of its job, in the same transaction */
};
typedef void store_run_changed(void *context, double objective, const struct error *err);
void store_change_run(struct store *store, const struct run_change *change, store_run_changed *done,
                      void *context);

/* Every run of the job in state `from` moves to `to` in one transaction. For cancel, releasing an
 * arm's runs, failing them. */
struct runs_change {
    int64_t job;
    int arm;        /* -1: of all arms */
    int phase;      /* -1: of all phases */
    int64_t before; /* id: only runs before that one; 0: all */
    enum run_state from, to;
    bool waiting_too;    /* those in RUN_WAITING move like those in `from` */
    int64_t variant;     /* > 0: set */
    const char *reason;  /* NULL: none */
    const char *message; /* likewise */
    int64_t now_ms;
    const struct job_change *change; /* of the job; NULL: none */
    /* New specifications of variants with consecutive ids, in the same transaction. */
    char *const *specs; /* [spec_count] JSON texts */
    int spec_count;
    int64_t first_variant; /* whose specs[0] is */
};
void store_change_runs(struct store *store, const struct runs_change *change, store_done *done,
                       void *context);

/* --- jobs after others (store/after.c) ------------------------------------------------------- */

/* Where all the other jobs have ended as they should: runs of the job's first phase that were never
 * begun go from waiting to queued. Where one has not: all that wait fail, with a sentence. */
struct after {
    int64_t job;
    int64_t before;      /* id: only runs before that one are released */
    const int64_t *jobs; /* [count] the others */
    int count;
    bool any; /* however they ended; else they must have succeeded */
    enum run_phase phase;
    uint64_t arms; /* by bit: whose runs wait for nothing else */
    int64_t now_ms;
};
enum after_outcome { AFTER_WAITS, AFTER_RELEASED, AFTER_FAILED };
typedef void store_after_released(void *context, enum after_outcome outcome,
                                  const struct error *err);
void store_release_after(struct store *store, const struct after *after, store_after_released *done,
                         void *context);
/* Whether there is such a job, of the team or for everyone to read. */
int store_sees_job(struct reader *reader, int64_t job, int64_t team, bool *sees, struct error *err);

/* The job that a POST with this key has made; 0: none did, or more than 7 days ago.
 * ERROR_CONFLICT: it was another body. Whoever adds a job finds it too, should two come at once. */
struct used_key {
    int64_t team;
    const char *key, *body_digest;
    int64_t now_ms;
};
int store_find_key(struct reader *reader, const struct used_key *key, int64_t *out_job,
                   struct error *err);

/* --- identical runs (store/reuse.c) ---------------------------------------------------------- */

/* Two runs are identical where specification (without what changes no row), seed, data, program
 * and numeric fingerprint are equal. A run of the job that waits in the line and was never begun
 * becomes succeeded where an identical one has succeeded that the job may share, unless others go
 * on from its checkpoints, or the job is decided by what a clock measured. */
struct reuse {
    int64_t job,
        first_run; /* the runs looked at: `count` consecutive ones, those that are queued */
    int count;
    bool take;              /* else only what they are is noted */
    const char *program;    /* digest of the workers' program */
    const json_t *numerics; /* {"native,1": "fingerprint as text", …}: by kernels and threads */
    int64_t now_ms;
};
struct reused_run {
    int64_t run, source;
    int64_t step, steps;
    double objective; /* of the run's own job's metric; NaN: none */
};
typedef void store_runs_reused(void *context, const struct reused_run *runs, int count,
                               const struct error *err);
void store_reuse_runs(struct store *store, const struct reuse *reuse, store_runs_reused *done,
                      void *context);

/* --- tuning by halving (store/rungs.c) -------------------------------------------------------- */

/* Of the tuning runs of an arm that stand at a rung (waiting, begun, and so many rungs behind
 * them), those of the points that halving_keep() keeps are queued for the next one, the others
 * pruned. Points with a pruned run take no part. */
struct rung {
    int64_t job;
    int arm, number; /* 0 … */
    double at;       /* a fraction of the steps */
    int factor, point_count;
    const struct metric_choice *metric;
    int64_t now_ms;
};
/* kept [point_count] */
typedef void store_rung_settled(void *context, const bool *kept, const struct error *err);
void store_settle_rung(struct store *store, const struct rung *rung, store_rung_settled *done,
                       void *context);

/* --- comparisons that are looked at several times (store/looks.c) ---------------------------- */

/* What a look found, and what follows from it: report runs that wait are pruned where their arm
 * stops; those of the next round are queued where it goes on by itself, with their arm's variant
 * where they have none. */
struct look {
    int64_t job;
    const struct look_entry *entries; /* [entry_count] */
    int entry_count;
    uint64_t stops, releases;     /* arms, by bit */
    int64_t first_report, before; /* ids: of the first report run; behind the next round */
    int64_t variants[ARMS_MAX];   /* [arm_count] that arms have chosen; 0: their runs have it */
    int arm_count;
    const char *message; /* of the pruned ones */
    int64_t now_ms;
};
void store_settle_look(struct store *store, const struct look *look, store_done *done,
                       void *context);

/* --- metrics (store/metrics.c) ------------------------------------------------------------- */

struct metric_row {
    int64_t step;
    double value;  /* NaN is stored as NULL */
    uint32_t name; /* from store_metric_name() */
};
/* The number of a metric's name, on the loop, from memory; new names (at most 10,000 in all, 1 … 63
 * bytes of printable ASCII) are written with the first row that uses them. 0: refused. What is said
 * first of `repeats` stays. */
uint32_t store_metric_name(struct store *store, const char *name, size_t bytes, bool repeats);

/* Takes over the malloc'd rows. A row already there stays; where its bits differ and the name
 * `repeats`, the run's resume_mismatches grows by one. */
typedef void store_rows_added(void *context, int mismatches, const struct error *err);
void store_add_metrics(struct store *store, int64_t run, int attempt, int64_t wall_ms,
                       struct metric_row *rows, int count, store_rows_added *done, void *context);
void store_add_log(struct store *store, int64_t run, int attempt, const char *text, int64_t now_ms,
                   store_done *done, void *context);

/* --- data sets (store/datasets.c) ---------------------------------------------------------- */

struct dataset_row {
    const char *name;   /* [a-z0-9][a-z0-9._-]{0,63} */
    const char *format; /* or "built-in" */
    const char *file;   /* in the cache folder */
    const char *digest;
    const char *summary; /* JSON text */
    int64_t bytes, now_ms;
    int64_t team;                    /* whose it is; 0: the default team's */
    bool for_everyone;               /* its name is then one of those that all teams see */
    int64_t max_bytes;               /* that the team may keep, as above; 0: no limit */
    const struct audit_entry *audit; /* or NULL */
};
/* A name taken, among the team's or among everyone's: ERROR_CONFLICT; too much: ERROR_FORBIDDEN. */
void store_add_dataset(struct store *store, const struct dataset_row *row, store_done *done,
                       void *context);
/* The team's own of that name, or else the one for everyone that it owns. Refused (ERROR_CONFLICT)
 * while a run that is not final uses it. *file_unused: no other name uses
 * its file. */
typedef void store_dataset_gone(void *context, const char *file, bool file_unused,
                                const struct error *err);
void store_delete_dataset(struct store *store, int64_t team, const char *name,
                          const struct audit_entry *audit, store_dataset_gone *done, void *context);

/* --- what is alive, at the start ----------------------------------------------------------- */

struct live_job {
    int64_t id, team;
    enum job_kind kind;
    const char *name;
    int priority;
    bool paused;
    int run_count, arm_count, point_count;
    struct metric_choice metric;
    int64_t first_variant, created_ms,
        started_ms;   /* variant of (arm, point): first + arm * point_count + point */
    int64_t usual_ms; /* how long its runs took that succeeded at once; 0: none has */
    const char *request_text;
    const char *arms;               /* JSON: a list of their names, arm_count long */
    const char *sources;            /* JSON, as migration 0002 says; NULL: none */
    const struct look_entry *looks; /* [look_count] of one that is looked at several times */
    int look_count;
    uint64_t curves; /* bit a: arm a's schedule has its curve; 0 where there are no sources */
};
struct live_run {
    int64_t id, job;
    int number; /* 0 … within the job */
    int arm, point;
    enum run_phase phase;
    uint64_t seed;
    struct run_position position;
    int threads;
    double objective;         /* NaN: none */
    int64_t step, steps;      /* done and planned; 0: not known */
    int64_t branched_step;    /* where it went on from another run; 0: it did not */
    int64_t reused_from;      /* the run whose results it shows; 0: its own */
    int rung;                 /* how many rungs it has passed */
    struct run_timing timing; /* of one that runs: up to its last row of metrics */
};
/* Called on the loop's thread before it runs: every job that is not final, and searches whose last
 * results were not told any more, each followed by ALL its runs in order. */
int store_load(struct store *store, void (*job)(void *, const struct live_job *),
               void (*run)(void *, const struct live_run *), void *context, struct error *err);
/* One job of any state and all its runs the same way, later, by a read: for retries in final jobs.
 */
int store_load_job(struct reader *reader, int64_t job,
                   void (*on_job)(void *, const struct live_job *),
                   void (*on_run)(void *, const struct live_run *), void *context,
                   struct error *err);
/* All data sets. */
struct known_dataset {
    const char *name, *file;
    int classes;
    int64_t team, bytes;
    bool for_everyone;
};
int store_load_datasets(struct store *store, void (*dataset)(void *, const struct known_dataset *),
                        void *context, struct error *err);

/* --- reads ---------------------------------------------------------------------------------- */

/* Helper threads own readers: give these to helpers_new(). */
void *
store_reader_start(void *store); /* a struct reader; never NULL: errors show at its first use */
void store_reader_end(void *reader);

struct page {
    int64_t after;     /* the last id of the page before; 0: from the start */
    int limit;         /* 1 … 1,000 */
    const char *state; /* or NULL */
    int64_t team;      /* of jobs: only what this team may see; 0: all */
};
/* Lists: {"jobs": […], "next": id or null}. Newest job first; runs in order. A job in a list has
 * {"id","kind","name","team","visibility","state","priority","paused","created_ms","started_ms",
 * "finished_ms","runs":
 * {"total","waiting","queued","running","succeeded","pruned","cancelled","failed"}}; alone also
 * "request","arms":[names],"metric":{"name","goal","at"},"baseline". A run in a list has
 * {"id","job","number","arm","phase","seed","state","reason","message","attempt","objective","step",
 * "steps","reused_from","queued_ms","started_ms","finished_ms","tuned":{…},"metrics":{"valid_loss":
 * last, …}}; alone also
 * "spec","fingerprint","checkpoint_step","resumed_step","resume_mismatches","worker",
 * "series":[{"name","count","first","last","best_low","best_high","last_step"}]. Missing is null.
 *
 * A search alone has "search":{"proposed","told","best":{"run","number","values"},"stopped",
 * "edits"}; a run of one "proposal":{"number","how","seen","told","outcome","values","constraints",
 * "parent","late","verdict"}, null before it has a point.
 */
int store_read_jobs(struct reader *reader, const struct page *page, json_t **out,
                    struct error *err);
int store_read_job(struct reader *reader, int64_t job, json_t **out, struct error *err);
int store_read_runs(struct reader *reader, int64_t job, const struct page *page, json_t **out,
                    struct error *err);
int store_read_run(struct reader *reader, int64_t run, json_t **out, struct error *err);
int store_read_log(struct reader *reader, int64_t run, const struct page *page, json_t **out,
                   struct error *err); /* {"lines":[{"id","attempt","wall_ms","text"}],"next"} */
/* What a team sees: its own, and those for everyone. By name its own comes first. */
int store_read_datasets(struct reader *reader, int64_t team, json_t **out, struct error *err);
int store_read_dataset(struct reader *reader, int64_t team, const char *name, json_t **out,
                       struct error *err);

/* One series, reduced to at most `points` shared buckets where it is longer (0: all). Buckets keep
 * first step, last step, min, max and last value, so that no spike is lost. Arrays are the caller's
 * (series_release). Values are NaN where a row is NULL. */
struct series {
    char name[64];
    int64_t run;
    int count;    /* entries below */
    int64_t rows; /* that they stand for; counted up to the points asked for and one more, but of a
                   * job's series to the end */
    bool reduced;
    int64_t *step;      /* last step of the bucket */
    double *value;      /* last value */
    double *low, *high; /* NULL where not reduced */
    int64_t *wall_ms;
};
void series_release(struct series *series);
/* name NULL: all names. first/last step bound the range (0, INT64_MAX: all). */
int store_read_series(struct reader *reader, int64_t run, const char *name, int64_t first_step,
                      int64_t last_step, int points, struct series **out, int *out_count,
                      struct error *err);
/* The same metric of every run of a job (or of one phase, -1: all), for curves. All series lie on
 * the same grid where one is longer. Jobs of very many runs get fewer points a run (2,000,000 in
 * all, but at least 20). */
int store_read_job_series(struct reader *reader, int64_t job, const char *name, int phase,
                          int points, struct series **out, int *out_count, struct error *err);

/* The last value of a metric in every run of a job (or of one phase, -1: all) that has it, in the
 * order of runs: one row read each, however long the series. The list is the caller's. */
struct last_value {
    int64_t run;
    double value; /* NaN: not finite */
};
int store_read_job_last(struct reader *reader, int64_t job, const char *name, int phase,
                        struct last_value **out, int *out_count, struct error *err);
/* The mean of a metric over some runs at each step, of those that have a finite value there, in the
 * order of the steps: what a schedule is refined from. *out is the caller's; without rows it is
 * NULL. */
int store_read_means(struct reader *reader, const int64_t *runs, int count, const char *name,
                     double **out, size_t *out_count, struct error *err);
/* Resolved, without a seed; the caller frees it. ERROR_NOT_FOUND. */
int store_read_variant(struct reader *reader, int64_t variant, char **out_spec, struct error *err);
/* The schedule of each arm of a comparison, of its chosen grid point where there is one:
 * {"ARM": {"type", …}, …}. Only refined ones. */
int store_read_refined(struct reader *reader, int64_t job, json_t **out, struct error *err);
/* Rows of a run in (name, step) order, pushed one by one; `row` answers non-zero to stop. For CSV
 * and NDJSON streams. */
int store_each_row(struct reader *reader, int64_t run, const char *name,
                   int (*row)(void *context, const char *name, int64_t step, double value,
                              int64_t wall_ms),
                   void *context, struct error *err);

#endif
