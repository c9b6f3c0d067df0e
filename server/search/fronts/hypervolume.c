#include "search/fronts/hypervolume.h"

#include "memory.h"
#include "search/fronts/pareto.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_below(const double *point, const double *reference, int objectives)
{
    for (int i = 0; i < objectives; i++)
        if (!(point[i] < reference[i]))
            return false;
    return true;
}

/* The points that count, as a block of their own. */
static double *points_below(const double *points, int count, int objectives,
                            const double *reference, int *out_count)
{
    double *kept = xcalloc((size_t)count * objectives + 1, sizeof *kept);

    *out_count = 0;
    for (int i = 0; i < count; i++) {
        const double *point = points + (size_t)i * objectives;
        if (is_below(point, reference, objectives))
            memcpy(kept + (size_t)(*out_count)++ * objectives, point,
                   (size_t)objectives * sizeof *point);
    }
    return kept;
}

static double box(const double *point, const double *reference, int objectives)
{
    double volume = 1;
    for (int i = 0; i < objectives; i++)
        volume *= reference[i] - point[i];
    return volume;
}

static double least(const double *values, int count)
{
    double smallest = values[0];
    for (int i = 1; i < count; i++)
        smallest = fmin(smallest, values[i]);
    return smallest;
}

static int by_first(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return a[0] != b[0] ? (a[0] > b[0]) - (a[0] < b[0]) : (a[1] > b[1]) - (a[1] < b[1]);
}

static double area(double *points, int count, const double *reference)
{
    double sum = 0, height = reference[1];

    qsort(points, (size_t)count, 2 * sizeof *points, by_first);
    for (int i = 0; i < count; i++) {
        const double *point = points + (size_t)2 * i;
        if (point[1] >= height)
            continue;
        sum += (reference[0] - point[0]) * (height - point[1]);
        height = point[1];
    }
    return sum;
}

/* The steps of a falling staircase: first rises, second falls. */
struct staircase {
    double (*steps)[2];
    int count;
    double area;
};

