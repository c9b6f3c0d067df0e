#include "search/gp/local_model.h"

#include "memory.h"
#include "search/numbers/algebra.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double noises[] = {1e-12, 1e-8, 1e-4, 1e-1, 10};
static const double cubics[] = {0.1, 1, 10, 1e2, 1e3, 1e4}; /* in the cube */

/* A slope that the points do not tell is near 0: its prior variance, over h. */
static const double slope_variance = 1e6;

static double cube(double squared_length)
{
    return squared_length * squared_length * squared_length;
}

/* (s_i's_j)^2 / 2, and |s_i|^2. */
static void fill_quadratic(const double *s, int n, int d, double *covariance, double *squares)
{
    const size_t stride = algebra_stride(n);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            const double product = dot_product(s + (size_t)i * d, s + (size_t)j * d, d);
            covariance[i * stride + j] = 0.5 * product * product;
            if (j == i)
                squares[i] = product;
        }
    }
}

/* Room for one choice of noise and cubic error. */
struct regression {
    double *covariance, *squares; /* without errors */
    double *lower, *inverse_lower;
    double *trend, *trend_normal, *trend_inverse, *trend_lower;
    double *value, *right, *beta; /* C^-1/2 y [n], [d + 1], [d + 1] */
    double log_diagonal;
};

static void regression_init(struct regression *r, int n, int d)
{
    *r = (struct regression){.covariance = algebra_matrix(n, n),
                             .squares = xcalloc(n, sizeof(double)),
                             .lower = algebra_matrix(n, n),
                             .inverse_lower = algebra_matrix(n, n),
                             .trend = algebra_matrix(d + 1, n),
                             .trend_normal = algebra_matrix(d + 1, d + 1),
                             .trend_lower = algebra_matrix(d + 1, d + 1),
                             .trend_inverse = algebra_matrix(d + 1, d + 1),
                             .value = xcalloc(n, sizeof(double)),
                             .right = xcalloc(d + 1, sizeof(double)),
                             .beta = xcalloc(d + 1, sizeof(double))};
}

static void regression_release(struct regression *r)
{
    free(r->covariance);
    free(r->squares);
    free(r->lower);
    free(r->inverse_lower);
    free(r->trend);
    free(r->trend_normal);
    free(r->trend_lower);
    free(r->trend_inverse);
    free(r->value);
    free(r->right);
    free(r->beta);
}

static int factor(double *matrix, int n, double *lower, double *inverse_lower, double *log_diagonal)
{
    const size_t stride = algebra_stride(n);
    memcpy(lower, matrix, n * stride * sizeof *lower);
    if (cholesky(lower, n) < 0)
        return -1;
    for (int i = 0; i < n; i++)
        *log_diagonal += log(lower[i * stride + i]);
    memset(inverse_lower, 0, n * stride * sizeof *inverse_lower);
    invert_lower(lower, n, inverse_lower);
    return 0;
}

/* Whitened trend, and its normal matrix. */
static void fill_trend(struct regression *r, const double *s, int n, int d)
{
    const size_t stride = algebra_stride(n), small = algebra_stride(d + 1);
    AUTO_FREE double *column = xcalloc(n, sizeof *column);
    for (int j = 0; j <= d; j++) {
        for (int i = 0; i < n; i++)
            column[i] = j == 0 ? 1 : s[(size_t)i * d + j - 1];
        lower_times_vector(r->inverse_lower, n, column, r->trend + j * stride);
    }
    for (int j = 0; j <= d; j++)
        for (int k = 0; k <= j; k++)
            r->trend_normal[j * small + k] =
                dot_product(r->trend + j * stride, r->trend + k * stride, n) +
                (j == k && j > 0 ? 1 / slope_variance : 0);
}

/* Restricted log likelihood with the best h for it (Rasmussen and Williams, 2006, 2.45), and that
 * h; -HUGE_VAL where it cannot be factored. */
static double regress(struct regression *r, const double *s, const double *y, int n, int d,
                      double noise, double cubic, double *out_spread)
{
    const size_t stride = algebra_stride(n);
    AUTO_FREE double *matrix = algebra_matrix(n, n);
    memcpy(matrix, r->covariance, n * stride * sizeof *matrix);
    for (int i = 0; i < n; i++)
        matrix[i * stride + i] += noise + cubic * cube(r->squares[i]);

    double log_diagonal = 0;
    if (factor(matrix, n, r->lower, r->inverse_lower, &log_diagonal) < 0)
        return -HUGE_VAL;
    fill_trend(r, s, n, d);
    if (factor(r->trend_normal, d + 1, r->trend_lower, r->trend_inverse, &log_diagonal) < 0)
        return -HUGE_VAL;

    lower_times_vector(r->inverse_lower, n, y, r->value);
    for (int j = 0; j <= d; j++)
        r->right[j] = dot_product(r->trend + j * stride, r->value, n);
    cholesky_solve(r->trend_lower, d + 1, r->right, r->beta);
    const double misfit =
        dot_product(r->value, r->value, n) - dot_product(r->right, r->beta, d + 1);
    const int freedom = n - 1;
    const double spread = fmax(misfit / freedom, 1e-300);
    *out_spread = spread;
    return -0.5 * freedom * log(spread) - log_diagonal;
}

