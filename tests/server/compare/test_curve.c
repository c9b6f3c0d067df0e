/* Expected values: tests/reference/compare.py. */
#include "support/check.h"

#include "compare/curve.h"
#include "compare/statistics.h"
#include "json.h"

static const double steps_of_a[] = {0, 5, 10, 20}, steps_of_c[] = {0, 10};
static const double values_of_a[] = {1.0, 0.9, 0.8, 0.4};
static const double values_of_b[] = {2.0, 1.5, 1.2, 0.6};
static const double values_of_c[] = {3.0, 1.0};

static const struct curve_input curves[] = {
    {.arm = 0, .count = 4, .x = steps_of_a, .value = values_of_a},
    {.arm = 1, .count = 2, .x = steps_of_c, .value = values_of_a}, /* another arm's */
    {.arm = 0, .count = 4, .x = steps_of_a, .value = values_of_b},
    {.arm = 0, .count = 2, .x = steps_of_c, .value = values_of_c},
};

static json_t *curve_of(const char *metric, const struct curve_input *list, int count, int arm,
                        int points)
{
    const struct curve_style style = {.metric = metric, .points = points};
    return curve_json(&style, list, count, arm);
}

static double number(const json_t *curve, const char *list, size_t index)
{
    return json_number_value(json_array_get(json_object_get(curve, list), index));
}

static void the_band_is_one_standard_error_and_ended_seeds_drop_out(void **state)
{
    (void)state;
    static const double expected[][5] = {
        /* step, n, mean, low, high */
        {0, 3, 2.0, 1.4226497308103743, 2.5773502691896257},
        {5, 3, 1.4666666666666668, 1.148686932861018, 1.7846464004723153},
        {10, 3, 1.0, 0.8845299461620749, 1.1154700538379252},
        {20, 2, 0.5, 0.4, 0.6},
    };
    json_auto_t *curve = curve_of("valid_loss", curves, 4, 0, 200);

    assert_string_equal(json_text_at(curve, "metric", ""), "valid_loss");
    assert_int_equal(json_array_size(json_object_get(curve, "step")), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_near(number(curve, "step", i), expected[i][0], 0.0);
        assert_near(number(curve, "n", i), expected[i][1], 0.0);
        assert_near(number(curve, "mean", i), expected[i][2], 1e-14);
        assert_near(number(curve, "low", i), expected[i][3], 1e-14);
        assert_near(number(curve, "high", i), expected[i][4], 1e-14);
    }
}

static void one_seed_has_a_mean_but_no_band(void **state)
{
    (void)state;
    json_auto_t *curve = curve_of("lr", curves, 4, 1, 200);

    assert_int_equal(json_array_size(json_object_get(curve, "mean")), 2);
    assert_near(number(curve, "mean", 1), 0.9, 0.0);
    assert_true(json_is_null(json_array_get(json_object_get(curve, "low"), 1)));
    assert_true(json_is_null(json_array_get(json_object_get(curve, "high"), 1)));
}

static void what_is_not_finite_counts_for_nothing_and_is_not_bridged(void **state)
{
    (void)state;
    const double steps[] = {0, 10, 20}, others[] = {0, 5, 20};
    const double values[] = {1.0, NO_VALUE, 5.0}, other_values[] = {3.0, 3.0, 3.0};
    const struct curve_input pair[] = {
        {.count = 3, .x = steps, .value = values},
        {.count = 3, .x = others, .value = other_values},
    };
    json_auto_t *curve = curve_of("train_loss", pair, 2, 0, 200);

    assert_int_equal(json_array_size(json_object_get(curve, "step")), 3); /* 0, 5, 20 */
    assert_near(number(curve, "n", 0), 2, 0.0);
    assert_near(number(curve, "n", 1), 1, 0.0);
    assert_near(number(curve, "mean", 1), 3.0, 0.0);
    assert_near(number(curve, "mean", 2), 4.0, 0.0);
}

static void a_long_curve_is_picked_evenly_with_both_ends(void **state)
{
    (void)state;
    enum { LONG = 1001 };
    static double steps[LONG];
    static double values[LONG];
    for (int i = 0; i < LONG; i++) {
        steps[i] = 2 * i;
        values[i] = i;
    }
    const struct curve_input one = {.count = LONG, .x = steps, .value = values};
    json_auto_t *curve = curve_of("lr", &one, 1, 0, 11);

    assert_int_equal(json_array_size(json_object_get(curve, "step")), 11);
    for (size_t i = 0; i < 11; i++)
        assert_near(number(curve, "step", i), 200.0 * (double)i, 0.0);
    assert_near(number(curve, "mean", 10), 1000, 0.0);
}

