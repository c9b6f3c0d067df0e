#include "objectives/noise_probe.h"

#include "math/vectors.h"
#include "metrics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { TAIL_SHARE = 8, ALIVE_EVERY_PARTS = 16 };

static int compare_downwards(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

double hill_index(size_t count, size_t largest, double *numbers)
{
    assert(largest >= 1 && largest < count);
    qsort(numbers, count, sizeof *numbers, compare_downwards);
    const double next = numbers[largest];
    double sum = 0;
    for (size_t i = 0; i < largest; i++)
        sum += log(numbers[i] / next);
    return next > 0 && sum > 0 && isfinite(sum) ? (double)largest / sum : (double)NAN;
}

/* How far each part's gradient is from the mean. */
static void measure_parts(const struct probed *probed, uint32_t parts, uint32_t size,
                          const float *mean, float *part, double *lengths)
{
    for (uint32_t j = 0; j < parts; j++) {
        probed->gradient(probed->context, j * size, size, part);
        lengths[j] = sqrt(vector_squared_distance(probed->dimension, part, mean));
        if (probed->alive && j % ALIVE_EVERY_PARTS == ALIVE_EVERY_PARTS - 1)
            probed->alive(probed->alive_context);
    }
}

void noise_probe(const struct probed *probed, float *mean, float *part, double *metrics)
{
    const uint32_t size = (probed->examples + PROBE_PARTS_MAX - 1) / PROBE_PARTS_MAX;
    const uint32_t parts = size > 0 ? probed->examples / size : 0;
    double lengths[PROBE_PARTS_MAX], squares = 0;
    if (parts < 2)
        return;

    probed->gradient(probed->context, 0, parts * size, mean);
    measure_parts(probed, parts, size, mean, part, lengths);
    for (uint32_t j = 0; j < parts; j++)
        squares += lengths[j] * lengths[j];
    const double trace = size * squares / (parts - 1);
    const double signal = vector_sum_squares(probed->dimension, mean) - trace / (parts * size);

    metrics[METRIC_NOISE_TRACE] = trace;
    if (signal > 0)
        metrics[METRIC_NOISE_SCALE] = trace / signal;
    if (parts >= PROBE_PARTS_FOR_TAIL)
        metrics[METRIC_NOISE_TAIL] = hill_index(parts, parts / TAIL_SHARE, lengths);
}
