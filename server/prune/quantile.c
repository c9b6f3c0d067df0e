#include "prune/quantile.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double quantile_of_done(const struct prune_table *table, double progress, double q, int *out_runs)
{
    AUTO_FREE double *values = xcalloc((size_t)table->count, sizeof *values);
    int count = 0;
    for (int i = 0; i < table->count; i++) {
        const struct run_curve *curve = &table->runs[i];
        const double value =
            curve->state == CURVE_DONE ? curve_value(curve, progress) : (double)NAN;
        if (!isnan(value))
            values[count++] = value;
    }
    *out_runs = count;
    if (count == 0)
        return (double)NAN;
    qsort(values, (size_t)count, sizeof *values, by_size);
    const double position = q * (count - 1);
    const int below = (int)position, above = below + 1 < count ? below + 1 : below;
    const double part = position - below;
    return part > 0 ? values[below] + part * (values[above] - values[below]) : values[below];
}

static int count_done(const struct prune_table *table)
{
    int count = 0;
    for (int i = 0; i < table->count; i++)
        count += table->runs[i].state == CURVE_DONE;
    return count;
}

enum prune_verdict quantile_look(const struct quantile_rule *rule, const struct prune_table *table,
                                 int at, char why[PRUNE_WHY_BYTES])
{
    const struct run_curve *curve = &table->runs[at];
    const double progress = curve_progress(curve);
    int runs;

    if (curve->count == 0 || progress < rule->min_steps || count_done(table) < rule->min_runs)
        return PRUNE_GO_ON;
    const double least = curve_least(curve, progress);
    const double bound = quantile_of_done(table, progress, rule->q, &runs);
    if (isnan(bound) || least <= bound)
        return PRUNE_GO_ON;
    if (isnan(least))
        snprintf(why, PRUNE_WHY_BYTES, "is no number");
    else
        snprintf(why, PRUNE_WHY_BYTES, "and %.6g at best is worse than %.6g, %s of %d runs there",
                 prune_shown(table, least), prune_shown(table, bound), rule->name, runs);
    return PRUNE_STOP;
}
