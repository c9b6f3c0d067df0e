#include "search/gp/model.h"

#include "memory.h"
#include "search/numbers/algebra.h"
#include "search/numbers/lbfgs_box.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NOISE, SCALE, ADDITIVE, PAIRS, EXTRA }; /* places after both lengths */
_Static_assert((int)EXTRA == (int)GP_EXTRAS, "each has its place");

/* The logarithm of parameter i is normal. */
struct prior {
    double mu, variance;
};

static struct prior prior_of(const struct gp_data *data, int i)
{
    static const struct prior extras[EXTRA] = {
        [NOISE] = {-5, 4}, [SCALE] = {-0.3, 1}, [ADDITIVE] = {-1.3, 1}, [PAIRS] = {-2, 2}};
    const int columns = data->columns.count;
    if (i < columns)
        return (struct prior){M_SQRT2 + 0.5 * log(data->dimensions) - 2.5, 1};
    if (i < 2 * columns)
        return (struct prior){-1, 2};
    return extras[i - 2 * columns];
}

/* Range of the logarithm of parameter i. */
static void range_of(const struct gp_data *data, int i, double *low, double *high)
{
    static const double least[EXTRA] = {1e-8, 1e-2, 1e-6, 1e-6}, most[EXTRA] = {10, 1e3, 1e3, 1e3};
    const int columns = data->columns.count;
    *low = log(i < 2 * columns ? 0.025 : least[i - 2 * columns]);
    *high = log(i < 2 * columns ? 1e4 : most[i - 2 * columns]);
}

void gp_fit_prior(const struct gp_data *data, struct gp_fit *fit)
{
    for (int i = 0; i < gp_fit_count(data->columns.count); i++)
        fit->log[i] = prior_of(data, i).mu;
}

/* Normal log densities, without constants; adds their slopes by p. */
static double log_prior(const struct gp_data *data, const double *p, double *gradient)
{
    double sum = 0;
    for (int i = 0; i < gp_fit_count(data->columns.count); i++) {
        const struct prior prior = prior_of(data, i);
        const double off = p[i] - prior.mu;
        gradient[i] -= off / prior.variance;
        sum -= off * off / (2 * prior.variance);
    }
    return sum;
}

/* Column j of point i. */
static void point_of(const struct gp_data *data, int i, double *point)
{
    for (int j = 0; j < data->columns.count; j++)
        point[j] = data->columns.x[j * data->columns.stride + i];
}

static struct gp_kernel kernel_of(const struct gp_data *data, const double *p)
{
    const int columns = data->columns.count;
    const double *extra = p + 2 * columns;
    struct gp_kernel kernel = {.noise = exp(extra[NOISE]),
                               .scale = exp(extra[SCALE]),
                               .additive = exp(extra[ADDITIVE]),
                               .pairs = exp(extra[PAIRS])};
    for (int j = 0; j < columns; j++) {
        kernel.weight[j] = exp(-2 * p[j]);
        kernel.additive_weight[j] = exp(-2 * p[columns + j]);
    }
    return kernel;
}

/* Lower triangles of the kernels by themselves, [n][stride]. */
struct parts {
    double *detail, *slope, *additive, *pairs; /* slope: of the Matern kernel, or NULL */
};

static void fill_parts(const struct gp_data *data, int n, const struct gp_kernel *kernel,
                       struct parts *parts)
{
    const size_t stride = algebra_stride(n);
    const struct columns *columns = &data->columns;
    double point[GP_COLUMNS_MAX];
    for (int i = 0; i < n; i++) {
        point_of(data, i, point);
        matern_row(columns, kernel->weight, 0, i + 1, point, parts->detail + i * stride,
                   parts->slope ? parts->slope + i * stride : NULL);
        additive_row(columns, kernel->additive_weight, i + 1, point, parts->additive + i * stride);
    }
}

/* These do not depend on the kernel's parameters. */
static void fill_pairs(const struct gp_data *data, int n, struct parts *parts)
{
    double point[GP_COLUMNS_MAX];
    for (int i = 0; i < n; i++) {
        point_of(data, i, point);
        pairs_row(&data->columns, i + 1, point, parts->pairs + i * algebra_stride(n));
    }
}