/* The first step whose first coordinate is not below x. */
static int step_at(const struct staircase *stairs, double x)
{
    int low = 0, high = stairs->count;

    while (low < high) {
        const int middle = (low + high) / 2;
        if (stairs->steps[middle][0] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Adds a corner, takes away the steps it covers, and counts the area it wins. */
static void climb(struct staircase *stairs, double x, double y, const double *reference)
{
    const int from = step_at(stairs, x);
    double(*steps)[2] = stairs->steps;
    double height = from > 0 ? steps[from - 1][1] : reference[1];
    double left = x;
    int to = from;

    if (height <= y || (from < stairs->count && steps[from][0] == x && steps[from][1] <= y))
        return;
    for (; to < stairs->count && steps[to][1] >= y; to++) {
        stairs->area += (steps[to][0] - left) * (height - y);
        left = steps[to][0];
        height = steps[to][1];
    }
    const double right = to < stairs->count ? steps[to][0] : reference[0];
    stairs->area += (right - left) * (height - y);
    memmove(steps + from + 1, steps + to, (size_t)(stairs->count - to) * sizeof *steps);
    stairs->count += 1 - (to - from);
    steps[from][0] = x;
    steps[from][1] = y;
}

static int by_third(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (a[2] > b[2]) - (a[2] < b[2]);
}

static double space(double *points, int count, const double *reference)
{
    AUTO_FREE double(*steps)[2] = xcalloc((size_t)count + 1, sizeof *steps);
    struct staircase stairs = {steps, 0, 0};
    double sum = 0;

    qsort(points, (size_t)count, 3 * sizeof *points, by_third);
    for (int i = 0; i < count; i++) {
        const double *point = points + (size_t)3 * i;
        const double next = i + 1 < count ? point[5] : reference[2];
        climb(&stairs, point[0], point[1], reference);
        sum += stairs.area * (next - point[2]);
    }
    return sum;
}

/* --- WFG -----------------------------------------------------------------------------------------
 * hv(S) = sum over i of what s_i dominates alone among s_i, s_(i+1), …: its box without the
 * hypervolume of the others cut to that box. With the greatest last objective first, all the others
 * reach as far as s_i there, so that what is left to do has one objective less. */

static int by_last_falling(const void *left, const void *right, void *last)
{
    const double a = ((const double *)left)[*(int *)last];
    const double b = ((const double *)right)[*(int *)last];
    return (a < b) - (a > b);
}

/* Roughly nanoseconds. */
struct effort {
    int64_t left;
};

/* A place found by halving and steps moved up; sorting is the most of it. */
static void spend(struct effort *effort, int count, int each)
{
    effort->left -= (int64_t)count * each;
}

enum { SWEEP_EFFORT = 60, CUT_EFFORT = 150 };

/* `others` [count][objectives] cut to the box of `point`: its first `keep` objectives, without the
 * dominated ones. limited [count][keep]; returns how many. */
static int cut_to_box(const double *point, const double *others, int count, int objectives,
                      int keep, double *limited, struct effort *effort)
{
    AUTO_FREE double *all = xcalloc((size_t)count * keep + 1, sizeof *all);
    AUTO_FREE int *chosen = xcalloc((size_t)count + 1, sizeof *chosen);

    for (int i = 0; i < count; i++)
        for (int k = 0; k < keep; k++)
            all[(size_t)i * keep + k] = fmax(others[(size_t)i * objectives + k], point[k]);
    const int kept = pareto_best(all, count, keep, chosen);
    for (int i = 0; i < kept; i++)
        memcpy(limited + (size_t)i * keep, all + (size_t)chosen[i] * keep,
               (size_t)keep * sizeof *all);
    spend(effort, count, CUT_EFFORT + 2 * kept);
    return kept;
}

typedef double measure_function(double *points, int count, int objectives, const double *reference,
                                struct effort *effort);

/* points are put into another order; all of them are below the reference. `next` measures what has
 * one objective less. Without effort left it comes back early, with nothing of worth. */
static double wfg(double *points, int count, int objectives, const double *reference,
                  measure_function *next, struct effort *effort)
{
    int last = objectives - 1;
    if (count == 0)
        return 0;
    if (last == 0)
        return reference[0] - least(points, count);

    AUTO_FREE double *limited = xcalloc((size_t)count * last, sizeof *limited);
    double sum = 0;
    qsort_r(points, (size_t)count, (size_t)objectives * sizeof *points, by_last_falling, &last);
    for (int i = 0; i < count && effort->left >= 0; i++) {
        const double *point = points + (size_t)i * objectives;
        const int kept =
            cut_to_box(point, point + objectives, count - i - 1, objectives, last, limited, effort);
        sum += (reference[last] - point[last]) *
               (box(point, reference, last) - next(limited, kept, last, reference, effort));
    }
    return sum;
}

static double measure(double *points, int count, int objectives, const double *reference,
                      struct effort *effort)
{
    if (objectives == 2 || objectives == 3)
        spend(effort, count, SWEEP_EFFORT * objectives);
    if (objectives == 2)
        return area(points, count, reference);
    if (objectives == 3)
        return space(points, count, reference);
    return wfg(points, count, objectives, reference, measure, effort);
}

static struct effort any_effort(void)
{
    return (struct effort){INT64_MAX};
}

double hypervolume(const double *points, int count, int objectives, const double *reference)
{
    AUTO_FREE double *below = points_below(points, count, objectives, reference, &count);
    struct effort effort = any_effort();
    return measure(below, count, objectives, reference, &effort);
}

int hypervolume_within(const double *points, int count, int objectives, const double *reference,
                       int64_t *effort, double *out_volume)
{
    AUTO_FREE double *below = points_below(points, count, objectives, reference, &count);
    struct effort mine = {*effort};
    const double volume = measure(below, count, objectives, reference, &mine);
    *effort = mine.left;
    if (mine.left < 0)
        return -1;
    *out_volume = volume;
    return 0;
}

static double wfg_only(double *points, int count, int objectives, const double *reference,
                       struct effort *effort)
{
    return wfg(points, count, objectives, reference, wfg_only, effort);
}

double hypervolume_wfg(const double *points, int count, int objectives, const double *reference)
{
    AUTO_FREE double *below = points_below(points, count, objectives, reference, &count);
    struct effort effort = any_effort();
    return wfg_only(below, count, objectives, reference, &effort);
}

/* --- one point's part
 * ---------------------------------------------------------------------------*/

/* What the point adds to others, all below the reference. */
static double gain(const double *point, const double *others, int count, int objectives,
                   const double *reference)
{
    AUTO_FREE double *limited = xcalloc((size_t)count * objectives + 1, sizeof *limited);
    struct effort effort = any_effort();
    const int kept = cut_to_box(point, others, count, objectives, objectives, limited, &effort);
    const double shared = measure(limited, kept, objectives, reference, &effort);
    return fmax(0, box(point, reference, objectives) - shared);
}

void hypervolume_contributions(const double *points, int count, int objectives,
                               const double *reference, double *contributions)
{
    int others;
    AUTO_FREE double *below = points_below(points, count, objectives, reference, &others);
    const size_t size = (size_t)objectives;

    /* The others are `below` with a hole that wanders: the point itself waits in front of it. */
    AUTO_FREE double *rest = xcalloc((size_t)others * size + 1, sizeof *rest);
    int at = 0;
    for (int i = 0; i < count; i++) {
        const double *point = points + i * size;
        contributions[i] = 0;
        if (!is_below(point, reference, objectives))
            continue;
        memcpy(rest, below, at * size * sizeof *rest);
        memcpy(rest + at * size, below + (at + 1) * size, (others - at - 1) * size * sizeof *rest);
        contributions[i] = gain(point, rest, others - 1, objectives, reference);
        at++;
    }
}

static int greatest(const double *bounds, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (bounds[i] > bounds[best])
            best = i;
    return best;
}

void hypervolume_subset(const double *points, int count, int objectives, const double *reference,
                        int choose, int *chosen)
{
    const size_t size = (size_t)objectives;
    AUTO_FREE double *bounds = xcalloc((size_t)count + 1, sizeof *bounds);
    AUTO_FREE int *known =
        xcalloc((size_t)count + 1, sizeof *known); /* how many were chosen then */
    AUTO_FREE double *taken = xcalloc((size_t)choose * size + 1, sizeof *taken);
    int useful = 0;

    for (int i = 0; i < count; i++)
        bounds[i] = is_below(points + i * size, reference, objectives)
                        ? box(points + i * size, reference, objectives)
                        : 0;
    for (int n = 0; n < choose;) {
        const int best = greatest(bounds, count);
        const double *point = points + best * size;
        if (known[best] < n && bounds[best] > 0) {
            bounds[best] = gain(point, taken, useful, objectives, reference);
            known[best] = n;
            continue;
        }
        chosen[n++] = best;
        if (bounds[best] > 0)
            memcpy(taken + useful++ * size, point, size * sizeof *taken);
        bounds[best] = -1;
    }
}
