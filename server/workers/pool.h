/*
 * The worker processes on this machine: started, greeted, watched, collected.
 *
 * A worker is lent to its owner (the conductor) whole: `task` is the owner's. A process that ends,
 * says nothing for the lease while it has a task, or breaks the protocol is gone; its owner is told
 * once, from the loop and never from within a call into the pool.
 */
#ifndef POOL_H
#define POOL_H

#include "loop/loop.h"
#include "wire.h"
#include "workers/link.h"
#include "workers/spawn.h"

enum worker_state {
    WORKER_STARTING, /* hello not heard yet */
    WORKER_READY,    /* has nothing to do, or was just given something */
    WORKER_LEAVING,  /* told to go, or killed */
};

struct worker {
    char name[24]; /* "local-3" */
    int threads;
    bool portable;
    enum worker_state state;
    void *task;    /* the owner's; NULL: free */
    char *numeric; /* its fingerprint, JSON; NULL before its hello */
    struct pool *pool;
    struct child child;
    struct link *link;
    struct loop_watch *exit_watch;
    struct loop_timer *deadline; /* pool_demand() */
    const char *demand;
    int64_t heard_ms; /* when its last line came, CLOCK_MONOTONIC */
    bool link_closed, collected;
    bool died;       /* without anybody here having killed it */
    bool proven;     /* it has ended a task in good order */
    char words[160]; /* why it went */
    struct worker *next;
};

struct pool_owner {
    void (*ready)(void *context, struct worker *worker); /* free for the next task */
    void (*metrics)(void *context, struct worker *worker, const char *line, size_t bytes);
    void (*message)(void *context, struct worker *worker, const struct wire_message *message);
    void (*gone)(void *context, struct worker *worker, const char *words); /* freed after this */
    void *context;
};

struct pool *pool_new(struct loop *loop, const struct worker_command *command, int64_t lease_ms,
                      const struct pool_owner *owner);
void pool_free(struct pool *pool); /* kills and collects whatever is left; tells nobody */

/* Starts a process. Where starting failed lately it is refused for a while (ERROR_UNAVAILABLE), so
 * that a broken worker does not become a storm of processes. */
int pool_start(struct pool *pool, int threads, bool portable, struct worker **out_worker,
               struct error *err);

/* A worker without a task of that kind, ready or still starting; NULL: none. */
struct worker *pool_find(struct pool *pool, int threads, bool portable);

void pool_send(struct worker *worker, enum wire_type type, json_t *body /* taken */);
void pool_dismiss(struct worker *worker,
                  int64_t grace_ms); /* asks it to go; kills after the grace */
/* Kills it at that time, as one that `failed` (static), unless pool_relieve() comes first. */
void pool_demand(struct worker *worker, int64_t within_ms, const char *failed);
void pool_relieve(struct worker *worker); /* one that was dismissed still has to go */
void pool_kill(struct worker *worker, const char *why);

void pool_hold(struct pool *pool, bool hold); /* stops and starts reading from all workers */
struct worker *pool_first(struct pool *pool); /* the list, by ->next */
int pool_count(const struct pool *pool);
int64_t
pool_retry_ms(const struct pool *pool); /* how long pool_start() will refuse; 0: it will not */

#endif
