/*
 * Mean and deviation of every feature and of all together, in one pass over the rows. Deviations
 * are those of the whole (divided by n). Bytes are summed exactly in integers; floats by Welford's
 * recurrence in double (Technometrics, 1962), which an offset or an outlier does not upset.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <stddef.h>
#include <stdint.h>

struct statistics {
    size_t features;
    uint64_t rows;
    uint64_t *sum, *square_sum; /* [features] of bytes, or NULL */
    double *mean, *moment;      /* [features] of floats: the mean, the sum of (x - mean)^2 */
};

/* 0, or -1 where memory is gone. */
int statistics_init_bytes(struct statistics *statistics, size_t features);
int statistics_init_floats(struct statistics *statistics, size_t features);
void statistics_release(struct statistics *statistics);

void statistics_add_bytes(struct statistics *statistics, const uint8_t *rows, size_t count);
void statistics_add_floats(struct statistics *statistics, const float *rows, size_t count);

/* mean and deviation [features] out, deviation 1 where a feature is constant; the same of all
 * features together. At least one row was added. */
void statistics_finish(const struct statistics *statistics, float *mean, float *deviation,
                       double *whole_mean, double *whole_deviation);

#endif
