#include "queue/index.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

void index_release(struct index *index)
{
    free(index->slots);
    *index = (struct index){0};
}

/* Ids count upwards, so a multiplicative hash spreads them (Knuth, 1998, vol. 3, 6.4). */
static size_t home_of(const struct index *index, int64_t id)
{
    const uint64_t hash = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 24) & (index->room - 1);
}

/* Where the id is, or the free slot where it would be. */
static size_t slot_of(const struct index *index, int64_t id)
{
    size_t at = home_of(index, id);
    while (index->slots[at].item && index->slots[at].id != id)
        at = (at + 1) & (index->room - 1);
    return at;
}

static void grow(struct index *index)
{
    const struct index old = *index;
    index->room = old.room ? 2 * old.room : 64;
    index->slots = xcalloc(index->room, sizeof *index->slots);
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].item)
            index->slots[slot_of(index, old.slots[i].id)] = old.slots[i];
    free(old.slots);
}

void index_put(struct index *index, int64_t id, void *item)
{
    if (4 * (index->count + 1) > 3 * index->room)
        grow(index);
    struct index_slot *slot = &index->slots[slot_of(index, id)];
    assert(!slot->item && item);
    *slot = (struct index_slot){id, item};
    index->count++;
}

void *index_find(const struct index *index, int64_t id)
{
    return index->room ? index->slots[slot_of(index, id)].item : NULL;
}

/* Closes the gap: whatever was pushed past it by collisions moves up (Knuth, algorithm R, 6.4). */
static void close_gap(struct index *index, size_t gap)
{
    const size_t mask = index->room - 1;
    for (size_t at = (gap + 1) & mask; index->slots[at].item; at = (at + 1) & mask) {
        const size_t home = home_of(index, index->slots[at].id);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        index->slots[gap] = index->slots[at];
        gap = at;
    }
    index->slots[gap] = (struct index_slot){0};
}

void *index_take(struct index *index, int64_t id)
{
    if (!index->room)
        return NULL;
    const size_t at = slot_of(index, id);
    void *item = index->slots[at].item;
    if (!item)
        return NULL;
    close_gap(index, at);
    index->count--;
    return item;
}
