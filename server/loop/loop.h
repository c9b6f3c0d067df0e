/*
 * The loop: one thread that owns every object of the server and never waits on anything but epoll.
 * All callbacks run on it. Nothing here is called from another thread.
 */
#ifndef LOOP_H
#define LOOP_H

#include "error.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

typedef void loop_ready(void *context, uint32_t epoll_events);
typedef void loop_due(void *context);

int loop_new(struct loop **out_loop, struct error *err);
void loop_free(struct loop *loop); /* watches and timers must be gone */

/* Watches a descriptor (level-triggered). The caller keeps the descriptor open until unwatched. A
 * callback may unwatch itself or any other. */
struct loop_watch *loop_watch(struct loop *loop, int fd, uint32_t epoll_events, loop_ready *ready,
                              void *context);
void loop_change(struct loop_watch *watch, uint32_t epoll_events);
void loop_unwatch(struct loop_watch *watch); /* accepts NULL */

/* Calls `due` once, `delay_ms` from now or a little later. A fired or cancelled timer is gone: the
 * callback's owner forgets its pointer. */
struct loop_timer *loop_after(struct loop *loop, int64_t delay_ms, loop_due *due, void *context);
void loop_cancel(struct loop_timer *timer); /* accepts NULL */

/* Calls `due` at the end of this turn, before the loop waits again. */
void loop_soon(struct loop *loop, loop_due *due, void *context);
/* Takes back every loop_soon() of this pair: for who frees the context. */
void loop_forget(struct loop *loop, loop_due *due, void *context);

/* A hook of every turn: called before waiting, answers how many ms the loop may wait at most (-1:
 * any). libmicrohttpd needs it. One at most. */
void loop_each_turn(struct loop *loop, int64_t (*hook)(void *), void *context);

/* SIGINT, SIGTERM, SIGHUP … by signalfd; blocks the signal in the calling thread, so call it before
 * the first thread starts. */
int loop_signal(struct loop *loop, int signal_number, void (*caught)(void *, int), void *context,
                struct error *err);

void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);

int64_t clock_ms(void); /* CLOCK_MONOTONIC: for leases, deadlines, timers */
int64_t wall_ms(void);  /* CLOCK_REALTIME since 1970: for what people read */

#endif