static void fill_covariance(const struct gp_data *data, int n, const struct gp_kernel *kernel,
                            const struct parts *parts, double *c)
{
    const size_t stride = algebra_stride(n);
    for (int i = 0; i < n; i++) {
        for (size_t k = i * stride; k <= i * stride + i; k++)
            c[k] = kernel->scale * parts->detail[k] + kernel->additive * parts->additive[k] +
                   kernel->pairs * parts->pairs[k];
        c[i * stride + i] += kernel->noise + (data->own_noise ? data->own_noise[i] : 0);
    }
}

/* L^-1 of C, with the least jitter that lets it be factored. */
static int factor(int n, const double *c, double scale, double *lower, double *inverse_lower,
                  double *log_diagonal)
{
    const size_t stride = algebra_stride(n);
    double jitter = 0;
    for (int tries = 0; tries<6; tries++, jitter = jitter> 0 ? 10 * jitter : 1e-8) {
        memcpy(lower, c, n * stride * sizeof *lower);
        for (int i = 0; i < n; i++)
            lower[i * stride + i] += jitter * scale;
        if (cholesky(lower, n) < 0)
            continue;
        *log_diagonal = 0;
        for (int i = 0; i < n; i++)
            *log_diagonal += log(lower[i * stride + i]);
        memset(inverse_lower, 0, n * stride * sizeof *inverse_lower);
        invert_lower(lower, n, inverse_lower);
        return 0;
    }
    return -1;
}

/* mean and alpha [n] from L^-1; `work` [2][n]. Points from `known` on are pending: nothing of them
 * enters. */
static double solve_mean(const double *inverse_lower, int n, int known, const double *y,
                         double *alpha, double *work)
{
    double *ones = work, *rest = work + n;
    for (int i = 0; i < n; i++)
        rest[i] = i < known ? 1 : 0;
    lower_times_vector(inverse_lower, n, rest, ones);
    for (int i = 0; i < n; i++)
        rest[i] = i < known ? y[i] : 0;
    lower_times_vector(inverse_lower, n, rest, alpha);

    const double mean = dot_product(ones, alpha, known) / dot_product(ones, ones, known);
    for (int i = 0; i < n; i++)
        rest[i] = i < known ? alpha[i] - mean * ones[i] : 0;
    lower_transposed_times_vector(inverse_lower, n, rest, alpha);
    return mean;
}

/* Matrices for one n, kept over the evaluations of a fit. */
struct fitting {
    const struct gp_data *data;
    struct parts parts;
    double *c, *lower, *inverse_lower, *inverse;
    double *alpha, *work, *w; /* [n], [2][n], [n] */
};

static void fitting_init(struct fitting *fitting, const struct gp_data *data)
{
    const int n = data->known;
    *fitting = (struct fitting){.data = data,
                                .parts = {algebra_matrix(n, n), algebra_matrix(n, n),
                                          algebra_matrix(n, n), algebra_matrix(n, n)},
                                .c = algebra_matrix(n, n),
                                .lower = algebra_matrix(n, n),
                                .inverse_lower = algebra_matrix(n, n),
                                .inverse = algebra_matrix(n, n),
                                .alpha = xcalloc(n + 1, sizeof(double)),
                                .work = xcalloc(2 * (size_t)n + 1, sizeof(double)),
                                .w = xcalloc(n + 1, sizeof(double))};
    fill_pairs(data, n, &fitting->parts);
}

static void parts_release(struct parts *parts)
{
    free(parts->detail);
    free(parts->slope);
    free(parts->additive);
    free(parts->pairs);
}

static void fitting_release(struct fitting *fitting)
{
    parts_release(&fitting->parts);
    free(fitting->c);
    free(fitting->lower);
    free(fitting->inverse_lower);
    free(fitting->inverse);
    free(fitting->alpha);
    free(fitting->work);
    free(fitting->w);
}

