#include "search/cma/warm.h"

#include "memory.h"
#include "search/numbers/eigen.h"
#include "search/standing.h"

#include <math.h>
#include <stdlib.h>

#define BEST_SHARE 0.1
#define WIDENED_BY 0.1

/* The best earlier trials, at least one, none that is not good. */
static struct standing *best_earlier(const struct history *history, int *out_count)
{
    const int all = history->earlier_count;
    struct standing *best = xcalloc((size_t)all + 1, sizeof *best);
    int good = 0;

    for (int i = 0; i < all; i++) {
        best[good] = trial_standing(history, &history->earlier[i], i);
        good += best[good].class == STANDING_GOOD;
    }
    qsort(best, (size_t)good, sizeof *best, standing_compare);
    const int wanted = (int)(BEST_SHARE * all);
    *out_count = wanted < 1 ? (good > 0) : (wanted < good ? wanted : good);
    return best;
}

static double coordinate(const struct history *history, const struct cma_coding *coding,
                         const struct standing *of, int i)
{
    const int parameter = coding->numbers[i];
    return parameter_to_unit(&history->space->parameters[parameter],
                             history->earlier[of->number].values[parameter]);
}

static void find_spread(const struct history *history, const struct cma_coding *coding,
                        const struct standing *best, int count, double *mean, double *covariance)
{
    const int n = coding->number_count;
    AUTO_FREE double *x = xcalloc((size_t)n, sizeof *x);

    for (int i = 0; i < n; i++) {
        mean[i] = 0;
        for (int k = 0; k < count; k++)
            mean[i] += coordinate(history, coding, &best[k], i) / count;
        for (int j = 0; j < n; j++)
            covariance[i * n + j] = i == j ? WIDENED_BY * WIDENED_BY : 0;
    }
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < n; i++)
            x[i] = coordinate(history, coding, &best[k], i) - mean[i];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                covariance[i * n + j] += x[i] * x[j] / count;
    }
}

/* covariance = sigma^2 C with det C = 1 */
static double take_size_out(double *covariance, int n)
{
    AUTO_FREE double *values = xcalloc((size_t)n, sizeof *values);
    AUTO_FREE double *vectors = xcalloc((size_t)n * n, sizeof *vectors);
    double log_determinant = 0;

    symmetric_eigen(covariance, n, values, vectors);
    for (int i = 0; i < n; i++)
        log_determinant += log(values[i]);
    const double sigma = exp(log_determinant / (2 * n));
    for (int i = 0; i < n * n; i++)
        covariance[i] /= sigma * sigma;
    return sigma;
}

bool cma_warm_start(const struct history *history, const struct cma_coding *coding, double *mean,
                    double *sigma, double *covariance)
{
    int count;
    AUTO_FREE struct standing *best = best_earlier(history, &count);

    if (count == 0 || coding->number_count == 0)
        return false;
    find_spread(history, coding, best, count, mean, covariance);
    *sigma = take_size_out(covariance, coding->number_count);
    return true;
}
