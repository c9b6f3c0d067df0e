/*
 * Schedule refinement: from the gradient norms of a complete earlier run, the schedule that would
 * have minimised its bound (Defazio, Cutkosky, Mehta and Mishchenko, 2023, arXiv 2310.07831,
 * algorithm 1). Constant norms give exactly linear decay; norms that fall at the start give a
 * warm-up.
 *
 * All of it is pure, in double, and may run on a helper thread: 100,000 norms take some 30 ms.
 */
#ifndef REFINEMENT_H
#define REFINEMENT_H

#include "error.h"
#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REFINEMENT_NORMS_LEAST = 20,     /* fewer say nothing about a schedule */
    REFINEMENT_NORMS_MAX = 10000000, /* what refine() takes */
    REFINED_NORMS_MAX = 4096, /* what a specification may list: each variant of a grid is checked */
    REFINED_CURVE_LEAST = 2,
    REFINED_CURVE_MAX = 2048,    /* what a specification may hold: 45 KiB with 17 digits each, */
    REFINED_CURVE_POINTS = 1024, /* so a computed one is reduced to this */
};

struct refine_options {
    double tau;         /* 0 … 1: width of the median's window, of the norms; 0.1 */
    double floor_ratio; /* 0 <= … < 1: norms below this times their median count as that; 1e-3 */
    bool l1;            /* L1 norms, as adaptive optimizers want: weights 1/G; else L2, 1/G^2 */
    bool drop_ends;     /* without the first two and the last two norms */
    bool to_10000;      /* fewer are interpolated to 10,000 and the window is tau * 10,000 wide:
                           as in the published plots */
};

struct refined {
    double *curve;    /* [count], the largest is 1, the last exactly 0; owner: refined_release() */
    size_t count;     /* as many as norms were used */
    bool linear;      /* the norms vanish, and linear decay was taken instead, */
    char reason[200]; /* for this reason: a sentence without full stop; "" otherwise */
};

/*
 * norms[count] in the order of the run; infinite and NaN ones are left out. Fails where fewer than
 * REFINEMENT_NORMS_LEAST remain, one is negative, or there are more than REFINEMENT_NORMS_MAX.
 *
 * Linear decay, with a reason, where more than 10 % of the smoothed norms are at the floor, or the
 * smallest is below 1e-2 of the median: runs that interpolate their data see gradients collapse,
 * and the published pipeline then puts all of the schedule at the end (our guard).
 */
int refine(const double *norms, size_t count, const struct refine_options *options,
           struct refined *out, struct error *err);
void refined_release(struct refined *refined);

/* The curve at step k of total: its ends are steps 0 and total-1, with straight lines between its
 * entries. Entry k itself where total is `count`. k >= total stays at the end. */
double curve_at(const double *curve, size_t count, int64_t k, int64_t total);

/* The curve at all `count` steps. */
void curve_resample(const double *curve, size_t length, double *out, size_t count);

/* --- the schedule "refined" in a specification ----------------------------------------------- */

/*
 * What the members of a resolved {"type": "refined", …} mean together; spec_resolve() calls it for
 * server and worker. In place: lays in "norm" where it is null ("l1" for adaptive optimizers), and
 * turns "from": {"norms": […]} into "curve" and "from": null. A schedule whose source is a run or
 * an arm is left as it is: whoever knows the norms calls refined_settle(). Adds a problem below
 * `pointer` where the source is missing, not exactly one, or its norms cannot be used.
 * Applied again it changes nothing.
 */
void refined_resolve(json_t *schedule, bool adaptive, const char *pointer,
                     struct problems *problems);

/*
 * Sets "curve" (at most REFINED_CURVE_POINTS entries) and "fallback" (null, or why the curve is
 * linear decay) from the norms of its source, by its own norm, tau, floor_ratio, drop_ends and
 * interpolate. "norm" has been laid in. "from" stays. Fails as refine() does.
 */
int refined_settle(json_t *schedule, const double *norms, size_t count, struct error *err);

/* Whether a schedule of a resolved specification (may be NULL) is a refined one without a curve;
 * then *from is its source, borrowed: {"run": 123} or {"arm": "linear"}. */
bool refined_waits(const json_t *schedule, const json_t **from);

#endif
