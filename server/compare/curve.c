#include "compare/curve.h"

#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

struct steps {
    int64_t *step; /* [count] rising, no two alike */
    int count;
};

static int by_size(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void drop_repeats(struct steps *steps)
{
    int kept = 0;
    for (int i = 0; i < steps->count; i++) {
        if (kept == 0 || steps->step[i] != steps->step[kept - 1])
            steps->step[kept++] = steps->step[i];
    }
    steps->count = kept;
}

/* Evenly, the first and the last among them. */
static void pick(struct steps *steps, int most)
{
    if (steps->count <= most || most < 2)
        return;
    for (int i = 0; i < most; i++)
        steps->step[i] = steps->step[(int64_t)i * (steps->count - 1) / (most - 1)];
    steps->count = most;
}

/* Every step at which a seed of the arm has a finite value. */
static struct steps steps_of(const struct curve_input *curves, int curve_count, int arm, int most)
{
    struct steps steps = {0};
    size_t room = 0;

    for (int i = 0; i < curve_count; i++)
        room += curves[i].arm == arm ? (size_t)curves[i].count : 0;
    steps.step = xcalloc(room, sizeof *steps.step);
    for (int i = 0; i < curve_count; i++) {
        for (int j = 0; curves[i].arm == arm && j < curves[i].count; j++) {
            if (isfinite(curves[i].value[j]))
                steps.step[steps.count++] = curves[i].step[j];
        }
    }
    qsort(steps.step, (size_t)steps.count, sizeof *steps.step, by_size);
    drop_repeats(&steps);
    pick(&steps, most);
    return steps;
}

/* The curve's value at a step; NaN outside it and beside what is not finite. *cursor is a place at
 * or before the step, and moves on with it. */
static double value_at(const struct curve_input *curve, int64_t step, int *cursor)
{
    while (*cursor + 1 < curve->count && curve->step[*cursor + 1] <= step)
        ++*cursor;
    const int i = *cursor;
    if (i >= curve->count || step < curve->step[i])
        return NO_VALUE;
    if (step == curve->step[i])
        return curve->value[i];
    if (i + 1 == curve->count)
        return NO_VALUE;
    const double share =
        (double)(step - curve->step[i]) / (double)(curve->step[i + 1] - curve->step[i]);
    return curve->value[i] + share * (curve->value[i + 1] - curve->value[i]);
}

/* The finite values of the arm's seeds at a step. */
static int values_at(const struct curve_input *curves, int curve_count, int arm, int64_t step,
                     int *cursors, double *values)
{
    int count = 0;
    for (int i = 0; i < curve_count; i++) {
        if (curves[i].arm != arm)
            continue;
        const double value = value_at(&curves[i], step, &cursors[i]);
        if (isfinite(value))
            values[count++] = value;
    }
    return count;
}

json_t *curve_mean(const char *metric, const struct curve_input *curves, int curve_count, int arm,
                   int most)
{
    struct steps steps = steps_of(curves, curve_count, arm, most);
    AUTO_FREE int *cursors = xcalloc((size_t)curve_count, sizeof *cursors);
    AUTO_FREE double *values = xcalloc((size_t)curve_count, sizeof *values);
    json_t *step = json_array(), *mean = json_array(), *n = json_array();
    json_t *low = json_array(), *high = json_array();

    for (int i = 0; i < steps.count; i++) {
        const int count = values_at(curves, curve_count, arm, steps.step[i], cursors, values);
        const double middle = statistics_mean(values, count);
        const double error = statistics_standard_error(values, count);
        json_array_append_new(step, json_integer(steps.step[i]));
        json_array_append_new(mean, json_number(middle));
        json_array_append_new(low, json_number(middle - error));
        json_array_append_new(high, json_number(middle + error));
        json_array_append_new(n, json_integer(count));
    }
    free(steps.step);
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "metric", metric, "step", step, "mean", mean,
                     "low", low, "high", high, "n", n);
}
