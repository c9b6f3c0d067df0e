#include "search/gp_model.h"

#include "memory.h"
#include "search/algebra.h"
#include "search/lbfgs_box.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_length = 0.025, most_length = 1e4;
static const double least_noise = 1e-8, most_noise = 10;
static const double least_scale = 1e-2, most_scale = 1e3;
static const double noise_mu = -4, noise_variance = 1, length_variance = 3, scale_variance = 1;

enum { NOISE, SCALE, EXTRA }; /* places after the lengths */

static double length_mu(const struct gp_data *data)
{
    return M_SQRT2 + 0.5 * log(data->dimensions);
}

void gp_fit_prior(const struct gp_data *data, struct gp_fit *fit)
{
    const int columns = data->columns.count;
    for (int j = 0; j < columns; j++)
        fit->log[j] = length_mu(data) - length_variance;
    fit->log[columns + NOISE] = noise_mu - noise_variance;
    fit->log[columns + SCALE] = -scale_variance;
}

/* Log density of LogNormal(mu, variance) at exp(x), without constants; adds its slope by x. */
static double log_normal(double x, double mu, double variance, double *slope)
{
    *slope += -(x - mu) / variance - 1;
    return -(x - mu) * (x - mu) / (2 * variance) - x;
}

static double log_prior(const struct gp_data *data, const double *p, double *gradient)
{
    const int columns = data->columns.count;
    double sum = 0;
    for (int j = 0; j < columns; j++)
        sum += log_normal(p[j], length_mu(data), length_variance, &gradient[j]);
    sum += log_normal(p[columns + NOISE], noise_mu, noise_variance, &gradient[columns + NOISE]);
    return sum + log_normal(p[columns + SCALE], 0, scale_variance, &gradient[columns + SCALE]);
}

/* Column j of point i. */
static void point_of(const struct gp_data *data, int i, double *point)
{
    for (int j = 0; j < data->columns.count; j++)
        point[j] = data->columns.x[j * data->columns.stride + i];
}

static void weights_of(const struct gp_data *data, const double *p, double *weight)
{
    for (int j = 0; j < data->columns.count; j++)
        weight[j] = exp(-2 * p[j]);
}

/* The lower triangle of C without jitter; slopes too, times the scale, where wanted. */
static void fill_covariance(const struct gp_data *data, int n, const double *weight, double scale,
                            double noise, double *c, double *slope)
{
    const size_t stride = algebra_stride(n);
    double point[GP_COLUMNS_MAX];
    for (int i = 0; i < n; i++) {
        double *row = c + i * stride, *slopes = slope ? slope + i * stride : NULL;
        point_of(data, i, point);
        matern_row(&data->columns, weight, 0, i, point, row, slopes);
        for (int k = 0; k < i; k++)
            row[k] *= scale;
        for (int k = 0; k < i && slopes; k++)
            slopes[k] *= scale;
        row[i] = scale + noise + (data->own_noise ? data->own_noise[i] : 0);
    }
}

