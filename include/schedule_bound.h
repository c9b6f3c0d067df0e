/*
 * The last-iterate bound of a schedule: how well the last of T steps of gradient descent does at
 * worst on a convex function whose gradients have norm G_t, from distance D.
 *
 *     Omega = D^2/(2 S) + sum_t h_t^2 G_t^2 / (2 S)
 *           + 1/2 sum_{k<T} h_k / S_{k+1} * (sum_{t>=k} h_t^2 G_t^2) / S_k,   S_k = sum_{t>=k} h_t
 *
 * with rates h = gamma * factor (Defazio et al., 2023, arXiv 2310.07831; Schaipp et al., 2025,
 * arXiv 2501.18965). The best gamma is known in closed form. It ranks schedules: for linear decay
 * it is twice what is known to hold.
 *
 * Steps with factor 0 at the end change nothing and are left out (a refined schedule ends with
 * one): the bound needs the last rate to be positive.
 */
#ifndef SCHEDULE_BOUND_H
#define SCHEDULE_BOUND_H

#include <stdbool.h>
#include <stddef.h>

struct schedule_bound {
    double bound;     /* Omega at the best rate: 2 sqrt(t1 (t2 + t3)) */
    double base_rate; /* gamma: sqrt(t1 / (t2 + t3)) */
    double distance_term, gradient_term, last_term; /* t1, t2, t3: Omega(gamma) = t1/gamma + … */
    size_t steps;                                   /* without zeros at the end */
};

/*
 *     factors  [count]  >= 0, finite
 *     norms    [count]  >= 0, finite; NULL: all 1
 *     distance          > 0
 *
 * false where no factor is above 0, or no gradient is where a factor is (the best rate is then
 * infinite). O(count), sums backwards in double.
 */
bool schedule_bound(const double *factors, const double *norms, size_t count, double distance,
                    struct schedule_bound *out);

/* Omega at a rate of one's own. */
double schedule_bound_at(const struct schedule_bound *bound, double rate);

/*
 * The same bound for stopping after the first ends[i] steps, at a given rate: how the loss is
 * predicted to fall. out[i] is NaN where no factor is above 0 before ends[i] (1 … count). O(the sum
 * of ends).
 */
void schedule_bound_prefixes(const double *factors, const double *norms, double distance,
                             double rate, const size_t *ends, size_t end_count, double *out);

#endif
