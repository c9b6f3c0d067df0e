/*
 * Bends of objective values that make a Gaussian process fit better: minimised values in, about
 * standardised values out, in the same order.
 *
 *     identity      (y - mean) / deviation
 *     log           of ln y, where all are positive
 *     Yeo-Johnson   of (y - mean) / deviation, with the power of greatest likelihood (Yeo and
 *                   Johnson, 2000)
 *     half-rank     values above the median are put where normal quantiles of their rank stand,
 * with the deviation of those below it (Song et al., 2024, arXiv 2408.11527)
 */
#ifndef GP_WARP_H
#define GP_WARP_H

enum warp_kind { WARP_IDENTITY, WARP_LOG, WARP_YEO_JOHNSON, WARP_HALF_RANK, WARP_KINDS };
extern const char *const warp_names[WARP_KINDS];

/* y [n] within 1e100. Fills in out [n], and slope [n] = d out / d y (of a rank: that of the nearest
 * value with one). -1 where it cannot be: a log of what is not positive. All the same: zeros,
 * slope 1. */
int warp_values(enum warp_kind kind, const double *y, int n, double *out, double *slope);

/* The place of the middle value in rising order, and the values' order: order [n]. */
double warp_median(const double *y, int n, int *order);

#endif
