#include "datasets/statistics.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 wide;

int statistics_init_bytes(struct statistics *statistics, size_t features)
{
    *statistics = (struct statistics){
        .features = features,
        .sum = aligned_block(features, sizeof(uint64_t)),
        .square_sum = aligned_block(features, sizeof(uint64_t)),
    };
    return statistics->sum && statistics->square_sum ? 0 : -1;
}

int statistics_init_floats(struct statistics *statistics, size_t features)
{
    *statistics = (struct statistics){
        .features = features,
        .mean = aligned_block(features, sizeof(double)),
        .moment = aligned_block(features, sizeof(double)),
    };
    return statistics->mean && statistics->moment ? 0 : -1;
}

void statistics_release(struct statistics *statistics)
{
    free(statistics->sum);
    free(statistics->square_sum);
    free(statistics->mean);
    free(statistics->moment);
    *statistics = (struct statistics){0};
}

void statistics_add_bytes(struct statistics *statistics, const uint8_t *rows, size_t count)
{
    const size_t features = statistics->features;
    uint64_t *restrict sum = statistics->sum, *restrict square_sum = statistics->square_sum;

    for (size_t row = 0; row < count; row++, rows += features) {
        for (size_t i = 0; i < features; i++) {
            const uint32_t x = rows[i];
            sum[i] += x;
            square_sum[i] += x * x;
        }
    }
    statistics->rows += count;
}

void statistics_add_floats(struct statistics *statistics, const float *rows, size_t count)
{
    const size_t features = statistics->features;
    double *restrict mean = statistics->mean, *restrict moment = statistics->moment;

    for (size_t row = 0; row < count; row++, rows += features) {
        const double share = 1.0 / (double)++statistics->rows;
        for (size_t i = 0; i < features; i++) {
            const double distance = (double)rows[i] - mean[i];
            mean[i] += distance * share;
            moment[i] += distance * ((double)rows[i] - mean[i]);
        }
    }
}

static double mean_of(const struct statistics *statistics, size_t i)
{
    return statistics->sum ? (double)statistics->sum[i] / (double)statistics->rows
                           : statistics->mean[i];
}

/* Of bytes: (n * sum of squares - sum^2) / n^2, its numerator exact. */
static double variance_of(const struct statistics *statistics, size_t i)
{
    const double rows = (double)statistics->rows;

    if (!statistics->sum)
        return statistics->moment[i] / rows;
    const wide sum = statistics->sum[i], square_sum = statistics->square_sum[i];
    return (double)(statistics->rows * square_sum - sum * sum) / rows / rows;
}

static double deviation_from(double variance)
{
    return variance > 0 ? sqrt(variance) : 1.0;
}

/* All features have equally many values: the mean of means, and the mean of variances plus the
 * variance of means. */
static void finish_whole(const struct statistics *statistics, double *mean, double *deviation)
{
    const double features = (double)statistics->features;
    double sum = 0, spread = 0;

    for (size_t i = 0; i < statistics->features; i++)
        sum += mean_of(statistics, i);
    *mean = sum / features;
    for (size_t i = 0; i < statistics->features; i++) {
        const double distance = mean_of(statistics, i) - *mean;
        spread += variance_of(statistics, i) + distance * distance;
    }
    *deviation = deviation_from(spread / features);
}

void statistics_finish(const struct statistics *statistics, float *mean, float *deviation,
                       double *whole_mean, double *whole_deviation)
{
    assert(statistics->rows > 0);
    for (size_t i = 0; i < statistics->features; i++) {
        mean[i] = (float)mean_of(statistics, i);
        deviation[i] = (float)deviation_from(variance_of(statistics, i));
        if (!(deviation[i] > 0)) /* too small for a float */
            deviation[i] = 1.0F;
    }
    finish_whole(statistics, whole_mean, whole_deviation);
}
