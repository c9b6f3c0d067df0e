#include "prune/rungs.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct rungs rungs_of(double least, int reduction, double most)
{
    struct rungs rungs = {.reduction = reduction};
    double at = least;
    while (at > 0 && isfinite(at) && (most <= 0 || at < most) && rungs.count < PRUNE_RUNGS_MAX) {
        rungs.at[rungs.count++] = at;
        at *= reduction;
    }
    return rungs;
}

double rungs_least(double min_steps, double most)
{
    if (!isnan(min_steps))
        return min_steps;
    return most > 0 ? fmax(1, most / 100) : 0;
}

static bool takes_part(const struct rungs *rungs, int at)
{
    return !rungs->in || rungs->in[at];
}

/* Rungs that the curve has come to. */
static int rungs_behind(const struct rungs *rungs, const struct run_curve *curve)
{
    int count = 0;
    while (count < rungs->count && rungs->at[count] <= curve_progress(curve))
        count++;
    return count;
}

/* The rung at which a paused run stands. */
static int standing(const struct rungs *rungs, const struct run_curve *curve)
{
    const int last = rungs_behind(rungs, curve) - 1;
    return last > curve->rung ? last : curve->rung;
}

static bool has_come(const struct rungs *rungs, const struct run_curve *curve, int rung)
{
    return curve->count > 0 && (curve_progress(curve) >= rungs->at[rung] || curve->rung > rung ||
                                (curve->state == CURVE_PAUSED && standing(rungs, curve) >= rung));
}

/* Worse than any number where it is none. */
static double value_at(const struct rungs *rungs, const struct run_curve *curve, int rung)
{
    double value = curve_reached(curve, rungs->at[rung]);
    if (curve_progress(curve) < rungs->at[rung])
        value = curve->points[curve->count - 1].value;
    return isnan(value) ? HUGE_VAL : value;
}

/* --- stopping form ------------------------------------------------------------------------------
 */

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Values of all that have come there, the best first: [table->count] out; their number. */
static int sort_values(const struct rungs *rungs, const struct prune_table *table, int rung,
                       double *values)
{
    int count = 0;
    for (int i = 0; i < table->count; i++)
        if (takes_part(rungs, i) && has_come(rungs, &table->runs[i], rung))
            values[count++] = value_at(rungs, &table->runs[i], rung);
    qsort(values, (size_t)count, sizeof *values, by_size);
    return count;
}

static int how_many_go_on(int came, int reduction, bool at_least_one)
{
    const int count = came / reduction;
    return count == 0 && at_least_one && came > 0 ? 1 : count;
}

static enum prune_verdict look_at_rung(const struct rungs *rungs, const struct prune_table *table,
                                       double value, int rung, char why[PRUNE_WHY_BYTES])
{
    AUTO_FREE double *values = xcalloc((size_t)table->count, sizeof *values);
    const int came = sort_values(rungs, table, rung, values);
    const int go_on = how_many_go_on(came, rungs->reduction, true);
    const double bound = values[go_on - 1];

    if (value <= bound)
        return PRUNE_GO_ON;
    snprintf(why, PRUNE_WHY_BYTES,
             "is worse than %.6g: the best %d of %d go on from rung %d, at step %.10g",
             prune_shown(table, bound), go_on, came, rung + 1, rungs->at[rung]);
    return PRUNE_STOP;
}

/* Of the rungs that the last point is the first to reach. */
enum prune_verdict rungs_look(const struct rungs *rungs, const struct prune_table *table, int at,
                              char why[PRUNE_WHY_BYTES])
{
    const struct run_curve *curve = &table->runs[at];
    if (curve->count == 0)
        return PRUNE_GO_ON;
    const struct curve_point *last = &curve->points[curve->count - 1];
    const double before = curve->count > 1 ? last[-1].progress : 0;

    for (int rung = 0; rung < rungs->count && rungs->at[rung] <= last->progress; rung++) {
        if (rungs->at[rung] <= before)
            continue;
        if (isnan(last->value)) {
            snprintf(why, PRUNE_WHY_BYTES, "is no number");
            return PRUNE_STOP;
        }
        if (look_at_rung(rungs, table, last->value, rung, why) == PRUNE_STOP)
            return PRUNE_STOP;
    }
    return PRUNE_GO_ON;
}

/* --- promotion form -----------------------------------------------------------------------------
 */

struct rung_view {
    int came, best; /* the best that waits there: its place, -1 where none does */
    double value;   /* its */
};

static struct rung_view view_rung(const struct rungs *rungs, const struct prune_table *table,
                                  int rung)
{
    struct rung_view view = {.best = -1, .value = HUGE_VAL};
    for (int i = 0; i < table->count; i++) {
        const struct run_curve *curve = &table->runs[i];
        if (!takes_part(rungs, i) || !has_come(rungs, curve, rung))
            continue;
        view.came++;
        if (curve->state != CURVE_PAUSED || standing(rungs, curve) != rung)
            continue;
        const double value = value_at(rungs, curve, rung);
        if (value < view.value) { /* of equal ones the first */
            view.best = i;
            view.value = value;
        }
    }
    return view;
}

static int count_better(const struct rungs *rungs, const struct prune_table *table, int rung,
                        const struct rung_view *view)
{
    int count = 0;
    for (int i = 0; i < table->count; i++) {
        const struct run_curve *curve = &table->runs[i];
        if (!takes_part(rungs, i) || !has_come(rungs, curve, rung))
            continue;
        const double value = value_at(rungs, curve, rung);
        count += value < view->value || (value == view->value && i < view->best);
    }
    return count;
}

int rungs_promote(const struct rungs *rungs, const struct prune_table *table, int *out_rung)
{
    for (int rung = rungs->count - 1; rung >= 0; rung--) {
        const struct rung_view view = view_rung(rungs, table, rung);
        const int go_on = how_many_go_on(view.came, rungs->reduction, table->closing);
        if (view.best < 0 || count_better(rungs, table, rung, &view) >= go_on)
            continue;
        *out_rung = rung;
        return view.best;
    }
    return -1;
}

double rungs_pause_at(const struct rungs *rungs, const struct run_curve *curve)
{
    return curve->rung < rungs->count ? rungs->at[curve->rung] : 0;
}
