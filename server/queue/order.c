#include "queue/order.h"

#include <assert.h>
#include <math.h>

enum { AHEAD_S = 60, FILL_ROUNDS = 8 };

static const double slack = 1e-9; /* of a slot: parts are sums of fractions */

static double level(const struct order *order, const struct standing *team, int running)
{
    const double used = usage_now(&order->scale, &team->usage, running);
    return (used + AHEAD_S * (double)running) / team->share;
}

double order_level(const struct order *order, const struct standing *team)
{
    return level(order, team, team->running);
}

/* --- parts ----------------------------------------------------------------------------------- */

static double most_of(const struct standing *team)
{
    const int64_t most = team->demand < team->limit ? team->demand : team->limit;
    return (double)(most > team->running ? most : team->running);
}

/* One round: teams that can use no more than their part of what is left get that. True when there
 * were such teams, so that more is left for the others. */
static bool fill(struct order *order, double *left, double *shares)
{
    const double each = *left / *shares;
    bool again = false;
    for (int i = 0; i < order->count; i++) {
        struct standing *team = &order->teams[i];
        if (team->part >= 0 || team->most > each * team->share)
            continue;
        team->part = team->most;
        *left -= team->part;
        *shares -= team->share;
        again = true;
    }
    return again;
}

void order_share_out(struct order *order)
{
    double left = order->slots, shares = 0;
    for (int i = 0; i < order->count; i++) {
        struct standing *team = &order->teams[i];
        const bool wants = team->demand > 0;
        team->most = wants ? most_of(team) : 0;
        team->part = wants ? -1 : 0; /* -1: not known yet */
        shares += wants ? team->share : 0;
    }
    /* A few rounds: the rest of exactness would cost a round for every team. */
    for (int round = 0; round < FILL_ROUNDS && shares > 0 && fill(order, &left, &shares); round++)
        ;
    const double each = shares > 0 && left > 0 ? left / shares : 0;
    for (int i = 0; i < order->count; i++) {
        struct standing *team = &order->teams[i];
        if (team->part < 0)
            team->part = fmin(each * team->share, team->most);
    }
}

/* --- whose turn it is --------------------------------------------------------------------------
 */

/* Runs nothing, though its part is enough for its first run. Such a team comes before all others,
 * but before a reservation only once: so no reservation waits for ever. */
static bool is_hungry(const struct order *order, const struct standing *team)
{
    return team->eligible && team->running == 0 && team->wanted <= team->part + slack &&
           (order->reserved < 0 || !team->passed);
}

static int hungriest(const struct order *order)
{
    int best = -1;
    for (int i = 0; i < order->count; i++) {
        const struct standing *team = &order->teams[i];
        if (!is_hungry(order, team))
            continue;
        const struct standing *other = &order->teams[best < 0 ? i : best];
        if (best < 0 || team->waits_since_ms < other->waits_since_ms ||
            (team->waits_since_ms == other->waits_since_ms &&
             order_level(order, team) < order_level(order, other)))
            best = i;
    }
    return best;
}

static bool slips_in(const struct order *order, int i)
{
    const struct standing *team = &order->teams[i];
    return i != order->blocked && i != order->reserved &&
           team->wanted <= order->slots - order->used && team->expected_ms > 0 &&
           order->now_ms + team->expected_ms <= order->blocked_until_ms;
}

/* Of all who may start, or of those who may slip in before the one that is blocked. */
static int lowest(const struct order *order, bool slipping)
{
    int best = -1;
    double best_level = 0;
    for (int i = 0; i < order->count; i++) {
        const struct standing *team = &order->teams[i];
        if (!team->eligible || (slipping && !slips_in(order, i)))
            continue;
        const double own = order_level(order, team);
        if (best < 0 || own < best_level ||
            (own == best_level && team->waits_since_ms < order->teams[best].waits_since_ms)) {
            best = i;
            best_level = own;
        }
    }
    return best;
}

int order_head(const struct order *order)
{
    const int hungry = hungriest(order);
    if (hungry >= 0)
        return hungry;
    if (order->reserved >= 0 && order->teams[order->reserved].eligible)
        return order->reserved;
    return lowest(order, false);
}

static void reserve(struct order *order, int team)
{
    order->reserved = team;
    for (int i = 0; i < order->count; i++)
        order->teams[i].passed = order->teams[i].running > 0;
}

/* The head does not fit: the slots that are free wait for it, unless somebody is expected to be
 * done with them before it can start. That time is fixed when it is found blocked, so that whoever
 * slips in can put it off once and not again and again. */
static int next_behind(struct order *order, int head, order_fits_at *fits_at, const void *context)
{
    if (order->reserved < 0)
        reserve(order, head);
    if (order->blocked != head) {
        order->blocked = head;
        order->blocked_until_ms = fits_at ? fits_at(context, order->teams[head].wanted) : 0;
    }
    return order->blocked_until_ms > order->now_ms ? lowest(order, true) : -1;
}

int order_next(struct order *order, order_fits_at *fits_at, const void *context)
{
    const int free_slots = order->slots - order->used;
    if (order->reserved >= 0 && !order->teams[order->reserved].eligible)
        order->reserved = -1;
    if (free_slots < 1)
        return -1;
    order_share_out(order);
    const int head = order_head(order);
    if (head < 0)
        return -1;
    if (order->teams[head].wanted > free_slots)
        return next_behind(order, head, fits_at, context);
    if (head == order->reserved)
        order->reserved = -1;
    else if (order->reserved >= 0)
        order->teams[head].passed = true;
    order->blocked = -1;
    return head;
}

/* --- changes -----------------------------------------------------------------------------------
 */

static void check_eligible(struct order *order, struct standing *team)
{
    const bool eligible = team->wanted > 0 && team->running + team->wanted <= team->limit;
    if (eligible && !team->eligible)
        team->waits_since_ms = order->now_ms;
    team->eligible = eligible;
}

static void run_slots(struct order *order, int i, int slots)
{
    struct standing *team = &order->teams[i];
    usage_settle(&order->scale, &team->usage, team->running);
    team->running += slots;
    order->used += slots;
    assert(team->running >= 0 && order->used >= 0);
}

void order_starts(struct order *order, int team, int slots)
{
    run_slots(order, team, slots);
    order->teams[team].waits_since_ms = order->now_ms;
}

void order_ends(struct order *order, int team, int slots)
{
    run_slots(order, team, -slots);
}

void order_wants(struct order *order, int team, int wanted, int64_t demand, int64_t expected_ms)
{
    struct standing *changed = &order->teams[team];
    changed->wanted = wanted;
    changed->demand = demand;
    changed->expected_ms = expected_ms;
    check_eligible(order, changed);
}

int order_advance(struct order *order, int64_t now_ms)
{
    if (now_ms <= order->now_ms)
        return 0;
    order->now_ms = now_ms;
    const int shift = usage_scale_advance(&order->scale, now_ms);
    for (int i = 0; shift > 0 && i < order->count; i++)
        usage_shift(&order->teams[i].usage, shift);
    return shift;
}
