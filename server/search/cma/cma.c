#include "search/cma/cma.h"

#include "memory.h"
#include "search/numbers/eigen.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int cma_population(int dimension)
{
    return dimension < 2 ? 4 : 4 + (int)floor(3 * log(dimension));
}

/* (sum w)^2 / (sum w^2): how many equal weights these are worth. */
static double effective_count(const double *weights, int from, int to)
{
    double sum = 0, squares = 0;
    for (int i = from; i < to; i++) {
        sum += weights[i];
        squares += weights[i] * weights[i];
    }
    return squares > 0 ? sum * sum / squares : 0;
}

static void scale_to(double *weights, int from, int to, double total)
{
    double sum = 0;
    for (int i = from; i < to; i++)
        sum += weights[i];
    for (int i = from; i < to; i++)
        weights[i] *= total / fabs(sum);
}

static void set_rates(struct cma_rates *rates, double d)
{
    const double effective = rates->effective;
    rates->rank_one = 2 / ((d + 1.3) * (d + 1.3) + effective);
    rates->rank_many = fmin(1 - rates->rank_one - 1e-8,
                            2 * (effective - 2 + 1 / effective) / ((d + 2) * (d + 2) + effective));
    rates->path = (4 + effective / d) / (d + 4 + 2 * effective / d);
    rates->step_path = (effective + 2) / (d + effective + 5);
    rates->step_damping = 1 + 2 * fmax(0, sqrt((effective - 1) / (d + 1)) - 1) + rates->step_path;
    rates->chi = sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d));
}

/* Equations 49 to 58. The negative weights are as large as keeps the covariance positive. */
static void set_weights(struct cma *cma)
{
    struct cma_rates *rates = &cma->rates;
    const double d = cma->dimension > 0 ? cma->dimension : 1;
    const int count = cma->population;

    rates->parents = count / 2;
    for (int i = 0; i < count; i++)
        cma->weights[i] = log((count + 1) / 2.0) - log(i + 1);
    rates->effective = effective_count(cma->weights, 0, rates->parents);
    const double behind = effective_count(cma->weights, rates->parents, count);

    set_rates(rates, d);
    const double c1 = rates->rank_one, cmu = rates->rank_many;
    const double negative = fmin(1 + 2 * behind / (rates->effective + 2),
                                 fmin(1 + c1 / cmu, (1 - c1 - cmu) / (d * cmu)));
    scale_to(cma->weights, 0, rates->parents, 1);
    scale_to(cma->weights, rates->parents, count, negative);
}

/* Lengths and directions of the ellipsoid's axes. Rounding may bring an eigenvalue below 0. */
static void find_axes(struct cma *cma)
{
    const int d = cma->dimension;
    double largest = 0;

    symmetric_eigen(cma->covariance, d, cma->lengths, cma->basis);
    for (int i = 0; i < d; i++)
        largest = fmax(largest, cma->lengths[i]);
    for (int i = 0; i < d; i++)
        cma->lengths[i] = sqrt(fmax(cma->lengths[i], fmax(largest * DBL_EPSILON, DBL_MIN)));
}

void cma_init(struct cma *cma, int dimension, int population, const double *mean, double sigma,
              const double *covariance)
{
    const size_t d = (size_t)dimension;

    *cma = (struct cma){.dimension = dimension, .population = population, .sigma = sigma};
    cma->weights = xcalloc((size_t)population, sizeof(double));
    cma->mean = xcalloc(d, sizeof(double));
    cma->covariance = xcalloc(d * d, sizeof(double));
    cma->basis = xcalloc(d * d, sizeof(double));
    cma->lengths = xcalloc(d, sizeof(double));
    cma->path = xcalloc(d, sizeof(double));
    cma->step_path = xcalloc(d, sizeof(double));
    set_weights(cma);

    for (size_t i = 0; i < d; i++) {
        cma->mean[i] = mean[i];
        for (size_t j = 0; j < d; j++)
            cma->covariance[i * d + j] = covariance ? covariance[i * d + j] : i == j;
    }
    find_axes(cma);
}

void cma_release(struct cma *cma)
{
    free(cma->weights);
    free(cma->mean);
    free(cma->covariance);
    free(cma->basis);
    free(cma->lengths);
    free(cma->path);
    free(cma->step_path);
    *cma = (struct cma){0};
}

/* out += factor row */
static void add_row(double *restrict out, double factor, const double *restrict row, int count)
{
    for (int i = 0; i < count; i++)
        out[i] += factor * row[i];
}

void cma_draw(const struct cma *cma, struct rng *rng, double *x)
{
    const int d = cma->dimension;
    for (int i = 0; i < d; i++)
        x[i] = cma->mean[i];
    for (int k = 0; k < d; k++)
        add_row(x, cma->sigma * cma->lengths[k] * rng_normal(rng), cma->basis + (size_t)k * d, d);
}

/* Coordinates along the axes, each in units of its length: D^-1 B' y. Its norm is |C^-1/2 y|. */
static double whiten(const struct cma *cma, const double *y, double *out_axes)
{
    const int d = cma->dimension;
    double squares = 0;

    for (int k = 0; k < d; k++) {
        const double *row = cma->basis + (size_t)k * d;
        double along = 0;
        for (int i = 0; i < d; i++)
            along += row[i] * y[i];
        out_axes[k] = along / cma->lengths[k];
        squares += out_axes[k] * out_axes[k];
    }
    return sqrt(squares);
}

