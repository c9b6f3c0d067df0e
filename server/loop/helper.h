/*
 * Helper threads: `work` runs on one of them and touches only what its context owns; then `done`
 * runs on the loop. For long reads, big reports and file writes.
 */
#ifndef HELPER_H
#define HELPER_H

#include "loop/loop.h"

struct helpers;

/* thread_start, where given, makes what each thread owns (a database connection) on that thread;
 * its answer is handed to every `work` and at the end to thread_end. */
int helpers_new(struct loop *loop, int threads, void *(*thread_start)(void *),
                void (*thread_end)(void *), void *context, struct helpers **out_helpers,
                struct error *err);
/* Finishes what waits; `done` is called for all. From then on helpers_run() refuses. So whoever
 * still owns something that `done` answers to (http) can be freed between this and helpers_free().
 */
void helpers_stop(struct helpers *helpers);
void helpers_free(struct helpers *helpers); /* stops them, where that is not done */

int helpers_outstanding(const struct helpers *helpers); /* given, `done` not called yet */

typedef void helper_work(void *thread_own, void *context);

/* false: the queue is full (4,096 outstanding), or being freed; nothing will be called. `done` may
 * be NULL. */
bool helpers_run(struct helpers *helpers, helper_work *work, loop_due *done, void *context);

#endif
