/* Expected values: tests/reference/compare.py, in exact fractions. */
#include "support/check.h"

#include "compare/statistics.h"

static void mean_and_standard_error_of_a_handful_of_losses(void **state)
{
    (void)state;
    const double values[] = {0.2731, 0.2694, 0.2802, 0.2755, 0.2718};
    assert_near(statistics_mean(values, 5), 0.274, 1e-15);
    assert_near(statistics_standard_error(values, 5), 0.0018371173070873892, 1e-14);
}

static void a_large_common_part_costs_no_digits(void **state)
{
    (void)state;
    const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    assert_near(statistics_mean(values, 4), 1000000010.0, 0.0);
    assert_near(statistics_standard_error(values, 4), 2.7386127875258306, 1e-15);
}

static void differences_in_the_last_bits_are_seen(void **state)
{
    (void)state;
    const double bit = 8.8817841970012523e-16; /* 2^-50 */
    const double values[] = {0.1, 0.1 + bit, 0.1 - bit};
    assert_near(statistics_mean(values, 3), 0.1, 1e-16);
    assert_near(statistics_standard_error(values, 3), 5.12790049702283e-16, 1e-12);
}

static void two_values_are_enough_for_an_error_and_one_is_not(void **state)
{
    (void)state;
    const double values[] = {1, 2};
    assert_near(statistics_standard_error(values, 2), 0.5, 0.0);
    assert_true(isnan(statistics_standard_error(values, 1)));
    assert_near(statistics_mean(values, 1), 1.0, 0.0);
}

static void equal_values_have_no_error(void **state)
{
    (void)state;
    const double values[] = {0.1, 0.1, 0.1};
    assert_true(statistics_standard_error(values, 3) == 0.0);
}

static void nothing_has_no_mean(void **state)
{
    (void)state;
    assert_true(isnan(statistics_mean(NULL, 0)));
    assert_true(isnan(statistics_standard_error(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_standard_error_of_a_handful_of_losses),
        cmocka_unit_test(a_large_common_part_costs_no_digits),
        cmocka_unit_test(differences_in_the_last_bits_are_seen),
        cmocka_unit_test(two_values_are_enough_for_an_error_and_one_is_not),
        cmocka_unit_test(equal_values_have_no_error),
        cmocka_unit_test(nothing_has_no_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
