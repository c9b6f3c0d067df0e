/*
 * What a point promises: the logarithm of expected improvement below `best`, and of the chances
 * that constraints are kept (LogCEI: Gardner et al., ICML 2014; Ament et al., NeurIPS 2023, arXiv
 * 2310.20708). Where nothing is feasible yet, of the chances alone. Pure.
 */
#ifndef ACQUISITION_H
#define ACQUISITION_H

#include "search/gp/model.h"
#include "search/gp/table.h"

struct acquisition {
    const struct gp *objective; /* NULL: chances alone */
    double best;                /* on the process's scale */
    const struct gp *constraint[GP_LIMITS_MAX];
    double limit[GP_LIMITS_MAX]; /* 0 on the scale of its process */
    int constraints;
};

/* At m <= GP_BATCH points x [columns][GP_BATCH]. */
void acquisition_batch(const struct acquisition *acquisition, const double *x, int m,
                       double *value);

/* At one point [columns], with its slope [columns] (of choices: 0). */
double acquisition_slope(const struct acquisition *acquisition, const double *point, double *slope);

#endif
