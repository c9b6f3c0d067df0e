#include "search/tpe/parzen.h"

#include "memory.h"
#include "search/numbers/exp_minus.h"
#include "search/numbers/kernels.h"
#include "search/tpe/truncated_normal.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double root_half = 0.70710678118654752440, root_two_pi = 2.50662827463100050242;

/* One parameter. A number without steps: the kernels' means and 1 / (sqrt(2) deviation). A discrete
 * one: kernels that sit on the same value are the same there, and a value's logarithms are looked
 * up by the kernel's level. */
struct axis {
    const struct parameter *parameter;
    int index;
    double *mean, *inverse; /* [kernels] */
    int32_t *level;         /* [kernels] of a discrete one, else NULL */
    int levels;             /* the prior's is the last */
    double *level_value;    /* [levels] place of a choice, u of a number */
    double *level_width;    /* [levels] deviation, of a number */
};

struct parzen {
    struct parzen_rule rule;
    int kernels; /* the prior is the last */
    int axes;
    struct axis *axis;  /* [axes] */
    double *constant;   /* [kernels] ln of weight and what else does not depend on the place */
    double *cumulative; /* [kernels] of the weights, ends with 1 */
    double *room;       /* [kernels + levels] of one evaluation */
};

static bool is_unordered(const struct parameter *parameter)
{
    return parameter->type == PARAMETER_CHOICE && !parameter->ordered;
}

static bool is_stepless(const struct parameter *parameter)
{
    return parameter->type == PARAMETER_FLOAT && parameter->step <= 0;
}

/* --- order -----------------------------------------------------------------------------------
 */

/* By the upper 16 bits in two passes, the rest by insertion: few are out of place then. */
static void sort_order(const double *u, int count, int32_t *order, int32_t *room)
{
    for (int i = 0; i < count; i++)
        order[i] = i;
    for (int shift = 0; shift < 16; shift += 8) {
        int start[257] = {0};
        for (int i = 0; i < count; i++)
            start[1 + ((int)(u[order[i]] * 65535) >> shift & 255)]++;
        for (int i = 0; i < 256; i++)
            start[i + 1] += start[i];
        for (int i = 0; i < count; i++)
            room[start[(int)(u[order[i]] * 65535) >> shift & 255]++] = order[i];
        memcpy(order, room, (size_t)count * sizeof *order);
    }
    for (int i = 1; i < count; i++) {
        const int32_t moved = order[i];
        int j = i;
        for (; j > 0 && u[order[j - 1]] > u[moved]; j--)
            order[j] = order[j - 1];
        order[j] = moved;
    }
}

/* --- widths ----------------------------------------------------------------------------------
 */

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Of a point between `before` and `after`, the next different ones; NaN: none. */
static double gap_of(double before, double u, double after)
{
    if (isnan(before) && isnan(after))
        return fmax(u, 1 - u);
    if (isnan(before) || isnan(after))
        return isnan(before) ? after - u : u - before;
    return fmax(u - before, after - u);
}

static double least_width(const struct parzen *parzen)
{
    return fmin(1, parzen->rule.floor / fmin(100, 1 + parzen->kernels));
}

static double scott_width(const struct parzen *parzen)
{
    const double points = fmax(parzen->kernels - 1, 1);
    return clip(parzen->rule.scale * pow(points, -1.0 / (parzen->axes + 4)), least_width(parzen),
                1);
}

/* width [count] and level [count] of the points; returns how many different u there are. */
static int find_levels(const struct parzen *parzen, const double *u, double *width, int32_t *level)
{
    const int count = parzen->kernels - 1;
    AUTO_FREE int32_t *order = xcalloc((size_t)count + 1, 2 * sizeof *order);
    const double least = least_width(parzen), scott = scott_width(parzen);
    double before = (double)NAN;
    int levels = 0;

    sort_order(u, count, order, order + count);
    for (int from = 0, to; from < count; from = to) {
        const double here = u[order[from]];
        for (to = from + 1; to < count && u[order[to]] == here;)
            to++;
        const double after = to < count ? u[order[to]] : (double)NAN;
        const double gap = clip(gap_of(before, here, after), least, 1);
        for (int i = from; i < to; i++) {
            width[order[i]] = parzen->rule.widths == PARZEN_SCOTT ? scott : gap;
            level[order[i]] = levels;
        }
        before = here;
        levels++;
    }
    return levels;
}

