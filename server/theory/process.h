/*
 * What the theory is about: an optimizer with a constant rate on a quadratic
 * f(x) = 1/2 sum of curvature_i x_i^2, whose gradient has independent noise along each axis
 * (Compagnoni et al., 2025, arXiv 2411.15958; training.md, section 10).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>

/* What the update makes of the gradient's noise. */
enum process_kind {
    PROCESS_PLAIN,      /* keeps it: sgd */
    PROCESS_SIGN,       /* takes the sign: signsgd, lion */
    PROCESS_NORMALIZED, /* divides by its deviation: rmsprop, rmspropw, adam, adamw */
};

struct process {
    enum process_kind kind;
    const char *optimizer; /* its name; borrowed */
    double lr;             /* eta */
    double first_rest;     /* 1 - beta1 of the mean gradient; 1: there is none */
    double second_rest;    /* 1 - beta2 (1 - rho) of the mean square; 1: there is none */
    double epsilon;
    double pull;  /* coupled weight decay: adds to every curvature but not to the loss */
    double decay; /* decoupled weight decay */

    int count;               /* axes */
    const double *curvature; /* [count] > 0; borrowed, as are all lists */
    const double
        *deviation; /* [count] >= 0: scale of the noise; its deviation where it is normal */
    double nu;      /* degrees of freedom of Student's t; infinite: normal noise */
};

/* "sgd, signsgd, …": the optimizers that the theory knows. */
extern const char process_optimizers[];

/* Fills in what an optimizer of a resolved specification says ({"type", "lr", …}, which stays the
 * owner of the name); the axes are the caller's to set. Refuses optimizers and options that the
 * theory does not know; *out_key is then the member to blame. */
int process_read(const json_t *optimizer, struct process *process, const char **out_key,
                 struct error *err);

/* --- along one axis ----------------------------------------------------------------------------
 */

/* Curvature with the coupled decay. */
double process_curvature(const struct process *process, int i);
/* Standard deviation of the noise: infinite for Student's t with nu <= 2. */
double process_deviation(const struct process *process, int i);
/* Slope of the mean of sign(gradient) over x at 0: sqrt(2/pi) curvature/deviation for normal noise.
 */
double process_sign_slope(const struct process *process, int i);
/* Rate at which x goes to 0, in 1/t with t = lr * step: the slope of the drift. */
double process_relaxation(const struct process *process, int i);

/* --- where the laws hold ------------------------------------------------------------------------
 */

/* How far off the stationary laws are to be expected for what they leave out: the gradient is not
 * small beside its noise. 0.03 is 3 %; 0 for plain descent. By expanding erf and the mean square to
 * the next order; it agrees with training.md AV-8. */
double process_coarseness(const struct process *process, int i);

/* Refuses what has no stationary law: noise without variance, none for those that divide by it, or
 * a rate too large for curvature or noise. The sentence says from which rate on it would hold;
 * *out_what is the member to blame: "lr", "deviation" or "nu". */
int process_check(const struct process *process, const char **out_what, struct error *err);

/* Sentences about what is near the edge of the laws, appended to `warnings`. */
void process_warn(const struct process *process, json_t *warnings);

#endif