/* L^-1 of C, with the least jitter that lets it be factored. */
static int factor(int n, const double *c, double scale, double *lower, double *inverse_lower,
                  double *log_diagonal)
{
    const size_t stride = algebra_stride(n);
    for (double jitter = 0; jitter <= 1.5e-4; jitter = jitter > 0 ? 10 * jitter : 1e-8) {
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
    double *c, *slope, *lower, *inverse_lower, *inverse;
    double *alpha, *work, *w; /* [n], [2][n], [n] */
};

static void fitting_init(struct fitting *fitting, const struct gp_data *data)
{
    const int n = data->known;
    *fitting = (struct fitting){.data = data,
                                .c = algebra_matrix(n, n),
                                .slope = algebra_matrix(n, n),
                                .lower = algebra_matrix(n, n),
                                .inverse_lower = algebra_matrix(n, n),
                                .inverse = algebra_matrix(n, n),
                                .alpha = xcalloc(n + 1, sizeof(double)),
                                .work = xcalloc(2 * (size_t)n + 1, sizeof(double)),
                                .w = xcalloc(n + 1, sizeof(double))};
}

static void fitting_release(struct fitting *fitting)
{
    free(fitting->c);
    free(fitting->slope);
    free(fitting->lower);
    free(fitting->inverse_lower);
    free(fitting->inverse);
    free(fitting->alpha);
    free(fitting->work);
    free(fitting->w);
}

/* Adds 1/2 (alpha' dC alpha - tr(C^-1 dC)) for each parameter (5.9 there). */
static void add_gradient(struct fitting *fit, const double *weight, double noise, double scale,
                         double *gradient)
{
    const struct gp_data *data = fit->data;
    const int n = data->known, columns = data->columns.count;
    const size_t stride = algebra_stride(n);
    double point[GP_COLUMNS_MAX], trace = 0, whole = 0;

    for (int i = 0; i < n; i++) {
        const double *inverse = fit->inverse + i * stride, *c = fit->c + i * stride;
        double *w = fit->w;
        for (int k = 0; k < i; k++)
            w[k] = fit->alpha[i] * fit->alpha[k] - inverse[k];
        whole += 2 * dot_product(w, c, i);
        const double own = fit->alpha[i] * fit->alpha[i] - inverse[i];
        trace += own;
        for (int k = 0; k < i; k++)
            w[k] *= fit->slope[i * stride + k];
        point_of(data, i, point);
        for (int j = 0; j < columns; j++)
            gradient[j] += weight[j] * weighted_distance(&data->columns, j, point[j], w, i);
    }
    gradient[columns + NOISE] += 0.5 * noise * trace;
    gradient[columns + SCALE] += 0.5 * (whole + scale * trace);
}

static double log_posterior(struct fitting *fit, const double *p, double *gradient)
{
    const struct gp_data *data = fit->data;
    const int n = data->known, columns = data->columns.count;
    const double noise = exp(p[columns + NOISE]), scale = exp(p[columns + SCALE]);
    double weight[GP_COLUMNS_MAX], log_diagonal;

    memset(gradient, 0, (columns + EXTRA) * sizeof *gradient);
    weights_of(data, p, weight);
    fill_covariance(data, n, weight, scale, noise, fit->c, fit->slope);
    if (factor(n, fit->c, scale, fit->lower, fit->inverse_lower, &log_diagonal) < 0)
        return -(double)INFINITY;
    inverse_of_product(fit->inverse_lower, n, fit->inverse);

    const double mean = solve_mean(fit->inverse_lower, n, n, data->y, fit->alpha, fit->work);
    double misfit = 0; /* (y - mean)' C^-1 (y - mean) */
    for (int i = 0; i < n; i++)
        misfit += (data->y[i] - mean) * fit->alpha[i];
    add_gradient(fit, weight, noise, scale, gradient);
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
    for (int j = 0; j < fitting->data->columns.count + EXTRA; j++)
        gradient[j] = -gradient[j];
    return -value;
}

static double improve(struct fitting *fitting, double *p, int evaluations)
{
    const int columns = fitting->data->columns.count;
    double low[GP_FIT_MAX], high[GP_FIT_MAX];
    for (int j = 0; j < columns; j++) {
        low[j] = log(least_length);
        high[j] = log(most_length);
    }
    low[columns + NOISE] = log(least_noise), high[columns + NOISE] = log(most_noise);
    low[columns + SCALE] = log(least_scale), high[columns + SCALE] = log(most_scale);
    const struct box box = {low, high, columns + EXTRA, evaluations, 1e-2, 1e-5};
    return -minimise_in_box(&box, negative_log_posterior, fitting, p);
}

/* Start number 1 … 3: the prior's mode, lengths of 0.2 and of 2 with little noise. */
static void start_at(const struct gp_data *data, int number, struct gp_fit *fit)
{
    const int columns = data->columns.count;
    gp_fit_prior(data, fit);
    for (int j = 0; j < columns && number > 1; j++)
        fit->log[j] = log(number == 2 ? 0.2 : 2);
    if (number > 1)
        fit->log[columns + NOISE] = log(1e-5);
    fit->log[columns + SCALE] = 0;
}

double gp_fit_improve(const struct gp_data *data, struct gp_fit *fit, bool fresh, int evaluations)
{
    struct fitting fitting;
    fitting_init(&fitting, data);
    double best = improve(&fitting, fit->log, evaluations);
    for (int number = 1; number <= 3 && fresh; number++) {
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
    const int n = data->n, columns = data->columns.count;
    AUTO_FREE double *c = algebra_matrix(n, n), *lower = algebra_matrix(n, n);
    AUTO_FREE double *work = xcalloc(2 * (size_t)n + 1, sizeof *work);
    double log_diagonal;

    *gp = (struct gp){.data = data,
                      .scale = exp(fit->log[columns + SCALE]),
                      .noise = exp(fit->log[columns + NOISE])};
    weights_of(data, fit->log, gp->weight);
    fill_covariance(data, n, gp->weight, gp->scale, gp->noise, c, NULL);
    gp->inverse_lower = algebra_matrix(n, n);
    gp->alpha = xcalloc(n + 1, sizeof *gp->alpha);
    if (factor(n, c, gp->scale, lower, gp->inverse_lower, &log_diagonal) < 0) {
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

/* k [n][GP_BATCH], each row one point of the data to all of x. */
static void covariances(const struct gp *gp, const double *x, int m, double *k)
{
    const struct gp_data *data = gp->data;
    const struct columns batch = {x, GP_BATCH, data->columns.choice, data->columns.count};
    double point[GP_COLUMNS_MAX];
    for (int i = 0; i < data->n; i++) {
        double *row = k + (size_t)i * GP_BATCH;
        point_of(data, i, point);
        matern_row(&batch, gp->weight, 0, m, point, row, NULL);
        for (int c = 0; c < m; c++)
            row[c] *= gp->scale;
    }
}

static void add_means(const struct gp *gp, const double *k, int m, double *mean)
{
    for (int c = 0; c < m; c++)
        mean[c] = gp->mean;
    for (int i = 0; i < gp->data->known; i++)
        for (int c = 0; c < m; c++)
            mean[c] += gp->alpha[i] * k[(size_t)i * GP_BATCH + c];
}

void gp_predict_mean(const struct gp *gp, const double *x, int m, double *mean)
{
    AUTO_FREE double *k = xcalloc((size_t)gp->data->n * GP_BATCH + 1, sizeof *k);
    covariances(gp, x, m, k);
    add_means(gp, k, m, mean);
}

void gp_predict(const struct gp *gp, const double *x, int m, double *mean, double *variance)
{
    const int n = gp->data->n;
    AUTO_FREE double *k = xcalloc((size_t)n * GP_BATCH + 1, sizeof *k);
    AUTO_FREE double *w = xcalloc((size_t)n * GP_BATCH + 1, sizeof *w);

    assert(m <= GP_BATCH);
    covariances(gp, x, m, k);
    add_means(gp, k, m, mean);
    lower_times(gp->inverse_lower, n, k, GP_BATCH, w);
    for (int c = 0; c < m; c++)
        variance[c] = gp->scale;
    for (int i = 0; i < n; i++)
        for (int c = 0; c < m; c++)
            variance[c] -= w[(size_t)i * GP_BATCH + c] * w[(size_t)i * GP_BATCH + c];
    for (int c = 0; c < m; c++)
        variance[c] = fmax(variance[c], 0);
}

void gp_predict_slope(const struct gp *gp, const double *point, double *mean, double *variance,
                      double *mean_slope, double *variance_slope)
{
    const struct gp_data *data = gp->data;
    const int n = data->n;
    AUTO_FREE double *work = xcalloc(4 * (size_t)n + 1, sizeof *work);
    double *k = work, *slope = work + n, *w = work + 2 * (size_t)n, *u = work + 3 * (size_t)n;

    matern_row(&data->columns, gp->weight, 0, n, point, k, slope);
    for (int i = 0; i < n; i++) {
        k[i] *= gp->scale;
        slope[i] *= gp->scale;
    }
    lower_times_vector(gp->inverse_lower, n, k, w);
    lower_transposed_times_vector(gp->inverse_lower, n, w, u);
    *mean = gp->mean + dot_product(gp->alpha, k, data->known);
    *variance = fmax(gp->scale - dot_product(w, w, n), 0);
    for (int i = 0; i < n; i++) {
        k[i] = gp->alpha[i] * slope[i];
        u[i] *= slope[i];
    }
    for (int j = 0; j < data->columns.count; j++) {
        const double weight = data->columns.choice[j] ? 0 : gp->weight[j];
        mean_slope[j] = -weight * weighted_difference(&data->columns, j, point[j], k, n);
        variance_slope[j] = 2 * weight * weighted_difference(&data->columns, j, point[j], u, n);
    }
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