/* Where all are as wide and nothing is looked up by level, no order is needed. */
static int find_widths(const struct parzen *parzen, const struct axis *axis, const double *u,
                       double *width, int32_t *level)
{
    if (parzen->rule.widths != PARZEN_SCOTT || !is_stepless(axis->parameter))
        return find_levels(parzen, u, width, level);
    const double scott = scott_width(parzen);
    for (int i = 0; i < parzen->kernels - 1; i++)
        width[i] = scott;
    return 0;
}

/* --- building --------------------------------------------------------------------------------
 */

/* The share of a normal around u in [0, 1] that lies there: 1 where no end is near. */
static double mass_inside(double u, double width)
{
    const double below = u / width, above = (1 - u) / width;
    double mass = 1;
    if (below < 8.3)
        mass -= 0.5 * erfc(below * root_half);
    if (above < 8.3)
        mass -= 0.5 * erfc(above * root_half);
    return mass;
}

/* What a kernel is divided by, on one axis. */
static double divisor(const struct parzen *parzen, const struct axis *axis, double u, double width)
{
    if (is_unordered(axis->parameter))
        return 1;
    const double mass = mass_inside(u, width);
    if (!is_stepless(axis->parameter) || parzen->rule.flat)
        return mass;
    return mass * width * root_two_pi;
}

static void place_on_levels(struct axis *axis, const double *u, const double *width, int levels,
                            int32_t *level, int count)
{
    axis->level = level;
    axis->levels = levels + 1;
    axis->level_value = xcalloc((size_t)axis->levels, sizeof *axis->level_value);
    axis->level_width = xcalloc((size_t)axis->levels, sizeof *axis->level_width);
    for (int i = 0; i < count; i++) {
        axis->level_value[level[i]] = u[i];
        axis->level_width[level[i]] = width[i];
    }
    axis->level_value[levels] = 0.5;
    axis->level_width[levels] = 1;
    level[count] = levels;
}

static void build_choice(struct parzen *parzen, struct axis *axis, const double *const *points)
{
    const int count = parzen->kernels - 1;
    axis->levels = axis->parameter->choices + 1;
    axis->level = xcalloc((size_t)parzen->kernels, sizeof *axis->level);
    for (int i = 0; i < count; i++)
        axis->level[i] = (int32_t)points[i][axis->index];
    axis->level[count] = axis->parameter->choices;
}

static void build_number(struct parzen *parzen, struct axis *axis, const double *const *points,
                         double *divisors)
{
    const int count = parzen->kernels - 1;
    double *u = xcalloc((size_t)parzen->kernels, sizeof *u);
    double *width = xcalloc((size_t)parzen->kernels, sizeof *width);
    int32_t *level = xcalloc((size_t)parzen->kernels, sizeof *level);

    for (int i = 0; i < count; i++)
        u[i] = parameter_to_unit(axis->parameter, points[i][axis->index]);
    const int levels = find_widths(parzen, axis, u, width, level);
    u[count] = 0.5;
    width[count] = 1;
    for (int i = 0; i <= count; i++)
        divisors[i] *= divisor(parzen, axis, u[i], width[i]);
    if (is_stepless(axis->parameter)) {
        for (int i = 0; i <= count; i++)
            width[i] = root_half / width[i];
        axis->mean = u;
        axis->inverse = width;
        free(level);
        return;
    }
    place_on_levels(axis, u, width, levels, level, count);
    free(u);
    free(width);
}

static void build_axes(struct parzen *parzen, const double *const *points)
{
    enum { AXES_A_LOGARITHM = 32 }; /* a product of so many divisors is far above DBL_MIN */
    AUTO_FREE double *divisors = xcalloc((size_t)parzen->kernels, sizeof *divisors);

    for (int a = 0; a < parzen->axes; a++) {
        if (a % AXES_A_LOGARITHM == 0)
            for (int i = 0; i < parzen->kernels; i++)
                divisors[i] = 1;
        if (is_unordered(parzen->axis[a].parameter))
            build_choice(parzen, &parzen->axis[a], points);
        else
            build_number(parzen, &parzen->axis[a], points, divisors);
        if (a % AXES_A_LOGARITHM == AXES_A_LOGARITHM - 1 || a == parzen->axes - 1)
            for (int i = 0; i < parzen->kernels; i++)
                parzen->constant[i] -= log(divisors[i]);
    }
}

