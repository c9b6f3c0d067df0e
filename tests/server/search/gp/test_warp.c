/* Expected values: tests/reference/gp.py (scipy, and half-rank by hand there). */
#include "support/check.h"

#include "memory.h"
#include "search/gp/warp.h"
#include "server/search/within.h"

enum { N = 7 };
static const double values[N] = {3, 1, 10, 2, 50, 4, 7};

static void check(enum warp_kind kind, const double want[N], double absolute)
{
    double out[N], slope[N];
    assert_int_equal(warp_values(kind, values, N, out, slope), 0);
    for (int i = 0; i < N; i++) {
        assert_within(out[i], want[i], absolute);
        assert_true(slope[i] > 0);
    }
}

static void logs_are_standardised(void **state)
{
    (void)state;
    check(WARP_LOG,
          (const double[]){-0.4442263789713223, -1.380618936656059, 0.5819692910155922,
                           -0.7898210109898812, 1.953759593021066, -0.19902308532370352,
                           0.2779605279043076},
          1e-14);
}

/* The power to 1e-3, so the values to about that. */
static void yeo_johnson_is_that_of_scipy(void **state)
{
    (void)state;
    check(WARP_YEO_JOHNSON,
          (const double[]){-0.5873850360141618, -1.2254296106034788, 0.8006027890809857,
                           -0.8905807240854335, 1.871139345811422, -0.3139754604794309,
                           0.34562869629009757},
          2e-3);
}

static void half_rank_lays_the_worse_half_out_by_rank(void **state)
{
    (void)state;
    check(WARP_HALF_RANK,
          (const double[]){-0.4556880893797094, -1.5356741768107756, 0.8840455719038349,
                           -0.9956811330952425, 1.5645346535721498, 0.08430495433582372,
                           0.45415821947391793},
          1e-12);
}

static void a_log_of_zero_is_refused(void **state)
{
    (void)state;
    const double y[] = {1, 0, 2};
    double out[3], slope[3];
    assert_int_equal(warp_values(WARP_LOG, y, 3, out, slope), -1);
}

static void equal_values_are_all_zero(void **state)
{
    (void)state;
    const double y[] = {5, 5, 5, 5};
    double out[4], slope[4];
    for (int kind = 0; kind < WARP_KINDS; kind++) {
        assert_int_equal(warp_values(kind, y, 4, out, slope), 0);
        for (int i = 0; i < 4; i++)
            assert_true(out[i] == 0);
    }
}

static void huge_values_stay_finite_and_in_order(void **state)
{
    (void)state;
    const double y[] = {-1e100, -1, 0, 1e-300, 1, 1e99, 1e100};
    double out[N], slope[N];
    for (int kind = 0; kind < WARP_KINDS; kind++) {
        if (warp_values(kind, y, N, out, slope) < 0)
            continue;
        for (int i = 0; i < N; i++)
            assert_true(isfinite(out[i]) && (i == 0 || out[i] >= out[i - 1]));
    }
}

/* By hand: ln y has slope 1 / y, over the deviation, which the outer two values give. */
static void slopes_are_those_of_the_bend_over_the_deviation(void **state)
{
    (void)state;
    double out[N], slope[N];
    warp_values(WARP_LOG, values, N, out, slope);
    const double deviation = (log(50) - log(1)) / (out[4] - out[1]);
    for (int i = 0; i < N; i++)
        assert_near(slope[i], 1 / values[i] / deviation, 1e-13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_are_standardised),
        cmocka_unit_test(yeo_johnson_is_that_of_scipy),
        cmocka_unit_test(half_rank_lays_the_worse_half_out_by_rank),
        cmocka_unit_test(a_log_of_zero_is_refused),
        cmocka_unit_test(equal_values_are_all_zero),
        cmocka_unit_test(slopes_are_those_of_the_bend_over_the_deviation),
        cmocka_unit_test(huge_values_stay_finite_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
