#include "search/seen.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

void seen_init(struct seen *seen, const struct space *space)
{
    *seen = (struct seen){.space = space};
}

void seen_release(struct seen *seen)
{
    free(seen->points);
    free(seen->table);
    *seen = (struct seen){.space = seen->space};
}

static double *point_at(const struct seen *seen, uint32_t number)
{
    return seen->points + (size_t)number * (size_t)seen->space->count;
}

/* The slot of the point, or the free one where it would go; there is always a free one. */
static uint32_t find_slot(const struct seen *seen, const double *values)
{
    uint32_t slot = (uint32_t)space_hash(seen->space, values) & (seen->slots - 1);
    while (seen->table[slot] &&
           !space_same(seen->space, point_at(seen, seen->table[slot] - 1), values))
        slot = (slot + 1) & (seen->slots - 1);
    return slot;
}

bool seen_has(const struct seen *seen, const double *values)
{
    return seen->slots > 0 && seen->table[find_slot(seen, values)] != 0;
}

/* At most half of the slots are taken. */
static void grow(struct seen *seen)
{
    seen->room = seen->room ? 2 * seen->room : 32;
    seen->slots = 2 * seen->room;
    seen->points =
        xrealloc(seen->points, (size_t)seen->room * (size_t)seen->space->count, sizeof(double));
    free(seen->table);
    seen->table = xcalloc(seen->slots, sizeof *seen->table);
    for (uint32_t i = 0; i < seen->count; i++)
        seen->table[find_slot(seen, point_at(seen, i))] = i + 1;
}

bool seen_add(struct seen *seen, const double *values)
{
    if (seen->count == seen->room)
        grow(seen);
    const uint32_t slot = find_slot(seen, values);
    if (seen->table[slot])
        return false;
    memcpy(point_at(seen, seen->count), values, (size_t)seen->space->count * sizeof *values);
    seen->table[slot] = ++seen->count;
    return true;
}
