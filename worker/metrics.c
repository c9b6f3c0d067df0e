#include "metrics.h"

#include <string.h>

#define KIND(constant, name, unit, goal, repeats, help)                                            \
    [METRIC_##constant] = {name, unit, goal, repeats, help},
const struct metric_kind metric_kinds[METRICS] = {FOR_EACH_METRIC(KIND)};

enum metric metric_find(const char *name)
{
    int i = 0;
    while (i < METRICS && strcmp(metric_kinds[i].name, name) != 0)
        i++;
    return (enum metric)i;
}
