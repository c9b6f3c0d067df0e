/*
 * Schedule refinement and the schedule bound, as POST /api/v1/schedules/preview answers them,
 * beside vectors computed from the published pipeline (AV-6) and from the bound's formula (AV-7).
 */
#include "reproduce/asking.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

static const double VECTOR_BAND = 1e-8, BOUND_BAND = 1e-3;

/* --- vectors ---------------------------------------------------------------------------------- */

enum { VECTOR = 20 };

#define NORMS                                                                                      \
    "[4, 3, 2.5, 2, 1.8, 1.7, 1.9, 1.6, 1.5, 1.4, 1.5, 1.3, 1.2, 1.3, 1.25, 1.2, 1.1, 1.15, 1.05," \
    " 1]"

static const struct vector {
    const char *norm, *name;
    double factors[VECTOR];
} vectors[] = {
    {"l2", "for SGD, weights 1/G^2", {.174104530, .306020110, .433413318, .659494344, .787191667,
                                      .760192786, .818323263, .880563259, .945900429, .889915549,
                                      .947809278, 1,          .900765571, .858177796, .742087551,
                                      .668534692, .565883636, .424914753, .233173175, 0}},
    {"l1", "for Adam, weights 1/G", {.520173158, .676129886, .786250435, .943585812, 1,
                                     .951571319, .953252357, .951538081, .945236653, .875499353,
                                     .857979447, .831132349, .738286831, .667396592, .566974880,
                                     .481634303, .383929235, .271703766, .142321020, 0}},
};

/* The factors of schedule `number` of an answer, over its steps. */
static struct curve factors_of(const json_t *answer, int number, const char *name)
{
    const json_t *schedule = json_array_get(json_object_get(answer, "schedules"), (size_t)number);
    const json_t *factors = json_object_get(schedule, "factors");
    const json_t *steps = json_object_get(answer, "k");
    struct curve curve = curve_make(name, json_array_size(factors));
    for (size_t i = 0; i < curve.count; i++) {
        curve.x[i] = json_number_value(json_array_get(steps, i));
        curve.y[i] = json_number_value(json_array_get(factors, i));
    }
    return curve;
}

static int preview(const struct reproduction *all, int steps, const char *schedules, json_t **out,
                   struct error *err)
{
    return ask_post(all, "/api/v1/schedules/preview", out, err,
                    "{'steps': %d, 'points': 2000, 'schedules': [%s]}", steps, schedules);
}

static int row_of_vector(struct reproduction *all, const struct vector *vector, struct chart *chart,
                         struct error *err)
{
    json_auto_t *answer = NULL;
    AUTO_FREE char *schedule =
        xprintf("{'type': 'refined', 'from': {'norms': " NORMS "}, 'norm': '%s'}", vector->norm);
    if (preview(all, VECTOR, schedule, &answer, err) < 0)
        return -1;
    struct curve curve = factors_of(answer, 0, vector->name);
    double worst = curve.count == VECTOR ? 0 : HUGE_VAL;
    for (size_t i = 0; i < VECTOR && i < curve.count; i++)
        worst = fmax(worst, fabs(curve.y[i] - vector->factors[i]));
    AUTO_FREE char *found = xprintf("off by %.1e at most", worst);
    table_holds(&all->table, worst <= VECTOR_BAND, "20 factors, within 1e-08", found, "refined %s",
                vector->name);
    table_holds(&all->table, curve.count > 0 && curve.y[curve.count - 1] == 0, "exactly 0",
                curve.count > 0 && curve.y[curve.count - 1] == 0 ? "0" : "not 0",
                "refined %s: the last factor", vector->name);
    chart_add(chart, curve);
    return 0;
}

/* --- constant norms --------------------------------------------------------------------------- */

static char *list_of(const double *norms, size_t count)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%.17g", i ? ", " : "[", norms[i]);
    fputc(']', out);
    fclose(out);
    return text;
}

static int refined_of(const struct reproduction *all, const double *norms, size_t count,
                      const char *name, struct curve *out, struct error *err)
{
    json_auto_t *answer = NULL;
    AUTO_FREE char *list = list_of(norms, count);
    AUTO_FREE char *schedule =
        xprintf("{'type': 'refined', 'from': {'norms': %s}, 'norm': 'l2'}", list);
    if (preview(all, (int)count, schedule, &answer, err) < 0)
        return -1;
    *out = factors_of(answer, 0, name);
    return 0;
}

static int row_of_constant_norms(struct reproduction *all, struct error *err)
{
    enum { COUNT = 1000 };
    double norms[COUNT];
    struct curve curve;
    for (size_t i = 0; i < COUNT; i++)
        norms[i] = 0.7;
    if (refined_of(all, norms, COUNT, "", &curve, err) < 0)
        return -1;
    size_t exact = 0;
    for (size_t i = 0; i < curve.count; i++)
        exact += curve.y[i] == (double)(COUNT - 1 - i) / (COUNT - 1);
    AUTO_FREE char *found = xprintf("%zu of %zu factors equal", exact, curve.count);
    table_holds(&all->table, exact == COUNT, "exactly linear", found,
                "refined from 1,000 equal norms");
    curve_release(&curve);
    return 0;
}

/* --- shapes on synthetic norms ---------------------------------------------------------------- */

enum { SHAPE = 2000, SMOOTH = 40, REACH = 4 * SMOOTH };

