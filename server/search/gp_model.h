/*
 * A Gaussian process with a Matern-5/2 kernel and a length scale for every column, on values that
 * are about standardised (Rasmussen and Williams, 2006, chapters 2 and 5):
 *
 *     C = scale k(x, x') + diag(noise + own noise),  mean = 1'C^-1 y / 1'C^-1 1
 *
 * Priors, densities of the parameter itself as in BoTorch: length ~ LogNormal(sqrt 2 + ln(d)/2,
 * sqrt 3), at least 0.025; noise ~ LogNormal(-4, 1) (Hvarfner, Hellsten and Nardi, ICML 2024, arXiv
 * 2402.02229), but down to 1e-8 where theirs ends at 1e-4: most objectives here repeat exactly.
 * scale ~ LogNormal(0, 1) where theirs is 1: smooth functions over a wide range need more.
 *
 * Pure. Structures are the caller's; matrices as in search/algebra.h.
 */
#ifndef GP_MODEL_H
#define GP_MODEL_H

#include "search/matern.h"
#include <stdbool.h>

enum {
    GP_COLUMNS_MAX = 256,
    GP_FIT_MAX = GP_COLUMNS_MAX + 2,
    GP_BATCH = 64, /* points predicted at once */
};

/* Parameters of a fit: the logarithms of length [columns], then noise, then scale. */
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

/* The prior's mode: lengths exp(mu - 3), noise exp(-5), scale exp(-1). */
void gp_fit_prior(const struct gp_data *data, struct gp_fit *fit);

/* Log of marginal likelihood times priors (2.30 there, without its constants), and its gradient by
 * the parameters' logarithms [columns + 2]; -INFINITY where C cannot be factored. Only known
 * points count. */
double gp_log_posterior(const struct gp_data *data, const struct gp_fit *fit, double *gradient);

/* The best of L-BFGS from `fit` and, where `fresh`, from the prior's mode, short and long lengths.
 * At most `evaluations` for each start. Returns the log posterior. */
double gp_fit_improve(const struct gp_data *data, struct gp_fit *fit, bool fresh, int evaluations);

/* The process given the data. A pending point is taken to have its mean for a value (kriging
 * believer; Ginsbourger, Le Riche and Carraro, 2010): it changes variances alone. */
struct gp {
    const struct gp_data *data; /* borrowed */
    double weight[GP_COLUMNS_MAX], scale, noise, mean;
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
