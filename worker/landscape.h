/*
 * An objective as a second-order optimizer drives it: loss, gradient and products with the
 * Gauss-Newton matrix, each on a sample of the examples that the optimizer chooses. The loss is
 * that of the data alone: weight decay is the optimizer's.
 */
#ifndef LANDSCAPE_H
#define LANDSCAPE_H

#include "error.h"
#include "math/real.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first `count` examples of the training part in the order of the shuffle numbered `draw`, a
 * pure function of the run's seed; `count` equal to all of them is the whole part, whatever the
 * draw. Of a problem without examples: the problem itself. */
struct sample {
    uint64_t draw;
    uint32_t count; /* 1 … examples */
};

struct landscape;

struct landscape_methods {
    /* Takes the memory that the others work in, once, before the first of them. NULL: they need
     * none. */
    int (*prepare)(struct landscape *landscape, struct error *err);

    /* Mean loss over the sample. */
    double (*loss)(struct landscape *landscape, const real *theta, struct sample sample);

    /* Mean loss and its gradient [dimension] out.
     *     squares  [dimension] out: sum over the examples of each one's squared gradient; NULL: not
     *              wanted */
    double (*gradient)(struct landscape *landscape, const real *theta, struct sample sample,
                       real *gradient, real *squares);

    /* Fixes where the following products are taken. theta stays in place and as it is until the
     * last of them; losses and gradients elsewhere may come between. */
    void (*curve_at)(struct landscape *landscape, const real *theta, struct sample sample);

    /* The Gauss-Newton matrix of the mean loss there, times a direction [dimension]: J' H_L J v
     * (Schraudolph, 2002). product [dimension] out, another array. */
    void (*product)(struct landscape *landscape, const real *direction, real *product);
};

struct landscape {
    const struct landscape_methods *methods;
    size_t dimension;
    uint32_t examples; /* of the training part; 1 where there are none */
    bool has_curvature, has_squares;
    /* What the calls so far have cost, in forward passes of one example (Sainath et al., 2013): a
     * loss 1, a gradient 3 (4 with squares), a product 4, and 1 more where it has to go forward
     * again. Whoever wants to know takes the difference. */
    double passes;
    /* Called between chunks of work, so that long iterations still answer. */
    void (*alive)(void *);
    void *alive_context;
};

#endif
