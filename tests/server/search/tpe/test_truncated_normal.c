#include "search/tpe/truncated_normal.h"

#include "memory.h"
#include "support/check.h"

/* mpmath with 60 digits (tests/reference/truncated_normal.py). */
static void the_mass_between_two_points_keeps_its_digits(void **state)
{
    (void)state;
    const double want[][3] = {
        {-1, 1, -0.381715146302126072},        {0, 1e-09, -21.6422043701510838},
        {-0.001, 0.002, -6.72808202351855008}, {3, 3.5, -6.79686800668343277},
        {-12, -11.99, -77.4635259596096526},   {20, 21, -203.917155372288159},
        {35.5, 36.5, -634.614263155088385},    {50, 51, -1254.8313611394199},
        {-200, -199, -19806.7122686082228},    {-0.5, 1e9, -0.368946415288656393},
        {7.9999, 8, -42.1288788801835205},
    };
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_near(normal_log_mass(want[i][0], want[i][1]), want[i][2], 1e-12);
        assert_near(normal_log_mass(-want[i][1], -want[i][0]), want[i][2], 1e-12);
    }
    assert_true(fabs(normal_log_mass(-8, 8) + 1.2441921148543576e-15) < 3e-16);
    assert_near(normal_log_mass(-(double)INFINITY, 0), log(0.5), 1e-15);
}

/* scipy.stats.truncnorm 1.10 */
static void densities_are_those_of_scipy(void **state)
{
    (void)state;
    const double want[][6] = {
        {0.3, 0.5, 1, 0, 1, 0.02097780049094955},    {0.02, 0.03, 0.01, 0, 1, 3.1875824627481668},
        {0.9, 0.1, 0.05, 0, 1, -125.90019335032171}, {2.5, 1, 2, -1, 3, -1.5116205674624918},
        {-4, -9, 0.5, -5, -3, -15.212354192730169},  {0.999, 1, 0.2, 0, 1, 1.383634633092681},
    };
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_near(truncated_normal_log_density(want[i][0], want[i][1], want[i][2], want[i][3],
                                                 want[i][4]),
                    want[i][5], 1e-12);
    assert_true(isinf(truncated_normal_log_density(1.5, 0.5, 1, 0, 1)));
}

static void quantiles_are_those_of_scipy(void **state)
{
    (void)state;
    const double want[][6] = {
        {0.5, 0.5, 1, 0, 1, 0.5},
        {0.1, 0.03, 0.01, 0, 1, 0.01725340581441355},
        {0.999, 0.1, 0.05, 0, 1, 0.25485302547992328},
        {0.25, 1, 2, -1, 3, 0.11645890662683678},
        {0.75, 0.999, 0.01, 0, 1, 0.99659240803491667},
        {0.4, -9, 0.5, -5, -3, -4.9686696610406731},
        {0.6, 9, 0.5, 3, 5, 4.9686696610406731},
    };
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_near(
            truncated_normal_quantile(want[i][0], want[i][1], want[i][2], want[i][3], want[i][4]),
            want[i][5], 1e-11);
}

static void the_ends_are_not_left(void **state)
{
    (void)state;
    const double low[] = {-1, 0, 2}, high[] = {0, 1, 7};
    for (int i = 0; i < 3; i++)
        for (double mean = low[i]; mean <= high[i]; mean += (high[i] - low[i]) / 4)
            for (double deviation = 1e-6; deviation < 100; deviation *= 10) {
                assert_true(truncated_normal_quantile(0, mean, deviation, low[i], high[i]) >=
                            low[i]);
                assert_true(truncated_normal_quantile(1, mean, deviation, low[i], high[i]) <=
                            high[i]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mass_between_two_points_keeps_its_digits),
        cmocka_unit_test(densities_are_those_of_scipy),
        cmocka_unit_test(quantiles_are_those_of_scipy),
        cmocka_unit_test(the_ends_are_not_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
