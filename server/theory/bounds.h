/*
 * Upper bounds on the expected loss of sgd and of sign descent (training.md 10.4; Compagnoni et
 * al., 2025, arXiv 2411.15958), for any objective that is strongly convex with mu and whose Hessian
 * has at most the trace L; here mu is the smallest curvature, L their sum, and the noise the
 * largest deviation. They are bounds, not predictions: on a quadratic with equal axes those of sgd
 * and of phase 3 are attained, elsewhere they lie above. The constants of phases 2 and 3 and the
 * bound for adamw could not be checked against the published text.
 */
#ifndef BOUNDS_H
#define BOUNDS_H

#include "theory/process.h"

struct bound {
    const char *name;
    const char *formula; /* S0: loss at the start */
    const char *valid;
    bool (*applies)(const struct process *process);
    /* After time t = lr * step from loss S0; t infinite: in the end. */
    double (*loss)(const struct process *process, double first, double t);
};

extern const struct bound bounds[]; /* ends with an entry whose name is NULL */

/* Phase 1 of sign descent is over after this time at the latest: 2 sqrt(S0/mu). */
double bound_phase_1_time(const struct process *process, double first);

#endif