/* Adds 1/2 (alpha' dC alpha - tr(C^-1 dC)) for each parameter (5.9 there). */
static void add_gradient(struct fitting *fit, const struct gp_kernel *kernel, double *gradient)
{
    const struct gp_data *data = fit->data;
    const int n = data->known, columns = data->columns.count;
    const size_t stride = algebra_stride(n);
    double point[GP_COLUMNS_MAX], *extra = gradient + 2 * columns, *w = fit->w;

    for (int i = 0; i < n; i++) {
        const size_t row = i * stride;
        for (int k = 0; k <= i; k++)
            w[k] = fit->alpha[i] * fit->alpha[k] - fit->inverse[row + k];
        extra[NOISE] += 0.5 * kernel->noise * w[i];
        w[i] *= 0.5; /* the others stand for two */
        extra[SCALE] += kernel->scale * dot_product(w, fit->parts.detail + row, i + 1);
        extra[ADDITIVE] += kernel->additive * dot_product(w, fit->parts.additive + row, i + 1);
        extra[PAIRS] += kernel->pairs * dot_product(w, fit->parts.pairs + row, i + 1);
        point_of(data, i, point);
        for (int j = 0; j < columns; j++)
            if (!data->columns.choice[j]) /* by ln length: -2 times that by ln weight */
                gradient[columns + j] -=
                    2 * kernel->additive *
                    additive_weight_slope(&data->columns, j, kernel->additive_weight[j], i,
                                          point[j], w);
        for (int k = 0; k < i; k++)
            w[k] *= fit->parts.slope[row + k] * kernel->scale;
        for (int j = 0; j < columns; j++)
            gradient[j] += kernel->weight[j] * weighted_distance(&data->columns, j, point[j], w, i);
    }
}

static double log_posterior(struct fitting *fit, const double *p, double *gradient)
{
    const struct gp_data *data = fit->data;
    const int n = data->known;
    const struct gp_kernel kernel = kernel_of(data, p);
    double log_diagonal;

    memset(gradient, 0, gp_fit_count(data->columns.count) * sizeof *gradient);
    fill_parts(data, n, &kernel, &fit->parts);
    fill_covariance(data, n, &kernel, &fit->parts, fit->c);
    if (factor(n, fit->c, kernel.scale, fit->lower, fit->inverse_lower, &log_diagonal) < 0)
        return -(double)INFINITY;
    inverse_of_product(fit->inverse_lower, n, fit->inverse);

    const double mean = solve_mean(fit->inverse_lower, n, n, data->y, fit->alpha, fit->work);
    double misfit = 0; /* (y - mean)' C^-1 (y - mean) */
    for (int i = 0; i < n; i++)
        misfit += (data->y[i] - mean) * fit->alpha[i];
    add_gradient(fit, &kernel, gradient);
    return -0.5 * misfit - log_diagonal + log_prior(data, p, gradient);
}

double gp_log_posterior(const struct gp_data *data, const struct gp_fit *fit, double *gradient)
{
    struct fitting fitting;
    fitting_init(&fitting, data);
    const double value = log_posterior(&fitting, fit->log, gradient);
    fitting_release(&fitting);
    return value;
}

static double negative_log_posterior(void *context, const double *p, double *gradient)
{
    struct fitting *fitting = context;
    const double value = log_posterior(fitting, p, gradient);
    for (int j = 0; j < gp_fit_count(fitting->data->columns.count); j++)
        gradient[j] = -gradient[j];
    return -value;
}

static double improve(struct fitting *fitting, double *p, int evaluations)
{
    const int count = gp_fit_count(fitting->data->columns.count);
    double low[GP_FIT_MAX], high[GP_FIT_MAX];
    for (int i = 0; i < count; i++)
        range_of(fitting->data, i, &low[i], &high[i]);
    const struct box box = {low, high, count, evaluations, 1e-2, 1e-5};
    return -minimise_in_box(&box, negative_log_posterior, fitting, p);
}

enum { STARTS = 2 };

/* Starts besides the last fit: a sum of columns alone, and their product alone. */
static void start_at(const struct gp_data *data, int number, struct gp_fit *fit)
{
    double *extra = fit->log + 2 * data->columns.count;
    gp_fit_prior(data, fit);
    extra[NOISE] = log(1e-4);
    extra[SCALE] = log(number == 0 ? 0.05 : 1);
    extra[ADDITIVE] = log(number == 0 ? 1 : 0.01);
}

double gp_fit_improve(const struct gp_data *data, struct gp_fit *fit, bool fresh, int evaluations)
{
    struct fitting fitting;
    fitting_init(&fitting, data);
    double best = improve(&fitting, fit->log, evaluations);
    for (int number = 0; number < STARTS && fresh; number++) {
        struct gp_fit other;
        start_at(data, number, &other);
        const double value = improve(&fitting, other.log, evaluations);
        if (value > best || !isfinite(best)) {
            best = value;
            *fit = other;
        }
    }
    fitting_release(&fitting);
    return best;
}

