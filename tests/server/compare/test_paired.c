/* Expected values: tests/reference/comparison.py (scipy, statsmodels) and comparison.R. */
#include "support/check.h"

#include "compare/paired.h"
#include "random.h"

static const double ten[] = {1.1, -0.4, 2.5, 3.2, -0.9, 4.1, 0.3, 5.0, 2.2, 1.7};

static void the_t_test_is_that_of_r_and_scipy(void **state)
{
    (void)state;
    const struct paired_t t = paired_t(ten, 10, 0.05, (double)NAN);
    assert_int_equal(t.n, 10);
    assert_near(t.mean, 1.88, 1e-14);
    assert_near(t.standard_error, 0.6051262494535978, 1e-13);
    assert_near(t.low, 0.511109320401330391, 1e-12);
    assert_near(t.high, 3.248890679598669173, 1e-12);
    assert_near(t.t, 3.10678970164913, 1e-13);
    assert_near(t.p, 0.0125838510775464, 1e-11);
    assert_near(paired_effect(&t), 0.9824531668366228, 1e-13);
}

static void hedges_correction_is_the_ratio_of_gammas(void **state)
{
    (void)state;
    assert_near(hedges_correction(3), 0.5641895835477561, 1e-13);
    assert_near(hedges_correction(10), 0.9138748917925524, 1e-13);
    assert_near(hedges_correction(50), 0.984602177236165, 1e-12);
    assert_near(hedges_correction(1000), 0.9992490299905589, 1e-11);
    assert_true(isnan(hedges_correction(2)));
}

static void two_one_sided_tests_are_those_of_scipy(void **state)
{
    (void)state;
    const struct paired_t t = paired_t(ten, 10, 0.05, (double)NAN);
    assert_near(equivalence_p(&t, 2.0), 0.423606460517272, 1e-11);
    assert_near(equivalence_p(&t, 3.5), 0.012662489243934028, 1e-10);
    assert_near(equivalence_p(&t, 5.0), 0.00029916820309825283, 1e-10);
    assert_true(equivalence_p(&t, 1.0) > 0.5); /* the mean lies outside */
}

/* The interval at 1 - 2 q has an end at 1.88 + t 0.605; a band that ends there has p = q. */
static void equivalence_is_an_interval_inside_the_band(void **state)
{
    (void)state;
    for (double q = 0.01; q < 0.3; q += 0.03) {
        const struct paired_t t = paired_t(ten, 10, 2 * q, (double)NAN);
        assert_near(equivalence_p(&t, t.high), q, 1e-9);
    }
}

static void constant_differences_have_a_point_for_an_interval(void **state)
{
    (void)state;
    const double same[] = {0.5, 0.5, 0.5}, none[] = {0, 0, 0};
    const struct paired_t t = paired_t(same, 3, 0.05, (double)NAN);
    const struct paired_t zero = paired_t(none, 3, 0.05, (double)NAN);
    assert_true(t.low == 0.5 && t.high == 0.5 && t.p == 0 && isinf(paired_effect(&t)));
    assert_true(zero.low == 0 && zero.high == 0 && zero.p == 1 && paired_effect(&zero) == 0);
    assert_true(equivalence_p(&t, 0.6) == 0 && equivalence_p(&t, 0.5) == 1);
}

static void one_difference_has_a_mean_and_no_more(void **state)
{
    (void)state;
    const struct paired_t t = paired_t(ten, 1, 0.05, (double)NAN);
    assert_near(t.mean, 1.1, 0);
    assert_true(isnan(t.standard_error) && isnan(t.low) && isnan(t.p) && isnan(paired_effect(&t)));
    assert_true(isnan(equivalence_p(&t, 5)));
    assert_true(isnan(paired_t(NULL, 0, 0.05, (double)NAN).mean));
}

