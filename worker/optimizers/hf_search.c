/* From the solve of Hessian-free optimization to its step (training.md 6.4). */
#include "optimizers/hf_inside.h"

#include "math/vectors.h"

#include <string.h>

/* Far outside of what matters, so that a run that stands still does not go over. */
#define LAMBDA_LEAST 1e-20
#define LAMBDA_MOST  1e20

struct candidate {
    const real *delta;
    double value; /* of the damped model */
    double loss;  /* on the gradient's sample */
};

static struct candidate candidate_at(const struct iteration *it, int kept)
{
    const real *delta = it->iterates + (size_t)kept * it->dimension;
    return (struct candidate){
        .delta = delta,
        .value = it->cg.value[it->cg.at[kept]],
        .loss = loss_at(it, try_step(it, 1.0, delta), it->gradient_sample),
    };
}

/* From the last iterate back, as long as the loss gets better. */
static struct candidate go_back(const struct iteration *it)
{
    struct candidate best = candidate_at(it, it->cg.kept - 1);
    for (int i = it->cg.kept - 2; i >= 0; i--) {
        const struct candidate earlier = candidate_at(it, i);
        if (earlier.loss >= best.loss && isfinite(best.loss))
            break;
        best = earlier;
    }
    return best;
}

/* How the loss on the curvature's sample changes by what the undamped model says. */
static double reduction_ratio(const struct iteration *it, const struct candidate *found)
{
    const double damping =
        0.5 * it->scalars[LAMBDA] * vector_sum_squares(it->dimension, found->delta);
    const double foreseen = found->value - damping;
    double before = it->loss, after = found->loss;

    if (it->curvature_sample.count != it->gradient_sample.count) {
        before = loss_at(it, it->weights->value, it->curvature_sample);
        after = loss_at(it, try_step(it, 1.0, found->delta), it->curvature_sample);
    }
    return foreseen < 0.0 ? (after - before) / foreseen : (double)NAN;
}

static void adapt_lambda(struct iteration *it, double ratio)
{
    if (!(ratio >= 0.25))
        it->scalars[LAMBDA] *= 1.5;
    else if (ratio > 0.75)
        it->scalars[LAMBDA] *= 2.0 / 3.0;
    it->scalars[LAMBDA] = fmin(fmax(it->scalars[LAMBDA], LAMBDA_LEAST), LAMBDA_MOST);
}

/* Along the direction, not along the gradient. The answer is the step length; 0: none goes down.
 * `trial` and found->loss are where it leads. */
static double search_along(const struct iteration *it, struct candidate *found)
{
    enum { TRIES = 60 };
    const double slope = fmin(vector_dot(it->dimension, it->weights->gradient, found->delta), 0.0);
    double rate = it->rate;

    for (int i = 0; i < TRIES && rate > 0.0; i++) {
        const real *trial = try_step(it, rate, found->delta);
        if (i > 0 || rate != 1.0)
            found->loss = loss_at(it, trial, it->gradient_sample);
        if (found->loss <= it->loss + 1e-2 * rate * slope)
            return rate;
        rate *= 0.8;
    }
    return 0.0;
}

void move(struct iteration *it, double *rate, double *ratio)
{
    struct candidate found = go_back(it);
    *ratio = reduction_ratio(it, &found);
    adapt_lambda(it, *ratio);
    *rate = search_along(it, &found);
    if (*rate == 0.0)
        return;
    it->loss = found.loss;
    memcpy(it->weights->value, it->trial, it->dimension * sizeof(real));
}