/* Straight lines through positions 0, .003, .02, .03, .1, 1. */
static double norm_at(double u, double last)
{
    const double at[] = {0, .003, .02, .03, .1, 1};
    const double value[] = {15, 6, 4, 2, 1, last};
    int i = 1;
    while (i < 5 && u > at[i])
        i++;
    return value[i - 1] + (value[i] - value[i - 1]) * (u - at[i - 1]) / (at[i] - at[i - 1]);
}

/* Smoothed by a Gaussian; beyond an edge, the edge. */
static void shape_norms(double last, double *norms)
{
    double rough[SHAPE];
    for (int i = 0; i < SHAPE; i++)
        rough[i] = norm_at((double)i / (SHAPE - 1), last);
    for (int i = 0; i < SHAPE; i++) {
        double sum = 0, weights = 0;
        for (int j = -REACH; j <= REACH; j++) {
            const int from = i + j < 0 ? 0 : i + j >= SHAPE ? SHAPE - 1 : i + j;
            const double weight = exp(-0.5 * j * j / (double)(SMOOTH * SMOOTH));
            sum += weight * rough[from];
            weights += weight;
        }
        norms[i] = sum / weights;
    }
}

/* In the second half: how far the factor in its middle lies from the straight line that goes from
 * its start to zero, as a part of it. */
static double tail_against_line(const struct curve *curve)
{
    const double middle = curve->y[SHAPE * 3 / 4], start = curve->y[SHAPE / 2];
    return middle / (start / 2) - 1;
}

static int rows_of_shapes(struct reproduction *all, struct error *err)
{
    static const double lasts[] = {1, 2, .7};
    static const char *const names[] = {"flat at the end", "rising to 2", "falling to .7"};
    static const char *const wanted[] = {"straight", "below the line", "above the line"};
    struct chart *chart = table_chart(
        &all->table, "Refined from norms that fall fast, and then ...", "step", "factor");
    for (int s = 0; s < 3; s++) {
        double norms[SHAPE];
        struct curve curve;
        shape_norms(lasts[s], norms);
        if (refined_of(all, norms, SHAPE, names[s], &curve, err) < 0)
            return -1;
        const double bend = tail_against_line(&curve), rise = curve.y[0];
        AUTO_FREE char *found = xprintf("starts at %.4f; %+.3f", rise, bend);
        AUTO_FREE char *want = xprintf("warm-up; %s", wanted[s]);
        const bool holds = rise < 0.1 && (s == 0   ? fabs(bend) < 0.01
                                          : s == 1 ? bend < -0.05
                                                   : bend > 0.05);
        table_holds(&all->table, holds, want, found, "norms %s: second half against a line",
                    names[s]);
        chart_add(chart, curve);
    }
    return 0;
}

/* --- the bound -------------------------------------------------------------------------------- */

static const struct bounded {
    const char *name, *schedule;
    double rate[2], bound[2]; /* times sqrt(T), for T = 400 and 4000, with D = G = 1 */
} bounded[] = {
    {"constant", "{'type': 'constant'}", {.3635, .3183}, {2.7509, 3.1418}},
    {"linear", "{'type': 'linear'}", {.9913, .9988}, {2.0126, 2.0018}},
    {"wsd, last 20 % linear", "{'type': 'wsd', 'cooldown': 0.2}", {.5087, .5136}, {2.1842, 2.1635}},
    {"(1-u)^(1/2)", "{'type': 'polynomial', 'power': 0.5}", {.7064, .7069}, {2.1195, 2.1214}},
    {"1/sqrt(k+1)", "{'type': 'inverse_sqrt', 'offset': 1}", {4.2417, 11.6162}, {2.4453, 2.7539}},
};

static char *all_schedules(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
    for (size_t i = 0; i < COUNT_OF(bounded); i++)
        fprintf(out, "%s%s", i ? ", " : "", bounded[i].schedule);
    fclose(out);
    return text;
}

static int rows_of_bounds(struct reproduction *all, struct error *err)
{
    static const int horizons[] = {400, 4000};
    AUTO_FREE char *schedules = all_schedules();
    for (int h = 0; h < 2; h++) {
        json_auto_t *answer = NULL;
        if (preview(all, horizons[h], schedules, &answer, err) < 0)
            return -1;
        const double root = sqrt(horizons[h]);
        for (size_t i = 0; i < COUNT_OF(bounded); i++) {
            const json_t *entry = json_array_get(json_object_get(answer, "schedules"), i);
            table_near(&all->table, ask_number(entry, "/base_rate") * root, bounded[i].rate[h],
                       BOUND_BAND, 6, "bound, T = %d, %s: best rate x sqrt(T)", horizons[h],
                       bounded[i].name);
            table_near(&all->table, ask_number(entry, "/bound") * root, bounded[i].bound[h],
                       BOUND_BAND, 6, "bound, T = %d, %s: bound x sqrt(T)", horizons[h],
                       bounded[i].name);
        }
    }
    return 0;
}

static int run(struct reproduction *all, struct error *err)
{
    struct chart *chart =
        table_chart(&all->table, "Refined from the 20 norms of AV-6", "step", "factor");
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        if (row_of_vector(all, &vectors[i], chart, err) < 0)
            return -1;
    if (row_of_constant_norms(all, err) < 0 || rows_of_shapes(all, err) < 0)
        return -1;
    return rows_of_bounds(all, err);
}

const struct part refinement_part = {
    .name = "refinement",
    .title = "Schedule refinement and the last-iterate bound",
    .about = "Refined schedules and bounds from POST /api/v1/schedules/preview, against vectors of "
             "the pipeline of arXiv 2310.07831 and of the bound (2501.18965).",
    .run = run,
};