static void power_is_that_of_statsmodels_and_r(void **state)
{
    (void)state;
    static const struct {
        double effect, level, power;
        int n;
    } rows[] = {
        {0.5, 0.05, 0.2931756065300414, 10},    {0.5, 0.05, 0.8077775012792758, 34},
        {1.0, 0.05, 0.401389917371794, 5},      {3.0, 0.05, 0.2607707142240509, 2},
        {0.05, 0.05, 0.7816495145665944, 3000}, {2.0, 0.001, 0.6089771293596382, 8},
        {10.0, 0.01, 0.9499658914863632, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_near(paired_power(rows[i].effect, rows[i].n, rows[i].level), rows[i].power, 1e-9);
    assert_near(paired_power(0, 7, 0.05), 0.05, 1e-9);
    assert_near(paired_power(-0.5, 10, 0.05), 0.2931756065300414, 1e-9);
}

/* statsmodels' fractional n, taken up. */
static void the_seeds_for_a_power_are_those_of_statsmodels_and_r(void **state)
{
    (void)state;
    assert_int_equal(paired_n_for(0.5, 0.05, 0.8, 10000), 34);
    assert_int_equal(paired_n_for(-0.5, 0.05, 0.8, 10000), 34);
    assert_int_equal(paired_n_for(1.0, 0.05, 0.8, 10000), 10);
    assert_int_equal(paired_n_for(0.2, 0.01, 0.8, 10000), 296);
    assert_int_equal(paired_n_for(3.0, 0.05, 0.8, 10000), 4);
    assert_int_equal(paired_n_for(8.0, 0.05, 0.8, 10000), 3);
    assert_int_equal(paired_n_for(2.0, 0.0001, 0.8, 10000), 13);
    assert_int_equal(paired_n_for(0.05, 0.05, 0.8, 10000), 3142);
    assert_int_equal(paired_n_for(0.05, 0.05, 0.8, 3141), -1);
    assert_int_equal(paired_n_for(0, 0.05, 0.8, 10000), -1);
    assert_int_equal(paired_n_for((double)NAN, 0.05, 0.8, 10000), -1);
}

/* Gains that are all but constant: the answer comes at once. */
static void enormous_effects_take_no_time(void **state)
{
    (void)state;
    assert_int_equal(paired_n_for(1e12, 0.05, 0.8, 10000), 3);
    assert_int_equal(paired_n_for((double)INFINITY, 0.05, 0.8, 10000), 3);
    assert_true(paired_power(1e300, 5, 1e-6) <= 1);
}

/* Normal differences with mean 0.3: the interval misses it in 5 of 100, by n. 4 standard errors of
 * 4,000 repeats are 0.014. */
static void intervals_cover_the_true_mean_as_often_as_they_say(void **state)
{
    (void)state;
    enum { REPEATS = 4000 };
    struct rng rng = rng_stream(4, RANDOM_TEST, 0);
    for (int n = 3; n <= 30; n *= 3) {
        int missed = 0;
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            double values[30];
            for (int i = 0; i < n; i++)
                values[i] = 0.3 + 2 * rng_normal(&rng);
            const struct paired_t t = paired_t(values, n, 0.05, (double)NAN);
            missed += t.low > 0.3 || t.high < 0.3;
        }
        assert_true(fabs((double)missed / REPEATS - 0.05) < 0.014);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_t_test_is_that_of_r_and_scipy),
        cmocka_unit_test(hedges_correction_is_the_ratio_of_gammas),
        cmocka_unit_test(two_one_sided_tests_are_those_of_scipy),
        cmocka_unit_test(equivalence_is_an_interval_inside_the_band),
        cmocka_unit_test(constant_differences_have_a_point_for_an_interval),
        cmocka_unit_test(one_difference_has_a_mean_and_no_more),
        cmocka_unit_test(power_is_that_of_statsmodels_and_r),
        cmocka_unit_test(the_seeds_for_a_power_are_those_of_statsmodels_and_r),
        cmocka_unit_test(enormous_effects_take_no_time),
        cmocka_unit_test(intervals_cover_the_true_mean_as_often_as_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
