/*
 * Where CMA-ES begins when earlier searches are known: WS-CMA-ES (Nomura et al., 2021,
 * arXiv:2012.06932) with its constants: the best tenth of the earlier points, each widened by 0.1.
 */
#ifndef CMA_WARM_H
#define CMA_WARM_H

#include "search/cma/coding.h"
#include "search/search.h"

/* mean [n], covariance [n][n], n = coding->number_count; sigma and the covariance together are the
 * spread of those points, the covariance with determinant 1. False, and nothing is set, where no
 * earlier trial is any good or n is 0. */
bool cma_warm_start(const struct history *history, const struct cma_coding *coding, double *mean,
                    double *sigma, double *covariance);

#endif
