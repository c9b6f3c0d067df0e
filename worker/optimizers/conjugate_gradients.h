/*
 * Preconditioned conjugate gradients with Martens' rules for when to stop and which iterates to
 * keep (Martens, Deep learning via Hessian-free optimization, ICML 2010), and with the flexible
 * beta (Notay, 2000), which equals the standard one for a fixed preconditioner and converges with
 * one that changes from iteration to iteration too.
 *
 * Minimises 1/2 x'Ax + g'x, that is, solves A x = -g, for a positive definite A.
 */
#ifndef CONJUGATE_GRADIENTS_H
#define CONJUGATE_GRADIENTS_H

#include "math/real.h"
#include <stdbool.h>
#include <stddef.h>

struct linear_system {
    size_t dimension;
    const real *gradient;                                                 /* [dimension] g */
    void (*apply)(void *context, const real *vector, real *out);          /* out = A vector */
    void (*precondition)(void *context, const real *residual, real *out); /* NULL: there is none */
    /* After each iteration: x has moved by step * direction, the residual by step * product, where
     * product = A direction. NULL: nobody wants to know. */
    void (*moved)(void *context, double step, const real *direction, const real *product);
    void *context;
};

enum { CG_ITERATIONS_MAX = 1000, CG_KEPT_MAX = 24 };

struct cg_solution {
    int iterations;
    bool fell;                           /* ended by a direction of negative curvature, or NaN */
    double value[CG_ITERATIONS_MAX + 1]; /* of the function above, after i iterations; [0] at x_0 */
    int kept;                            /* iterates, at least 1: the last x is always one */
    int at[CG_KEPT_MAX];                 /* after how many iterations each was there; rising */
};

/* The next iteration to keep an iterate of, and the one after it: 5, 7, 9, 11, 15, 19, 25, 32, … */
struct cg_keeping {
    double next;
};
struct cg_keeping cg_keeping_begin(void);
bool cg_keeps(struct cg_keeping *keeping, int iteration);

/* How many iterates a solve of at most so many iterations keeps. */
int cg_kept_most(int most);

/* Numbers of scratch for a solve. */
size_t cg_scratch(size_t dimension);

/*
 *     least, most  iterations, 0 … CG_ITERATIONS_MAX; `least` only holds back the rule to stop
 *     x            [dimension] in: where to begin; out: where it ended
 *     iterates     [cg_kept_most(most)][dimension] out: as many as solution->kept
 */
void cg_solve(const struct linear_system *system, int least, int most, real *x, real *iterates,
              real *scratch, struct cg_solution *solution);

#endif
