/* Expected values: tests/reference/comparison.py (scipy) and comparison.R. */
#include "support/check.h"

#include "compare/distributions.h"

static void normal_tails_and_quantiles_agree_with_scipy(void **state)
{
    (void)state;
    assert_near(normal_cdf(-5.0), 2.866515718791933e-07, 1e-13);
    assert_near(normal_cdf(-1.0), 0.15865525393145707, 1e-14);
    assert_near(normal_cdf(0.3), 0.6179114221889526, 1e-14);
    assert_near(normal_cdf(2.5), 0.9937903346742238, 1e-14);
    assert_near(normal_quantile(0.975), 1.959963984540054, 1e-14);
    assert_near(normal_quantile(0.9), 1.2815515655446004, 1e-14);
    assert_near(normal_quantile(1e-3), -3.090232306167813, 1e-14);
    assert_near(normal_quantile(1e-10), -6.361340902404056, 1e-14);
    assert_near(normal_quantile(1e-100), -21.273453560965322, 1e-14);
    assert_true(fabs(normal_quantile(0.5)) < 1e-15);
    assert_true(isinf(normal_quantile(1)) && normal_quantile(0) < 0);
}

static void student_tails_agree_with_scipy(void **state)
{
    (void)state;
    static const struct {
        double t, freedom, upper;
    } rows[] = {
        {0.1, 1, 0.4682744825694464},       {2.0, 1, 0.1475836176504332},
        {40.0, 5, 9.205981085886476e-08},   {-1.5, 3, 0.8847080673775886},
        {3.0, 1000, 0.0013833545221190939}, {2.0, 100000, 0.022751481728753218},
        {1e-3, 7, 0.4996150086224994},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_near(student_upper(rows[i].t, rows[i].freedom), rows[i].upper, 1e-10);
    assert_true(student_two_sided((double)INFINITY, 3) == 0);
}

/* With one degree of freedom t is a Cauchy number, with two an algebraic one. */
static void student_quantiles_agree_with_r_and_closed_forms(void **state)
{
    (void)state;
    assert_near(student_two_sided_quantile(0.05, 4), 2.7764451051977943, 1e-11);
    assert_near(student_two_sided_quantile(0.05, 49), 2.0095752371292397, 1e-11);
    assert_near(student_two_sided_quantile(1e-6, 9), 11.63678202732889, 1e-11);
    assert_near(student_two_sided_quantile(0.999, 3), 0.0013603500825973805, 1e-11);
    assert_near(student_two_sided_quantile(0.01, 100000), 2.5758784699083743, 1e-10);
    assert_near(student_two_sided_quantile(0.5, 0.5), 1.5537739740300793, 1e-10);
    for (double p = 1e-12; p < 0.95; p = p < 0.1 ? p * 10 : p + 0.1) {
        const double cauchy = 1 / tan(acos(-1.0) * p / 2);
        assert_near(student_two_sided_quantile(p, 1), cauchy, 1e-11);
        assert_near(student_two_sided_quantile(p, 2), sqrt(2 * (1 - p) * (1 - p) / (p * (2 - p))),
                    1e-11);
    }
}

static void quantiles_undo_tails_everywhere(void **state)
{
    (void)state;
    for (double freedom = 1; freedom < 1e4; freedom = freedom * 1.7 + 1) {
        for (double p = 1e-9; p < 1; p *= 3)
            assert_near(student_two_sided(student_two_sided_quantile(p, freedom), freedom), p,
                        1e-10);
    }
    for (double p = 1e-300; p < 0.6; p *= 17)
        assert_near(normal_cdf(normal_quantile(p)), p, 1e-11);
}

static void chi_square_and_f_tails_agree_with_scipy(void **state)
{
    (void)state;
    assert_near(chi_square_upper(0.5, 1), 0.47950012218695337, 1e-12);
    assert_near(chi_square_upper(9.28, 3), 0.025790724198756772, 1e-12);
    assert_near(chi_square_upper(30.0, 3), 1.3800570312932553e-06, 1e-12);
    assert_near(chi_square_upper(100.0, 63), 0.002077236552784822, 1e-11);
    assert_near(chi_square_upper(20.0, 63), 0.9999999554910892, 1e-12);
    assert_near(chi_square_upper(700.0, 2), 9.929590396265143e-153, 1e-11);
    assert_near(f_upper(3.69, 3, 39), 0.019744099689488835, 1e-11);
    assert_near(f_upper(0.2, 2, 5), 0.8249746644799177, 1e-12);
    assert_near(f_upper(50.0, 63, 200), 3.333080598437687e-94, 1e-10);
    assert_near(f_upper(1.0, 7, 7), 0.5, 1e-13);
    assert_true(f_upper((double)INFINITY, 2, 4) == 0 && chi_square_upper(0, 4) == 1);
}

static void incomplete_beta_agrees_with_scipy(void **state)
{
    (void)state;
    assert_near(incomplete_beta(0.5, 0.5, 0.3), 0.3690101195655454, 1e-12);
    assert_near(incomplete_beta(2.5, 10.0, 0.1), 0.1878137256911444, 1e-12);
    assert_near(incomplete_beta(50.0, 0.5, 0.99), 0.31730439787419623, 1e-12);
    assert_near(incomplete_beta(500.0, 300.0, 0.6), 0.0729215919924821, 1e-11);
    assert_true(incomplete_beta(2, 3, 0) == 0 && incomplete_beta(2, 3, 1) == 1);
}

static void nan_goes_through(void **state)
{
    (void)state;
    const double nan_value = (double)NAN;
    assert_true(isnan(normal_quantile(nan_value)) && isnan(student_upper(nan_value, 3)));
    assert_true(isnan(chi_square_upper(nan_value, 3)) && isnan(f_upper(nan_value, 1, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_tails_and_quantiles_agree_with_scipy),
        cmocka_unit_test(student_tails_agree_with_scipy),
        cmocka_unit_test(student_quantiles_agree_with_r_and_closed_forms),
        cmocka_unit_test(quantiles_undo_tails_everywhere),
        cmocka_unit_test(chi_square_and_f_tails_agree_with_scipy),
        cmocka_unit_test(incomplete_beta_agrees_with_scipy),
        cmocka_unit_test(nan_goes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