/* At 10 the three seeds have 0.8, 1.2, 1.0: by hand the quartiles are 0.9 and 1.1, the median 1. */
static void quantiles_stand_around_the_median(void **state)
{
    (void)state;
    const struct curve_style style = {
        .metric = "valid_loss", .band = BAND_QUANTILES, .points = 200};
    json_auto_t *curve = curve_json(&style, curves, 4, 0);

    assert_string_equal(json_text_at(curve, "band", ""), "quantiles");
    assert_near(number(curve, "median", 2), 1.0, 1e-15);
    assert_near(number(curve, "low", 2), 0.9, 1e-15);
    assert_near(number(curve, "high", 2), 1.1, 1e-15);
    assert_near(number(curve, "mean", 2), 1.0, 1e-15);
    json_auto_t *alone = curve_json(&style, curves, 4, 1);
    assert_near(number(alone, "median", 1), 0.9, 0);
    assert_true(json_is_null(json_array_get(json_object_get(alone, "low"), 1)));
}

/* Times differ between seeds: each counts where it has been, on the line between its values. */
static void seconds_need_not_agree_between_seeds(void **state)
{
    (void)state;
    const double fast[] = {0.5, 1, 1, 2}, slow[] = {0.5, 4.5};
    const double values[] = {4, 3, 2, 1}, others[] = {4, 0};
    const struct curve_input pair[] = {
        {.count = 4, .x = fast, .value = values},
        {.count = 2, .x = slow, .value = others},
    };
    const struct curve_style style = {.metric = "train_loss", .by = AXIS_WALL_TIME, .points = 200};
    json_auto_t *curve = curve_json(&style, pair, 2, 0);
    /* 0.5: 4 and 4; 1: the last of two, 2, and 3.5; 2: 1 and 2.5; 4.5: only 0. */
    static const double expected[][3] = {{0.5, 4, 2}, {1, 2.75, 2}, {2, 1.75, 2}, {4.5, 0, 1}};

    assert_null(json_object_get(curve, "step"));
    assert_string_equal(json_text_at(curve, "by", ""), "wall_time");
    assert_int_equal(json_array_size(json_object_get(curve, "x")), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_near(number(curve, "x", i), expected[i][0], 0);
        assert_near(number(curve, "mean", i), expected[i][1], 1e-15);
        assert_near(number(curve, "n", i), expected[i][2], 0);
    }
}

/* The fast one is done at 2 with 1: by then and later that is what it has. */
static void a_run_that_is_done_stays_in_the_mean_where_it_is_told_to(void **state)
{
    (void)state;
    const double fast[] = {1, 2}, slow[] = {1, 4};
    const double values[] = {3, 1}, others[] = {4, 2};
    const struct curve_input pair[] = {
        {.count = 2, .x = fast, .value = values, .stays = true},
        {.count = 2, .x = slow, .value = others},
    };
    const struct curve_style style = {.metric = "train_loss", .by = AXIS_WALL_TIME, .points = 200};
    json_auto_t *curve = curve_json(&style, pair, 2, 0);
    assert_near(number(curve, "x", 2), 4, 0);
    assert_near(number(curve, "n", 2), 2, 0);
    assert_near(number(curve, "mean", 2), 1.5, 0);
}

static void no_curves_give_empty_lists(void **state)
{
    (void)state;
    json_auto_t *curve = curve_of("lr", NULL, 0, 0, 200);
    assert_true(json_is_array(json_object_get(curve, "step")));
    assert_int_equal(json_array_size(json_object_get(curve, "step")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_band_is_one_standard_error_and_ended_seeds_drop_out),
        cmocka_unit_test(one_seed_has_a_mean_but_no_band),
        cmocka_unit_test(what_is_not_finite_counts_for_nothing_and_is_not_bridged),
        cmocka_unit_test(a_long_curve_is_picked_evenly_with_both_ends),
        cmocka_unit_test(quantiles_stand_around_the_median),
        cmocka_unit_test(seconds_need_not_agree_between_seeds),
        cmocka_unit_test(a_run_that_is_done_stays_in_the_mean_where_it_is_told_to),
        cmocka_unit_test(no_curves_give_empty_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
