/*
 * How a genetic search makes a new point out of two: simulated binary crossover of numbers (Deb and
 * Agrawal, 1995) and polynomial mutation (Deb and Goyal, 1996) on the unit cube, both kept inside
 * it; choices come from either parent, and change to any other.
 *
 * The larger eta, the nearer children are to their parents.
 */
#ifndef VARIATION_H
#define VARIATION_H

#include "jobs/space.h"

/* One child's coordinate between and around a and b, all in [0, 1]. u in [0, 1); `upper`: the
 * child nearer to the larger one. */
double sbx_child(double a, double b, double eta, double u, bool upper);

/* x moved, in [0, 1], most often by little; u in [0, 1). */
double polynomial_mutation(double x, double eta, double u);

/* child [space->count]: the first parent's values, each with chance 1/2 crossed with the second's;
 * a parameter that applies to one of them comes from that one. Not settled: NaN where it applied to
 * neither. */
void cross(const struct space *space, const double *first, const double *second, double eta,
           struct rng *rng, double *child);

/* Another value of parameter i, never the same unless there is only one. */
double mutated(const struct parameter *parameter, double value, double eta, struct rng *rng);

#endif
