#include "prune/prune.h"

#include <math.h>
#include <string.h>

/* The list: server/prune/NAME.c defines NAME_prune. */
extern const struct prune_rule none_prune;
const struct prune_rule *const prune_rules[] = {&none_prune, NULL};

const struct prune_rule *prune_find(const char *name)
{
    for (int i = 0; prune_rules[i]; i++) {
        if (strcmp(prune_rules[i]->name, name) == 0)
            return prune_rules[i];
    }
    return NULL;
}

int prune_rungs(double least, double factor, double most, double *out)
{
    int count = 0;
    for (double at = least; at < most && count < PRUNE_RUNGS_MAX; at *= factor)
        out[count++] = at;
    return count;
}

double curve_value(const struct run_curve *curve, double progress)
{
    double value = (double)NAN;
    if (curve->count == 0 || curve->points[curve->count - 1].progress < progress)
        return value;
    for (int i = 0; i < curve->count && curve->points[i].progress <= progress; i++)
        value = curve->points[i].value;
    return value;
}

double curve_least(const struct run_curve *curve, double progress)
{
    double best = (double)NAN;
    for (int i = 0; i < curve->count && curve->points[i].progress <= progress; i++)
        if (isnan(best) || curve->points[i].value < best)
            best = curve->points[i].value;
    return best;
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
