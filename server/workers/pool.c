#include "workers/pool.h"

#include "log.h"
#include "memory.h"
#include "version.h"

#include "json.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    HEARTBEAT_MS = 5000,
    CHECKS_EACH_LEASE = 6,
    FIRST_RETRY_MS = 200,
    LAST_RETRY_MS = 30000,
    LAST_RETRY_DIED_MS = 5000, /* runs may be to blame, and others wait */
};

struct pool {
    struct loop *loop;
    struct worker_command command; /* strings owned */
    int64_t lease_ms;
    struct pool_owner owner;
    struct worker *first;
    struct loop_timer *check;
    int started;  /* ever: the next one's number */
    int failures; /* in a row, before `ready` */
    int64_t not_before_ms;
    bool held;
};

static void unlink_worker(struct worker *worker)
{
    struct worker **at = &worker->pool->first;
    while (*at != worker)
        at = &(*at)->next;
    *at = worker->next;
}

static void release_worker(struct worker *worker)
{
    loop_cancel(worker->deadline);
    loop_unwatch(worker->exit_watch);
    link_free(worker->link);
    free(worker->numeric);
    if (worker->child.pidfd >= 0)
        close(worker->child.pidfd);
    free(worker);
}

static void note_failure(struct pool *pool, int64_t most_ms)
{
    const int shift = pool->failures < 8 ? pool->failures : 8;
    int64_t wait_ms = (int64_t)FIRST_RETRY_MS << shift;
    if (wait_ms > most_ms)
        wait_ms = most_ms;
    pool->failures++;
    pool->not_before_ms = clock_ms() + wait_ms;
}

/* By itself, with its first task: the next one may do the same. */
static bool died_at_once(const struct worker *worker)
{
    return worker->task && !worker->proven && worker->died;
}

static void finish(void *context)
{
    struct worker *worker = context;
    struct pool *pool = worker->pool;

    if (worker->state == WORKER_STARTING)
        note_failure(pool, LAST_RETRY_MS);
    else if (died_at_once(worker))
        note_failure(pool, LAST_RETRY_DIED_MS);
    unlink_worker(worker);
    pool->owner.gone(pool->owner.context, worker, worker->words);
    release_worker(worker);
}

/* A worker is gone when its process has been collected and its last line has been read: a result
 * that was sent just before the end still counts. Each comes once, so the second one ends it. */
static void finish_if_both(struct worker *worker)
{
    if (worker->link_closed && worker->collected)
        loop_soon(worker->pool->loop, finish, worker);
}

static void process_ended(void *context, uint32_t events)
{
    struct worker *worker = context;
    char words[96];
    (void)events;

    loop_unwatch(worker->exit_watch);
    worker->exit_watch = NULL;
    spawn_collect(&worker->child, words, sizeof words);
    worker->died = !worker->words[0];
    if (worker->died)
        snprintf(worker->words, sizeof worker->words, "%s", words);
    worker->collected = true;
    finish_if_both(worker);
}

static void link_closed(void *context, const char *broken)
{
    struct worker *worker = context;

    worker->link_closed = true;
    if (broken && !worker->words[0])
        snprintf(worker->words, sizeof worker->words, "%s", broken);
    if (!worker->collected)
        kill(worker->child.pid, SIGKILL); /* not collected yet, so the number is still its own */
    finish_if_both(worker);
}

static void greet(struct worker *worker, const struct wire_message *message)
{
    const int64_t protocol = json_integer_at(message->body, "protocol", 0);

    if (protocol != SWEEPD_PROTOCOL) {
        pool_send(worker, WIRE_REFUSE,
                  json_pack("{s:s}", "message", "this server speaks another protocol"));
        pool_kill(worker, "speaks another protocol");
        return;
    }
    free(worker->numeric);
    worker->numeric = json_compact(json_object_get(message->body, "numeric"));
    pool_send(worker, WIRE_WELCOME, json_pack("{s:i}", "heartbeat_ms", HEARTBEAT_MS));
}

static void line_came(void *context, const struct wire_message *message)
{
    struct worker *worker = context;
    struct pool *pool = worker->pool;

    worker->heard_ms = clock_ms();
    if (message->type == WIRE_HELLO) {
        greet(worker, message);
    } else if (message->type == WIRE_READY) {
        if (worker->state == WORKER_STARTING)
            worker->state = WORKER_READY;
        if (worker->state == WORKER_READY)
            pool->owner.ready(pool->owner.context, worker);
    } else if (message->type != WIRE_HEARTBEAT) {
        if (message->type == WIRE_RESULT || message->type == WIRE_PREPARED) {
            pool->failures = 0;
            worker->proven = true;
        }
        pool->owner.message(pool->owner.context, worker, message);
    }
}

static void metrics_came(void *context, const char *line, size_t bytes)
{
    struct worker *worker = context;
    worker->heard_ms = clock_ms();
    worker->pool->owner.metrics(worker->pool->owner.context, worker, line, bytes);
}

/* A worker with a task that has been silent for the whole lease is stuck. */
static void check_leases(void *context)
{
    struct pool *pool = context;
    const int64_t now = clock_ms();

    for (struct worker *worker = pool->first; worker; worker = worker->next) {
        const bool expects_lines = worker->task || worker->state == WORKER_STARTING;
        if (!expects_lines || pool->held)
            worker->heard_ms = now;
        else if (now - worker->heard_ms > pool->lease_ms && worker->state != WORKER_LEAVING)
            pool_kill(worker, "said nothing for the whole lease");
    }
    pool->check = loop_after(pool->loop, pool->lease_ms / CHECKS_EACH_LEASE, check_leases, pool);
}

