#include "search/fronts/survivors.h"

#include "memory.h"
#include "search/fronts/pareto.h"

#include <stdlib.h>
#include <string.h>

void survivors_init(struct survivors *survivors, int room, int objectives)
{
    *survivors = (struct survivors){.room = room, .objectives = objectives};
    survivors->list = xcalloc((size_t)room + 1, sizeof *survivors->list);
    survivors->points = xcalloc(((size_t)room + 1) * objectives, sizeof *survivors->points);
}

void survivors_release(struct survivors *survivors)
{
    free(survivors->list);
    free(survivors->points);
    *survivors = (struct survivors){0};
}

const struct trial *survivor_trial(const struct history *history, int trial)
{
    return trial >= 0 ? &history->trials[trial] : &history->earlier[-1 - trial];
}

/* The good ones' places in the list, and their points as one block. */
static int good_ones(const struct survivors *survivors, int *places, double *points)
{
    const size_t size = (size_t)survivors->objectives;
    int good = 0;

    for (int i = 0; i < survivors->count; i++) {
        if (survivors->list[i].standing.class != STANDING_GOOD)
            continue;
        memcpy(points + good * size, survivors->points + i * size, size * sizeof *points);
        places[good++] = i;
    }
    return good;
}

static void set_crowding(struct survivors *survivors, const int *places, const double *points,
                         const int *fronts, int good, int front)
{
    AUTO_FREE int *members = xcalloc((size_t)good + 1, sizeof *members);
    AUTO_FREE double *distance = xcalloc((size_t)good + 1, sizeof *distance);
    int count = 0;

    for (int i = 0; i < good; i++)
        if (fronts[i] == front)
            members[count++] = i;
    pareto_crowding(points, members, count, survivors->objectives, distance);
    for (int i = 0; i < count; i++)
        survivors->list[places[members[i]]].crowding = distance[i];
}

/* Those that are not good: one after the other, behind the last front. */
static void rank_the_rest(struct survivors *survivors, int behind)
{
    for (int i = 0; i < survivors->count; i++) {
        struct survivor *one = &survivors->list[i];
        if (one->standing.class == STANDING_GOOD)
            continue;
        one->front = behind;
        one->crowding = 0;
        for (int j = 0; j < survivors->count; j++)
            one->front += survivors->list[j].standing.class != STANDING_GOOD &&
                          standing_compare(&survivors->list[j].standing, &one->standing) < 0;
    }
}

static void rank(struct survivors *survivors)
{
    const size_t most = (size_t)survivors->count;
    AUTO_FREE int *places = xcalloc(most, sizeof *places);
    AUTO_FREE int *fronts = xcalloc(most, sizeof *fronts);
    AUTO_FREE double *points = xcalloc(most * survivors->objectives, sizeof *points);
    const int good = good_ones(survivors, places, points);
    const int count = pareto_fronts(points, good, survivors->objectives, fronts);

    for (int i = 0; i < good; i++)
        survivors->list[places[i]].front = fronts[i];
    for (int front = 0; front < count; front++)
        set_crowding(survivors, places, points, fronts, good, front);
    rank_the_rest(survivors, count);
}

int survivor_compare(const struct survivor *a, const struct survivor *b)
{
    if (a->front != b->front)
        return a->front < b->front ? -1 : 1;
    return (a->crowding < b->crowding) - (a->crowding > b->crowding);
}

/* Of equal ones the newest. */
static int last_one(const struct survivors *survivors)
{
    int last = 0;
    for (int i = 1; i < survivors->count; i++) {
        const int order = survivor_compare(&survivors->list[last], &survivors->list[i]);
        if (order < 0 || (order == 0 && survivors->list[last].trial < survivors->list[i].trial))
            last = i;
    }
    return last;
}

static void drop(struct survivors *survivors, int at)
{
    const size_t size = (size_t)survivors->objectives;
    const int behind = --survivors->count - at;

    memmove(survivors->list + at, survivors->list + at + 1,
            (size_t)behind * sizeof *survivors->list);
    memmove(survivors->points + at * size, survivors->points + (at + 1) * size,
            (size_t)behind * size * sizeof *survivors->points);
}

/* In the order of trials, not of tells: whoever draws from the list draws the same. */
static int make_room(struct survivors *survivors, int trial)
{
    const size_t size = (size_t)survivors->objectives;
    int at = survivors->count++;

    for (; at > 0 && survivors->list[at - 1].trial > trial; at--) {
        survivors->list[at] = survivors->list[at - 1];
        memcpy(survivors->points + at * size, survivors->points + (at - 1) * size,
               size * sizeof *survivors->points);
    }
    return at;
}

/* A good one that one of the last front dominates would be a front of its own, behind all. */
static bool is_behind_the_fronts(const struct survivors *survivors, const double *point)
{
    const size_t size = (size_t)survivors->objectives;
    int last = 0;

    for (int i = 0; i < survivors->count; i++)
        last = survivors->list[i].front > last ? survivors->list[i].front : last;
    for (int i = 0; i < survivors->count; i++)
        if (survivors->list[i].front == last &&
            survivors->list[i].standing.class == STANDING_GOOD &&
            pareto_dominates(survivors->points + i * size, point, survivors->objectives))
            return true;
    return false;
}

static bool is_behind_the_rest(const struct survivors *survivors, const struct standing *standing)
{
    for (int i = 0; i < survivors->count; i++)
        if (survivors->list[i].standing.class != STANDING_GOOD &&
            standing_compare(standing, &survivors->list[i].standing) < 0)
            return false;
    return true;
}

/* It would come in as the last one, change nothing of the others, and go. */
static bool would_go_at_once(const struct survivors *survivors, const struct standing *standing,
                             const double *point)
{
    if (survivors->count < survivors->room)
        return false;
    return standing->class == STANDING_GOOD ? is_behind_the_fronts(survivors, point)
                                            : is_behind_the_rest(survivors, standing);
}

void survivors_add(struct survivors *survivors, const struct history *history, int trial)
{
    const struct trial *from = survivor_trial(history, trial);
    const struct standing standing = trial_standing(history, from, trial);
    const size_t size = (size_t)survivors->objectives;

    if (standing.class == STANDING_FAILED ||
        would_go_at_once(survivors, &standing, from->objective))
        return;
    const int at = make_room(survivors, trial);
    survivors->list[at] = (struct survivor){.trial = trial, .standing = standing};
    memcpy(survivors->points + at * size, from->objective, size * sizeof *survivors->points);
    rank(survivors);
    if (survivors->count > survivors->room) {
        drop(survivors, last_one(survivors));
        rank(survivors);
    }
}
