#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "random.h"
#include "refinement.h"
#include "running_median.h"

#include <stdlib.h>

static const struct refine_options by_l2 = {.tau = 0.1, .floor_ratio = 1e-3};
static const struct refine_options by_l1 = {.tau = 0.1, .floor_ratio = 1e-3, .l1 = true};

static struct refined refined_of(const double *norms, size_t count, struct refine_options options)
{
    struct refined refined;
    struct error err;
    if (refine(norms, count, &options, &refined, &err) < 0)
        fail_msg("%s", err.sentence);
    return refined;
}

/* --- the running median ------------------------------------------------------------------------
 */

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double padded(const double *values, int64_t count, int64_t i)
{
    return i < 0 ? values[0] : i < count ? values[i] : values[2 * (count - 1) - i];
}

/* By sorting each window. */
static double sorted_median(const double *values, int64_t count, int64_t width, int64_t middle)
{
    AUTO_FREE double *window = xcalloc((size_t)width, sizeof *window);
    for (int64_t i = 0; i < width; i++)
        window[i] = padded(values, count, middle - width / 2 + i);
    qsort(window, (size_t)width, sizeof *window, by_size);
    return window[width / 2];
}

/* A third of the numbers repeat, as norms of tiny models do. */
static void a_running_median_is_that_of_each_sorted_window(void **state)
{
    static const size_t widths[] = {1, 3, 5, 31, 99, 101};
    double values[100], medians[100];
    struct rng rng = rng_stream(7, RANDOM_TEST, 0);
    (void)state;

    for (size_t i = 0; i < COUNT_OF(widths); i++) {
        for (int j = 0; j < 100; j++)
            values[j] = rng_below(&rng, 3) ? rng_uniform(&rng) : 0.5;
        running_median(values, 100, widths[i], medians);
        for (int j = 0; j < 100; j++)
            assert_true(medians[j] == sorted_median(values, 100, (int64_t)widths[i], j));
    }
}

/* By hand: windows (4, 4, 3), (4, 3, 2), (3, 2, 9), (2, 9, 1), and (9, 1, 9): mirrored at the end.
 */
static void edges_repeat_the_first_and_mirror_at_the_last(void **state)
{
    const double values[] = {4, 3, 2, 9, 1}, want[] = {4, 3, 3, 2, 9};
    double got[5];
    (void)state;
    running_median(values, 5, 3, got);
    assert_memory_equal(got, want, sizeof got);
    running_median(values, 1, 5, got);
    assert_true(got[0] == 4.0);
}

/* --- the pipeline ------------------------------------------------------------------------------
 */

static const double acceptance[] = {4,   3,   2.5, 2,   1.8,  1.7, 1.9, 1.6,  1.5,  1.4,
                                    1.5, 1.3, 1.2, 1.3, 1.25, 1.2, 1.1, 1.15, 1.05, 1};

static void expect_curve(struct refined refined, const double *want, size_t count, double tolerance)
{
    assert_int_equal(refined.count, count);
    assert_false(refined.linear);
    assert_string_equal(refined.reason, "");
    for (size_t i = 0; i < count; i++)
        if (fabs(refined.curve[i] - want[i]) > tolerance)
            fail_msg("entry %zu is %.17g, not %.17g", i, refined.curve[i], want[i]);
    refined_release(&refined);
}

/* Acceptance vector AV-6, as published to nine digits. */
static void curves_are_those_of_the_acceptance_vector(void **state)
{
    static const double sgd[] = {.174104530, .306020110, .433413318, .659494344, .787191667,
                                 .760192786, .818323263, .880563259, .945900429, .889915549,
                                 .947809278, 1,          .900765571, .858177796, .742087551,
                                 .668534692, .565883636, .424914753, .233173175, 0};
    static const double adam[] = {.520173158, .676129886, .786250435, .943585812, 1,
                                  .951571319, .953252357, .951538081, .945236653, .875499353,
                                  .857979447, .831132349, .738286831, .667396592, .566974880,
                                  .481634303, .383929235, .271703766, .142321020, 0};
    (void)state;
    expect_curve(refined_of(acceptance, 20, by_l2), sgd, 20, 1e-8);
    expect_curve(refined_of(acceptance, 20, by_l1), adam, 20, 1e-8);
}

