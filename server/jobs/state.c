#include "jobs/state.h"

#include <string.h>

const char *const run_state_names[RUN_STATES] = {
    [RUN_WAITING] = "waiting",     [RUN_QUEUED] = "queued", [RUN_RUNNING] = "running",
    [RUN_SUCCEEDED] = "succeeded", [RUN_PRUNED] = "pruned", [RUN_CANCELLED] = "cancelled",
    [RUN_FAILED] = "failed",
};

const char *const job_state_names[JOB_STATES] = {
    [JOB_QUEUED] = "queued",       [JOB_RUNNING] = "running", [JOB_PAUSED] = "paused",
    [JOB_SUCCEEDED] = "succeeded", [JOB_FAILED] = "failed",   [JOB_CANCELLED] = "cancelled",
};

/* Follows "a succeeded run cannot ". */
static const char *const event_words[RUN_EVENTS] = {
    [EVENT_START] = "start",
    [EVENT_SUCCEEDED] = "succeed",
    [EVENT_PRUNED] = "be pruned",
    [EVENT_CANCEL] = "be cancelled",
    [EVENT_PREEMPT] = "be preempted",
    [EVENT_LOST] = "lose its worker",
    [EVENT_FAILED] = "fail",
    [EVENT_RELEASED] = "be released",
    [EVENT_SOURCE_FAILED] = "fail with its source",
    [EVENT_RETRY] = "be retried",
    [EVENT_RETRY_LATER] = "be retried",
    [EVENT_RUNG] = "stop at a rung",
    [EVENT_REUSED] = "take over results",
};

/* Where an event leads, plus one: 0, which the table need not mention, is a refusal. */
#define TO(state) ((state) + 1)
static const signed char transitions[RUN_STATES][RUN_EVENTS] = {
    [RUN_WAITING] = {[EVENT_PRUNED] = TO(RUN_PRUNED),
                     [EVENT_CANCEL] = TO(RUN_CANCELLED),
                     [EVENT_RELEASED] = TO(RUN_QUEUED),
                     [EVENT_SOURCE_FAILED] = TO(RUN_FAILED)},
    [RUN_QUEUED] = {[EVENT_START] = TO(RUN_RUNNING),
                    [EVENT_CANCEL] = TO(RUN_CANCELLED),
                    [EVENT_REUSED] = TO(RUN_SUCCEEDED)},
    [RUN_RUNNING] = {[EVENT_SUCCEEDED] = TO(RUN_SUCCEEDED),
                     [EVENT_PRUNED] = TO(RUN_PRUNED),
                     [EVENT_CANCEL] = TO(RUN_CANCELLED),
                     [EVENT_PREEMPT] = TO(RUN_QUEUED),
                     [EVENT_LOST] = TO(RUN_QUEUED), /* while attempts are left */
                     [EVENT_RUNG] = TO(RUN_WAITING),
                     [EVENT_FAILED] = TO(RUN_FAILED)},
    [RUN_CANCELLED] = {[EVENT_RETRY] = TO(RUN_QUEUED), [EVENT_RETRY_LATER] = TO(RUN_WAITING)},
    [RUN_FAILED] = {[EVENT_RETRY] = TO(RUN_QUEUED), [EVENT_RETRY_LATER] = TO(RUN_WAITING)},
};

int run_apply(struct run_position *run, enum run_event event, struct error *err)
{
    const int next = transitions[run->state][event] - 1;
    if (next < 0)
        return error_of(err, ERROR_CONFLICT, "a %s run cannot %s", run_state_names[run->state],
                        event_words[event]);

    run->state = (enum run_state)next;
    if (event == EVENT_START)
        run->attempt++;
    if (event == EVENT_RETRY || event == EVENT_RETRY_LATER)
        run->attempts_lost = 0;
    if (event == EVENT_LOST && ++run->attempts_lost >= RUN_ATTEMPTS_MAX)
        run->state = RUN_FAILED;
    return 0;
}

bool run_is_final(enum run_state state)
{
    return state != RUN_WAITING && state != RUN_QUEUED && state != RUN_RUNNING;
}

int run_state_find(const char *name)
{
    for (int state = 0; state < RUN_STATES; state++) {
        if (strcmp(run_state_names[state], name) == 0)
            return state;
    }
    return -1;
}

enum job_state job_state_of(const int counts[RUN_STATES], bool paused)
{
    int done = 0, open = 0;
    for (int state = 0; state < RUN_STATES; state++) {
        if (run_is_final((enum run_state)state))
            done += counts[state];
        else
            open += counts[state];
    }

    if (done > 0 && open == 0) {
        if (counts[RUN_CANCELLED] > 0)
            return JOB_CANCELLED;
        return counts[RUN_SUCCEEDED] + counts[RUN_PRUNED] == 0 ? JOB_FAILED : JOB_SUCCEEDED;
    }
    if (paused)
        return JOB_PAUSED;
    return done > 0 || counts[RUN_RUNNING] > 0 ? JOB_RUNNING : JOB_QUEUED;
}
