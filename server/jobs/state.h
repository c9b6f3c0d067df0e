/*
 * The states of a run and the one way through them (the table of the design):
 *
 *     state    start    ok         pruned  cancel     preempt  lost              error
 *     waiting  -        -          pruned  cancelled  -        -                 -
 *     queued   running  -          -       cancelled  -        -                 -
 *     running  -        succeeded  pruned  cancelled  queued   queued or failed  failed
 *
 * The rest are final. `rung` takes running to waiting; `released` takes waiting to queued, `source
 * failed` to failed; `reused` takes queued to succeeded; `retry` takes failed and cancelled back to
 * queued, or to waiting.
 */
#ifndef STATE_H
#define STATE_H

#include "error.h"
#include <stdbool.h>

enum run_state {
    RUN_WAITING, /* for other runs */
    RUN_QUEUED,
    RUN_RUNNING,
    RUN_SUCCEEDED,
    RUN_PRUNED,
    RUN_CANCELLED,
    RUN_FAILED,
    RUN_STATES,
};

enum run_event {
    EVENT_START,
    EVENT_SUCCEEDED,
    EVENT_PRUNED,
    EVENT_CANCEL,
    EVENT_PREEMPT,
    EVENT_LOST,   /* the worker is gone; queued again while attempts are left */
    EVENT_FAILED, /* error or divergence: the same again would end the same */
    EVENT_RELEASED,
    EVENT_SOURCE_FAILED,
    EVENT_RETRY,
    EVENT_RETRY_LATER, /* what it starts from is not there yet */
    EVENT_RUNG,        /* it has come to where it is compared with others */
    EVENT_REUSED,      /* an identical run has succeeded: its results are this one's */
    RUN_EVENTS,
};

extern const char *const run_state_names[RUN_STATES];

struct run_position {
    enum run_state state;
    int attempt;       /* 0: never started; each start adds one */
    int attempts_lost; /* since the last retry */
};

enum { RUN_ATTEMPTS_MAX = 3 }; /* lost this often: failed */

/* Moves the run; refused events change nothing and give ERROR_CONFLICT with a sentence. */
int run_apply(struct run_position *run, enum run_event event, struct error *err);
bool run_is_final(enum run_state state);
int run_state_find(const char *name); /* -1: none */

/* A job's state follows from its runs: never stored where it could disagree. */
enum job_state {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_PAUSED,
    JOB_SUCCEEDED,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_STATES
};
extern const char *const job_state_names[JOB_STATES];
/* counts[state] of its runs. Final when all runs are: cancelled where one was cancelled, else
 * failed where none succeeded, else succeeded: in a comparison a run that diverged is an outcome,
 * counted and ranked as worst. Not final: paused, else running where a run runs or is done, else
 * queued. */
enum job_state job_state_of(const int counts[RUN_STATES], bool paused);

#endif
