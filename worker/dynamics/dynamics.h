/*
 * The stochastic differential equations that stand for optimizers in the limit of small rates
 * (Compagnoni, Liu, Islamov, Proske, Orvieto and Lucchi, 2025, arXiv 2411.15958), integrated by
 * Euler-Maruyama instead of the discrete update (training.md, 10.2 and 10.7).
 *
 * The time step is the learning rate, so that a step is a step of the optimizer. The schedule's
 * factor multiplies what moves theta, drift and diffusion, and leaves the averages' time alone, as
 * it does in the discrete update. Memory is the optimizer's own: what is restored from a checkpoint
 * is what it keeps. Weight decay is the stepper's, where coupled a part of the gradient.
 *
 * The Brownian increments come from the draws that the discrete run has as its noise, with the sign
 * that pushes the same way: runs of one seed differ by what the SDE leaves out, hardly by chance.
 *
 * To add one: write worker/dynamics/NAME.c and put the optimizer's name into the list in
 * dynamics.c.
 */
#ifndef DYNAMICS_H
#define DYNAMICS_H

#include "error.h"
#include "math/noise.h"
#include "optimizers/optimizers.h"
#include <jansson.h>

struct dynamics;

/* What drives a block of theta during one step. */
struct drive {
    const real *deviation; /* [count] of the gradient's noise; scale of Student's t */
    const float *normals;  /* [count] independent, mean 0, deviation 1 */
};

struct dynamics_kind {
    const char *optimizer; /* whose SDE it is; its settings are that optimizer's */
    const char *only;     /* settings that must stand at these values, as JSON; NULL: any will do */
    bool has_integrators; /* explicit and semi-implicit; else there is only the one */
    bool any_noise;       /* the noise needs no variance */
    /* Takes what it needs beside its settings. NULL: nothing. */
    int (*prepare)(struct dynamics *dynamics, struct error *err);
    /* weights->gradient: the exact one, decayed where coupled. rate = lr * factor. */
    void (*step)(const struct dynamics *dynamics, real rate, const struct drive *drive,
                 struct weights *weights);
};

struct dynamics {
    const struct dynamics_kind *kind;
    const struct chosen *chosen; /* the optimizer's; borrowed */
    const struct noise *noise;   /* borrowed */
    real spread;                 /* standard deviation of the noise by its scale */
    bool semi_implicit;
    real *table; /* prepare()'s */
};

extern const struct dynamics_kind *const dynamics_kinds[];        /* ends with NULL */
const struct dynamics_kind *dynamics_find(const char *optimizer); /* NULL: it has no SDE here */

/* integrator: "explicit", "semi_implicit" or NULL: semi-implicit for beta1 <= 0.95, where the
 * explicit scheme would lose much of the noise. chosen and noise must live as long. Fails where the
 * optimizer has no SDE with these settings under this noise; the sentence names what works. */
int dynamics_open(struct dynamics *dynamics, const struct optimizer *optimizer,
                  const struct chosen *chosen, const struct noise *noise, const char *integrator,
                  struct error *err);
void dynamics_close(struct dynamics *dynamics); /* also of one that is all zero */

/* One step of a block: numbers `from` and those behind it; at most NOISE_TURN, from a multiple
 * of 4.
 */
void dynamics_step(const struct dynamics *dynamics, real rate, size_t from,
                   struct weights *weights);

#endif
