#include "compare/pairs.h"

#include <float.h>
#include <math.h>

static const double infinite = (double)INFINITY;

static double gain_between(double first, double second, bool maximize)
{
    const bool first_failed = !isfinite(first), second_failed = !isfinite(second);
    if (first_failed && second_failed)
        return 0;
    if (first_failed || second_failed)
        return first_failed ? -infinite : infinite;
    return maximize ? first - second : second - first;
}

static void count_failures(struct gains *gains, double first, double second)
{
    const bool first_failed = !isfinite(first), second_failed = !isfinite(second);
    gains->first_failed += first_failed && !second_failed;
    gains->second_failed += second_failed && !first_failed;
    gains->both_failed += first_failed && second_failed;
}

static double larger_size(double most, double value)
{
    return isfinite(value) ? fmax(most, fabs(value)) : most;
}

/* Constant gains become one number, so that rounding gives them no deviation. */
static void even_out(struct gains *gains)
{
    double low = infinite, high = -infinite;
    for (int i = 0; i < gains->finite; i++) {
        low = fmin(low, gains->list[i]);
        high = fmax(high, gains->list[i]);
    }
    if (!(high - low <= gains->resolution))
        return;
    const double one = fabs(low) <= gains->resolution ? 0 : low;
    for (int i = 0; i < gains->finite; i++)
        gains->list[i] = one;
}

static void count_outcomes(struct gains *gains)
{
    for (int i = 0; i < gains->seeds; i++) {
        gains->wins += gains->list[i] > gains->resolution;
        gains->losses += gains->list[i] < -gains->resolution;
    }
    gains->ties = gains->seeds - gains->wins - gains->losses;
}

struct gains gains_of(const double *first, const double *second, const bool *absent_first,
                      const bool *absent_second, int seed_count, bool maximize, double *list)
{
    struct gains gains = {.list = list};
    double most = 0;

    for (int pass = 0; pass < 2; pass++) { /* the seeds where neither failed come first */
        for (int i = 0; i < seed_count; i++) {
            const bool is_finite = isfinite(first[i]) && isfinite(second[i]);
            if ((absent_first && absent_first[i]) || (absent_second && absent_second[i]) ||
                is_finite != (pass == 0))
                continue;
            list[gains.seeds++] = gain_between(first[i], second[i], maximize);
            gains.finite += is_finite;
            count_failures(&gains, first[i], second[i]);
            most = larger_size(larger_size(most, first[i]), second[i]);
        }
    }
    gains.resolution = 4 * DBL_EPSILON * most;
    even_out(&gains);
    count_outcomes(&gains);
    return gains;
}

bool gains_have_mean(const struct gains *gains)
{
    return gains->finite > 0 && !gains->first_failed && !gains->second_failed;
}
