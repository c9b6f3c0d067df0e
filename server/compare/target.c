#include "compare/target.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* --- one seed ------------------------------------------------------------------------------ */

static double seconds_at(const struct target_curve *curve, int row)
{
    return curve->wall_ms ? (double)curve->wall_ms[row] / 1000 : (double)NAN;
}

static double between(double from, double to, double share)
{
    return share < 1 ? from + share * (to - from) : to;
}

static struct target_time crossing(const struct target_curve *curve, int row, double target)
{
    const bool alone = row == 0 || !isfinite(curve->value[row - 1]);
    const int before = alone ? row : row - 1;
    const double from = curve->value[before], to = curve->value[row];
    const double share = alone ? 1 : (target - from) / (to - from);

    return (struct target_time){
        .reached = true,
        .step = between((double)curve->step[before], (double)curve->step[row], share),
        .seconds = between(seconds_at(curve, before), seconds_at(curve, row), share),
        .seen_step = curve->step[row],
    };
}

static struct target_time censored(const struct target_curve *curve, int last)
{
    struct target_time time = {.seen_step = -1};
    if (last >= 0) {
        time.step = (double)curve->step[last];
        time.seconds = seconds_at(curve, last);
    } else if (!curve->wall_ms) {
        time.seconds = (double)NAN;
    }
    if (curve->failed)
        time.step = time.seconds = (double)INFINITY;
    return time;
}

struct target_time target_time(const struct target_curve *curve, double target, bool maximize)
{
    int last = -1;

    for (int row = 0; row < curve->count; row++) {
        const double value = curve->value[row];
        if (!isfinite(value))
            continue;
        if (maximize ? value >= target : value <= target)
            return crossing(curve, row, target);
        last = row;
    }
    return censored(curve, last);
}

/* --- all seeds ----------------------------------------------------------------------------- */

struct event {
    double time;
    bool reached;
};

/* Events before censorings at the same time. */
static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->time < b->time || a->time > b->time)
        return a->time < b->time ? -1 : 1;
    return (int)b->reached - (int)a->reached;
}

/* Half, but for what rounding leaves in a product of fractions. */
static const double half = 0.5 * (1 + 1e-12);

static double median_of(const struct event *events, int count)
{
    double waiting = 1;
    for (int i = 0; i < count; i++) {
        if (!events[i].reached)
            continue;
        waiting *= 1 - 1.0 / (count - i);
        if (waiting <= half)
            return events[i].time;
    }
    return (double)NAN;
}

struct target_summary target_summary(const double *times, const bool *reached, int count)
{
    struct target_summary summary = {.n = count, .share = (double)NAN, .median = (double)NAN};
    if (count < 1)
        return summary;
    AUTO_FREE struct event *events = xcalloc((size_t)count, sizeof *events);

    for (int i = 0; i < count; i++) {
        events[i] = (struct event){times[i], reached[i]};
        summary.reached += reached[i];
    }
    qsort(events, (size_t)count, sizeof *events, by_time);
    summary.share = (double)summary.reached / count;
    summary.median = median_of(events, count);
    return summary;
}
