/*
 * Teams in the queue, and what they have used: taken up from the server before this one, and
 * written down for the next, so that stopping and starting gives nobody an advantage.
 */
#include "workers/inside.h"

#include "memory.h"
#include "store/usage.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { SAVE_EVERY_MS = 60000 };

void conductor_set_team(struct conductor *conductor, const struct team *team)
{
    const int64_t most = team->max_running < INT_MAX ? team->max_running : INT_MAX;
    queue_set_team(
        conductor->queue, clock_ms(),
        &(struct queue_team){.id = team->id, .share = team->share, .max_running = (int)most});
    wake_pump(conductor);
}

void conductor_remove_team(struct conductor *conductor, int64_t team)
{
    if (queue_has_team(conductor->queue, team))
        queue_remove_team(conductor->queue, team);
}

/* A team may be removed while its first job is on the way to the disk. */
void need_team(struct conductor *conductor, int64_t team)
{
    if (!queue_has_team(conductor->queue, team))
        queue_set_team(conductor->queue, clock_ms(), &(struct queue_team){.id = team, .share = 1});
}

struct queue_standing *conductor_standings(const struct conductor *conductor, size_t *out_count)
{
    const size_t count = *out_count = queue_team_count(conductor->queue);
    struct queue_standing *all = xcalloc(count, sizeof *all);
    queue_standings(conductor->queue, clock_ms(), all);
    return all;
}

/* --- over a restart ----------------------------------------------------------------------------
 */

static void take_up(void *context, const struct team_usage *usage)
{
    struct conductor *conductor = context;
    const int64_t passed_ms = wall_ms() - usage->at_ms;
    const int64_t away_ms = passed_ms > 0 ? passed_ms : 0;
    const double left = exp2(-(double)away_ms / QUEUE_HALF_LIFE_MS);
    static_assert((int)USAGE_HOUR_MINUTES == QUEUE_HOUR_MINUTES, "the same hour");
    if (usage->slot_s <= 0 || !queue_has_team(conductor->queue, usage->team))
        return;
    queue_set_usage(conductor->queue, clock_ms(), usage->team, usage->slot_s * left);
    queue_set_last_hour(conductor->queue, clock_ms(), usage->team, usage->minutes, away_ms);
}

int load_shares(struct conductor *conductor, struct error *err)
{
    return store_load_usage(conductor->store, take_up, conductor, err);
}

void save_shares(struct conductor *conductor)
{
    size_t count;
    AUTO_FREE struct queue_standing *all = conductor_standings(conductor, &count);
    AUTO_FREE struct team_usage *usages = xcalloc(count, sizeof *usages);
    const int64_t now_ms = wall_ms();
    int used = 0;
    for (size_t i = 0; i < count; i++) {
        if (all[i].used_slot_s <= 0) /* never, or too long ago to tell */
            continue;
        struct team_usage *usage = &usages[used++];
        *usage =
            (struct team_usage){.team = all[i].team, .slot_s = all[i].used_slot_s, .at_ms = now_ms};
        queue_last_hour(conductor->queue, clock_ms(), usage->team, usage->minutes);
    }
    store_save_usage(conductor->store, usages, used);
}

static void save_is_due(void *context)
{
    struct conductor *conductor = context;
    conductor->saving = NULL;
    save_shares(conductor);
    if (queue_used(conductor->queue) > 0)
        save_later(conductor);
}

void save_later(struct conductor *conductor)
{
    if (!conductor->saving && !conductor->stopping)
        conductor->saving = loop_after(conductor->loop, SAVE_EVERY_MS, save_is_due, conductor);
}
