/*
 * The mean curve of an arm over its seeds, with a band of one standard error.
 *
 * Seeds need not share steps: one may have stopped early, and long series come reduced to buckets.
 * So the mean is taken at every step that any seed has, at most `most` of them evenly picked; a
 * seed counts between its first and last finite value, on the straight line between neighbours,
 * and no longer once it has ended or diverged. n says how many counted.
 */
#ifndef CURVE_H
#define CURVE_H

#include <jansson.h>
#include <stdint.h>

struct curve_input {
    int arm;
    int count;
    const int64_t *step; /* [count] rising */
    const double *value; /* [count] NaN: not finite */
};

/* {"metric", "step": […], "mean": […], "low": […], "high": […], "n": […]} of the curves of one arm;
 * low and high are null where fewer than two seeds count. */
json_t *curve_mean(const char *metric, const struct curve_input *curves, int curve_count, int arm,
                   int most);

#endif