static void lay_weights(struct parzen *parzen, const double *weights)
{
    const int count = parzen->kernels - 1;
    double total = 1, sum = 0;

    for (int i = 0; i < count; i++)
        total += weights[i];
    for (int i = 0; i <= count; i++) {
        const double weight = (i < count ? weights[i] : 1) / total;
        sum += weight;
        parzen->constant[i] = log(weight);
        parzen->cumulative[i] = sum;
    }
    parzen->cumulative[count] = 1;
}

static int most_levels(const struct parzen *parzen)
{
    int most = 0;
    for (int a = 0; a < parzen->axes; a++)
        most = parzen->axis[a].levels > most ? parzen->axis[a].levels : most;
    return most;
}

struct parzen *parzen_new(const struct parzen_rule *rule, const struct space *space,
                          const int *parameters, int parameter_count, const double *const *points,
                          const double *weights, int count)
{
    struct parzen *parzen = xcalloc(1, sizeof *parzen);

    *parzen = (struct parzen){.rule = *rule, .kernels = count + 1, .axes = parameter_count};
    parzen->axis = xcalloc((size_t)parameter_count, sizeof *parzen->axis);
    parzen->constant = xcalloc((size_t)parzen->kernels, sizeof *parzen->constant);
    parzen->cumulative = xcalloc((size_t)parzen->kernels, sizeof *parzen->cumulative);
    for (int a = 0; a < parameter_count; a++)
        parzen->axis[a] =
            (struct axis){.parameter = &space->parameters[parameters[a]], .index = parameters[a]};
    lay_weights(parzen, weights);
    build_axes(parzen, points);
    parzen->room =
        xcalloc((size_t)parzen->kernels + (size_t)most_levels(parzen), sizeof *parzen->room);
    return parzen;
}

void parzen_free(struct parzen *parzen)
{
    if (!parzen)
        return;
    for (int a = 0; a < parzen->axes; a++) {
        free(parzen->axis[a].mean);
        free(parzen->axis[a].inverse);
        free(parzen->axis[a].level);
        free(parzen->axis[a].level_value);
        free(parzen->axis[a].level_width);
    }
    free(parzen->axis);
    free(parzen->constant);
    free(parzen->cumulative);
    free(parzen->room);
    free(parzen);
}

/* --- drawing ---------------------------------------------------------------------------------
 */

