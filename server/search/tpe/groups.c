#include "search/tpe/groups.h"

#include "memory.h"
#include "search/fronts/pareto.h"
#include "search/standing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of several objectives, twice as many as are kept, so that a reduction pays for itself. */
enum { KEPT = 2 * TPE_FRONT_MOST, ROOM = 2 * KEPT };

struct tpe_groups {
    struct standing top[ROOM]; /* number is the id; of one objective in order */
    int top_count;
    int earlier, told; /* how many have been taken in */
    int finished, ended;
};

struct tpe_groups *tpe_groups_new(void)
{
    return xcalloc(1, sizeof(struct tpe_groups));
}

void tpe_groups_free(struct tpe_groups *groups)
{
    free(groups);
}

int tpe_groups_ended(const struct tpe_groups *groups)
{
    return groups->ended;
}

const struct trial *tpe_trial(const struct history *history, int id)
{
    return id < history->earlier_count ? &history->earlier[id]
                                       : &history->trials[id - history->earlier_count];
}

/* --- several objectives --------------------------------------------------------------------------
 */

struct ranked {
    struct standing standing;
    int front;
    double crowding;
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->standing.class != STANDING_GOOD || b->standing.class != STANDING_GOOD)
        return standing_compare(&a->standing, &b->standing);
    if (a->front != b->front)
        return a->front - b->front;
    if (a->crowding != b->crowding)
        return a->crowding > b->crowding ? -1 : 1;
    return (a->standing.number > b->standing.number) - (a->standing.number < b->standing.number);
}

/* `members` are indices into ranked of one front. */
static void crowd_front(struct ranked *ranked, const double *points, int objectives,
                        const int *members, int count)
{
    double distance[ROOM];
    pareto_crowding(points, members, count, objectives, distance);
    for (int i = 0; i < count; i++)
        ranked[members[i]].crowding = distance[i];
}

/* The `good` first ones keep all constraints. */
static void rank_fronts(struct ranked *ranked, int good, const struct history *history)
{
    const size_t objectives = (size_t)history->objectives;
    AUTO_FREE double *points = xcalloc((size_t)good * objectives + 1, sizeof *points);
    int fronts[ROOM], members[ROOM];

    for (int i = 0; i < good; i++)
        memcpy(points + (size_t)i * objectives,
               tpe_trial(history, ranked[i].standing.number)->objective,
               objectives * sizeof *points);
    const int count = pareto_fronts(points, good, history->objectives, fronts);
    for (int front = 0; front < count; front++) {
        int size = 0;
        for (int i = 0; i < good; i++)
            if (fronts[i] == front)
                members[size++] = i;
        crowd_front(ranked, points, history->objectives, members, size);
    }
    for (int i = 0; i < good; i++)
        ranked[i].front = fronts[i];
}

/* Brings top into order, best first. */
static void sort_top(struct standing *top, int count, const struct history *history)
{
    struct ranked ranked[ROOM];
    int good = 0;

    qsort(top, (size_t)count, sizeof *top, standing_compare);
    for (int i = 0; i < count; i++) {
        ranked[i] = (struct ranked){.standing = top[i]};
        good += top[i].class == STANDING_GOOD;
    }
    rank_fronts(ranked, good, history);
    qsort(ranked, (size_t)count, sizeof *ranked, compare_ranked);
    for (int i = 0; i < count; i++)
        top[i] = ranked[i].standing;
}

/* --- taking in -----------------------------------------------------------------------------------
 */

static void insert_in_order(struct tpe_groups *groups, struct standing standing)
{
    int i = groups->top_count;
    if (i == TPE_BEST_MOST) {
        if (standing_compare(&standing, &groups->top[i - 1]) > 0)
            return;
        i--;
    } else {
        groups->top_count++;
    }
    for (; i > 0 && standing_compare(&standing, &groups->top[i - 1]) < 0; i--)
        groups->top[i] = groups->top[i - 1];
    groups->top[i] = standing;
}

static void take(struct tpe_groups *groups, const struct history *history, int id)
{
    const struct trial *trial = tpe_trial(history, id);
    const struct standing standing = trial_standing(history, trial, id);

    groups->finished++;
    if (standing.class == STANDING_FAILED)
        return;
    groups->ended++;
    if (history->objectives == 1) {
        insert_in_order(groups, standing);
        return;
    }
    if (groups->top_count == ROOM) {
        sort_top(groups->top, ROOM, history);
        groups->top_count = KEPT;
    }
    groups->top[groups->top_count++] = standing;
}

/* More earlier ones shift every id: begin again. */
void tpe_groups_update(struct tpe_groups *groups, const struct history *history)
{
    if (groups->earlier != history->earlier_count || groups->told > history->told_count) {
        *groups = (struct tpe_groups){.earlier = history->earlier_count};
        for (int i = 0; i < history->earlier_count; i++)
            take(groups, history, i);
    }
    for (; groups->told < history->told_count; groups->told++)
        take(groups, history, history->earlier_count + history->told[groups->told]);
}

/* --- the groups ----------------------------------------------------------------------------------
 */

static int ascending(const void *left, const void *right)
{
    const int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

int tpe_groups_best(const struct tpe_groups *groups, const struct history *history, double share,
                    int *best)
{
    const int most = history->objectives == 1 ? TPE_BEST_MOST : TPE_FRONT_MOST;
    struct standing top[ROOM];
    int count = (int)ceil(share * groups->finished);

    count = count < most ? count : most;
    count = count < groups->top_count ? count : groups->top_count;
    memcpy(top, groups->top, (size_t)groups->top_count * sizeof *top);
    if (history->objectives > 1)
        sort_top(top, groups->top_count, history);
    for (int i = 0; i < count; i++)
        best[i] = top[i].number;
    qsort(best, (size_t)count, sizeof *best, ascending);
    return count;
}

static bool holds(const int *ids, int count, int id)
{
    return count > 0 && bsearch(&id, ids, (size_t)count, sizeof *ids, ascending) != NULL;
}

static bool is_other(const struct history *history, const int *best, int best_count, int id)
{
    return tpe_trial(history, id)->state != TRIAL_GONE && !holds(best, best_count, id);
}

/* The older ones, 0 … limit - 1: all, or one of each of `room` equal parts. */
static int list_older(const struct history *history, const int *best, int best_count, int limit,
                      int room, struct rng *rng, int *others, double *stand_for)
{
    const int parts = limit < room ? limit : room;
    int count = 0;

    for (int part = 0; part < parts; part++) {
        const double within = limit > room ? rng_uniform(rng) : 0;
        const int id = (int)((part + within) * limit / parts);
        if (!is_other(history, best, best_count, id))
            continue;
        others[count] = id;
        stand_for[count++] = (double)limit / parts;
    }
    return count;
}

int tpe_groups_others(const struct history *history, const int *best, int best_count,
                      struct rng *rng, int *others, double *stand_for)
{
    enum { HALF = TPE_OTHERS_MOST / 2 };
    const int total = history->earlier_count + history->count;
    const int older = total > TPE_OTHERS_MOST ? total - HALF : 0;
    int count = list_older(history, best, best_count, older, HALF, rng, others, stand_for);

    for (int id = older; id < total; id++) {
        if (!is_other(history, best, best_count, id))
            continue;
        others[count] = id;
        stand_for[count++] = 1;
    }
    return count;
}