/* Expected values: tests/reference/refinement.py, in exact fractions. */
static void infinities_and_ends_are_left_out(void **state)
{
    static const double inf = (double)INFINITY, nan = (double)NAN;
    static const double norms[] = {9, 7,    inf, 5,     4,    4.5,   3,    3.5, nan,
                                   2, 2.5,  2,   1.5,   1.75, 1.25,  1,    1.5, 1.25,
                                   1, 0.75, 1,   0.875, 1,    1.125, 1.25, 3,   2};
    static const double sgd[] = {0.065485977036317172,
                                 0.080498506280819213,
                                 0.1013228862973761,
                                 0.13138811209615042,
                                 0.1770701508116474,
                                 0.25132387431162939,
                                 0.38376498218334953,
                                 0.37483641075477808,
                                 0.47435050210560414,
                                 0.61742504409171073,
                                 0.58920634920634918,
                                 0.78994285714285717,
                                 0.73142857142857143,
                                 1,
                                 0.8571428571428571,
                                 0.7142857142857143,
                                 0.5714285714285714,
                                 0.42857142857142855,
                                 0.2857142857142857,
                                 0.14285714285714285,
                                 0};
    static const double adam[] = {0.39761453823953824, 0.43477934102934102, 0.48024891774891776,
                                  0.53726035868893007, 0.61102092352092352, 0.71049783549783552,
                                  0.85261093073593075, 0.8170995670995671,  0.88744588744588748,
                                  0.97222222222222221, 0.90909090909090906, 1,
                                  0.90909090909090906, 0.99431818181818177, 0.85227272727272729,
                                  0.71022727272727271, 0.56818181818181823, 0.42613636363636365,
                                  0.28409090909090912, 0.14204545454545456, 0};
    struct refine_options options = {.tau = 0.3, .floor_ratio = 1e-3, .drop_ends = true};
    (void)state;
    expect_curve(refined_of(norms, COUNT_OF(norms), options), sgd, COUNT_OF(sgd), 1e-12);
    options.l1 = true;
    expect_curve(refined_of(norms, COUNT_OF(norms), options), adam, COUNT_OF(adam), 1e-12);
}

/* Expected values: tests/reference/refinement.py. */
static void fewer_may_be_interpolated_to_10000(void **state)
{
    static const struct {
        size_t entry;
        double want;
    } known[] = {{0, 0.16522437462015818},      {1, 0.16537937940101852},
                 {500, 0.28184856673481534},    {2500, 0.76597078224974002},
                 {5000, 0.89730996486204573},   {7499, 0.70021259923711088},
                 {9998, 0.00048523223793694325}};
    struct refine_options options = by_l2;
    options.to_10000 = true;
    (void)state;
    struct refined refined = refined_of(acceptance, 20, options);
    assert_int_equal(refined.count, 10000);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        assert_near(refined.curve[known[i].entry], known[i].want, 1e-9);
    assert_true(refined.curve[9999] == 0.0);
    refined_release(&refined);
}

/* (N-1-i)/(N-1) to the bit, whatever the constant, though it is not a binary fraction. */
static void constant_norms_give_exactly_linear_decay(void **state)
{
    static const double constants[] = {1.0, 0.1, 3e-7, 1e90};
    double norms[1000];
    (void)state;
    for (size_t j = 0; j < 2 * COUNT_OF(constants); j++) {
        for (int i = 0; i < 1000; i++)
            norms[i] = constants[j / 2];
        struct refined refined = refined_of(norms, 1000, j % 2 ? by_l1 : by_l2);
        assert_false(refined.linear);
        for (int i = 0; i < 1000; i++)
            assert_true(refined.curve[i] == (999.0 - i) / 999.0);
        refined_release(&refined);
    }
}

/* --- shapes ------------------------------------------------------------------------------------
 */

