#include "queue/inside.h"

#include <assert.h>

static const double slack = 1e-9; /* as in order.c */

static const struct standing *standing_at(const struct queue *queue, int team)
{
    return &queue->order.teams[team];
}

/* --- who may claim ------------------------------------------------------------------------------
 */

struct claim {
    int team;
    double most_level; /* only teams at or above this yield to it */
};

static bool may_claim(const struct queue *queue, int head, int64_t after_ms, struct claim *out)
{
    const struct standing *team = standing_at(queue, head);
    if (team->running + team->wanted <= team->part + slack) {
        *out = (struct claim){head, 0};
        return true;
    }
    if (team->running > 0)
        return false;
    const double cost = 1e-3 * (double)after_ms * team->wanted / team->share;
    *out = (struct claim){head, order_level(&queue->order, team) + cost};
    return true;
}

/* --- whose run ----------------------------------------------------------------------------------
 */

/* Lowest priority, then youngest, then the one entered last. */
static bool yields_before(const struct entry *a, const struct entry *b)
{
    if (a->job->priority != b->job->priority)
        return a->job->priority < b->job->priority;
    return a->when_ms != b->when_ms ? a->when_ms > b->when_ms : a->run > b->run;
}

/* Slots that the team keeps of those it runs now. */
static int kept_by(const struct queue *queue, int team)
{
    int kept = 0;
    for (size_t i = 0; i < queue->running.count; i++) {
        const struct entry *entry = (const struct entry *)queue->running.nodes[i];
        if (entry->job->team->place == team && !entry->yielding)
            kept += entry->slots;
    }
    return kept;
}

static bool may_yield(const struct queue *queue, const struct claim *claim, int team, int kept)
{
    const struct standing *standing = standing_at(queue, team);
    return team != claim->team && kept > standing->part + slack &&
           order_level(&queue->order, standing) >= claim->most_level;
}

static struct entry *last_of(const struct queue *queue, int team)
{
    struct entry *last = NULL;
    for (size_t i = 0; i < queue->running.count; i++) {
        struct entry *entry = (struct entry *)queue->running.nodes[i];
        if (entry->job->team->place == team && !entry->yielding &&
            (!last || yields_before(entry, last)))
            last = entry;
    }
    return last;
}

/* Of the team that is furthest above its part. */
static struct entry *next_victim(const struct queue *queue, const struct claim *claim)
{
    const struct order *order = &queue->order;
    double furthest = 0, highest = 0;
    int best = -1;
    for (int i = 0; i < order->count; i++) {
        if (order->teams[i].running == 0)
            continue;
        const int kept = kept_by(queue, i);
        if (!may_yield(queue, claim, i, kept))
            continue;
        const double far = kept / order->teams[i].share;
        const double level = order_level(order, &order->teams[i]);
        if (best < 0 || far > furthest || (far == furthest && level > highest)) {
            best = i;
            furthest = far;
            highest = level;
        }
    }
    return best < 0 ? NULL : last_of(queue, best);
}

/* --- the claim ----------------------------------------------------------------------------------
 */

static void mark(struct queue *queue, struct entry *entry, bool yielding)
{
    entry->yielding = yielding;
    queue->yielding += yielding ? entry->slots : -entry->slots;
}

/* The first of those that have to yield, if all together are enough. Tried out on the queue itself:
 * they are marked one after the other, and all but the first let off again. */
static struct entry *first_victim(struct queue *queue, const struct claim *claim, int needed)
{
    struct entry *victim, *first = NULL, *tried = NULL;
    while (needed > 0 && (victim = next_victim(queue, claim))) {
        mark(queue, victim, true);
        needed -= victim->slots;
        first = first ? first : victim;
        victim->next_tried = tried;
        tried = victim;
    }
    for (; tried; tried = tried->next_tried)
        if (tried != first || needed > 0)
            mark(queue, tried, false);
    return needed > 0 ? NULL : first;
}

int64_t queue_preempt(struct queue *queue, int64_t now_ms, int64_t after_ms, int64_t *look_again_ms)
{
    struct order *order = &queue->order;
    int64_t ignored = 0;
    struct claim claim;

    look_again_ms = look_again_ms ? look_again_ms : &ignored;
    *look_again_ms = 0;
    queue_advance(queue, now_ms);
    order_share_out(order);
    const int head = order_head(order);
    if (head < 0)
        return 0;
    const struct standing *team = standing_at(queue, head);
    const int needed = team->wanted - (order->slots - order->used) - queue->yielding;
    if (needed <= 0)
        return 0;
    if (order->now_ms - team->waits_since_ms < after_ms) {
        *look_again_ms = team->waits_since_ms + after_ms;
        return 0;
    }
    if (!may_claim(queue, head, after_ms, &claim))
        return 0;
    const struct entry *victim = first_victim(queue, &claim, needed);
    if (!victim)
        *look_again_ms = order->now_ms + after_ms; /* levels change as time passes */
    return victim ? victim->run : 0;
}
