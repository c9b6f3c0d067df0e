/* Expected values: tests/reference/gp.py (mpmath at 80 digits, scipy). AV-4. */
#include "support/check.h"

#include "memory.h"
#include "search/gp/log_ei.h"

static void improvement_is_that_of_80_digits(void **state)
{
    (void)state;
    static const double rows[][3] = {
        /* z, ln h, relative error */
        {3, 1.0987396653277077, 1e-14},       {0.5, -0.3598276837450638, 1e-14},
        {-0.5, -1.6205162643873199, 1e-14},   {-3, -7.869686059603029, 1e-14},
        {-10, -55.55312203612235, 1e-13},     {-24.999, -319.8363844596842, 1e-12},
        {-25.001, -319.8865437001529, 1e-14}, {-100, -5010.12957880025, 1e-14},
        {-1000, -500014.73445209116, 1e-14},  {-99999, -4999900024.44477, 1e-14},
        {-100001, -5000100024.44481, 1e-14},  {-1e6, -500000000028.55, 1e-14},
    };
    double slope;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_near(log_improvement(rows[i][0], &slope), rows[i][1], rows[i][2]);
}

static double across(double z)
{
    double slope;
    return log_improvement(nextafter(z, 0), &slope) - log_improvement(nextafter(z, -1e9), &slope);
}

/* The branches agree at their borders: 1e-10 at -25; 1e-5 at -1e5, where a step of one ulp alone
 * is worth 1e5 * 1.5e-11. */
static void branches_meet(void **state)
{
    (void)state;
    assert_true(fabs(across(-25)) < 1e-10);
    assert_true(fabs(across(-1e5)) < 1e-5);
}

static void slopes_are_those_of_differences(void **state)
{
    (void)state;
    static const double at[] = {4, 1, 0, -0.7, -5, -20, -30, -300, -5e4, -2e5};
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        const double step = 1e-5 * fmax(1, fabs(at[i]));
        double slope, unused;
        log_improvement(at[i], &slope);
        const double rise =
            log_improvement(at[i] + step, &unused) - log_improvement(at[i] - step, &unused);
        assert_near(slope, rise / (2 * step), 1e-6);
    }
}

static void scaled_erfc_is_that_of_80_digits(void **state)
{
    (void)state;
    static const double rows[][2] = {
        {0, 1},
        {0.5, 0.6156903441929259},
        {5, 0.11070463773306863},
        {19.999, 0.028175754028507936},
        {20.001, 0.028172943593594048},
        {100, 0.005641613782989433},
        {1e6, 5.641895835474742e-07},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_near(scaled_erfc(rows[i][0]), rows[i][1], 1e-11);
}

static void log_chances_are_those_of_scipy(void **state)
{
    (void)state;
    static const double rows[][2] = {
        {2, -0.023012909328963486},    {-1, -1.841021645009264},  {-4.999, -15.059812373671578},
        {-5.001, -15.070185381609441}, {-40, -804.6084420137539},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double slope, unused;
        assert_near(log_normal_cdf(rows[i][0], &slope), rows[i][1], 1e-13);
        const double rise =
            log_normal_cdf(rows[i][0] + 1e-6, &unused) - log_normal_cdf(rows[i][0] - 1e-6, &unused);
        assert_near(slope, rise / 2e-6, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(improvement_is_that_of_80_digits),
        cmocka_unit_test(branches_meet),
        cmocka_unit_test(slopes_are_those_of_differences),
        cmocka_unit_test(scaled_erfc_is_that_of_80_digits),
        cmocka_unit_test(log_chances_are_those_of_scipy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