/* steps [population][d]: (x - mean) / sigma; norms [population]: |C^-1/2 step|. */
static void find_steps(const struct cma *cma, const double *const *points, const bool *foreign,
                       double *steps, double *norms)
{
    const int d = cma->dimension;
    const double farthest = sqrt(d) + 2.0 * d / (d + 2); /* Hansen, 2011, equation 3 */
    AUTO_FREE double *axes = xcalloc((size_t)d, sizeof *axes);

    for (int k = 0; k < cma->population; k++) {
        double *step = steps + (size_t)k * d;
        for (int i = 0; i < d; i++)
            step[i] = (points[k][i] - cma->mean[i]) / cma->sigma;
        norms[k] = whiten(cma, step, axes);
        if (!foreign[k] || norms[k] <= farthest)
            continue;
        for (int i = 0; i < d; i++)
            step[i] *= farthest / norms[k];
        norms[k] = farthest;
    }
}

/* Moves the paths by the mean's step; false where the step size grows so fast that the
 * covariance's path would follow it (h_sigma = 0). */
static bool follow_paths(struct cma *cma, const double *step)
{
    const struct cma_rates *r = &cma->rates;
    const int d = cma->dimension;
    const double keep = 1 - r->step_path;
    AUTO_FREE double *axes = xcalloc((size_t)d, sizeof *axes);
    double squares = 0;

    whiten(cma, step, axes);
    for (int i = 0; i < d; i++)
        cma->step_path[i] *= keep;
    for (int k = 0; k < d; k++) /* C^-1/2 step = B D^-1 B' step */
        add_row(cma->step_path, sqrt(r->step_path * (2 - r->step_path) * r->effective) * axes[k],
                cma->basis + (size_t)k * d, d);
    for (int i = 0; i < d; i++)
        squares += cma->step_path[i] * cma->step_path[i];

    const double length = sqrt(squares);
    const double settled = sqrt(1 - pow(keep, 2.0 * (cma->generation + 1)));
    const bool follows = length / settled < (1.4 + 2.0 / (d + 1)) * r->chi;
    const double factor = follows ? sqrt(r->path * (2 - r->path) * r->effective) : 0;
    for (int i = 0; i < d; i++)
        cma->path[i] = (1 - r->path) * cma->path[i] + factor * step[i];
    cma->sigma *= exp(r->step_path / r->step_damping * (length / r->chi - 1));
    return follows;
}

/* Only on and below the diagonal, then mirrored: symmetric to the bit. */
static void adapt_covariance(struct cma *cma, const double *steps, const double *norms,
                             bool follows)
{
    const struct cma_rates *r = &cma->rates;
    const int d = cma->dimension;
    double keep = 1 - r->rank_one + (follows ? 0 : r->rank_one * r->path * (2 - r->path));

    for (int k = 0; k < cma->population; k++)
        keep -= r->rank_many * cma->weights[k];
    for (int i = 0; i < d; i++) {
        double *row = cma->covariance + (size_t)i * d;
        for (int j = 0; j <= i; j++)
            row[j] *= keep;
        add_row(row, r->rank_one * cma->path[i], cma->path, i + 1);
    }
    for (int k = 0; k < cma->population; k++) {
        const double *step = steps + (size_t)k * d;
        double weight = r->rank_many * cma->weights[k];
        if (weight < 0) /* a failure counts as if it were as far as points are on average */
            weight *= d / fmax(norms[k] * norms[k], DBL_EPSILON);
        for (int i = 0; i < d; i++)
            add_row(cma->covariance + (size_t)i * d, weight * step[i], step, i + 1);
    }
    for (int i = 0; i < d; i++)
        for (int j = 0; j < i; j++)
            cma->covariance[(size_t)j * d + i] = cma->covariance[(size_t)i * d + j];
}

void cma_tell(struct cma *cma, const double *const *points, const bool *foreign)
{
    const int d = cma->dimension;
    AUTO_FREE double *steps = xcalloc((size_t)cma->population * d, sizeof *steps);
    AUTO_FREE double *norms = xcalloc((size_t)cma->population, sizeof *norms);
    AUTO_FREE double *mean_step = xcalloc((size_t)d, sizeof *mean_step);

    if (d > 0) {
        const double sigma = cma->sigma;
        find_steps(cma, points, foreign, steps, norms);
        for (int k = 0; k < cma->rates.parents; k++)
            add_row(mean_step, cma->weights[k], steps + (size_t)k * d, d);
        add_row(cma->mean, sigma, mean_step, d);
        const bool follows = follow_paths(cma, mean_step);
        adapt_covariance(cma, steps, norms, follows);
        find_axes(cma);
    }
    cma->generation++;
}

double cma_deviation(const struct cma *cma, int i)
{
    return cma->sigma * sqrt(cma->covariance[(size_t)i * cma->dimension + i]);
}

double cma_condition(const struct cma *cma)
{
    double least = (double)INFINITY, most = 0;

    for (int i = 0; i < cma->dimension; i++) {
        least = fmin(least, cma->lengths[i]);
        most = fmax(most, cma->lengths[i]);
    }
    return cma->dimension > 0 ? most * most / (least * least) : 1;
}
