#include "prune/prune.h"

#include <math.h>
#include <string.h>

/* The list: server/prune/NAME.c defines NAME_prune. */
extern const struct prune_rule none_prune, median_prune, percentile_prune, asha_prune,
    hyperband_prune, patient_prune, threshold_prune, wilcoxon_prune;
const struct prune_rule *const prune_rules[] = {
    &none_prune,    &median_prune,    &percentile_prune, &asha_prune, &hyperband_prune,
    &patient_prune, &threshold_prune, &wilcoxon_prune,   NULL,
};

const struct prune_rule *prune_find(const char *name)
{
    for (int i = 0; prune_rules[i]; i++) {
        if (strcmp(prune_rules[i]->name, name) == 0)
            return prune_rules[i];
    }
    return NULL;
}

json_t *prune_describe(void)
{
    json_t *array = json_array();
    for (int i = 0; prune_rules[i]; i++)
        json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", prune_rules[i]->name,
                                               "help", prune_rules[i]->help, "settings",
                                               settings_describe(prune_rules[i]->settings)));
    return array;
}

double prune_shown(const struct prune_table *table, double value)
{
    return table->maximize ? -value : value;
}

double curve_progress(const struct run_curve *curve)
{
    return curve->count > 0 ? curve->points[curve->count - 1].progress : 0;
}

/* The place of the first point behind `progress`: how many lie at it or before. */
static int count_until(const struct run_curve *curve, double progress)
{
    int low = 0, high = curve->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (curve->points[middle].progress <= progress)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double curve_value(const struct run_curve *curve, double progress)
{
    const int until = count_until(curve, progress);
    const bool may_come = curve->state == CURVE_RUNNING || curve->state == CURVE_PAUSED;
    if (until == 0 || (may_come && curve_progress(curve) < progress))
        return (double)NAN;
    return curve->points[until - 1].value;
}

double curve_least(const struct run_curve *curve, double progress)
{
    const int until = count_until(curve, progress);
    double least = (double)NAN;
    for (int i = 0; i < until; i++)
        least = fmin(least, curve->points[i].value);
    return least;
}

double curve_reached(const struct run_curve *curve, double progress)
{
    const int at = count_until(curve, nextafter(progress, -HUGE_VAL));
    return at < curve->count ? curve->points[at].value : (double)NAN;
}
