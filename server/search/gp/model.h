/*
 * A Gaussian process with a Matern-5/2 kernel and a length scale for every column, on values that
 * are about standardised (Rasmussen and Williams, 2006, chapters 2 and 5):
 *
 *     C = scale k + additive a + pairs b + diag(noise + own noise),  mean = 1'C^-1 y / 1'C^-1 1
 *
 * where a and b are the additive kernel and the pairs of search/trend.h.
 *
 * Priors: the logarithm of each parameter is normal, with this mean and variance:
 *
 *     length           sqrt 2 + ln(d)/2 - 2.5, 1       scale      -0.3, 1
 *     additive length  -1, 2                           additive   -1.3, 1
 *     noise            -5, 4, at least exp(-18)        pairs      -2, 2
 *
 * After Hvarfner, Hellsten and Nardi (ICML 2024, arXiv 2402.02229), whose LogNormal(sqrt 2 +
 * ln(d)/2, sqrt 3) for lengths has its mode at 3 below its location, and whose noise has variance 1
 * and ends at 1e-4. Measured here: with wide lengths and narrow noise, one short length plays the
 * part of noise, and the search wanders; a floor of 1e-4 stalls where objectives repeat exactly;
 * and the additive part is what finds the way over ten ripply dimensions.
 *
 * Pure. Structures are the caller's; matrices as in search/algebra.h.
 */
#ifndef GP_MODEL_H
#define GP_MODEL_H

#include "search/gp/matern.h"
#include "search/gp/trend.h"
#include <stdbool.h>

enum {
    GP_COLUMNS_MAX = 256,
    GP_EXTRAS = 4, /* parameters beside the lengths: noise, scale, additive, pairs */
    GP_FIT_MAX = 2 * GP_COLUMNS_MAX + GP_EXTRAS,
    GP_BATCH = 64, /* points predicted at once */
};

/* Parameters of a fit: the logarithms of length [columns], those of the additive kernel [columns],
 * noise, scale, additive, pairs. */
static inline int gp_fit_count(int columns)
{
    return 2 * columns + GP_EXTRAS;
}

struct gp_fit {
    double log[GP_FIT_MAX];
};

struct gp_data {
    struct columns columns;
    int dimensions;          /* for the prior: parameters, where columns may be more */
    int n;                   /* points */
    int known;               /* of them with a value: the first ones; the others are pending */
    const double *y;         /* [known] */
    const double *own_noise; /* [n] variances on top of the fitted one; NULL: none */
};

/* The prior's mode. */
void gp_fit_prior(const struct gp_data *data, struct gp_fit *fit);

/* Log of marginal likelihood times priors (2.30 there, without its constants), and its gradient by
 * the parameters' logarithms [gp_fit_count]; -INFINITY where C cannot be factored. Only known
 * points count. */
double gp_log_posterior(const struct gp_data *data, const struct gp_fit *fit, double *gradient);

/* The best of L-BFGS from `fit` and, where `fresh`, from a sum of columns alone and from their
 * product alone, at most `evaluations` for each. Returns the log posterior. */
double gp_fit_improve(const struct gp_data *data, struct gp_fit *fit, bool fresh, int evaluations);

/* The parameters themselves; weights are 1 / length^2. */
struct gp_kernel {
    double weight[GP_COLUMNS_MAX], additive_weight[GP_COLUMNS_MAX];
    double noise, scale, additive, pairs;
};

/* The process given the data. A pending point is taken to have its mean for a value (kriging
 * believer; Ginsbourger, Le Riche and Carraro, 2010): it changes variances alone. */
struct gp {
    const struct gp_data *data; /* borrowed */
    struct gp_kernel kernel;
    double mean;
    double *inverse_lower; /* [n] L^-1 */
    double *alpha;         /* [n] C^-1 (y - mean), 0 of pending ones */
};

/* -1 where C cannot be factored, even with 1e-4 of the scale on its diagonal. */
int gp_condition(const struct gp_data *data, const struct gp_fit *fit, struct gp *gp);
void gp_release(struct gp *gp);

/* Mean and variance (of the function: without noise) at m <= GP_BATCH points x [columns][GP_BATCH].
 */
void gp_predict(const struct gp *gp, const double *x, int m, double *mean, double *variance);
/* Means alone, at a fraction of the cost. */
void gp_predict_mean(const struct gp *gp, const double *x, int m, double *mean);
/* At one point [columns], with slopes [columns] (of choices: 0). */
void gp_predict_slope(const struct gp *gp, const double *point, double *mean, double *variance,
                      double *mean_slope, double *variance_slope);

/* Each known point from all others: mean and variance [known], with noise (Sundararajan and
 * Keerthi, 2001). Only without pending points. */
void gp_leave_one_out(const struct gp *gp, double *mean, double *variance);

#endif
