#include "compare/signed_rank.h"

#include "compare/distributions.h"
#include "compare/order.h"
#include "memory.h"

#include <assert.h>
#include <math.h>

double signed_rank_smallest_p(int pairs)
{
    return pairs > 0 ? ldexp(1, 1 - pairs) : 1;
}

int signed_rank_pairs_for(double level)
{
    assert(level > 0 && level <= 1);
    int pairs = 1;
    while (!(signed_rank_smallest_p(pairs) < level))
        pairs++;
    return pairs;
}

/* P(sum <= plus) where each rank counts with probability 1/2. Twice the ranks are integers; up to
 * 25 halvings lose no bit of a double. */
static double exact_lower(const double *ranks, int count, double plus)
{
    enum { SUMS = SIGNED_RANK_EXACT_MAX * (SIGNED_RANK_EXACT_MAX + 1) + 1 };
    double probability[SUMS] = {1};
    int most = 0;

    for (int i = 0; i < count; i++) {
        const int rank = (int)(2 * ranks[i]);
        most += rank;
        for (int sum = most; sum >= 0; sum--)
            probability[sum] =
                0.5 * (probability[sum] + (sum >= rank ? probability[sum - rank] : 0));
    }
    double below = 0;
    for (int sum = 0; sum <= (int)(2 * plus); sum++)
        below += probability[sum];
    return below;
}

static double normal_p(int count, double plus, double ties)
{
    const double n = count, mean = n * (n + 1) / 4;
    const double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
    return normal_two_sided(fmax(0, fabs(plus - mean) - 0.5) / sqrt(variance));
}

/* Keeps the sizes of those that are not 0, and whether they are positive. */
static int drop_zeros(const double *differences, int count, double resolution, double *sizes,
                      bool *positive)
{
    int used = 0;
    for (int i = 0; i < count; i++) {
        assert(!isnan(differences[i]));
        if (!(fabs(differences[i]) > resolution))
            continue;
        sizes[used] = fabs(differences[i]);
        positive[used++] = differences[i] > 0;
    }
    return used;
}

struct signed_rank signed_rank(const double *differences, int count, double resolution)
{
    AUTO_FREE double *sizes = xcalloc((size_t)count, sizeof *sizes);
    AUTO_FREE double *ranks = xcalloc((size_t)count, sizeof *ranks);
    AUTO_FREE bool *positive = xcalloc((size_t)count, sizeof *positive);
    const int used = drop_zeros(differences, count, resolution, sizes, positive);
    const double ties = mid_ranks(sizes, used, resolution, ranks);
    struct signed_rank result = {.used = used,
                                 .exact = used <= SIGNED_RANK_EXACT_MAX,
                                 .smallest_p = signed_rank_smallest_p(used)};

    for (int i = 0; i < used; i++)
        *(positive[i] ? &result.plus : &result.minus) += ranks[i];
    result.biserial = (result.plus - result.minus) / (result.plus + result.minus);
    if (used == 0)
        result.p = count ? 1 : (double)NAN;
    else if (result.exact)
        result.p = fmin(1, 2 * exact_lower(ranks, used, fmin(result.plus, result.minus)));
    else
        result.p = normal_p(used, result.plus, ties);
    return result;
}