static int draw_kernel(const struct parzen *parzen, double u)
{
    int low = 0, high = parzen->kernels - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (u < parzen->cumulative[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* A point's table: 1 / K everywhere and 1 more for its own, over their sum. */
static double draw_choice(const struct parzen *parzen, const struct axis *axis, int kernel,
                          double u)
{
    const int choices = axis->parameter->choices;
    const double own = (double)parzen->kernels / (parzen->kernels + choices);
    if (axis->level[kernel] == choices)
        return fmin(floor(u * choices), choices - 1);
    if (u < own)
        return axis->level[kernel];
    return fmin(floor((u - own) / (1 - own) * choices), choices - 1);
}

static double draw_number(const struct axis *axis, int kernel, double u)
{
    const double mean = axis->level ? axis->level_value[axis->level[kernel]] : axis->mean[kernel];
    const double width =
        axis->level ? axis->level_width[axis->level[kernel]] : root_half / axis->inverse[kernel];
    return parameter_from_unit(axis->parameter, truncated_normal_quantile(u, mean, width, 0, 1));
}

void parzen_draw(const struct parzen *parzen, struct rng *rng, double *values)
{
    const int kernel = draw_kernel(parzen, rng_uniform(rng));
    for (int a = 0; a < parzen->axes; a++) {
        const struct axis *axis = &parzen->axis[a];
        const double u = rng_uniform(rng);
        values[axis->index] = is_unordered(axis->parameter) ? draw_choice(parzen, axis, kernel, u)
                                                            : draw_number(axis, kernel, u);
    }
}

/* --- density ---------------------------------------------------------------------------------
 */

KERNEL_CLONES static void add_squares(double *restrict sum, const double *restrict mean,
                                      const double *restrict inverse, double u, int count)
{
    for (int i = 0; i < count; i++) {
        const double z = (u - mean[i]) * inverse[i];
        sum[i] -= z * z;
    }
}

KERNEL_CLONES static void exponentials(double *restrict x, double most, int count)
{
    for (int i = 0; i < count; i++)
        x[i] = exp_minus(most - x[i]);
}

/* Four sums, so that additions need not wait for each other; always the same four. */
static double sum_of(const double *x, int count)
{
    double sum[4] = {0};
    int i = 0;
    for (; i + 4 <= count; i += 4)
        for (int k = 0; k < 4; k++)
            sum[k] += x[i + k];
    for (; i < count; i++)
        sum[0] += x[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double log_sum(double *x, int count)
{
    double most = x[0];
    for (int i = 1; i < count; i++)
        most = x[i] > most ? x[i] : most;
    exponentials(x, most, count);
    return most + log(sum_of(x, count));
}

/* The ends of a value's step, on [0, 1]. */
static void cell_of(const struct parameter *parameter, double value, double *from, double *to)
{
    const double half = parameter->type == PARAMETER_CHOICE ? 0.5 : parameter->step / 2;
    double low, high;
    parameter_ends(parameter, &low, &high);
    *from = clip((parameter_axis(parameter, value - half) - low) / (high - low), 0, 1);
    *to = clip((parameter_axis(parameter, value + half) - low) / (high - low), 0, 1);
}

/* ln of a normal's mass over a cell: of a narrow one by the density at its middle and the next term
 * of its series, far out by the tail at the nearer end; within 1e-4 inside 3 deviations. */
static double log_cell(double from, double to, double mean, double width)
{
    const double a = (from - mean) / width, b = (to - mean) / width;
    const double z = fmax(a, -b); /* how far the nearer end is; negative where the mean is inside */
    if (b - a < 0.5) {
        const double middle = 0.5 * (a + b), square = (b - a) * (b - a);
        return log((b - a) / root_two_pi * (1 + square * (middle * middle - 1) / 24)) -
               0.5 * middle * middle;
    }
    if (z > 8)
        return -0.5 * z * z - log(z * root_two_pi);
    return normal_log_mass(a, b);
}

static void level_logs(const struct parzen *parzen, const struct axis *axis, double value,
                       double *out)
{
    if (is_unordered(axis->parameter)) {
        const int choices = axis->parameter->choices;
        for (int i = 0; i < choices; i++)
            out[i] = -log(parzen->kernels + choices);
        out[(int)value] = log((1.0 + parzen->kernels) / (parzen->kernels + choices));
        out[choices] = -log(choices);
        return;
    }
    double from, to;
    cell_of(axis->parameter, value, &from, &to);
    for (int i = 0; i < axis->levels; i++)
        out[i] = log_cell(from, to, axis->level_value[i], axis->level_width[i]);
}

static void add_levels(double *restrict sum, const int32_t *restrict level,
                       const double *restrict logs, int count)
{
    for (int i = 0; i < count; i++)
        sum[i] += logs[level[i]];
}

double parzen_log_density(const struct parzen *parzen, const double *values)
{
    double *sum = parzen->room, *logs = parzen->room + parzen->kernels;

    memcpy(sum, parzen->constant, (size_t)parzen->kernels * sizeof *sum);
    for (int a = 0; a < parzen->axes; a++) {
        const struct axis *axis = &parzen->axis[a];
        const double value = values[axis->index];
        if (axis->level) {
            level_logs(parzen, axis, value, logs);
            add_levels(sum, axis->level, logs, parzen->kernels);
        } else {
            add_squares(sum, axis->mean, axis->inverse, parameter_to_unit(axis->parameter, value),
                        parzen->kernels);
        }
    }
    return log_sum(sum, parzen->kernels);
}
