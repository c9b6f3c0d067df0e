#include "compare/bootstrap.h"

#include "compare/distributions.h"
#include "compare/quantiles.h"
#include "compare/statistics.h"
#include "memory.h"
#include "random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the draws ----------------------------------------------------------------------------- */

static void draw_counts(struct bootstrap *bootstrap, uint64_t seed, int draw)
{
    struct rng rng = rng_stream(seed, RANDOM_RESAMPLE, (uint64_t)draw);
    for (int i = 0; i < bootstrap->n; i++) {
        const size_t picked = rng_below(&rng, (uint32_t)bootstrap->n);
        bootstrap->counts[picked * (size_t)bootstrap->draws + (size_t)draw] += 1;
    }
}

/* Exponential numbers by their sum are uniform on the simplex. */
static void draw_shares(struct bootstrap *bootstrap, uint64_t seed, int draw, double *row)
{
    struct rng rng = rng_stream(seed, RANDOM_WEIGHTS, (uint64_t)draw);
    double sum = 0;
    for (int i = 0; i < bootstrap->n; i++) {
        row[i] = -log1p(-rng_uniform(&rng));
        sum += row[i];
    }
    for (int i = 0; i < bootstrap->n; i++)
        bootstrap->shares[(size_t)i * (size_t)bootstrap->draws + (size_t)draw] =
            (float)(row[i] / sum);
}

struct bootstrap bootstrap_new(int n, int draws, uint64_t seed)
{
    assert(n >= 1 && draws >= 1);
    if ((int64_t)n * draws > BOOTSTRAP_CELLS_MAX)
        draws = n < BOOTSTRAP_CELLS_MAX ? BOOTSTRAP_CELLS_MAX / n : 1;
    struct bootstrap bootstrap = {.n = n, .draws = draws};
    const size_t cells = (size_t)n * (size_t)draws;
    AUTO_FREE double *row = xcalloc((size_t)n, sizeof *row);

    bootstrap.counts = xcalloc(cells, sizeof *bootstrap.counts);
    bootstrap.shares = xcalloc(cells, sizeof *bootstrap.shares);
    for (int draw = 0; draw < draws; draw++) {
        draw_counts(&bootstrap, seed, draw);
        draw_shares(&bootstrap, seed, draw, row);
    }
    return bootstrap;
}

void bootstrap_release(struct bootstrap *bootstrap)
{
    free(bootstrap->counts);
    free(bootstrap->shares);
    *bootstrap = (struct bootstrap){0};
}

/* Value by value, all draws at once: the compiler can take several draws together without changing
 * the order of any sum. */
static void add_weighted(const float *weights, int n, int draws, const double *values, double *sums)
{
    memset(sums, 0, (size_t)draws * sizeof *sums);
    for (int i = 0; i < n; i++) {
        const float *row = weights + (size_t)i * (size_t)draws;
        const double value = values[i];
        for (int draw = 0; draw < draws; draw++)
            sums[draw] += (double)row[draw] * value;
    }
}

void bootstrap_means(const struct bootstrap *bootstrap, const double *values, double *means)
{
    add_weighted(bootstrap->counts, bootstrap->n, bootstrap->draws, values, means);
    for (int draw = 0; draw < bootstrap->draws; draw++)
        means[draw] /= bootstrap->n;
}

void bootstrap_weighted(const struct bootstrap *bootstrap, const double *values, double *means)
{
    add_weighted(bootstrap->shares, bootstrap->n, bootstrap->draws, values, means);
}

/* --- what they say ------------------------------------------------------------------------- */

double jackknife_acceleration(const double *values, int n)
{
    const double mean = statistics_mean(values, n);
    double squares = 0, cubes = 0;

    for (int i = 0; i < n; i++) {
        const double distance = values[i] - mean;
        squares += distance * distance;
        cubes += distance * distance * distance;
    }
    return squares > 0 ? cubes / (6 * squares * sqrt(squares)) : 0;
}

static double share_above(const double *values, int count, double middle, double resolution)
{
    int64_t twice = 0;
    for (int i = 0; i < count; i++) {
        const double above = values[i] - middle;
        twice += (above > resolution) + (above >= -resolution);
    }
    return (double)twice / (2.0 * count);
}

double share_above_zero(const double *means, int draws, double resolution)
{
    return share_above(means, draws, 0, resolution);
}

/* The quantile to look up for that of the plain bootstrap. Where the correction's denominator runs
 * out, the interval ends at the last mean on that side. */
static double corrected(double p, double bias, double acceleration)
{
    const double z = bias + normal_quantile(p), rest = 1 - acceleration * z;
    return rest > 0 ? normal_cdf(bias + z / rest) : p < 0.5 ? 0 : 1;
}

struct interval bca_interval(const double *values, int n, const double *means, int draws,
                             double level, double resolution)
{
    if (n < 3)
        return (struct interval){NO_VALUE, NO_VALUE};
    const double mean = statistics_mean(values, n), edge = 0.5 / draws;
    const double below = 1 - share_above(means, draws, mean, resolution);
    const double bias = normal_quantile(fmin(fmax(below, edge), 1 - edge));
    const double acceleration = jackknife_acceleration(values, n);
    const double shares[] = {corrected(0.5 * level, bias, acceleration),
                             corrected(1 - 0.5 * level, bias, acceleration)};
    double ends[2];

    quantiles_of(means, draws, shares, 2, ends);
    return (struct interval){ends[0], ends[1]};
}
