/*
 * What the files of Hessian-free optimization share; nobody else includes this.
 *
 *   hf.c          settings, one iteration
 *   hf_samples.c  which examples the gradient and the curvature are of
 *   hf_solve.c    the damped model, its preconditioners, conjugate gradients
 *   hf_search.c   from the solve to the step: going back, lambda, line search
 */
#ifndef HF_INSIDE_H
#define HF_INSIDE_H

#include "optimizers/conjugate_gradients.h"
#include "optimizers/lbfgs_pairs.h"
#include "optimizers/optimizers.h"

enum {
    INITIAL_LAMBDA = OPTIMIZER_OWN,
    CG_MOST,
    CG_LEAST,
    WARM_START,
    PRECONDITIONER,
    PAIRS,
    PAIR_CHOICE,
    GRADIENT_SAMPLING,
    GRADIENT_START,
    GRADIENT_GROWTH,
    GRADIENT_MOST,
    VARIANCE_RATIO,
    CURVATURE_SAMPLING,
    CURVATURE_START,
    CURVATURE_GROWTH,
    CURVATURE_MOST,
    CURVATURE_RATIO,
};

/* The choices, in the order of their settings. */
enum { NO_PRECONDITIONER, DIAGONAL, LBFGS, LBFGS_LIVE };
enum { FIXED, GEOMETRIC, VARIANCE };
enum { LAST, SPREAD };

enum { CURVATURE_LEAST = 512 }; /* examples, where nobody says how many */

/* What it keeps from one iteration to the next, beside the last solve's end and the pairs. */
enum {
    BEGUN,
    LAMBDA,
    PASSES, /* the run's cost so far */
    PAIR_COUNT,
    PAIR_NEXT,
    GRADIENT_COUNT, /* examples that the variance asks for; 0: not yet */
    FIRST_COUNT,    /* and what the first iteration had */
    SCALARS,
};

struct iteration {
    const struct chosen *chosen;
    struct weights *weights;
    struct landscape *landscape;
    size_t dimension;
    double scalars[SCALARS]; /* as they will be */
    double rate;             /* the first step length */
    double decay;            /* weight decay */
    struct sample gradient_sample, curvature_sample;
    double loss; /* at theta, with decay */
    double norm; /* of the gradient */
    real *trial, *squares, *solution, *iterates, *cg_scratch;
    real *last;                     /* the last solve's end, among what is kept */
    struct lbfgs_pairs kept, fresh; /* those of the last solve, and those of this one */
    int seen, stride; /* pairs of this solve, and which of them are taken: each so many-th */
    struct cg_solution cg;
};

static inline bool has_pairs(const struct chosen *chosen)
{
    return chosen->number[PRECONDITIONER] >= LBFGS;
}

static inline bool follows_variance(const struct chosen *chosen)
{
    return chosen->number[GRADIENT_SAMPLING] == VARIANCE ||
           (chosen->number[GRADIENT_SAMPLING] == GEOMETRIC &&
            isnan(chosen->number[GRADIENT_GROWTH]));
}

static inline bool needs_squares(const struct chosen *chosen)
{
    return chosen->number[PRECONDITIONER] == DIAGONAL || follows_variance(chosen);
}

/* hf_samples.c */
void choose_samples(struct iteration *it);
/* The gradient's own variance says how many examples the next iteration takes. */
void note_variance(struct iteration *it);

/* hf_solve.c; weight decay is a part of every loss here. */
double decay_at(const struct iteration *it, const real *theta);
/* A loss that is no number counts as endlessly high. */
double loss_at(const struct iteration *it, const real *theta, struct sample sample);
const real *try_step(const struct iteration *it, double rate, const real *delta);
void take_gradient(struct iteration *it);
void solve(struct iteration *it);
void keep_pairs(struct iteration *it);

/* hf_search.c */
/* Down the best of the directions that the solve kept: the step length, and the change of the loss
 * by the change that the model foresaw. */
void move(struct iteration *it, double *rate, double *ratio);

#endif
