#include "compare/comparison.h"

#include "compare/statistics.h"
#include "memory.h"

#include <math.h>

const double *comparison_values(const struct comparison *comparison, int arm)
{
    return comparison->values + (size_t)arm * (size_t)comparison->seed_count;
}

const bool *comparison_absent(const struct comparison *comparison, int arm)
{
    return comparison->absent ? comparison->absent + (size_t)arm * (size_t)comparison->seed_count
                              : NULL;
}

static bool has_number(const struct comparison *comparison, int arm, int seed)
{
    const bool *absent = comparison_absent(comparison, arm);
    return (!absent || !absent[seed]) && isfinite(comparison_values(comparison, arm)[seed]);
}

bool comparison_shares(const struct comparison *comparison, int first, int second, int seed)
{
    return has_number(comparison, first, seed) && has_number(comparison, second, seed);
}

struct gains comparison_gains(const struct comparison *comparison, int first, int second,
                              double *list)
{
    return gains_of(comparison_values(comparison, first), comparison_values(comparison, second),
                    comparison_absent(comparison, first), comparison_absent(comparison, second),
                    comparison->seed_count, comparison->maximize, list);
}

double comparison_band(const struct comparison *comparison)
{
    if (!comparison->relative || !(comparison->within > 0))
        return fmax(0, comparison->within);
    const int baseline = comparison->baseline;
    AUTO_FREE double *list = xcalloc((size_t)comparison->seed_count, sizeof *list);
    int count = 0;

    for (int seed = 0; seed < comparison->seed_count; seed++) {
        if (has_number(comparison, baseline, seed))
            list[count++] = comparison_values(comparison, baseline)[seed];
    }
    return count ? comparison->within * fabs(statistics_mean(list, count)) : 0;
}
