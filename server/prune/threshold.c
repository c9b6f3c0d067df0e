/* Bounds that a value must keep. */
#include "prune/prune.h"

#include <math.h>
#include <stdio.h>

enum { AT_LEAST, AT_MOST, MIN_STEPS };
static const struct setting settings[] = {
    [AT_LEAST] = {.name = "at_least",
                  .type = SETTING_NUMBER,
                  .nullable = true,
                  .low = -1e308,
                  .high = 1e308,
                  .help = "a run whose value is less stops; in the metric's unit"},
    [AT_MOST] = {.name = "at_most",
                 .type = SETTING_NUMBER,
                 .nullable = true,
                 .low = -1e308,
                 .high = 1e308,
                 .not_below = "at_least",
                 .help = "a run whose value is greater stops; in the metric's unit"},
    [MIN_STEPS] = {.name = "min_steps",
                   .type = SETTING_INTEGER,
                   .low = 0,
                   .high = 1e15,
                   .unit = "steps",
                   .help = "no run is stopped before; of a run as long as the first, and of others "
                           "in proportion"},
    {0},
};

static enum prune_verdict look(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    const struct run_curve *curve = &table->runs[at];
    if (curve->count == 0 || curve_progress(curve) < chosen->number[MIN_STEPS])
        return PRUNE_GO_ON;
    const double value = prune_shown(table, curve->points[curve->count - 1].value);
    if (isnan(value))
        snprintf(why, PRUNE_WHY_BYTES, "is no number");
    else if (value < chosen->number[AT_LEAST])
        snprintf(why, PRUNE_WHY_BYTES, "is less than %.6g", chosen->number[AT_LEAST]);
    else if (value > chosen->number[AT_MOST])
        snprintf(why, PRUNE_WHY_BYTES, "is greater than %.6g", chosen->number[AT_MOST]);
    else
        return PRUNE_GO_ON; /* a bound that is not given is NaN, which nothing lies beyond */
    return PRUNE_STOP;
}

const struct prune_rule threshold_prune = {
    .name = "threshold",
    .help = "stops runs whose value leaves its bounds, or is no number",
    .settings = settings,
    .stops_at_nan = true,
    .look = look,
};
