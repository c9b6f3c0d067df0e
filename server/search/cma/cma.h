/*
 * CMA-ES with active covariance update: the strategy itself, which knows neither spaces nor trials
 * (Hansen, 2016, arXiv:1604.00772; constants of its table 1).
 *
 * A normal distribution N(mean, sigma^2 C) is moved towards the better half of `population` points
 * drawn from it, widened along directions that succeed and narrowed along those that fail.
 * Everything is a pure function of what was told.
 */
#ifndef CMA_H
#define CMA_H

#include "random.h"
#include <stdbool.h>

struct cma_rates {
    int parents;      /* the better half: points with a weight above 0 */
    double effective; /* parents, counted by weight */
    double rank_one;  /* of the covariance by its path (c1) and by the points (cmu) */
    double rank_many;
    double path;      /* of the covariance's path (cc) */
    double step_path; /* of the step size's path (csig) and its damping (dsig) */
    double step_damping;
    double chi; /* expected length of a standard normal vector */
};

struct cma {
    int dimension, population;
    struct cma_rates rates;
    double *weights; /* [population], best first; those above 0 sum to 1 */
    double *mean;    /* [dimension] */
    double sigma;
    double *covariance;       /* [dimension][dimension] */
    double *basis;            /* [dimension][dimension] rows: unit eigenvectors of the covariance */
    double *lengths;          /* [dimension] square roots of its eigenvalues */
    double *path, *step_path; /* [dimension] */
    int generation;           /* how many were told */
};

/* 4 + floor(3 ln dimension); 4 for 0 and 1. */
int cma_population(int dimension);

/* dimension 0 … 1,024, population 4 or more, sigma > 0. mean [dimension] and covariance
 * [dimension][dimension] (NULL: the unit matrix) are copied. cma_release() frees what it holds. */
void cma_init(struct cma *cma, int dimension, int population, const double *mean, double sigma,
              const double *covariance);
void cma_release(struct cma *cma);

/* One point, x [dimension], from the present distribution. */
void cma_draw(const struct cma *cma, struct rng *rng, double *x);

/* One generation: points [population], each [dimension], best first. A foreign one, which was not
 * drawn from the present distribution, is pulled to where such points lie before it counts (Hansen,
 * 2011, arXiv:1110.4181). */
void cma_tell(struct cma *cma, const double *const *points, const bool *foreign);

/* Standard deviation of coordinate i. */
double cma_deviation(const struct cma *cma, int i);
/* Largest over smallest eigenvalue of the covariance; 1 for dimension 0. */
double cma_condition(const struct cma *cma);

#endif