int gp_condition(const struct gp_data *data, const struct gp_fit *fit, struct gp *gp)
{
    const int n = data->n;
    AUTO_FREE double *c = algebra_matrix(n, n), *lower = algebra_matrix(n, n);
    AUTO_FREE double *work = xcalloc(2 * (size_t)n + 1, sizeof *work);
    struct parts parts = {algebra_matrix(n, n), NULL, algebra_matrix(n, n), algebra_matrix(n, n)};
    double log_diagonal;

    *gp = (struct gp){.data = data, .kernel = kernel_of(data, fit->log)};
    fill_parts(data, n, &gp->kernel, &parts);
    fill_pairs(data, n, &parts);
    fill_covariance(data, n, &gp->kernel, &parts, c);
    parts_release(&parts);
    gp->inverse_lower = algebra_matrix(n, n);
    gp->alpha = xcalloc(n + 1, sizeof *gp->alpha);
    if (factor(n, c, gp->kernel.scale, lower, gp->inverse_lower, &log_diagonal) < 0) {
        gp_release(gp);
        return -1;
    }
    gp->mean = solve_mean(gp->inverse_lower, n, data->known, data->y, gp->alpha, work);
    return 0;
}

void gp_release(struct gp *gp)
{
    free(gp->inverse_lower);
    free(gp->alpha);
    gp->inverse_lower = gp->alpha = NULL;
}

/* A batch of points: their covariances with the data, k [n][GP_BATCH], and their own [m]. */
struct batch {
    struct columns columns;
    int m;
    double *k;
};

static void batch_init(struct batch *batch, const struct gp *gp, const double *x, int m)
{
    const struct gp_data *data = gp->data;
    const struct gp_kernel *kernel = &gp->kernel;
    double point[GP_COLUMNS_MAX], additive[GP_BATCH], pairs[GP_BATCH];

    assert(m <= GP_BATCH);
    batch->columns = (struct columns){x, GP_BATCH, data->columns.choice, data->columns.count};
    batch->m = m;
    batch->k = xcalloc((size_t)data->n * GP_BATCH + 1, sizeof *batch->k);
    for (int i = 0; i < data->n; i++) {
        double *row = batch->k + (size_t)i * GP_BATCH;
        point_of(data, i, point);
        matern_row(&batch->columns, kernel->weight, 0, m, point, row, NULL);
        additive_row(&batch->columns, kernel->additive_weight, m, point, additive);
        pairs_row(&batch->columns, m, point, pairs);
        for (int c = 0; c < m; c++)
            row[c] =
                kernel->scale * row[c] + kernel->additive * additive[c] + kernel->pairs * pairs[c];
    }
}

static void batch_release(struct batch *batch)
{
    free(batch->k);
}

static void add_means(const struct gp *gp, const struct batch *batch, double *mean)
{
    for (int c = 0; c < batch->m; c++)
        mean[c] = gp->mean;
    for (int i = 0; i < gp->data->known; i++)
        for (int c = 0; c < batch->m; c++)
            mean[c] += gp->alpha[i] * batch->k[(size_t)i * GP_BATCH + c];
}

void gp_predict_mean(const struct gp *gp, const double *x, int m, double *mean)
{
    struct batch batch;
    batch_init(&batch, gp, x, m);
    add_means(gp, &batch, mean);
    batch_release(&batch);
}

/* Variance of the function at a point before there are data, and its slope [columns]. */
static double prior_variance(const struct gp *gp, const double *point, double *slope)
{
    const struct gp_kernel *kernel = &gp->kernel;
    const double pairs = pairs_self(&gp->data->columns, point, slope);
    for (int j = 0; j < gp->data->columns.count; j++)
        slope[j] *= kernel->pairs;
    return kernel->scale + kernel->additive + kernel->pairs * pairs;
}

