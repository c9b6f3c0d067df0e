/*
 * The median rule with another percentile: at 25, a run goes on only where its best value is as
 * good as those of the best quarter of finished runs.
 */
#include "prune/quantile.h"

#include <stdio.h>

enum { PERCENT, MIN_RUNS, MIN_STEPS };
static const struct setting settings[] = {
    [PERCENT] = {.name = "percent",
                 .type = SETTING_NUMBER,
                 .low = 0,
                 .high = 100,
                 .fallback = 25,
                 .unit = "%",
                 .help = "of the finished runs; whoever is as good as these goes on"},
    [MIN_RUNS] = {.name = "min_runs",
                  .type = SETTING_INTEGER,
                  .low = 1,
                  .high = 1e5,
                  .fallback = 5,
                  .help = "nothing is stopped before so many runs have ended well"},
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
    char name[64];
    const double percent = chosen->number[PERCENT];
    const struct quantile_rule rule = {percent / 100, (int)chosen->number[MIN_RUNS],
                                       chosen->number[MIN_STEPS], name};
    snprintf(name, sizeof name, "the best %.6g %%", percent);
    return quantile_look(&rule, table, at, why);
}

const struct prune_rule percentile_prune = {
    .name = "percentile",
    .help = "stops runs that are not among the best so many per cent of finished runs at that step",
    .settings = settings,
    .stops_at_nan = true,
    .look = look,
};
