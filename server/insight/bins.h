/*
 * A search's runs in bins along each parameter: what its trees split at.
 *
 * Edges of a number lie between runs, at most BINS_MAX - 1 of them, so that bins hold about equally
 * many; of a stepped number and a choice every value that was tried is a bin, where they are few.
 * Choices without an order stand by their mean value (Breiman et al., 1984, 8.5: no better split of
 * a regression tree exists; Wright and Koenig, 2019). A parameter that does not apply stands in the
 * middle of its axis.
 *
 * The measure is that of the unit cube: a bin's width is its part of the axis.
 */
#ifndef BINS_H
#define BINS_H

#include "insight/findings.h"

enum { BINS_MAX = 64, BINS_RUNS_MAX = 1000 };

struct bins {
    int parameters, runs;
    int *count;     /* [parameters] how many bins, 1 … BINS_MAX */
    double *width;  /* [parameters][BINS_MAX] adding up to 1 */
    uint8_t *place; /* [parameters][runs] the bin of each run */
    double *value;  /* [runs] minimised */
};

/* Of the evidence (evidence.h) that is done, kept constraints or not; a population's values are
 * ranks; of more than BINS_RUNS_MAX those evenly
 * spread over their order. */
void bins_init(struct bins *bins, const struct findings *findings);
void bins_release(struct bins *bins);

#endif