static double between(const double *at, const double *value, int count, double x)
{
    int i = 1;
    while (i + 1 < count && x > at[i])
        i++;
    return value[i - 1] + (value[i] - value[i - 1]) * (x - at[i - 1]) / (at[i] - at[i - 1]);
}

/* 2000 norms that fall fast and then go to `last`, smoothed by a Gaussian of 40 points. */
static void synthetic_norms(double last, double *norms)
{
    enum { COUNT = 2000, SIGMA = 40, REACH = 4 * SIGMA };
    const double at[] = {0, .003, .02, .03, .1, 1}, value[] = {15, 6, 4, 2, 1, last};
    double rough[COUNT];
    for (int i = 0; i < COUNT; i++)
        rough[i] = between(at, value, 6, i / (COUNT - 1.0));
    for (int i = 0; i < COUNT; i++) {
        double sum = 0.0, weights = 0.0;
        for (int j = i - REACH; j <= i + REACH; j++) {
            const double off = (double)(j - i) / SIGMA, weight = exp(-0.5 * off * off);
            sum += weight * rough[j < 0 ? 0 : j < COUNT ? j : COUNT - 1];
            weights += weight;
        }
        norms[i] = sum / weights;
    }
}

static struct refined of_synthetic(double last)
{
    double norms[2000];
    synthetic_norms(last, norms);
    return refined_of(norms, 2000, by_l2);
}

static double at_part(const struct refined *refined, double part)
{
    return refined->curve[(size_t)(part * 1999.0)];
}

/* A line through the middle of the tail would pass these: above it the rate stays up longer, below
 * it has been brought down earlier. */
static double above_the_line(const struct refined *refined)
{
    return at_part(refined, 0.75) - 0.5 * (at_part(refined, 0.5) + at_part(refined, 1.0));
}

/* "Warm-up in all three; linear tail for 1; earlier, faster annealing for 2; slower for 0.7." */
static void falling_norms_give_a_warmup_and_the_last_ones_the_tail(void **state)
{
    struct refined constant = of_synthetic(1), rising = of_synthetic(2), falling = of_synthetic(.7);
    (void)state;
    assert_true(at_part(&constant, 0.0) < 0.1 && at_part(&constant, 0.01) < 0.5);
    assert_true(at_part(&rising, 0.0) < 0.1 && at_part(&rising, 0.01) < 0.5);
    assert_true(at_part(&falling, 0.0) < 0.1 && at_part(&falling, 0.01) < 0.5);

    assert_true(fabs(above_the_line(&constant)) < 1e-3);
    assert_true(above_the_line(&rising) < -0.02);
    assert_true(above_the_line(&falling) > 0.02);
    assert_true(at_part(&rising, 0.75) < at_part(&constant, 0.75));
    assert_true(at_part(&constant, 0.75) < at_part(&falling, 0.75));
    refined_release(&constant);
    refined_release(&rising);
    refined_release(&falling);
}

/* --- the guard ---------------------------------------------------------------------------------
 */

static void expect_linear(const double *norms, size_t count, struct refine_options options,
                          const char *reason)
{
    struct refined refined = refined_of(norms, count, options);
    assert_true(refined.linear);
    assert_says(refined.reason, reason);
    for (size_t i = 0; i < count; i++)
        assert_true(refined.curve[i] == (double)(count - 1 - i) / (double)(count - 1));
    refined_release(&refined);
}

/* Windows are of one norm where tau is 0. */
static void vanishing_norms_give_linear_decay_with_a_reason(void **state)
{
    struct refine_options options = by_l2;
    double norms[100];
    (void)state;

    for (int i = 0; i < 100; i++)
        norms[i] = 0.0;
    expect_linear(norms, 100, options, "half of the gradient norms are zero");
    for (int i = 0; i < 100; i++)
        norms[i] = i < 89 ? 2.0 : 1e-9;
    expect_linear(norms, 100, options, "of the gradient norms are below 0.001 of their median");
    options.tau = 0.0;
    for (int i = 0; i < 100; i++)
        norms[i] = i < 99 ? 2.0 : 0.0199;
    expect_linear(norms, 100, options, "fall to 0.01 of their median, below 0.01");
}

