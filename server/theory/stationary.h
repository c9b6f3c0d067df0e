/*
 * Stationary laws: the variance along each axis once the start is forgotten, and the loss that goes
 * with it (training.md 10.5; Compagnoni et al., 2025, arXiv 2411.15958).
 */
#ifndef STATIONARY_H
#define STATIONARY_H

#include "theory/process.h"

struct stationary_law {
    const char *name;    /* "sgd discrete" */
    const char *formula; /* of the variance along one axis */
    const char *valid;   /* where it is, in words */
    bool continuous;     /* of the stochastic differential equation, not of the steps themselves */
    bool (*applies)(const struct process *process);
    double (*variance)(const struct process *process, int i);
};

/* The most exact first; ends with an entry whose name is NULL. */
extern const struct stationary_law stationary_laws[];

/* The first law that applies, of the steps or of the equation; every known optimizer has one. */
const struct stationary_law *stationary_best(const struct process *process, bool continuous);

/* 1/2 sum of curvature_i variance_i */
double stationary_loss(const struct process *process, const struct stationary_law *law);

#endif
