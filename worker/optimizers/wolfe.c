#include "optimizers/wolfe.h"

#include <math.h>

struct hunt {
    const struct line_search *search;
    const struct line_point *start;
    int evaluations;
    struct line_point best; /* the lowest so far with enough decrease; the start at first */
};

static bool decreases_enough(const struct hunt *hunt, const struct line_point *point)
{
    return point->value <=
           hunt->start->value + hunt->search->decrease * point->step * hunt->start->slope;
}

static bool is_flat_enough(const struct hunt *hunt, const struct line_point *point)
{
    return fabs(point->slope) <= hunt->search->curvature * fabs(hunt->start->slope);
}

/* A value that is no number counts as very high, so that the search turns back. */
static struct line_point look(struct hunt *hunt, double step)
{
    struct line_point point = hunt->search->evaluate(hunt->search->context, step);
    point.step = step;
    hunt->evaluations++;
    if (!isfinite(point.value) || !isfinite(point.slope))
        point.value = HUGE_VAL;
    else if (decreases_enough(hunt, &point) && point.value < hunt->best.value)
        hunt->best = point;
    return point;
}

/* Where the cubic through two points with their slopes is least (Nocedal and Wright, 3.59); the
 * middle where it has no least point well inside. */
static double between(const struct line_point *a, const struct line_point *b)
{
    const double width = b->step - a->step, middle = a->step + 0.5 * width;
    if (!isfinite(a->value) || !isfinite(b->value))
        return middle;
    const double d1 = a->slope + b->slope - 3.0 * (b->value - a->value) / width;
    const double root = sqrt(d1 * d1 - a->slope * b->slope);
    const double d2 = width > 0.0 ? root : -root;
    const double least = b->step - width * (b->slope + d2 - d1) / (b->slope - a->slope + 2.0 * d2);
    const double part = (least - a->step) / width;
    return part > 0.1 && part < 0.9 ? least : middle;
}

/* `low` decreases enough and is the lowest such point of the interval; the other end is `high`. */
static bool zoom(struct hunt *hunt, struct line_point low, struct line_point high,
                 struct line_point *found)
{
    while (hunt->evaluations < hunt->search->most && low.step != high.step) {
        const struct line_point point = look(hunt, between(&low, &high));
        if (!decreases_enough(hunt, &point) || point.value >= low.value) {
            high = point;
            continue;
        }
        if (is_flat_enough(hunt, &point)) {
            *found = point;
            return true;
        }
        if (point.slope * (high.step - low.step) >= 0.0)
            high = low;
        low = point;
    }
    return false;
}

static bool bracket(struct hunt *hunt, double step, struct line_point *found)
{
    struct line_point before = *hunt->start;

    while (hunt->evaluations < hunt->search->most) {
        const struct line_point point = look(hunt, step);
        if (!decreases_enough(hunt, &point) || (before.step > 0.0 && point.value >= before.value))
            return zoom(hunt, before, point, found);
        if (is_flat_enough(hunt, &point)) {
            *found = point;
            return true;
        }
        if (point.slope >= 0.0)
            return zoom(hunt, point, before, found);
        before = point;
        step *= 2.0;
    }
    return false;
}

bool wolfe_search(const struct line_search *search, const struct line_point *start, double first,
                  struct line_point *found)
{
    struct hunt hunt = {.search = search, .start = start, .best = *start};
    if (bracket(&hunt, first, found))
        return true;
    *found = hunt.best;
    return false;
}