/* Slope and Hessian of the mean from beta and lambda = C^-1 (y - trend). */
static void fill_mean(struct local_model *model, struct regression *r)
{
    const int n = model->n, d = model->d;
    const size_t stride = algebra_stride(n);
    AUTO_FREE double *lambda = xcalloc(n, sizeof *lambda);

    model->constant = r->beta[0];
    memcpy(model->slope, r->beta + 1, d * sizeof *model->slope);
    for (int j = 0; j <= d; j++)
        for (int i = 0; i < n; i++)
            r->value[i] -= r->beta[j] * r->trend[j * stride + i];
    lower_transposed_times_vector(r->inverse_lower, n, r->value, lambda);
    for (int i = 0; i < n; i++) {
        const double *s = model->s + (size_t)i * d;
        for (int j = 0; j < d; j++)
            for (int k = 0; k < d; k++)
                model->hessian[j * d + k] += lambda[i] * s[j] * s[k];
    }
}

int local_model_fit(struct local_model *model, double *s, const double *y, int n, int d,
                    double radius)
{
    struct regression r;
    double best = -HUGE_VAL, spread;

    regression_init(&r, n, d);
    fill_quadratic(s, n, d, r.covariance, r.squares);
    *model = (struct local_model){.n = n, .d = d, .s = s};
    for (unsigned i = 0; i < COUNT_OF(noises); i++)
        for (unsigned j = 0; j < COUNT_OF(cubics); j++) {
            const double cubic = cubics[j] * radius * radius;
            const double value = regress(&r, s, y, n, d, noises[i], cubic, &spread);
            if (value > best) {
                best = value;
                model->noise = noises[i];
                model->cubic = cubic;
            }
        }
    if (best > -HUGE_VAL) {
        regress(&r, s, y, n, d, model->noise, model->cubic, &model->spread);
        model->slope = xcalloc(d, sizeof(double));
        model->hessian = xcalloc((size_t)d * d, sizeof(double));
        fill_mean(model, &r);
        model->inverse_lower = r.inverse_lower;
        model->trend = r.trend;
        model->trend_inverse = r.trend_inverse;
        r.inverse_lower = r.trend = r.trend_inverse = NULL;
    }
    regression_release(&r);
    return best > -HUGE_VAL ? 0 : -1;
}

void local_model_release(struct local_model *model)
{
    free(model->slope);
    free(model->hessian);
    free(model->inverse_lower);
    free(model->trend);
    free(model->trend_inverse);
}

double local_model_mean(const struct local_model *model, const double *s, double *slope)
{
    const int d = model->d;
    double value = model->constant;
    for (int j = 0; j < d; j++) {
        const double curved = dot_product(model->hessian + (size_t)j * d, s, d);
        value += (model->slope[j] + 0.5 * curved) * s[j];
        if (slope)
            slope[j] = model->slope[j] + curved;
    }
    return value;
}

double local_model_variance(const struct local_model *model, const double *s)
{
    const int n = model->n, d = model->d;
    const size_t stride = algebra_stride(n);
    AUTO_FREE double *k = xcalloc(n, sizeof *k), *w = xcalloc(n, sizeof *w);
    AUTO_FREE double *rest = xcalloc(d + 1, sizeof *rest), *u = xcalloc(d + 1, sizeof *u);
    const double square = dot_product(s, s, d);

    for (int i = 0; i < n; i++) {
        const double product = dot_product(model->s + (size_t)i * d, s, d);
        k[i] = 0.5 * product * product;
    }
    lower_times_vector(model->inverse_lower, n, k, w);
    for (int j = 0; j <= d; j++)
        rest[j] = (j == 0 ? 1 : s[j - 1]) - dot_product(model->trend + j * stride, w, n);
    lower_times_vector(model->trend_inverse, d + 1, rest, u);
    const double variance = 0.5 * square * square - dot_product(w, w, n) +
                            dot_product(u, u, d + 1) + model->cubic * cube(square);
    return model->spread * fmax(variance, 0);
}