void gp_predict(const struct gp *gp, const double *x, int m, double *mean, double *variance)
{
    const int n = gp->data->n, columns = gp->data->columns.count;
    AUTO_FREE double *w = xcalloc((size_t)n * GP_BATCH + 1, sizeof *w);
    double point[GP_COLUMNS_MAX], slope[GP_COLUMNS_MAX];
    struct batch batch;

    batch_init(&batch, gp, x, m);
    add_means(gp, &batch, mean);
    lower_times(gp->inverse_lower, n, batch.k, GP_BATCH, w);
    for (int c = 0; c < m; c++) {
        for (int j = 0; j < columns; j++)
            point[j] = x[j * GP_BATCH + c];
        variance[c] = prior_variance(gp, point, slope);
    }
    for (int i = 0; i < n; i++)
        for (int c = 0; c < m; c++)
            variance[c] -= w[(size_t)i * GP_BATCH + c] * w[(size_t)i * GP_BATCH + c];
    for (int c = 0; c < m; c++)
        variance[c] = fmax(variance[c], 0);
    batch_release(&batch);
}

/* Room for the covariances of one point with the data, and what is solved from them: [n] each. */
struct single {
    double *k, *slope, *additive, *pairs, *w, *u;
};

static void single_covariances(const struct gp *gp, const double *point, struct single *at)
{
    const int n = gp->data->n;
    const struct gp_kernel *kernel = &gp->kernel;
    matern_row(&gp->data->columns, kernel->weight, 0, n, point, at->k, at->slope);
    additive_row(&gp->data->columns, kernel->additive_weight, n, point, at->additive);
    pairs_row(&gp->data->columns, n, point, at->pairs);
    for (int i = 0; i < n; i++) {
        at->k[i] = kernel->scale * at->k[i] + kernel->additive * at->additive[i] +
                   kernel->pairs * at->pairs[i];
        at->slope[i] *= kernel->scale;
    }
}

/* slope [columns] = sum of w_i dk_i; `scratch` [n]. */
static void covariance_slope(const struct gp *gp, const double *point, const double *w,
                             const double *matern_slope, double *scratch, double *slope)
{
    const struct gp_data *data = gp->data;
    const struct gp_kernel *kernel = &gp->kernel;
    pairs_slope(&data->columns, data->n, point, w, slope);
    for (int i = 0; i < data->n; i++)
        scratch[i] = w[i] * matern_slope[i];
    for (int j = 0; j < data->columns.count; j++) {
        slope[j] *= kernel->pairs;
        if (data->columns.choice[j])
            continue;
        slope[j] += kernel->additive * additive_slope(&data->columns, j, kernel->additive_weight[j],
                                                      data->n, point[j], w);
        slope[j] -=
            kernel->weight[j] * weighted_difference(&data->columns, j, point[j], scratch, data->n);
    }
}

void gp_predict_slope(const struct gp *gp, const double *point, double *mean, double *variance,
                      double *mean_slope, double *variance_slope)
{
    const struct gp_data *data = gp->data;
    const int n = data->n;
    AUTO_FREE double *room = xcalloc(6 * (size_t)n + 1, sizeof *room);
    struct single at = {room, room + n, room + 2 * n, room + 3 * n, room + 4 * n, room + 5 * n};
    double part[GP_COLUMNS_MAX];

    single_covariances(gp, point, &at);
    lower_times_vector(gp->inverse_lower, n, at.k, at.w);
    lower_transposed_times_vector(gp->inverse_lower, n, at.w, at.u);
    *mean = gp->mean + dot_product(gp->alpha, at.k, data->known);
    *variance = fmax(prior_variance(gp, point, variance_slope) - dot_product(at.w, at.w, n), 0);
    covariance_slope(gp, point, gp->alpha, at.slope, at.k, mean_slope);
    covariance_slope(gp, point, at.u, at.slope, at.k, part);
    for (int j = 0; j < data->columns.count; j++)
        variance_slope[j] = data->columns.choice[j] ? 0 : variance_slope[j] - 2 * part[j];
}

void gp_leave_one_out(const struct gp *gp, double *mean, double *variance)
{
    const int n = gp->data->known;
    const size_t stride = algebra_stride(n);
    assert(gp->data->n == n);
    memset(variance, 0, n * sizeof *variance);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            const double l = gp->inverse_lower[i * stride + j];
            variance[j] += l * l;
        }
    for (int i = 0; i < n; i++) {
        variance[i] = 1 / variance[i];
        mean[i] = gp->data->y[i] - gp->alpha[i] * variance[i];
    }
}
