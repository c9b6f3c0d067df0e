#include "insight/front.h"

#include "memory.h"
#include "search/fronts/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct told_points gather(const struct findings *findings)
{
    const struct history *history = findings->history;
    const size_t width = (size_t)history->objectives, ended = (size_t)findings->ended + 1;
    struct told_points told = {
        .points = xcalloc(ended * width, sizeof(double)),
        .numbers = xcalloc(ended, sizeof(int)),
        .places = xcalloc(ended, sizeof(int)),
        .objectives = history->objectives,
    };
    for (int i = 0; i < findings->ended; i++) {
        const int number = findings->told[i];
        const struct trial *trial = &history->trials[number];
        if (!trial_is_feasible(history, trial))
            continue;
        memcpy(told.points + (size_t)told.count * width, trial->objective, width * sizeof(double));
        told.places[told.count] = findings->list[number].place;
        told.numbers[told.count++] = number;
    }
    return told;
}

static void told_release(struct told_points *told)
{
    free(told->points);
    free(told->numbers);
    free(told->places);
}

static void find_box(const struct told_points *told, double *ideal, double *reference)
{
    for (int k = 0; k < told->objectives; k++) {
        double worst = ideal[k] = told->points[k];
        for (int i = 1; i < told->count; i++) {
            worst = fmax(worst, told_point(told, i)[k]);
            ideal[k] = fmin(ideal[k], told_point(told, i)[k]);
        }
        reference[k] = worst > 0 ? 1.1 * worst : worst < 0 ? 0.9 * worst : 0.1;
    }
}

/* --- who is on it --------------------------------------------------------------------------------
 */

struct ranked {
    double key;
    int at;
};

static int by_key(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at - b->at;
}

static bool is_dominated(const struct told_points *told, const int *chosen, int count, int i)
{
    for (int j = 0; j < count; j++)
        if (pareto_dominates(told_point(told, chosen[j]), told_point(told, i), told->objectives))
            return true;
    return false;
}

/* By their sums of parts of the box: none is dominated by one behind it. */
static int choose_by_sums(const struct told_points *told, const double *ideal,
                          const double *reference, int *chosen)
{
    AUTO_FREE struct ranked *ranked = xcalloc((size_t)told->count, sizeof *ranked);
    int count = 0;
    for (int i = 0; i < told->count; i++) {
        ranked[i].at = i;
        for (int k = 0; k < told->objectives; k++)
            ranked[i].key += (told_point(told, i)[k] - ideal[k]) / (reference[k] - ideal[k]);
    }
    qsort(ranked, (size_t)told->count, sizeof *ranked, by_key);
    for (int i = 0; i < told->count && count < FRONT_MOST; i++)
        if (!is_dominated(told, chosen, count, ranked[i].at))
            chosen[count++] = ranked[i].at;
    return count;
}

static void choose_front(struct front *front, const struct told_points *told, const double *ideal)
{
    AUTO_FREE int *chosen = xcalloc((size_t)told->count, sizeof *chosen);
    AUTO_FREE struct ranked *ranked = xcalloc((size_t)told->count, sizeof *ranked);
    front->count = told->objectives <= 2
                       ? pareto_best(told->points, told->count, told->objectives, chosen)
                       : choose_by_sums(told, ideal, front->reference, chosen);
    for (int i = 0; i < front->count; i++)
        ranked[i] = (struct ranked){told_point(told, chosen[i])[0], chosen[i]};
    qsort(ranked, (size_t)front->count, sizeof *ranked, by_key);
    front->numbers = xcalloc((size_t)front->count, sizeof *front->numbers);
    for (int i = 0; i < front->count; i++)
        front->numbers[i] = told->numbers[ranked[i].at];
}

/* --- the volume of two ---------------------------------------------------------------------------
 */

/* x rising, y falling. */
struct stair {
    double x, y;
};

struct stairs {
    struct stair *list;
    int count;
    double edge_x, edge_y;
};

static int first_behind(const struct stairs *stairs, double x)
{
    int low = 0, high = stairs->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (stairs->list[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What the point adds to the volume; steps that it hides go. */
static double put_stair(struct stairs *stairs, struct stair new)
{
    struct stair *list = stairs->list;
    const int at = first_behind(stairs, new.x);
    double level = at > 0 ? list[at - 1].y : stairs->edge_y, from = new.x, gain = 0;
    int end = at;

    if (level <= new.y || (at < stairs->count && list[at].x <= new.x &&list[at].y <= new.y))
        return 0;
    for (; end < stairs->count && list[end].y >= new.y; end++) {
        gain += (list[end].x - from) * (level - new.y);
        from = list[end].x;
        level = list[end].y;
    }
    gain += ((end < stairs->count ? list[end].x : stairs->edge_x) - from) * (level - new.y);
    memmove(list + at + 1, list + end, (size_t)(stairs->count - end) * sizeof *list);
    list[at] = new;
    stairs->count += at + 1 - end;
    return gain;
}

static void climb(struct growth *growth, const struct told_points *told, const double *reference)
{
    AUTO_FREE struct stair *list = xcalloc((size_t)told->count + 1, sizeof *list);
    struct stairs stairs = {list, 0, reference[0], reference[1]};
    *growth = (struct growth){.steps = xcalloc((size_t)told->count, sizeof *growth->steps)};
    for (int i = 0; i < told->count; i++) {
        const double *point = told_point(told, i);
        const double gain = put_stair(&stairs, (struct stair){point[0], point[1]});
        if (gain <= 0)
            continue;
        growth->volume += gain;
        growth->steps[growth->count++] = (struct growth_step){told->places[i], growth->volume};
    }
}

/* --- together ------------------------------------------------------------------------------------
 */

static void thin_out(struct front *front, const struct growth *growth)
{
    const int count = growth->count;
    front->volume = growth->volume;
    front->error = growth->error;
    front->step_count = count < GROWTH_STEPS_MAX ? count : GROWTH_STEPS_MAX;
    for (int i = 0; i < front->step_count; i++) {
        const int64_t last = front->step_count > 1 ? front->step_count - 1 : 1;
        front->steps[i] = growth->steps[(int64_t)i * (count - 1) / last];
    }
}

static void measure(struct front *front, const struct told_points *told, const double *ideal)
{
    struct growth growth;
    if (told->objectives <= 2)
        climb(&growth, told, front->reference);
    else if (growth_exact(&growth, told, front->reference, FRONT_MOST) < 0)
        growth_estimate(&growth, told, ideal, front->reference);
    thin_out(front, &growth);
    growth_release(&growth);
}

void front_init(struct front *front, const struct findings *findings)
{
    struct told_points told = gather(findings);
    double ideal[OBJECTIVES_MAX];

    *front = (struct front){.count = 0};
    if (told.count > 0) {
        find_box(&told, ideal, front->reference);
        choose_front(front, &told, ideal);
        measure(front, &told, ideal);
    }
    told_release(&told);
}

void front_release(struct front *front)
{
    free(front->numbers);
    front->numbers = NULL;
}
