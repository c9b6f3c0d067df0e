#include "queue/queue.h"

#include "memory.h"
#include "queue/line.h"
#include "queue/waiting.h"

#include <assert.h>
#include <stdlib.h>

struct queue {
    struct queue_job **buckets; /* by id; chains through `next` */
    size_t bucket_count;        /* a power of two */
    size_t job_count;
    size_t run_count;
    struct line open;   /* jobs with runs that may start */
    struct line paused; /* jobs with runs that may not */
};

enum { BUCKETS_AT_FIRST = 64 };

struct queue *queue_new(void)
{
    struct queue *queue = xcalloc(1, sizeof *queue);
    queue->bucket_count = BUCKETS_AT_FIRST;
    queue->buckets = xcalloc(queue->bucket_count, sizeof *queue->buckets);
    return queue;
}

static void job_free(struct queue_job *job)
{
    waiting_release(&job->waiting);
    free(job);
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    for (size_t i = 0; i < queue->bucket_count; i++) {
        for (struct queue_job *job = queue->buckets[i], *next; job; job = next) {
            next = job->next;
            job_free(job);
        }
    }
    line_release(&queue->open);
    line_release(&queue->paused);
    free(queue->buckets);
    free(queue);
}

/* Ids count upwards, so a multiplicative hash spreads them (Knuth, 1998, vol. 3, 6.4). */
static struct queue_job **bucket_of(const struct queue *queue, int64_t id)
{
    const uint64_t hash = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);
    return &queue->buckets[(hash >> 32) & (queue->bucket_count - 1)];
}

/* The link that points at the job, or the empty one at the end of its chain. */
static struct queue_job **link_to(const struct queue *queue, int64_t id)
{
    struct queue_job **link = bucket_of(queue, id);
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

static struct queue_job *job_of(const struct queue *queue, int64_t id)
{
    struct queue_job *job = *link_to(queue, id);
    assert(job); /* our own mistake: jobs are added before they are used */
    return job;
}

static void double_the_buckets(struct queue *queue)
{
    struct queue_job **old = queue->buckets;
    const size_t old_count = queue->bucket_count;

    queue->bucket_count *= 2;
    queue->buckets = xcalloc(queue->bucket_count, sizeof *queue->buckets);
    for (size_t i = 0; i < old_count; i++) {
        for (struct queue_job *job = old[i], *next; job; job = next) {
            next = job->next;
            struct queue_job **bucket = bucket_of(queue, job->id);
            job->next = *bucket;
            *bucket = job;
        }
    }
    free(old);
}

static struct line *line_of(struct queue *queue, const struct queue_job *job)
{
    return job->paused ? &queue->paused : &queue->open;
}

static void leave_line(struct queue *queue, struct queue_job *job)
{
    if (job->place != NOT_IN_LINE)
        line_remove(line_of(queue, job), job);
}

/* A job stands in line exactly while it has runs that wait. */
static void join_or_leave_line(struct queue *queue, struct queue_job *job)
{
    const bool stands = job->place != NOT_IN_LINE;
    if (job->waiting.count > 0 && !stands)
        line_add(line_of(queue, job), job);
    if (job->waiting.count == 0 && stands)
        line_remove(line_of(queue, job), job);
}

void queue_add_job(struct queue *queue, int64_t id, int priority, bool paused)
{
    if (queue->job_count == queue->bucket_count)
        double_the_buckets(queue);
    struct queue_job **link = link_to(queue, id);
    assert(!*link);
    *link = xcalloc(1, sizeof **link);
    **link =
        (struct queue_job){.id = id, .priority = priority, .paused = paused, .place = NOT_IN_LINE};
    queue->job_count++;
}

void queue_remove_job(struct queue *queue, int64_t id)
{
    struct queue_job **link = link_to(queue, id);
    struct queue_job *job = *link;
    assert(job && job->waiting.count == 0);
    *link = job->next;
    queue->job_count--;
    job_free(job);
}

void queue_set_priority(struct queue *queue, int64_t id, int priority)
{
    struct queue_job *job = job_of(queue, id);
    leave_line(queue, job);
    job->priority = priority;
    join_or_leave_line(queue, job);
}

void queue_set_paused(struct queue *queue, int64_t id, bool paused)
{
    struct queue_job *job = job_of(queue, id);
    leave_line(queue, job);
    job->paused = paused;
    join_or_leave_line(queue, job);
}

void queue_add_run(struct queue *queue, int64_t id, int64_t run, int number, int slots)
{
    struct queue_job *job = job_of(queue, id);
    waiting_add(&job->waiting, (struct waiting_run){.run = run, .number = number, .slots = slots});
    queue->run_count++;
    join_or_leave_line(queue, job);
}

bool queue_remove_run(struct queue *queue, int64_t id, int64_t run, int number)
{
    struct queue_job *job = job_of(queue, id);
    if (!waiting_remove(&job->waiting, run, number))
        return false;
    queue->run_count--;
    join_or_leave_line(queue, job);
    return true;
}

void queue_clear_job(struct queue *queue, int64_t id)
{
    struct queue_job *job = job_of(queue, id);
    queue->run_count -= job->waiting.count;
    waiting_release(&job->waiting);
    join_or_leave_line(queue, job);
}

int64_t queue_next(struct queue *queue, int free_slots, int all_slots)
{
    struct queue_job *job = line_first(&queue->open);
    if (!job)
        return 0;
    const struct waiting_run first = *waiting_first(&job->waiting);
    const int wanted = first.slots < all_slots ? first.slots : all_slots;
    if (free_slots < 1 || wanted > free_slots)
        return 0;
    waiting_take(&job->waiting);
    queue->run_count--;
    join_or_leave_line(queue, job);
    return first.run;
}

size_t queue_length(const struct queue *queue)
{
    return queue->run_count;
}

void queue_visit(const struct queue *queue, size_t most,
                 void (*visit)(void *context, int64_t job, size_t waiting, bool paused),
                 void *context)
{
    const struct line *const lines[] = {&queue->open, &queue->paused};

    for (size_t i = 0; i < COUNT_OF(lines) && most > 0; i++) {
        const size_t count = lines[i]->count < most ? lines[i]->count : most;
        AUTO_FREE struct queue_job **jobs = xcalloc(count, sizeof(struct queue_job *));
        line_in_order(lines[i], jobs, count);
        for (size_t j = 0; j < count; j++)
            visit(context, jobs[j]->id, jobs[j]->waiting.count, jobs[j]->paused);
        most -= count;
    }
}
