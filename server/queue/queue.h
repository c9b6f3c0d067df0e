/*
 * Who runs next. Pure: no clock, no store, no worker; state in, answer out.
 *
 * Jobs in order of priority (higher first), then id; within a job, runs by number. A run asks for
 * some slots; where the first in line does not fit, nothing behind it jumps ahead.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue *queue_new(void);
void queue_free(struct queue *queue);

/* A job must be added before its runs and have none left when removed. */
void queue_add_job(struct queue *queue, int64_t job, int priority, bool paused);
void queue_remove_job(struct queue *queue, int64_t job);
void queue_set_priority(struct queue *queue, int64_t job, int priority);
void queue_set_paused(struct queue *queue, int64_t job, bool paused);

void queue_add_run(struct queue *queue, int64_t job, int64_t run, int number, int slots);
bool queue_remove_run(struct queue *queue, int64_t job, int64_t run,
                      int number);                      /* false: was not waiting */
void queue_clear_job(struct queue *queue, int64_t job); /* takes out all its runs */

/* Takes the next run out if it fits into the free slots; 0: none does. A run that wants more than
 * `all_slots` counts as wanting all. */
int64_t queue_next(struct queue *queue, int free_slots, int all_slots);

size_t
queue_length(const struct queue *queue); /* runs of jobs that are not paused, and of paused ones */

/* Calls `visit` for up to `most` jobs in line, in order, with how many of their runs wait; paused
 * ones come last. For GET /api/v1/queue. */
void queue_visit(const struct queue *queue, size_t most,
                 void (*visit)(void *context, int64_t job, size_t waiting, bool paused),
                 void *context);

#endif
