#include "search/cma/restarts.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

#define ALIKE          1e-12 /* values, and steps as a share of the first */
#define CONDITION_MOST 1e14

static void begin_run(struct cma_restarts *restarts, int dimension)
{
    free(restarts->bests);
    restarts->window = 10 + (int)ceil(30.0 * dimension / restarts->population);
    restarts->bests = xcalloc((size_t)restarts->window, sizeof *restarts->bests);
    restarts->generations = 0;
    restarts->evaluations = 0;
}

void cma_restarts_init(struct cma_restarts *restarts, enum cma_restarts_rule rule, int dimension,
                       int population, double sigma)
{
    *restarts = (struct cma_restarts){.rule = rule,
                                      .first_population = population,
                                      .first_sigma = sigma,
                                      .population = population,
                                      .large_population = population,
                                      .sigma = sigma};
    begin_run(restarts, dimension);
}

void cma_restarts_release(struct cma_restarts *restarts)
{
    free(restarts->bests);
    *restarts = (struct cma_restarts){0};
}

static bool values_are_alike(struct cma_restarts *restarts, double least, double greatest)
{
    double low = least, high = greatest;

    restarts->bests[restarts->generations++ % restarts->window] = least;
    if (restarts->generations < restarts->window)
        return false;
    for (int i = 0; i < restarts->window; i++) {
        low = fmin(low, restarts->bests[i]);
        high = fmax(high, restarts->bests[i]);
    }
    return high - low < ALIKE;
}

static bool steps_are_tiny(const struct cma *cma, double first_sigma)
{
    for (int i = 0; i < cma->dimension; i++)
        if (cma_deviation(cma, i) >= ALIKE * first_sigma ||
            cma->sigma * fabs(cma->path[i]) >= ALIKE * first_sigma)
            return false;
    return cma->dimension > 0;
}

bool cma_restarts_over(struct cma_restarts *restarts, const struct cma *cma, double least,
                       double greatest)
{
    restarts->evaluations += restarts->population;
    const bool alike = values_are_alike(restarts, least, greatest);
    if (restarts->rule == CMA_RESTARTS_NONE)
        return false;
    return alike || steps_are_tiny(cma, restarts->sigma) || cma_condition(cma) > CONDITION_MOST ||
           (restarts->most > 0 && restarts->evaluations >= restarts->most);
}

static void count_evaluations(struct cma_restarts *restarts)
{
    if (restarts->small) {
        restarts->small_evaluations += restarts->evaluations;
    } else {
        restarts->large_evaluations += restarts->evaluations;
        restarts->last_large_evaluations = restarts->evaluations;
    }
}

static void choose_large(struct cma_restarts *restarts)
{
    if (restarts->large_population <= CMA_POPULATION_MAX / 2)
        restarts->large_population *= 2;
    restarts->population = restarts->large_population;
    restarts->sigma = restarts->first_sigma;
    restarts->most = 0;
}

/* Between the first population and half the large one, most often near the first; steps down to a
 * hundredth (Hansen, 2009, section 2). */
static void choose_small(struct cma_restarts *restarts, double u, double v)
{
    const double ratio = 0.5 * restarts->large_population / restarts->first_population;

    restarts->population = (int)floor(restarts->first_population * pow(ratio, u * u));
    restarts->sigma = restarts->first_sigma * pow(10, -2 * v);
    restarts->most = restarts->last_large_evaluations / 2;
}

void cma_restarts_next(struct cma_restarts *restarts, int dimension, struct rng *rng)
{
    const double u = rng_uniform(rng), v = rng_uniform(rng);

    count_evaluations(restarts);
    restarts->runs++;
    /* The first restart is a large one: until then ratio would be below 1. */
    restarts->small = restarts->rule == CMA_RESTARTS_BIPOP && restarts->runs > 1 &&
                      restarts->small_evaluations < restarts->large_evaluations;
    if (restarts->small)
        choose_small(restarts, u, v);
    else
        choose_large(restarts);
    begin_run(restarts, dimension);
}
