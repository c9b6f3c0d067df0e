/*
 * One team's standing out of all, by its place; false, and zeros, where there are fewer.
 */
#ifndef STANDING_H
#define STANDING_H

#include "memory.h"
#include "queue/queue.h"

static inline bool queue_standing(const struct queue *queue, int64_t now_ms, size_t i,
                                  struct queue_standing *out_standing)
{
    const size_t count = queue_team_count(queue);
    AUTO_FREE struct queue_standing *all = xcalloc(count, sizeof *all);
    queue_standings(queue, now_ms, all);
    *out_standing = i < count ? all[i] : (struct queue_standing){0};
    return i < count;
}

#endif
