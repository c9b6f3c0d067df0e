#include "search/fronts/pareto.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool pareto_dominates(const double *a, const double *b, int objectives)
{
    bool better = false;

    for (int i = 0; i < objectives; i++) {
        if (a[i] > b[i])
            return false;
        better |= a[i] < b[i];
    }
    return better;
}

struct row {
    const double *point;
    int objectives, index;
};

static int by_coordinates(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    for (int i = 0; i < a->objectives; i++)
        if (a->point[i] != b->point[i])
            return a->point[i] < b->point[i] ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Lexicographic: no row dominates one before it. */
static struct row *sorted_rows(const double *points, int count, int objectives)
{
    struct row *rows = xcalloc((size_t)count, sizeof *rows);

    for (int i = 0; i < count; i++)
        rows[i] = (struct row){points + (size_t)i * objectives, objectives, i};
    qsort(rows, (size_t)count, sizeof *rows, by_coordinates);
    return rows;
}

static int by_value(const void *left, const void *right)
{
    const int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

/* One or two objectives, along the first: what is best so far is known from the last one. */
static int sweep_best(const struct row *rows, int count, int objectives, int *chosen)
{
    int found = 0;
    const double *last = NULL;

    for (int i = 0; i < count; i++) {
        const double *point = rows[i].point;
        if (last && point[objectives - 1] >= last[objectives - 1] &&
            memcmp(point, last, (size_t)objectives * sizeof *point) != 0 &&
            pareto_dominates(last, point, objectives))
            continue;
        last = point;
        chosen[found++] = rows[i].index;
    }
    return found;
}

static bool is_dominated(const struct row *rows, const int *members, int count,
                         const struct row *row)
{
    /* The nearest in the order are the likeliest. */
    for (int i = count - 1; i >= 0; i--)
        if (pareto_dominates(rows[members[i]].point, row->point, row->objectives))
            return true;
    return false;
}

static int peel_best(const struct row *rows, int count, int *chosen)
{
    int found = 0;

    for (int i = 0; i < count; i++)
        if (!is_dominated(rows, chosen, found, &rows[i]))
            chosen[found++] = i;
    for (int i = 0; i < found; i++)
        chosen[i] = rows[chosen[i]].index;
    return found;
}

int pareto_best(const double *points, int count, int objectives, int *chosen)
{
    AUTO_FREE struct row *rows = sorted_rows(points, count, objectives);
    const int found = objectives <= 2 ? sweep_best(rows, count, objectives, chosen)
                                      : peel_best(rows, count, chosen);

    qsort(chosen, (size_t)found, sizeof *chosen, by_value);
    return found;
}

/* The first front whose last member does not dominate the point: fronts later in the list end
 * higher, so that halving finds it. */
static int first_free_front(const struct row *const *ends, int count, const struct row *row)
{
    int low = 0, high = count;

    while (low < high) {
        const int middle = (low + high) / 2;
        if (pareto_dominates(ends[middle]->point, row->point, row->objectives))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int sweep_fronts(const struct row *rows, int count, int *fronts)
{
    AUTO_FREE const struct row **ends = xcalloc((size_t)count, sizeof *ends);
    int found = 0;

    for (int i = 0; i < count; i++) {
        const int front = first_free_front(ends, found, &rows[i]);
        ends[front] = &rows[i];
        fronts[rows[i].index] = front;
        if (front == found)
            found++;
    }
    return found;
}

/* `next` strings the members of each front together, the newest first. */
static bool front_dominates(const struct row *rows, const int *next, int head,
                            const struct row *row)
{
    for (int i = head; i >= 0; i = next[i])
        if (pareto_dominates(rows[i].point, row->point, row->objectives))
            return true;
    return false;
}

static int peel_fronts(const struct row *rows, int count, int *fronts)
{
    AUTO_FREE int *heads = xcalloc((size_t)count, sizeof *heads);
    AUTO_FREE int *next = xcalloc((size_t)count, sizeof *next);
    int found = 0;

    for (int i = 0; i < count; i++) {
        int front = 0;
        while (front < found && front_dominates(rows, next, heads[front], &rows[i]))
            front++;
        next[i] = front < found ? heads[front] : -1;
        heads[front] = i;
        fronts[rows[i].index] = front;
        if (front == found)
            found++;
    }
    return found;
}

int pareto_fronts(const double *points, int count, int objectives, int *fronts)
{
    AUTO_FREE struct row *rows = sorted_rows(points, count, objectives);
    return objectives <= 2 ? sweep_fronts(rows, count, fronts) : peel_fronts(rows, count, fronts);
}

void pareto_crowding(const double *points, const int *members, int count, int objectives,
                     double *distance)
{
    AUTO_FREE struct row *rows = xcalloc((size_t)count, sizeof *rows);

    for (int i = 0; i < count; i++)
        distance[i] = 0;
    for (int k = 0; k < objectives && count > 0; k++) {
        for (int i = 0; i < count; i++)
            rows[i] = (struct row){points + (size_t)members[i] * objectives + k, 1, i};
        qsort(rows, (size_t)count, sizeof *rows, by_coordinates);
        const double range = *rows[count - 1].point / 2 - *rows[0].point / 2; /* halves: finite */
        distance[rows[0].index] = distance[rows[count - 1].index] = (double)INFINITY;
        for (int i = 1; i + 1 < count && range > 0; i++)
            distance[rows[i].index] += (*rows[i + 1].point / 2 - *rows[i - 1].point / 2) / range;
    }
}
