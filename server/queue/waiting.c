#include "queue/waiting.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void waiting_release(struct waiting *waiting)
{
    free(waiting->runs);
    *waiting = (struct waiting){0};
}

/* How many of them have a smaller number. */
static size_t count_before(const struct waiting *waiting, int number)
{
    size_t low = 0, high = waiting->count;
    if (high == 0)
        return 0;

    const struct waiting_run *runs = waiting->runs + waiting->first;
    if (runs[high - 1].number < number) /* added in order: the common case */
        return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (runs[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Room at the end, and a quarter as much at the front where the array has to move anyway. */
static void make_room(struct waiting *waiting)
{
    const size_t room = 2 * waiting->count + 4;
    const size_t front = waiting->count ? waiting->count / 4 + 1 : 0;
    struct waiting_run *runs = xcalloc(room, sizeof *runs);

    if (waiting->count)
        memcpy(runs + front, waiting->runs + waiting->first, waiting->count * sizeof *runs);
    free(waiting->runs);
    waiting->runs = runs;
    waiting->room = room;
    waiting->first = front;
}

void waiting_add(struct waiting *waiting, struct waiting_run run)
{
    const size_t before = count_before(waiting, run.number);
    const size_t behind = waiting->count - before;
    const bool move_front = waiting->first > 0 && before < behind;

    if (!move_front && waiting->first + waiting->count == waiting->room)
        make_room(waiting);
    struct waiting_run *at = waiting->runs + waiting->first + before;
    assert(behind == 0 || at->number != run.number);
    if (move_front) {
        struct waiting_run *front = waiting->runs + waiting->first;
        memmove(front - 1, front, before * sizeof run);
        waiting->first--;
        at--;
    } else {
        memmove(at + 1, at, behind * sizeof run);
    }
    *at = run;
    waiting->count++;
}

/* A job that has nothing to wait for keeps no memory: there may be a million of them. */
static void drop_one(struct waiting *waiting)
{
    if (--waiting->count == 0)
        waiting_release(waiting);
}

bool waiting_remove(struct waiting *waiting, int64_t run, int number)
{
    const size_t before = count_before(waiting, number);
    if (before == waiting->count)
        return false;
    struct waiting_run *at = waiting->runs + waiting->first + before;
    if (at->number != number || at->run != run)
        return false;

    const size_t behind = waiting->count - before - 1;
    if (before < behind) {
        struct waiting_run *front = waiting->runs + waiting->first;
        memmove(front + 1, front, before * sizeof *at);
        waiting->first++;
    } else {
        memmove(at, at + 1, behind * sizeof *at);
    }
    drop_one(waiting);
    return true;
}

const struct waiting_run *waiting_first(const struct waiting *waiting)
{
    assert(waiting->count > 0);
    return waiting->runs + waiting->first;
}

void waiting_take(struct waiting *waiting)
{
    assert(waiting->count > 0);
    waiting->first++;
    drop_one(waiting);
}
