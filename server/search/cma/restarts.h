/*
 * When CMA-ES stops getting anywhere, and with which population and step size it starts again:
 * IPOP (Auger and Hansen, 2005) doubles the population each time; BIPOP (Hansen, 2009) takes small
 * populations in turn with those, as long as these have used fewer evaluations.
 */
#ifndef CMA_RESTARTS_H
#define CMA_RESTARTS_H

#include "search/cma/cma.h"
#include <stdint.h>

enum cma_restarts_rule { CMA_RESTARTS_NONE, CMA_RESTARTS_IPOP, CMA_RESTARTS_BIPOP };

enum { CMA_POPULATION_MAX = 4096 };

struct cma_restarts {
    enum cma_restarts_rule rule;
    int first_population;
    double first_sigma;
    int runs; /* restarts so far */

    /* of the run under way */
    int population;
    double sigma; /* that it began with */
    bool small;
    int64_t evaluations, most; /* most: 0, or where a small run ends */
    double *bests;             /* [window] of the last generations, a ring */
    int window, generations;

    /* of the runs before */
    int large_population;
    int64_t large_evaluations, small_evaluations, last_large_evaluations;
};

/* cma_restarts_release() frees what it holds. */
void cma_restarts_init(struct cma_restarts *restarts, enum cma_restarts_rule rule, int dimension,
                       int population, double sigma);
void cma_restarts_release(struct cma_restarts *restarts);

/* After each generation, its least and greatest value (infinite where they are not good): whether
 * the run is over. Values alike within 1e-12 over 10 + ceil(30 d / population) generations, steps
 * below 1e-12 of the first, a condition above 1e14, or the end of a small run. */
bool cma_restarts_over(struct cma_restarts *restarts, const struct cma *cma, double least,
                       double greatest);

/* Chooses population and sigma of the next run. Draws from rng in any case. */
void cma_restarts_next(struct cma_restarts *restarts, int dimension, struct rng *rng);

#endif
