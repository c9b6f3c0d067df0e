#include "support/check.h"

#include "datasets/statistics.h"

/* Columns 1, 3, 5 and 7, 7, 7. By hand: means 3 and 7; variances 8/3 and 0; of all six numbers mean
 * 5, variance (16 + 4 + 0 + 4 + 4 + 4) / 6 = 16/3. */
static const uint8_t small[3][2] = {{1, 7}, {3, 7}, {5, 7}};

static void check_small(const struct statistics *statistics)
{
    float mean[2], deviation[2];
    double whole_mean, whole_deviation;

    statistics_finish(statistics, mean, deviation, &whole_mean, &whole_deviation);
    assert_near((double)mean[0], 3, 1e-7);
    assert_near((double)mean[1], 7, 1e-7);
    assert_near((double)deviation[0], sqrt(8.0 / 3), 1e-7);
    assert_true(deviation[1] == 1); /* constant: dividing by it changes nothing */
    assert_near(whole_mean, 5, 1e-15);
    assert_near(whole_deviation, sqrt(16.0 / 3), 1e-15);
}

static void bytes_by_hand(void **state)
{
    struct statistics statistics;
    (void)state;
    assert_int_equal(statistics_init_bytes(&statistics, 2), 0);
    statistics_add_bytes(&statistics, small[0], 1);
    statistics_add_bytes(&statistics, small[1], 2);
    check_small(&statistics);
    statistics_release(&statistics);
}

static void floats_by_hand(void **state)
{
    float rows[3][2];
    struct statistics statistics;
    (void)state;
    for (int i = 0; i < 6; i++)
        rows[i / 2][i % 2] = small[i / 2][i % 2];
    assert_int_equal(statistics_init_floats(&statistics, 2), 0);
    statistics_add_floats(&statistics, rows[0], 1);
    statistics_add_floats(&statistics, rows[1], 2);
    check_small(&statistics);
    statistics_release(&statistics);
}

/* 2^24 and 2^24 + 2 by turns: mean 2^24 + 1, deviation 1. The mean of squares less the square of
 * the mean would lose this even in double once there are many. */
static void a_large_offset_does_not_drown_the_deviation(void **state)
{
    enum { ROWS = 1000 };
    float rows[ROWS], mean, deviation;
    double whole_mean, whole_deviation;
    struct statistics statistics;
    (void)state;

    for (int i = 0; i < ROWS; i++)
        rows[i] = i % 2 ? 16777218.0F : 16777216.0F;
    assert_int_equal(statistics_init_floats(&statistics, 1), 0);
    statistics_add_floats(&statistics, rows, ROWS);
    statistics_finish(&statistics, &mean, &deviation, &whole_mean, &whole_deviation);
    assert_near(whole_mean, 16777217, 1e-15);
    assert_near(whole_deviation, 1, 1e-9);
    statistics_release(&statistics);
}

/* 1e9 once, then 0 and 2 by turns. The first row must not become the measure of all. */
static void an_outlier_in_front_does_no_harm(void **state)
{
    enum { ROWS = 1001 };
    float mean, deviation, row;
    double whole_mean, whole_deviation;
    struct statistics statistics;
    (void)state;

    assert_int_equal(statistics_init_floats(&statistics, 1), 0);
    row = 1e9F;
    statistics_add_floats(&statistics, &row, 1);
    for (int i = 1; i < ROWS; i++) {
        row = i % 2 ? 0.0F : 2.0F;
        statistics_add_floats(&statistics, &row, 1);
    }
    statistics_finish(&statistics, &mean, &deviation, &whole_mean, &whole_deviation);
    /* (1e9 + 1000) / 1001, and in fractions by tests/reference/datasets.py */
    assert_near(whole_mean, 1000001000.0 / 1001, 1e-12);
    assert_near(whole_deviation, 31591185.3846763562, 1e-12);
    statistics_release(&statistics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_by_hand),
        cmocka_unit_test(floats_by_hand),
        cmocka_unit_test(a_large_offset_does_not_drown_the_deviation),
        cmocka_unit_test(an_outlier_in_front_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
