#include "insight/contour.h"
#include "insight/model.h"

#include "found.h"

static const char square[] = "{'x': {'type': 'float', 'low': 0, 'high': 1},"
                             " 'y': {'type': 'float', 'low': 0, 'high': 1},"
                             " 'z': {'type': 'float', 'low': 0, 'high': 1}}";

/* 1 + (x - 0.3)^2 + 2 (y - 0.6)^2; z does nothing. */
static double bowl(double x, double y)
{
    return 1 + (x - 0.3) * (x - 0.3) + 2 * (y - 0.6) * (y - 0.6);
}

static void add_bowl(struct found *found, int runs)
{
    found_begin(found, square, 1, 0);
    for (int i = 0; i < runs; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        const double values[] = {x, y, found_part(0.5497004779019703, i)}, value = bowl(x, y);
        found_add(found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(found, 0);
}

static void a_contour_comes_near_the_function(void **state)
{
    struct found found;
    struct model model;
    const char *why;
    (void)state;
    add_bowl(&found, 80);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    json_auto_t *contour = contour_json(&model, 0, 1);
    assert_int_equal(json_array_size(json_object_get(contour, "x")), CONTOUR_SIDE);
    for (size_t j = 0; j < CONTOUR_SIDE; j++)
        for (size_t i = 0; i < CONTOUR_SIDE; i++) {
            const double x = json_number_value(json_array_get(json_object_get(contour, "x"), i));
            const double y = json_number_value(json_array_get(json_object_get(contour, "y"), j));
            const json_t *row = json_array_get(json_object_get(contour, "values"), j);
            assert_near(json_number_value(json_array_get(row, i)), bowl(x, y), 0.02);
        }
    model_release(&model);
    found_end(&found);
}

static void values_below_zero_and_maximised_ones_come_back_as_they_are(void **state)
{
    struct found found;
    struct model model;
    const char *why;
    (void)state;
    found_begin(&found, square, 1, 0);
    found.plan.objectives[0].maximize = true;
    for (int i = 0; i < 80; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        const double values[] = {x, y, found_part(0.5497004779019703, i)}, value = 3 - bowl(x, y);
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    const double point[] = {0.3, 0.6, 0.5};
    double mean;
    model_mean(&model, point, 1, &mean);
    assert_near(model_shown(&model, mean), 2, 0.01);
    model_release(&model);
    found_end(&found);
}

/* A value that is known at its least point leaves little to be had, one that still falls much. */
static void little_is_expected_where_the_best_is_found(void **state)
{
    struct found found;
    struct model model;
    double values[3], left[2];
    const char *why;
    (void)state;
    for (int i = 0; i < 2; i++) {
        add_bowl(&found, i == 0 ? 8 : 100);
        assert_int_equal(model_init(&model, &found.findings, &why), 0);
        const struct improvement improvement = model_improvement(&model, values);
        const double best = found.trials[found.findings.order[0]].objective[0];
        assert_true(improvement.expected >= 0 && improvement.expected < best);
        assert_true(improvement.chance >= 0 && improvement.chance <= 1);
        left[i] = improvement.expected;
        model_release(&model);
        found_end(&found);
    }
    assert_true(left[1] < left[0] / 10);
    assert_float_equal((float)values[0], 0.3F, 0.1F);
    assert_float_equal((float)values[1], 0.6F, 0.1F);
}

/* The bottom is 1, and some point is within 0.01 of it; where x is large, it diverges. */
static void runs_that_diverged_hide_nothing(void **state)
{
    struct found found;
    struct model model;
    const char *why;
    double values[3];
    (void)state;
    found_begin(&found, square, 1, 0);
    for (int i = 0; i < 80; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        const double point[] = {x, y, found_part(0.5497004779019703, i)};
        const double value = x > 0.85 ? 1e5 * (1 + y) : bowl(x, y);
        found_add(&found, TRIAL_DONE, point, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    const struct improvement improvement = model_improvement(&model, values);
    assert_true(improvement.expected < 0.01);
    model_release(&model);
    found_end(&found);
}

/* The slope goes down by 0.4 more, to x = 0, where all runs fail. */
static void nothing_is_expected_where_runs_fail(void **state)
{
    struct found found;
    struct model model;
    const char *why;
    double values[3];
    (void)state;
    found_begin(&found, square, 1, 0);
    for (int i = 0; i < 80; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        const double point[] = {x, y, found_part(0.5497004779019703, i)}, value = 1 + x;
        found_add(&found, x < 0.4 ? TRIAL_FAILED : TRIAL_DONE, point, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    const struct improvement improvement = model_improvement(&model, values);
    assert_true(values[0] > 0.3);
    assert_true(improvement.expected < 0.1);
    model_release(&model);
    found_end(&found);
}

static void where_nothing_is_feasible_only_a_chance_is_known(void **state)
{
    struct found found;
    struct model model;
    double values[3];
    const char *why;
    (void)state;
    found_begin(&found, square, 1, 1);
    for (int i = 0; i < 20; i++) {
        const double x = found_part(0.8191725133961645, i);
        const double point[] = {x, found_part(0.6710436067037893, i), 0.5};
        const double value = x, excess = 0.1 + x;
        found_add(&found, TRIAL_DONE, point, &value, &excess);
    }
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    const struct improvement improvement = model_improvement(&model, values);
    assert_true(isnan(improvement.expected));
    assert_true(improvement.chance >= 0 && improvement.chance <= 1);
    model_release(&model);
    found_end(&found);
}

/* "part" applies to choice b alone: nothing is predicted for the others. */
static void a_contour_is_empty_where_a_parameter_does_not_apply(void **state)
{
    struct found found;
    struct model model;
    const char *why;
    (void)state;
    found_sample(&found, 60);
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    json_auto_t *contour = contour_json(&model, 4, 3);
    json_t *rows = json_object_get(contour, "values");
    assert_int_equal(json_array_size(rows), 3);
    for (size_t j = 0; j < 3; j++)
        assert_int_equal(json_is_null(json_array_get(json_array_get(rows, j), 7)), j != 1);
    model_release(&model);
    found_end(&found);
}

static void it_says_why_there_is_no_model(void **state)
{
    struct found found;
    struct model model;
    const char *why;
    (void)state;
    add_bowl(&found, 7);
    assert_int_equal(model_init(&model, &found.findings, &why), -1);
    assert_says(why, "8 runs");
    found_end(&found);

    found_begin(&found, "{'x': {'type': 'int', 'low': 3, 'high': 3}}", 1, 0);
    for (int i = 0; i < 10; i++) {
        const double values[] = {3}, value = i;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), -1);
    assert_says(why, "nothing to search");
    found_end(&found);

    found_begin(&found, square, 1, 0);
    for (int i = 0; i < 10; i++) {
        const double values[] = {0.1 * i, 0.5, 0.5};
        found_add(&found, TRIAL_FAILED, values, NULL, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), -1);
    found_end(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contour_comes_near_the_function),
        cmocka_unit_test(values_below_zero_and_maximised_ones_come_back_as_they_are),
        cmocka_unit_test(little_is_expected_where_the_best_is_found),
        cmocka_unit_test(runs_that_diverged_hide_nothing),
        cmocka_unit_test(nothing_is_expected_where_runs_fail),
        cmocka_unit_test(where_nothing_is_feasible_only_a_chance_is_known),
        cmocka_unit_test(a_contour_is_empty_where_a_parameter_does_not_apply),
        cmocka_unit_test(it_says_why_there_is_no_model),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
