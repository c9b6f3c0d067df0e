/*
 * Patience: a run stops only where it has not become better for a while, and where another rule,
 * if there is one, would stop it too.
 */
#include "prune/pruner.h"

#include <math.h>
#include <stdio.h>

enum { PATIENCE, GAIN, RULE };
static const struct setting settings[] = {
    [PATIENCE] = {.name = "patience",
                  .type = SETTING_INTEGER,
                  .low = 0,
                  .high = 1e6,
                  .fallback = 5,
                  .unit = "reports",
                  .help = "a run stops that many reports after one that was no gain, unless one "
                          "was"},
    [GAIN] = {.name = "gain",
              .type = SETTING_NUMBER,
              .low = 0,
              .high = 1e308,
              .help = "what counts as one, in the metric's unit"},
    [RULE] = {.name = "rule",
              .type = SETTING_PLUGIN,
              .nullable = true,
              .registry = "prune",
              .help = "which must want to stop the run as well; null: patience alone decides"},
    {0},
};

static double least_of(const struct curve_point *points, int count)
{
    double least = (double)NAN;
    for (int i = 0; i < count; i++)
        least = fmin(least, points[i].value);
    return least;
}

/* The last `patience` + 1 points against all before them. */
static enum prune_verdict look(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    const struct run_curve *curve = &table->runs[at];
    const double window = chosen->number[PATIENCE] + 1;
    const int recent = curve->count > window ? (int)window : curve->count;
    const int before = curve->count - recent;
    if (before == 0)
        return PRUNE_GO_ON;
    const double was = least_of(curve->points, before);
    const double is = least_of(curve->points + before, recent);
    const bool none = isnan(is) && !isnan(was);
    if (!none && !(was + chosen->number[GAIN] < is))
        return PRUNE_GO_ON;
    snprintf(why, PRUNE_WHY_BYTES, "and the last %d brought nothing better than %.6g", recent,
             prune_shown(table, was));
    return table->inner ? pruner_look(table->inner, table, at, why) : PRUNE_STOP;
}

const struct prune_rule patient_prune = {
    .name = "patient",
    .help = "stops runs that have not become better for a while, where another rule agrees",
    .settings = settings,
    .look = look,
};
