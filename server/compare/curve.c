#include "compare/curve.h"

#include "compare/order.h"
#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

const char *const curve_axis_names[CURVE_AXES] = {
    [AXIS_STEP] = "step",
    [AXIS_EPOCH] = "epoch",
    [AXIS_WALL_TIME] = "wall_time",
    [AXIS_WORK] = "work",
};

struct places {
    double *x; /* [count] rising, no two alike */
    int count;
};

static int by_size(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void drop_repeats(struct places *places)
{
    int kept = 0;
    for (int i = 0; i < places->count; i++) {
        if (kept == 0 || places->x[i] != places->x[kept - 1])
            places->x[kept++] = places->x[i];
    }
    places->count = kept;
}

/* Evenly, the first and the last among them. */
static void pick(struct places *places, int most)
{
    if (places->count <= most || most < 2)
        return;
    for (int i = 0; i < most; i++)
        places->x[i] = places->x[(int64_t)i * (places->count - 1) / (most - 1)];
    places->count = most;
}

/* Every place at which a seed of the arm has a finite value. */
static struct places places_of(const struct curve_input *curves, int curve_count, int arm, int most)
{
    struct places places = {0};
    size_t room = 0;

    for (int i = 0; i < curve_count; i++)
        room += curves[i].arm == arm ? (size_t)curves[i].count : 0;
    places.x = xcalloc(room, sizeof *places.x);
    for (int i = 0; i < curve_count; i++) {
        for (int j = 0; curves[i].arm == arm && j < curves[i].count; j++) {
            if (isfinite(curves[i].value[j]))
                places.x[places.count++] = curves[i].x[j];
        }
    }
    qsort(places.x, (size_t)places.count, sizeof *places.x, by_size);
    drop_repeats(&places);
    pick(&places, most);
    return places;
}

/* The curve's value at a place; NaN before it, behind it unless it stays, and beside what is not
 * finite. *cursor is an entry at or before the place, and moves on with it. */
static double value_at(const struct curve_input *curve, double x, int *cursor)
{
    while (*cursor + 1 < curve->count && curve->x[*cursor + 1] <= x)
        ++*cursor;
    const int i = *cursor;
    if (i >= curve->count || x < curve->x[i])
        return NO_VALUE;
    if (x == curve->x[i])
        return curve->value[i];
    if (i + 1 == curve->count)
        return curve->stays ? curve->value[i] : NO_VALUE;
    const double share = (x - curve->x[i]) / (curve->x[i + 1] - curve->x[i]);
    return curve->value[i] + share * (curve->value[i + 1] - curve->value[i]);
}

/* The finite values of the arm's seeds at a place. */
static int values_at(const struct curve_input *curves, int curve_count, int arm, double x,
                     int *cursors, double *values)
{
    int count = 0;
    for (int i = 0; i < curve_count; i++) {
        if (curves[i].arm != arm)
            continue;
        const double value = value_at(&curves[i], x, &cursors[i]);
        if (isfinite(value))
            values[count++] = value;
    }
    return count;
}

struct band {
    double mean, median, low, high;
};

static struct band band_of(double *values, int count, enum curve_band kind)
{
    const double mean = statistics_mean(values, count);
    const double error = statistics_standard_error(values, count);
    struct band band = {mean, NO_VALUE, mean - error, mean + error};

    if (kind == BAND_QUANTILES) {
        band.median = order_median(values, count);
        band.low = count < 2 ? NO_VALUE : order_quantile(values, count, 0.25);
        band.high = count < 2 ? NO_VALUE : order_quantile(values, count, 0.75);
    }
    return band;
}

static void append(json_t *curve, const char *list, json_t *value)
{
    json_array_append_new(json_object_get(curve, list), value);
}

static json_t *empty_curve(const struct curve_style *style)
{
    json_t *curve =
        json_pack("{s:s, s:s, s:s, s:[], s:[], s:[], s:[], s:[]}", "metric", style->metric, "by",
                  curve_axis_names[style->by], "band", curve_band_names[style->band],
                  style->by == AXIS_STEP ? "step" : "x", "mean", "low", "high", "n");
    if (style->band == BAND_QUANTILES)
        json_object_set_new(curve, "median", json_array());
    return curve;
}

json_t *curve_json(const struct curve_style *style, const struct curve_input *curves,
                   int curve_count, int arm)
{
    struct places places = places_of(curves, curve_count, arm, style->points);
    AUTO_FREE int *cursors = xcalloc((size_t)curve_count, sizeof *cursors);
    AUTO_FREE double *values = xcalloc((size_t)curve_count, sizeof *values);
    json_t *curve = empty_curve(style);

    for (int i = 0; i < places.count; i++) {
        const double x = places.x[i];
        const int count = values_at(curves, curve_count, arm, x, cursors, values);
        const struct band band = band_of(values, count, style->band);
        if (style->by == AXIS_STEP)
            append(curve, "step", json_integer((json_int_t)x));
        else
            append(curve, "x", json_number(x));
        append(curve, "mean", json_number(band.mean));
        append(curve, "low", json_number(band.low));
        append(curve, "high", json_number(band.high));
        append(curve, "n", json_integer(count));
        if (style->band == BAND_QUANTILES)
            append(curve, "median", json_number(band.median));
    }
    free(places.x);
    return curve;
}
