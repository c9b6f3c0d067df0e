#include "refinement.h"

#include "memory.h"
#include "running_median.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When gradients have vanished, refining says nothing: our guard, which the paper has not. */
static const double floored_most = 0.1, smallest_ratio = 1e-2;

enum { PUBLISHED_POINTS = 10000, ENDS_DROPPED = 2 };

double curve_at(const double *curve, size_t count, int64_t k, int64_t total)
{
    if (k >= total - 1)
        return curve[total > 1 ? count - 1 : 0];
    const double place = (double)k * (double)(count - 1) / (double)(total - 1);
    const size_t before = (size_t)place;
    if (before + 1 >= count)
        return curve[count - 1];
    return curve[before] + (curve[before + 1] - curve[before]) * (place - (double)before);
}

void curve_resample(const double *curve, size_t length, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = curve_at(curve, length, (int64_t)i, (int64_t)count);
}

/* --- step 1: which norms ---------------------------------------------------------------------- */

static int take_norms(const double *norms, size_t count, const struct refine_options *options,
                      double *out, size_t *out_count, struct error *err)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (norms[i] < 0.0)
            return error_set(err, "norm %zu is %g: a norm is not negative", i, norms[i]);
        if (isfinite(norms[i]))
            out[used++] = norms[i];
    }
    const size_t dropped = options->drop_ends ? 2 * ENDS_DROPPED : 0;
    if (used < REFINEMENT_NORMS_LEAST + dropped)
        return error_set(err,
                         "there are %zu finite gradient norms; a refined schedule needs at "
                         "least %zu",
                         used, REFINEMENT_NORMS_LEAST + dropped);
    memmove(out, out + dropped / 2, (used - dropped) * sizeof *out);
    *out_count = used - dropped;
    return 0;
}

/* --- steps 3 and 4: smoothing ----------------------------------------------------------------- */

static size_t window_width(double tau, size_t count)
{
    /* A hair: 0.1 of 30 is 3.0000000000000004, but 0.29 of 100 is 28.999999999999996. */
    return 2 * ((size_t)(tau * (double)count * (1.0 + 1e-12)) / 2) + 1;
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median_of(const double *values, size_t count)
{
    AUTO_FREE double *sorted = xcalloc(count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return count % 2 ? sorted[count / 2] : 0.5 * sorted[count / 2 - 1] + 0.5 * sorted[count / 2];
}

/* In parts of their median, so that constant norms are exactly 1; raised to the floor. Returns
 * false, with the reason, where too many vanish. */
static bool scale(double *smooth, size_t count, double floor_ratio, char *reason, size_t bytes)
{
    const double median = median_of(smooth, count);
    size_t floored = 0;
    double smallest = HUGE_VAL;

    if (median == 0.0) {
        snprintf(reason, bytes, "half of the gradient norms are zero");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        smooth[i] /= median;
        smallest = fmin(smallest, smooth[i]);
        floored += smooth[i] < floor_ratio;
        smooth[i] = fmax(smooth[i], floor_ratio);
    }
    if ((double)floored > floored_most * (double)count) {
        snprintf(reason, bytes, "%.3g %% of the gradient norms are below %g of their median",
                 100.0 * (double)floored / (double)count, floor_ratio);
        return false;
    }
    if (smallest < smallest_ratio) {
        snprintf(reason, bytes, "gradient norms fall to %.2g of their median, below %g", smallest,
                 smallest_ratio);
        return false;
    }
    return true;
}

/* --- steps 5 to 7: the schedule ----------------------------------------------------------------
 */

/* From norms to factors, in place: each weight times the sum of those behind it. */
static void weigh(double *norms, size_t count, bool l1)
{
    double behind = 0.0, largest = 0.0;
    for (size_t i = count; i-- > 0;) {
        const double weight = l1 ? 1.0 / norms[i] : 1.0 / (norms[i] * norms[i]);
        norms[i] = weight * behind;
        behind += weight;
        largest = fmax(largest, norms[i]);
    }
    for (size_t i = 0; i < count; i++)
        norms[i] /= largest;
}

static void fill_linear(double *curve, size_t count)
{
    for (size_t i = 0; i < count; i++)
        curve[i] = (double)(count - 1 - i) / (double)(count - 1);
}

static void refine_curve(double *curve, size_t count, size_t width,
                         const struct refine_options *options, struct refined *out)
{
    AUTO_FREE double *norms = xcalloc(count, sizeof *norms);
    memcpy(norms, curve, count * sizeof *norms);
    running_median(norms, count, width, curve);
    *out = (struct refined){.curve = curve, .count = count};
    out->linear = !scale(curve, count, options->floor_ratio, out->reason, sizeof out->reason);
    if (out->linear)
        fill_linear(curve, count);
    else
        weigh(curve, count, options->l1);
}

int refine(const double *norms, size_t count, const struct refine_options *options,
           struct refined *out, struct error *err)
{
    if (count > REFINEMENT_NORMS_MAX)
        return error_set(err, "%zu gradient norms are too many; at most %d", count,
                         REFINEMENT_NORMS_MAX);
    double *curve = xcalloc(count, sizeof *curve);
    size_t used = 0;
    if (take_norms(norms, count, options, curve, &used, err) < 0) {
        free(curve);
        return -1;
    }
    if (options->to_10000 && used < PUBLISHED_POINTS) {
        double *more = xcalloc(PUBLISHED_POINTS, sizeof *more);
        curve_resample(curve, used, more, PUBLISHED_POINTS);
        free(curve);
        curve = more;
        used = PUBLISHED_POINTS;
    }
    refine_curve(curve, used,
                 window_width(options->tau, options->to_10000 ? PUBLISHED_POINTS : used), options,
                 out);
    return 0;
}

void refined_release(struct refined *refined)
{
    free(refined->curve);
    *refined = (struct refined){0};
}
