/*
 * A density over some parameters of a space, made of kernels: one around each of the points it is
 * given, and a wide one for what was known before (Bergstra et al., NeurIPS 2011; constants of
 * Watanabe, 2023, arXiv 2304.11127).
 *
 * Numbers live on their axis scaled to [0, 1] (space.h); a kernel is a normal distribution cut off
 * there, of a stepped number its mass over the step, of a choice a table of probabilities. Over
 * several parameters a kernel is the product of these. The prior's is a normal with mean 1/2 and
 * deviation 1, and a uniform table.
 *
 * Deviations of the K - 1 points' kernels, per parameter:
 *     gaps       the larger distance to the next different point on either side; the outermost have
 *                one side only, a single one looks at the ends
 *     scott      scale (K - 1)^(-1 / (d + 4)), d parameters
 * at most 1 and at least floor / min(100, 1 + K).
 */
#ifndef PARZEN_H
#define PARZEN_H

#include "jobs/space.h"

struct parzen;

enum parzen_widths { PARZEN_GAPS, PARZEN_SCOTT };

struct parzen_rule {
    enum parzen_widths widths;
    double scale; /* scott: usually 0.2 */
    double floor; /* usually 1 */
    bool flat; /* kernels of numbers are not divided by their deviation: a wide one counts more */
};

/* points [count][space->count], all of which have the parameters [parameter_count]; weights [count]
 * above 0, the prior's is 1. No points: the prior alone. The caller frees it; the space must
 * outlive it. */
struct parzen *parzen_new(const struct parzen_rule *rule, const struct space *space,
                          const int *parameters, int parameter_count, const double *const *points,
                          const double *weights, int count);
void parzen_free(struct parzen *parzen);

/* Sets the parameters' places in values [space->count]. */
void parzen_draw(const struct parzen *parzen, struct rng *rng, double *values);

/* The logarithm of the density (of discrete ones: of the probability) at `values`, up to a constant
 * where the rule says flat. About 1 ns per point and parameter. */
double parzen_log_density(const struct parzen *parzen, const double *values);

#endif
