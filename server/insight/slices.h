/*
 * How good runs were along each parameter: best and median of those in a bin of its axis.
 */
#ifndef SLICES_H
#define SLICES_H

#include "insight/findings.h"

enum { SLICE_BINS = 20, SLICE_BINS_MOST = 32 };

/* [{"parameter", "scale", "bins": [{"low", "high", "place", "runs", "best", "median"}]}], over the
 * runs that are done with all constraints kept. Bins are equally wide on the axis; a number of few
 * values has one for each, a choice always, then low and high are the value. */
json_t *slices_json(const struct findings *findings);

#endif
