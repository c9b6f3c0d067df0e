/* Expected values by hand. */
#include "support/check.h"

#include "compare/target.h"

static const int64_t step[] = {0, 10, 20, 30};
static const int64_t wall_ms[] = {0, 1000, 3000, 4000};

static struct target_curve curve(const double *value)
{
    return (struct target_curve){.count = 4, .step = step, .value = value, .wall_ms = wall_ms};
}

static void the_target_is_crossed_on_the_line_between_two_rows(void **state)
{
    (void)state;
    const double value[] = {1.0, 0.5, 0.3, 0.2};
    const struct target_curve losses = curve(value);
    const struct target_time time = target_time(&losses, 0.35, false);
    assert_true(time.reached);
    assert_near(time.step, 17.5, 1e-12); /* 0.5 - 0.15 of 0.2 */
    assert_near(time.seconds, 2.5, 1e-12);
    assert_int_equal(time.seen_step, 20);
}

static void a_score_reaches_its_target_from_below(void **state)
{
    (void)state;
    const double value[] = {0.1, 0.8, 0.9, 0.7};
    const struct target_curve scores = curve(value);
    assert_near(target_time(&scores, 0.9, true).step, 20, 0);
    assert_near(target_time(&scores, 0.05, true).step, 0, 0);
    assert_false(target_time(&scores, 0.95, true).reached);
}

static void the_first_crossing_counts_even_if_the_curve_comes_back(void **state)
{
    (void)state;
    const double value[] = {1.0, 0.2, 0.9, 0.1};
    const struct target_curve losses = curve(value);
    assert_near(target_time(&losses, 0.6, false).step, 5, 1e-12);
}

static void a_row_behind_one_without_a_value_counts_where_it_stands(void **state)
{
    (void)state;
    const double value[] = {1.0, (double)NAN, 0.3, 0.2};
    const struct target_curve losses = curve(value);
    const struct target_time time = target_time(&losses, 0.35, false);
    assert_near(time.step, 20, 0);
    assert_near(time.seconds, 3, 0);
}

static void a_seed_that_never_came_is_censored_where_it_ended(void **state)
{
    (void)state;
    const double value[] = {1.0, 0.5, 0.4, (double)NAN};
    struct target_curve losses = curve(value);
    const struct target_time ended = target_time(&losses, 0.35, false);
    assert_false(ended.reached);
    assert_near(ended.step, 20, 0);
    assert_near(ended.seconds, 3, 0);
    assert_int_equal(ended.seen_step, -1);

    losses.failed = true;
    assert_true(isinf(target_time(&losses, 0.35, false).step));
    assert_true(target_time(&losses, 0.45, false).reached); /* it got there before it failed */
    losses.wall_ms = NULL;
    losses.failed = false;
    assert_true(isnan(target_time(&losses, 0.45, false).seconds));
}

static void a_curve_without_rows_is_censored_at_the_start(void **state)
{
    (void)state;
    const struct target_curve none = {.count = 0};
    const struct target_time time = target_time(&none, 0, false);
    assert_true(!time.reached && time.step == 0);
}

/* Freireich's 21 patients with 6-MP (1963), the textbook example of this estimate: median 23. */
static void the_median_is_that_of_the_textbook_example(void **state)
{
    (void)state;
    const double times[] = {6,  6,  6,  6,  7,  9,  10, 10, 11, 13, 16,
                            17, 19, 20, 22, 23, 25, 32, 32, 34, 35};
    const bool reached[] = {true,  true,  true,  false, true,  false, true,
                            false, false, true,  true,  false, false, false,
                            true,  true,  false, false, false, false, false};
    const struct target_summary summary = target_summary(times, reached, 21);
    assert_int_equal(summary.reached, 9);
    assert_near(summary.share, 9.0 / 21, 1e-15);
    assert_near(summary.median, 23, 0);
}

static void without_censoring_the_median_is_where_half_have_come(void **state)
{
    (void)state;
    const double times[] = {40, 10, 30, 20};
    const bool reached[] = {true, true, true, true};
    assert_near(target_summary(times, reached, 4).median, 20, 0);
    assert_near(target_summary(times, reached, 3).median, 30, 0);
}

static void failed_seeds_hold_the_median_back(void **state)
{
    (void)state;
    const double never = (double)INFINITY;
    const double times[] = {10, 20, never, never, never};
    const bool reached[] = {true, true, false, false, false};
    const struct target_summary summary = target_summary(times, reached, 5);
    assert_true(isnan(summary.median));
    assert_near(summary.share, 0.4, 1e-15);
    assert_true(isnan(target_summary(NULL, NULL, 0).share));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_target_is_crossed_on_the_line_between_two_rows),
        cmocka_unit_test(a_score_reaches_its_target_from_below),
        cmocka_unit_test(the_first_crossing_counts_even_if_the_curve_comes_back),
        cmocka_unit_test(a_row_behind_one_without_a_value_counts_where_it_stands),
        cmocka_unit_test(a_seed_that_never_came_is_censored_where_it_ended),
        cmocka_unit_test(a_curve_without_rows_is_censored_at_the_start),
        cmocka_unit_test(the_median_is_that_of_the_textbook_example),
        cmocka_unit_test(without_censoring_the_median_is_where_half_have_come),
        cmocka_unit_test(failed_seeds_hold_the_median_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
