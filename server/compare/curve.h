/*
 * The curve of an arm over its seeds, with a band.
 *
 * Seeds need not share places on the axis: one may have stopped early, times differ, and long
 * series come reduced to buckets. So the mean is taken at every place that any seed has, at most
 * `points` of them evenly picked; a seed counts between its first and last finite value, on the
 * straight line between neighbours, and no longer once it has ended or diverged; but where `stays`
 * its last value stands for it from there on. n says how many counted.
 */
#ifndef CURVE_H
#define CURVE_H

#include "jobs/judging.h"
#include <jansson.h>
#include <stdint.h>

enum curve_axis { AXIS_STEP, AXIS_EPOCH, AXIS_WALL_TIME, AXIS_WORK, CURVE_AXES };
extern const char *const curve_axis_names[CURVE_AXES];

struct curve_input {
    int arm;
    int count;
    const double *x;     /* [count] never falling: steps, epochs, seconds or passes; where some are
                          * equal the last of their values counts */
    const double *value; /* [count] not finite: no value there */
    bool stays; /* a run that is done: by time, it does not leave the mean to slower ones */
};

struct curve_style {
    const char *metric; /* NULL: no curves */
    enum curve_axis by;
    enum curve_band band;
    int points; /* at most, 2 or more */
};

/* {"metric", "by", "band", "step" (whole numbers, by step) or "x": […], "mean": […], "low": […],
 * "high": […], "n": […]} of the curves of one arm; with BAND_QUANTILES "median" stands beside the
 * mean, and low and high are the quartiles (else the mean -+ one standard error). low and high are
 * null where fewer than two seeds count. */
json_t *curve_json(const struct curve_style *style, const struct curve_input *curves,
                   int curve_count, int arm);

#endif
