/*
 * The expected loss on the way from a start to the stationary law (training.md 10.5), where there
 * is a closed form: sgd, and sign descent that starts in phase 3 under normal noise. Time is
 * t = lr * step.
 */
#ifndef TRANSIENT_H
#define TRANSIENT_H

#include "theory/process.h"
#include <stdint.h>

struct transient_law {
    const char *name;
    const char *formula; /* of E[x^2] */
    const char *valid;
    bool continuous;
    bool (*applies)(const struct process *process, const double *start);
    /* E[x_i^2] after some steps from x_i = start; steps may be large. */
    double (*square)(const struct process *process, int i, double start, double steps);
};

/* The most exact first; ends with an entry whose name is NULL. */
extern const struct transient_law transient_laws[];

/* start [count]: where x begins */
double transient_loss(const struct process *process, const struct transient_law *law,
                      const double *start, double steps);

/* Why no law applies, as a sentence with what would do; NULL where one does. Static. */
const char *transient_refusal(const struct process *process, const double *start);

#endif
