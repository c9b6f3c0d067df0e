/*
 * The median of a window that slides over numbers, in O(log size) a step: a ring of the window's
 * values in the leaves of a tree of counts over their ranks.
 */
#ifndef RUNNING_MEDIAN_H
#define RUNNING_MEDIAN_H

#include <stddef.h>

/*
 * Medians of windows of odd width over `values`; out[i] is that of the window centred on i.
 *
 *     values  [count]  finite; count >= 1
 *     width            odd, at least 1
 *     out     [count]  may not be `values`
 *
 * Edges as in the published refinement (Defazio et al., 2023, arXiv 2310.07831): to the left the
 * first value repeats, to the right the values are mirrored without the last one; a window wider
 * than what there is to mirror goes on with the first value.
 */
void running_median(const double *values, size_t count, size_t width, double *out);

#endif