/* Ten of a hundred at the floor and a smallest of 0.02 medians are still refined. */
static void norms_that_nearly_vanish_are_refined_from_the_floor(void **state)
{
    const struct refine_options options = {.tau = 0.0, .floor_ratio = 0.05};
    double norms[100], curve[100];
    (void)state;
    for (int i = 0; i < 100; i++)
        norms[i] = i < 90 ? 2.0 : 0.04;
    struct refined refined = refined_of(norms, 100, options);
    assert_false(refined.linear);
    memcpy(curve, refined.curve, sizeof curve);
    refined_release(&refined);
    for (int i = 90; i < 100; i++)
        norms[i] = 0.1; /* 0.05 of the median */
    expect_curve(refined_of(norms, 100, options), curve, 100, 1e-15);
}

static void too_few_norms_are_refused(void **state)
{
    struct refine_options options = by_l2;
    struct refined refined;
    struct error err;
    double norms[30];
    (void)state;

    for (int i = 0; i < 30; i++)
        norms[i] = 1.0;
    assert_int_equal(refine(norms, 19, &options, &refined, &err), -1);
    assert_says(err.sentence, "19 finite gradient norms");
    assert_says(err.sentence, "at least 20");
    norms[4] = (double)INFINITY;
    assert_int_equal(refine(norms, 20, &options, &refined, &err), -1);
    options.drop_ends = true;
    assert_int_equal(refine(norms, 24, &options, &refined, &err), -1);
    assert_says(err.sentence, "at least 24");
    norms[4] = -1.0;
    assert_int_equal(refine(norms, 30, &options, &refined, &err), -1);
    assert_says(err.sentence, "norm 4 is -1");
}

/* --- in a specification ------------------------------------------------------------------------
 */

