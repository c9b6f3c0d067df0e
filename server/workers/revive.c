/*
 * Jobs that have ended are forgotten; where somebody wants to change one it is read back, on a
 * helper thread, and taken up as after a restart. One read at a time for a job: others who want it
 * wait for the same one, so that nobody works on what was read before a change.
 */
#include "workers/inside.h"

#include "memory.h"

#include <stdlib.h>

struct waiter {
    job_ready *ready;
    void *context;
    struct waiter *next;
};

struct revival {
    struct conductor *conductor;
    int64_t id;
    struct job *job;
    int outcome;
    struct error err;
    struct waiter *waiters; /* the one who came first last */
    struct revival *next;
};

static void revive_job(void *context, const struct live_job *row)
{
    struct revival *revival = context;
    revival->job = job_of_row(row);
}

static void revive_run(void *context, const struct live_run *row)
{
    struct revival *revival = context;
    job_add_row(revival->job, row);
}

static void read_back(void *reader, void *context)
{
    struct revival *revival = context;
    revival->outcome =
        store_load_job(reader, revival->id, revive_job, revive_run, revival, &revival->err);
    if (revival->outcome < 0)
        return;
    job_complete_rows(revival->job);
    revival->outcome = search_load(revival->conductor, revival->job, &revival->err);
}

static void unlink_revival(struct revival *revival)
{
    struct revival **at = &revival->conductor->revivals;
    while (*at != revival)
        at = &(*at)->next;
    *at = revival->next;
}

static void tell_waiters(struct waiter *waiter, struct job *job, const struct error *err)
{
    if (!waiter)
        return;
    tell_waiters(waiter->next, job, err);
    waiter->ready(waiter->context, job, err);
    free(waiter);
}

static void take_back(void *context)
{
    struct revival *revival = context;
    struct conductor *conductor = revival->conductor;
    struct job *job = revival->job;

    unlink_revival(revival);
    if (revival->outcome < 0) {
        tell_waiters(revival->waiters, NULL, &revival->err);
        job_free(job);
    } else {
        hold_job(job); /* a change that is refused lets a final job go again */
        adopt_again(conductor, job);
        search_resume(job);
        tell_waiters(revival->waiters, job, NULL);
        drop_job(conductor, job);
    }
    free(revival);
}

static struct revival *find_revival(const struct conductor *conductor, int64_t id)
{
    struct revival *revival = conductor->revivals;
    while (revival && revival->id != id)
        revival = revival->next;
    return revival;
}

static void add_waiter(struct revival *revival, job_ready *ready, void *context)
{
    struct waiter *waiter = xcalloc(1, sizeof *waiter);
    *waiter = (struct waiter){ready, context, revival->waiters};
    revival->waiters = waiter;
}

static void revive(struct conductor *conductor, int64_t id, job_ready *ready, void *context)
{
    struct revival *revival = xcalloc(1, sizeof *revival);
    *revival = (struct revival){.conductor = conductor, .id = id, .next = conductor->revivals};
    if (helpers_run(conductor->helpers, read_back, take_back, revival)) {
        conductor->revivals = revival;
        add_waiter(revival, ready, context);
        return;
    }
    struct error err;
    error_of(&err, ERROR_UNAVAILABLE, "too many reads are waiting; try again");
    ready(context, NULL, &err);
    free(revival);
}

void with_job(struct conductor *conductor, int64_t id, job_ready *ready, void *context)
{
    struct job *job = job_index_find(conductor->jobs, id);
    struct revival *revival = find_revival(conductor, id);
    if (job) {
        hold_job(job);
        ready(context, job, NULL);
        drop_job(conductor, job);
    } else if (revival) {
        add_waiter(revival, ready, context);
    } else {
        revive(conductor, id, ready, context);
    }
}
