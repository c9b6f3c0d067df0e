#include "jobs/plan.h"

#include <math.h>

struct tally {
    int failed;
    double mean; /* of the runs that did not fail */
};

static struct tally tally_of(const double *values, int count)
{
    struct tally tally = {0};
    double sum = 0;
    for (int i = 0; i < count; i++) {
        if (isfinite(values[i]))
            sum += values[i];
        else
            tally.failed++;
    }
    tally.mean = sum / (count - tally.failed);
    return tally;
}

static bool is_better(struct tally a, struct tally b, bool maximize)
{
    if (a.failed != b.failed)
        return a.failed < b.failed;
    return maximize ? a.mean > b.mean : a.mean < b.mean;
}

int comparison_choose(const double *values, int point_count, int seed_count, bool maximize)
{
    int best = -1;
    struct tally best_tally = {0};

    for (int point = 0; point < point_count; point++) {
        const struct tally tally =
            tally_of(values + (size_t)point * (size_t)seed_count, seed_count);
        if (tally.failed == seed_count)
            continue;
        if (best < 0 || is_better(tally, best_tally, maximize)) {
            best = point;
            best_tally = tally;
        }
    }
    return best;
}
