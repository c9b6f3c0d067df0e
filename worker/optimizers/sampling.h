/*
 * How large a sample the next gradient is taken on: Byrd, Chin, Nocedal and Wu, Sample size
 * selection in optimization methods for machine learning (2012); training.md 6.7.
 */
#ifndef SAMPLING_H
#define SAMPLING_H

#include "math/real.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of `examples`, rounded up: 1 … examples. fraction within (0, 1]. */
uint32_t sample_part(double fraction, uint32_t examples);

/* start * growth^k, rounded up, at most `most`; k = 0, 1, … */
uint32_t sample_grown(uint32_t start, double growth, int64_t k, uint32_t most);

/* The sum over the coordinates of the variance of one example's gradient.
 *     squares   [dimension]  sum over the `count` examples of each one's squared gradient
 *     gradient  [dimension]  their mean gradient
 * 0 for a single example, which tells nothing of it. */
double sample_variance(uint32_t count, size_t dimension, const real *squares, const real *gradient);

struct variance_test {
    double variance;     /* what sample_variance() says */
    double squared_norm; /* of the mean gradient */
    double ratio;        /* c_v: how large the error of the mean may be beside it, in (0, 1) */
    uint32_t count, examples;
};

/* Whether the error of the sample's mean gradient is at most c_v of its norm. */
bool variance_test_passes(const struct variance_test *test);

/* How many examples it takes: `count` where it passes, else more, at most `examples`. */
uint32_t variance_test_wants(const struct variance_test *test);

#endif
