/*
 * What the files of the queue share; nobody else includes this.
 *
 *   heap.c, index.c  things in order, things by id
 *   usage.c          what teams have used
 *   order.c          whose turn it is
 *   queue.c          teams, jobs and runs come, start, end
 *   preempt.c        who yields
 *   forecast.c       when the others start
 */
#ifndef QUEUE_INSIDE_H
#define QUEUE_INSIDE_H

#include "queue/heap.h"
#include "queue/index.h"
#include "queue/order.h"
#include "queue/queue.h"

struct lengths { /* of completed runs */
    int64_t sum_ms, count;
};

struct team {
    int64_t id;
    int place;       /* in queue->teams and order.teams */
    int max_running; /* 0: no limit */
    int64_t job_count;
    int64_t ready;    /* slots that runs of its open jobs want */
    size_t waiting;   /* runs */
    struct heap line; /* its jobs that have runs that may start */
    struct usage_hour hour;
};

struct queue_job {
    struct heap_node node; /* in its team's line, or the queue's of paused jobs */
    int64_t id;
    struct team *team;
    int priority;
    bool paused;
    struct heap waiting;  /* its runs */
    int64_t ready;        /* slots they want */
    size_t interrupted;   /* of them */
    size_t held, running; /* others */
    struct lengths lengths;
    int64_t expected_ms;
};

enum entry_state { ENTRY_WAITING, ENTRY_HELD, ENTRY_RUNNING };

struct entry {
    struct heap_node node; /* in its job's `waiting`, the queue's `held` or its `running` */
    int64_t run;
    struct queue_job *job;
    int number;
    int slots; /* as asked for; while it runs: as given */
    enum entry_state state;
    bool interrupted;
    bool yielding;            /* it has been asked to */
    int64_t when_ms;          /* held: until; running: since */
    int64_t ran_ms;           /* before */
    int64_t ends_ms;          /* running: as its progress tells; 0: it does not */
    struct entry *next_tried; /* while queue_preempt() looks for enough of them */
};

struct ending {
    int64_t at_ms;
    int slots;
};

struct queue {
    struct index by_run, by_job, by_team;
    struct team **teams; /* [order.count] */
    int team_room;
    struct order order;
    struct heap paused;     /* jobs in line that are */
    struct heap held;       /* runs, by when they are due */
    struct heap running;    /* runs */
    struct ending *endings; /* [running.room + 1], scratch */
    int yielding;           /* slots */
    struct lengths lengths;
};

void queue_advance(struct queue *queue, int64_t now_ms);

/* How long a run of the job takes; 0: not known. */
int64_t job_expected_ms(const struct queue *queue, const struct queue_job *job);
/* When a running run will end, now or later, given the length of its like; 0: not known. One that
 * takes longer than expected is expected to take a tenth more. */
int64_t entry_ends_ms(const struct entry *entry, int64_t expected_ms, int64_t now_ms);
/* The slots that a run of the team occupies. */
int slots_given(const struct queue *queue, const struct team *team, int slots);

#endif
