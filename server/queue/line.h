/*
 * The jobs in line, the first one at hand: a binary heap (Williams, 1964) in which every job knows
 * its place, so that any of them can leave.
 */
#ifndef LINE_H
#define LINE_H

#include "queue/waiting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOT_IN_LINE SIZE_MAX

struct queue_job {
    int64_t id;
    int priority;
    bool paused;
    size_t place; /* in its line, or NOT_IN_LINE */
    struct waiting waiting;
    struct queue_job *next; /* in the queue's table of jobs */
};

struct line { /* all zero: empty */
    struct queue_job **jobs;
    size_t count, room;
};

void line_release(struct line *line); /* not the jobs */
void line_add(struct line *line, struct queue_job *job);
void line_remove(struct line *line, struct queue_job *job); /* which stands in it */
struct queue_job *line_first(const struct line *line);      /* NULL: empty */

/* The first `count` jobs in order, in O(count log count) whatever the length of the line.
 *     jobs [count]  out; count at most line->count */
void line_in_order(const struct line *line, struct queue_job **jobs, size_t count);

#endif
