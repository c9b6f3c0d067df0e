/*
 * The median rule (Golovin et al., 2017, "Google Vizier", section 3.2): a run stops where its best
 * value so far is worse than the median of what finished runs had by then.
 */
#include "prune/quantile.h"

enum { MIN_RUNS, MIN_STEPS };
static const struct setting settings[] = {
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
    const struct quantile_rule rule = {0.5, (int)chosen->number[MIN_RUNS],
                                       chosen->number[MIN_STEPS], "the median"};
    return quantile_look(&rule, table, at, why);
}

const struct prune_rule median_prune = {
    .name = "median",
    .help = "stops runs whose best value is worse than the median of finished runs at that step",
    .settings = settings,
    .stops_at_nan = true,
    .look = look,
};