struct pool *pool_new(struct loop *loop, const struct worker_command *command, int64_t lease_ms,
                      const struct pool_owner *owner)
{
    struct pool *pool = xcalloc(1, sizeof *pool);
    pool->loop = loop;
    pool->command = (struct worker_command){xstrdup(command->program), xstrdup(command->runs),
                                            xstrdup(command->cache)};
    pool->lease_ms = lease_ms;
    pool->owner = *owner;
    pool->check = loop_after(loop, lease_ms / CHECKS_EACH_LEASE, check_leases, pool);
    return pool;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    while (pool->first) {
        struct worker *worker = pool->first;
        char words[96];
        pool->first = worker->next;
        if (!worker->collected) {
            kill(worker->child.pid, SIGKILL);
            spawn_collect(&worker->child, words, sizeof words);
        }
        release_worker(worker);
    }
    loop_cancel(pool->check);
    free((char *)(uintptr_t)pool->command.program);
    free((char *)(uintptr_t)pool->command.runs);
    free((char *)(uintptr_t)pool->command.cache);
    free(pool);
}

int pool_start(struct pool *pool, int threads, bool portable, struct worker **out_worker,
               struct error *err)
{
    struct child child;
    const int64_t now = clock_ms();

    if (now < pool->not_before_ms)
        return error_of(err, ERROR_UNAVAILABLE,
                        "workers failed to start; next try in %" PRId64 " ms",
                        pool->not_before_ms - now);
    if (spawn_worker(&pool->command, threads, portable, &child, err) < 0) {
        note_failure(pool, LAST_RETRY_MS);
        return -1;
    }
    struct worker *worker = xcalloc(1, sizeof *worker);
    snprintf(worker->name, sizeof worker->name, "local-%d", ++pool->started);
    worker->threads = threads;
    worker->portable = portable;
    worker->pool = pool;
    worker->child = child;
    worker->heard_ms = now;
    worker->link = link_new(pool->loop, child.fd,
                            &(struct link_owner){.metrics = metrics_came,
                                                 .message = line_came,
                                                 .closed = link_closed,
                                                 .context = worker});
    worker->exit_watch = loop_watch(pool->loop, child.pidfd, EPOLLIN, process_ended, worker);
    link_hold(worker->link, pool->held);
    worker->next = pool->first;
    pool->first = worker;
    *out_worker = worker;
    return 0;
}

struct worker *pool_find(struct pool *pool, int threads, bool portable)
{
    struct worker *starting = NULL;
    for (struct worker *worker = pool->first; worker; worker = worker->next) {
        if (worker->task || worker->threads != threads || worker->portable != portable ||
            worker->link_closed || worker->words[0]) /* which has been killed */
            continue;
        if (worker->state == WORKER_READY)
            return worker;
        if (worker->state == WORKER_STARTING)
            starting = worker;
    }
    return starting;
}

void pool_send(struct worker *worker, enum wire_type type, json_t *body)
{
    if (worker->link_closed)
        json_decref(body);
    else
        link_send(worker->link, type, body);
}

static void deadline_passed(void *context)
{
    struct worker *worker = context;
    worker->deadline = NULL;
    pool_kill(worker, worker->demand);
}

static void set_deadline(struct worker *worker, int64_t within_ms, const char *failed)
{
    loop_cancel(worker->deadline);
    worker->demand = failed;
    worker->deadline = loop_after(worker->pool->loop, within_ms, deadline_passed, worker);
}

void pool_demand(struct worker *worker, int64_t within_ms, const char *failed)
{
    if (worker->state != WORKER_LEAVING)
        set_deadline(worker, within_ms, failed);
}

void pool_relieve(struct worker *worker)
{
    if (worker->state == WORKER_LEAVING)
        return;
    loop_cancel(worker->deadline);
    worker->deadline = NULL;
}

void pool_dismiss(struct worker *worker, int64_t grace_ms)
{
    if (worker->state == WORKER_LEAVING)
        return;
    worker->state = WORKER_LEAVING;
    pool_send(worker, WIRE_SHUTDOWN, NULL);
    set_deadline(worker, grace_ms, "did not go when asked");
}

void pool_kill(struct worker *worker, const char *why)
{
    if (!worker->words[0])
        snprintf(worker->words, sizeof worker->words, "%s", why);
    if (worker->state != WORKER_STARTING)
        worker->state = WORKER_LEAVING;
    if (!worker->collected)
        kill(worker->child.pid, SIGKILL);
}

void pool_hold(struct pool *pool, bool hold)
{
    pool->held = hold;
    for (struct worker *worker = pool->first; worker; worker = worker->next) {
        link_hold(worker->link, hold);
        worker->heard_ms = clock_ms();
    }
}

struct worker *pool_first(struct pool *pool)
{
    return pool->first;
}

int pool_count(const struct pool *pool)
{
    int count = 0;
    for (const struct worker *worker = pool->first; worker; worker = worker->next)
        count++;
    return count;
}

int64_t pool_retry_ms(const struct pool *pool)
{
    const int64_t left = pool->not_before_ms - clock_ms();
    return left > 0 ? left : 0;
}
