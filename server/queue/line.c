#include "queue/line.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

static bool goes_before(const struct queue_job *a, const struct queue_job *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->id < b->id;
}

static void put(struct line *line, size_t place, struct queue_job *job)
{
    line->jobs[place] = job;
    job->place = place;
}

static void move_up(struct line *line, size_t place)
{
    struct queue_job *job = line->jobs[place];
    while (place > 0 && goes_before(job, line->jobs[(place - 1) / 2])) {
        put(line, place, line->jobs[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(line, place, job);
}

static void move_down(struct line *line, size_t place)
{
    struct queue_job *job = line->jobs[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= line->count)
            break;
        if (child + 1 < line->count && goes_before(line->jobs[child + 1], line->jobs[child]))
            child++;
        if (!goes_before(line->jobs[child], job))
            break;
        put(line, place, line->jobs[child]);
        place = child;
    }
    put(line, place, job);
}

void line_release(struct line *line)
{
    free(line->jobs);
    *line = (struct line){0};
}

void line_add(struct line *line, struct queue_job *job)
{
    assert(job->place == NOT_IN_LINE);
    if (line->count == line->room) {
        line->room = line->room ? 2 * line->room : 16;
        line->jobs = xrealloc(line->jobs, line->room, sizeof(struct queue_job *));
    }
    put(line, line->count++, job);
    move_up(line, job->place);
}

void line_remove(struct line *line, struct queue_job *job)
{
    const size_t place = job->place;
    assert(place < line->count && line->jobs[place] == job);

    struct queue_job *last = line->jobs[--line->count];
    job->place = NOT_IN_LINE;
    if (last == job)
        return;
    put(line, place, last);
    move_up(line, place);
    move_down(line, last->place);
}

struct queue_job *line_first(const struct line *line)
{
    return line->count ? line->jobs[0] : NULL;
}

/* Puts a place of the line into a heap of such places, ordered by the jobs that stand there. */
static void push_place(const struct line *line, size_t *heap, size_t *count, size_t place)
{
    size_t at = (*count)++;
    while (at > 0 && goes_before(line->jobs[place], line->jobs[heap[(at - 1) / 2]])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = place;
}

static size_t pop_place(const struct line *line, size_t *heap, size_t *count)
{
    const size_t first = heap[0];
    const size_t moved = heap[--*count];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= *count)
            break;
        if (child + 1 < *count && goes_before(line->jobs[heap[child + 1]], line->jobs[heap[child]]))
            child++;
        if (!goes_before(line->jobs[heap[child]], line->jobs[moved]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    return first;
}

/* The next one in order is always a child of one already given out: those candidates, at most one
 * more than were given out, are all that has to be compared. */
void line_in_order(const struct line *line, struct queue_job **jobs, size_t count)
{
    assert(count <= line->count);
    if (count == 0)
        return;
    AUTO_FREE size_t *candidates = xcalloc(count + 2, sizeof *candidates);
    size_t candidate_count = 0;

    push_place(line, candidates, &candidate_count, 0);
    for (size_t i = 0; i < count; i++) {
        const size_t place = pop_place(line, candidates, &candidate_count);
        jobs[i] = line->jobs[place];
        for (size_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < line->count)
                push_place(line, candidates, &candidate_count, child);
        }
    }
}