static json_t *json_of(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

#define TWENTY "4,3,2.5,2,1.8,1.7,1.9,1.6,1.5,1.4,1.5,1.3,1.2,1.3,1.25,1.2,1.1,1.15,1.05,1"
#define MEMBERS                                                                                    \
    "\"type\":\"refined\",\"tau\":0.1,\"floor_ratio\":0.001,\"drop_ends\":false,"                  \
    "\"interpolate\":false,\"fallback\":null"

static void norms_become_a_curve_and_go(void **state)
{
    json_auto_t *schedule = json_of("{" MEMBERS ",\"norm\":null,\"curve\":null,"
                                    "\"from\":{\"norms\":[" TWENTY "]}}");
    AUTO_PROBLEMS struct problems problems = {0};
    const json_t *from;
    (void)state;

    refined_resolve(schedule, true, "/schedule", &problems);
    assert_int_equal(problems.found, 0);
    assert_string_equal(json_text_at(schedule, "norm", ""), "l1");
    assert_true(json_is_null(json_object_get(schedule, "from")));
    assert_true(json_is_null(json_object_get(schedule, "fallback")));
    const json_t *curve = json_object_get(schedule, "curve");
    assert_int_equal(json_array_size(curve), 20);
    assert_near(json_number_value(json_array_get(curve, 0)), .520173158, 1e-8);
    assert_false(refined_waits(schedule, &from));

    json_auto_t *again = json_deep_copy(schedule);
    refined_resolve(again, false, "/schedule", &problems);
    assert_int_equal(problems.found, 0);
    assert_true(json_equal(again, schedule));
}

static void a_run_is_waited_for(void **state)
{
    json_auto_t *schedule = json_of("{" MEMBERS ",\"norm\":null,\"curve\":null,"
                                    "\"from\":{\"run\":12}}");
    AUTO_PROBLEMS struct problems problems = {0};
    const json_t *from;
    struct error err;
    (void)state;

    refined_resolve(schedule, false, "/schedule", &problems);
    assert_int_equal(problems.found, 0);
    assert_string_equal(json_text_at(schedule, "norm", ""), "l2");
    assert_true(refined_waits(schedule, &from));
    assert_int_equal(json_integer_at(from, "run", 0), 12);
    assert_int_equal(refined_settle(schedule, acceptance, 20, &err), 0);
    assert_false(refined_waits(schedule, &from));
    assert_int_equal(json_integer_at(json_object_get(schedule, "from"), "run", 0), 12);
    assert_false(refined_waits(NULL, &from));
}

/* 100,000 norms are reduced to what a specification holds, and the peak stays 1. */
static void long_curves_are_reduced(void **state)
{
    enum { COUNT = 100000 };
    json_auto_t *schedule = json_of("{" MEMBERS ",\"norm\":\"l2\"}");
    AUTO_FREE double *norms = xcalloc(COUNT, sizeof *norms);
    double largest = 0.0;
    struct error err;
    (void)state;

    for (int i = 0; i < COUNT; i++)
        norms[i] = 1.0 + exp(-i / 5000.0);
    assert_int_equal(refined_settle(schedule, norms, COUNT, &err), 0);
    const json_t *curve = json_object_get(schedule, "curve");
    assert_int_equal(json_array_size(curve), REFINED_CURVE_POINTS);
    for (size_t i = 0; i < json_array_size(curve); i++)
        largest = fmax(largest, json_number_value(json_array_get(curve, i)));
    assert_true(largest == 1.0);
    assert_true(json_number_value(json_array_get(curve, REFINED_CURVE_POINTS - 1)) == 0.0);
}

static void a_fallback_says_why(void **state)
{
    json_auto_t *schedule = json_of("{" MEMBERS ",\"norm\":\"l2\"}");
    const double norms[20] = {1.0};
    struct error err;
    (void)state;
    assert_int_equal(refined_settle(schedule, norms, 20, &err), 0);
    assert_says(json_text_at(schedule, "fallback", ""), "zero");
}

static void sources_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        const char *members, *pointer, *says;
    } cases[] = {
        {"\"from\":null,\"curve\":null", "/schedule/from", "is missing"},
        {"\"from\":{},\"curve\":null", "/schedule/from", "exactly one of"},
        {"\"from\":{\"run\":1,\"arm\":\"a\"},\"curve\":null", "/schedule/from", "exactly one of"},
        {"\"from\":{\"norms\":[" TWENTY "]},\"curve\":[1,0]", "/schedule/curve", "not both"},
        {"\"from\":{\"norms\":[1,2]},\"curve\":null", "/schedule/from/norms", "at least 20"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_FREE char *text = xprintf("{" MEMBERS ",\"norm\":null,%s}", cases[i].members);
        json_auto_t *schedule = json_of(text);
        AUTO_PROBLEMS struct problems problems = {0};
        refined_resolve(schedule, false, "/schedule", &problems);
        assert_int_equal(problems.found, 1);
        assert_string_equal(problems.list[0].pointer, cases[i].pointer);
        assert_says(problems.list[0].detail, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_median_is_that_of_each_sorted_window),
        cmocka_unit_test(edges_repeat_the_first_and_mirror_at_the_last),
        cmocka_unit_test(curves_are_those_of_the_acceptance_vector),
        cmocka_unit_test(infinities_and_ends_are_left_out),
        cmocka_unit_test(fewer_may_be_interpolated_to_10000),
        cmocka_unit_test(constant_norms_give_exactly_linear_decay),
        cmocka_unit_test(falling_norms_give_a_warmup_and_the_last_ones_the_tail),
        cmocka_unit_test(vanishing_norms_give_linear_decay_with_a_reason),
        cmocka_unit_test(norms_that_nearly_vanish_are_refined_from_the_floor),
        cmocka_unit_test(too_few_norms_are_refused),
        cmocka_unit_test(norms_become_a_curve_and_go),
        cmocka_unit_test(a_run_is_waited_for),
        cmocka_unit_test(long_curves_are_reduced),
        cmocka_unit_test(a_fallback_says_why),
        cmocka_unit_test(sources_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
