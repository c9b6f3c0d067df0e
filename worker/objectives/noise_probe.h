/*
 * How noisy the gradient of a batch is, from the gradients of its parts.
 *
 * With S the covariance of one example's gradient and G the true gradient, the mean g of a batch of
 * B has E|g|^2 = |G|^2 + tr(S) / B. Two sizes of batch, the whole one and its m parts of b, give
 * unbiased estimates of both (McCandlish, Kaplan, Amodei et al., 2018, arXiv 1812.06162, A.1):
 *
 *     tr(S) = b / (m - 1) sum_j |g_j - g|^2        |G|^2 = |g|^2 - tr(S) / B
 *
 * and the gradient noise scale tr(S) / |G|^2: the batch size up to which larger ones pay. One
 * batch's ratio is itself noisy; where |G|^2 comes out at 0 or below it is left out.
 *
 * The tail is Hill's index (1975) of the largest eighth of the lengths |g_j - g|. Below 2 the noise
 * has no variance. Parts hold one example each where the batch has at most PROBE_PARTS_MAX of them.
 */
#ifndef NOISE_PROBE_H
#define NOISE_PROBE_H

#include <stddef.h>
#include <stdint.h>

enum { PROBE_PARTS_MAX = 128, PROBE_PARTS_FOR_TAIL = 16 };

/* A batch whose parts' gradients can be had. */
struct probed {
    size_t dimension;
    uint32_t examples;
    /* The mean gradient [dimension] out of the examples first … first + count - 1. */
    void (*gradient)(void *context, uint32_t first, uint32_t count, float *gradient);
    void *context;
    void (*alive)(void *); /* called now and then; NULL: nobody waits */
    void *alive_context;
};

/* Fills in METRIC_NOISE_TRACE, _SCALE and _TAIL of metrics [METRICS] as far as the batch allows: at
 * least 2 examples for the first two, PROBE_PARTS_FOR_TAIL for the tail. Examples that do not fill
 * a part are left out.
 *     mean, part  [dimension]  scratch */
void noise_probe(const struct probed *probed, float *mean, float *part, double *metrics);

/* Hill's estimate of the tail index from the `largest` greatest of count > largest >= 1 positive
 * numbers, which it sorts: largest / sum of log(x_i / the next smaller one). NaN where that says
 * nothing: all equal, or zero. */
double hill_index(size_t count, size_t largest, double *numbers);

#endif
