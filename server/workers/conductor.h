/*
 * The conductor: brings queued runs and ready workers together, follows every run to its end, and
 * carries comparisons from tuning to report. It owns the unfinished jobs and the queue.
 *
 * Whatever is asked of it answers by `done`, on the loop, after its commit.
 */
#ifndef CONDUCTOR_H
#define CONDUCTOR_H

#include "events/events.h"
#include "jobs/plan.h"
#include "queue/queue.h"
#include "store/teams.h"
#include "workers/told.h"

struct conductor;

struct conductor_options {
    const char *program;   /* sweepd-worker */
    const char *runs;      /* folder: one folder a run, absolute */
    const char *cache;     /* folder of data sets, absolute */
    const json_t *metrics; /* of the catalogue: [{"name", "repeats"}, …] */
    const json_t *numeric; /* likewise: fingerprint of a worker with one thread; NULL: not known */
    const json_t *catalog; /* to resolve specifications against; borrowed */
    /* What is known of a data set as a team sees it; NULL: that all exist. */
    struct data_facts (*find_data)(void *world, int64_t team, const char *name);
    /* A search has got more runs, with consecutive ids; NULL: nobody minds. */
    void (*runs_added)(void *world, int64_t job, int64_t first_run, int count);
    void *world;
    int slots; /* 0: nothing starts */
    int64_t lease_ms;
    int64_t preempt_after_ms; /* a team that has waited so long has others yield; 0: never */
    int64_t retry_ms;         /* between tries of what the store refused; 0: a second */
};

struct conductor *conductor_new(struct loop *loop, struct store *store, struct helpers *helpers,
                                struct events *events, const struct conductor_options *options);
/* Takes up what the store holds unfinished, starts workers; once, before the loop runs and after
 * the teams are set. */
int conductor_load(struct conductor *conductor, struct error *err);
void conductor_free(struct conductor *conductor); /* after conductor_stop() is done */

/* No new starts; workers checkpoint and go (killed after `grace_ms`); then `done`. */
void conductor_stop(struct conductor *conductor, int64_t grace_ms, loop_due *done, void *context);

/* Teams as they come, change and go. A job whose team nobody told of has a share of 1. */
void conductor_set_team(struct conductor *conductor, const struct team *team);
void conductor_remove_team(struct conductor *conductor, int64_t team); /* which owns no job */
/* Every team, in no special order; the caller frees them. */
struct queue_standing *conductor_standings(const struct conductor *conductor, size_t *out_count);

/* A job that is on disk now. The answer is the job as the events show it; the caller owns it. */
json_t *conductor_adopt(struct conductor *conductor, const struct job_plan *plan,
                        const struct added_job *added, int64_t now_ms);

/* ERROR_NOT_FOUND where the job (or run) is not unfinished: it does not exist, or is final. Each
 * with its entry in the audit, which is copied; NULL: none. */
void conductor_cancel_job(struct conductor *conductor, int64_t job, const struct audit_entry *audit,
                          store_done *done, void *context);
void conductor_pause_job(struct conductor *conductor, int64_t job, bool pause,
                         const struct audit_entry *audit, store_done *done, void *context);
void conductor_set_priority(struct conductor *conductor, int64_t job, int priority,
                            const struct audit_entry *audit, store_done *done, void *context);
void conductor_cancel_run(struct conductor *conductor, int64_t run, const struct audit_entry *audit,
                          store_done *done, void *context);
/* `job`: the run's, which is read back where it is final. */
void conductor_retry_run(struct conductor *conductor, int64_t job, int64_t run,
                         const struct audit_entry *audit, store_done *done, void *context);

/* --- external runners (search_asks.c, search_external.c) ---------------------------------------
 * Of a search whose runs others train. Answers come after the commit, as the API shows them. */

struct ask_options {
    int count;
    int64_t lease_ms;
    const char *worker; /* a name for people */
};
/* {"runs": [{"id", "number", "attempt", "parameters", "lease_until", "lease_until_ms"}], "job":
 * {"id", "state", "left", "running"}}: fewer runs than asked for where there are no more. */
typedef void conductor_answered(void *context, json_t *answer, const struct error *err);
void conductor_ask(struct conductor *conductor, int64_t job, const struct ask_options *options,
                   conductor_answered *done, void *context);

struct report_row {
    int64_t step;
    double value;
    char name[64];
};
/* Whether it is carried here: neither unknown nor final. */
bool conductor_has_job(const struct conductor *conductor, int64_t job);
bool conductor_has_run(const struct conductor *conductor, int64_t run);

/* Rows of a run, which also renew its lease: {"stop", "state", "lease_until_ms"}. A run that has
 * ended or is with somebody else: stop is true, and the rows are not kept. One whose lease has
 * lapsed, while nobody else has it: they are, but the lease stays lapsed. attempt 0: the present
 * one. */
void conductor_report(struct conductor *conductor, int64_t run, int attempt,
                      const struct report_row *rows, int count, conductor_answered *done,
                      void *context);

/* tell_check() for a run whose search is going on. */
void conductor_check_tell(const struct conductor *conductor, int64_t run,
                          const struct tell_options *options, struct problems *problems);
/* Of one that was checked: {"id", "state", "late", "repeated"}. ERROR_CONFLICT: told before with
 * other values, or never asked for. */
void conductor_tell(struct conductor *conductor, int64_t run, const struct tell_options *options,
                    conductor_answered *done, void *context);
/* The same of a job that may have ended: it is read back. The options live until the answer. */
void conductor_tell_ended(struct conductor *conductor, int64_t job, int64_t run,
                          const struct tell_options *options, conductor_answered *done,
                          void *context);

/* The queue as a team sees it: {"slots", "running", "waiting", "waiting_runs", "others"} of GET
 * /api/v1/queue. Of what it does not see there are only counts. */
struct queue_look {
    int64_t team;
    bool (*sees)(void *context, int64_t job); /* NULL: all */
    void *context;
    int most; /* jobs that wait; of the first 20,000 in line */
};
json_t *conductor_queue_json(struct conductor *conductor, const struct queue_look *look);
int conductor_slots(const struct conductor *conductor, int *used);
int conductor_worker_count(const struct conductor *conductor);

/* Has a worker parse uploaded files into a cache file, or make a built-in (format "built-in"). */
struct prepare_request {
    const char *dataset, *format;
    json_t *settings, *parts; /* taken */
};
struct prepared_data {
    const char *file, *digest; /* NULL on failure */
    const json_t *summary;
    const char *pointer; /* on failure: the field it is about, "" for none */
};
typedef void data_prepared(void *context, const struct prepared_data *data,
                           const struct error *err);
void conductor_prepare(struct conductor *conductor, const struct prepare_request *request,
                       data_prepared *done, void *context);

#endif
