#include "search/gp/acquisition.h"

#include "search/gp/log_ei.h"
#include <math.h>
#include <string.h>

static const double least_variance = 1e-12;

void acquisition_batch(const struct acquisition *acquisition, const double *x, int m, double *value)
{
    double mean[GP_BATCH], variance[GP_BATCH], slope;

    memset(value, 0, m * sizeof *value);
    if (acquisition->objective) {
        gp_predict(acquisition->objective, x, m, mean, variance);
        for (int i = 0; i < m; i++) {
            const double sigma = sqrt(variance[i] + least_variance);
            value[i] = log(sigma) + log_improvement((acquisition->best - mean[i]) / sigma, &slope);
        }
    }
    for (int c = 0; c < acquisition->constraints; c++) {
        gp_predict(acquisition->constraint[c], x, m, mean, variance);
        for (int i = 0; i < m; i++) {
            const double sigma = sqrt(variance[i] + least_variance);
            value[i] += log_normal_cdf((acquisition->limit[c] - mean[i]) / sigma, &slope);
        }
    }
}

/* Mean and deviation of a process at a point, with slopes; columns of both as the process has. */
struct belief {
    double mean, sigma;
    double mean_slope[GP_COLUMNS_MAX], sigma_slope[GP_COLUMNS_MAX];
};

static void believe(const struct gp *gp, const double *point, struct belief *belief)
{
    double variance;
    gp_predict_slope(gp, point, &belief->mean, &variance, belief->mean_slope, belief->sigma_slope);
    belief->sigma = sqrt(variance + least_variance);
    for (int j = 0; j < gp->data->columns.count; j++)
        belief->sigma_slope[j] *= 0.5 / belief->sigma;
}

/* Adds factor * d((limit - mean) / sigma). */
static void add_slope(const struct belief *belief, double z, double factor, int columns,
                      double *slope)
{
    for (int j = 0; j < columns; j++)
        slope[j] -= factor * (belief->mean_slope[j] + z * belief->sigma_slope[j]) / belief->sigma;
}

double acquisition_slope(const struct acquisition *acquisition, const double *point, double *slope)
{
    struct belief belief;
    double value = 0, factor;
    const struct gp *first =
        acquisition->objective ? acquisition->objective : acquisition->constraint[0];
    const int columns = first->data->columns.count;

    memset(slope, 0, columns * sizeof *slope);
    if (acquisition->objective) {
        believe(acquisition->objective, point, &belief);
        const double z = (acquisition->best - belief.mean) / belief.sigma;
        value = log(belief.sigma) + log_improvement(z, &factor);
        add_slope(&belief, z, factor, columns, slope);
        for (int j = 0; j < columns; j++)
            slope[j] += belief.sigma_slope[j] / belief.sigma;
    }
    for (int c = 0; c < acquisition->constraints; c++) {
        believe(acquisition->constraint[c], point, &belief);
        const double z = (acquisition->limit[c] - belief.mean) / belief.sigma;
        value += log_normal_cdf(z, &factor);
        add_slope(&belief, z, factor, columns, slope);
    }
    return value;
}
