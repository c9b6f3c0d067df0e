/* Expected values: tests/reference/comparison.py (scipy, and all signs enumerated) and
 * comparison.R. */
#include "support/check.h"

#include "compare/signed_rank.h"
#include "random.h"

static void the_exact_p_without_ties_is_that_of_r_and_scipy(void **state)
{
    (void)state;
    const double distinct[] = {1.1, -0.4, 2.5, 3.2, -0.9, 4.1, 0.3, 5.0, 2.2, 1.7};
    const struct signed_rank ten = signed_rank(distinct, 10, 0);
    assert_int_equal(ten.used, 10);
    assert_true(ten.exact && ten.plus == 50 && ten.minus == 5);
    assert_near(ten.p, 0.01953125, 0);
    assert_near(ten.biserial, 45.0 / 55.0, 1e-15);
    assert_near(ten.smallest_p, 0x1p-9, 0);

    double twenty_five[25];
    for (int i = 0; i < 25; i++)
        twenty_five[i] = ((i * 29) % 47 - 17.3) / 8;
    const struct signed_rank exact = signed_rank(twenty_five, 25, 0);
    assert_true(exact.exact && exact.minus == 98);
    assert_near(exact.p, 0.08513903617858887, 1e-13);
}

static void ties_and_zeros_are_exact_too(void **state)
{
    (void)state;
    const double tied[] = {1, 1, 2, -1, 3, 3, -2, 4, 0, 5, 5, 0};
    const struct signed_rank result = signed_rank(tied, 12, 0);
    assert_int_equal(result.used, 10);
    assert_true(result.exact && result.plus == 48.5 && result.minus == 6.5);
    assert_near(result.p, 0.03515625, 0);
}

static void above_25_the_normal_approximation_is_that_of_r_and_scipy(void **state)
{
    (void)state;
    double values[40];
    for (int i = 0; i < 40; i++)
        values[i] = ((i * 37) % 101 - 40) / 10.0;
    const struct signed_rank scipy = signed_rank(values, 40, 0);
    assert_int_equal(scipy.used, 39);
    assert_false(scipy.exact);
    assert_near(scipy.minus, 255, 0);
    assert_near(scipy.p, 0.06049401522095768, 1e-12);

    const double tied[] = {1, 1, 2, -1, 3, 3,  -2, 4,  5,  5,  6,  7, -6, 8, 8,
                           9, 2, 1, -3, 4, 10, 11, -5, 12, 13, 14, 2, 0,  0};
    const struct signed_rank r = signed_rank(tied, 29, 0);
    assert_near(r.plus, 326.5, 0);
    assert_near(r.p, 9.8382482375929938e-04, 1e-12);
}

static void an_infinite_difference_is_larger_than_any_number(void **state)
{
    (void)state;
    const double far = (double)INFINITY;
    const double differences[] = {far, far, 1, -2, 3, far, 0.5};
    const struct signed_rank result = signed_rank(differences, 7, 0);
    assert_true(result.plus == 25 && result.minus == 3);
    assert_near(result.p, 0.078125, 0);
}

/* 0.3 - 0.1, 0.4 - 0.2 and 0.1 - 0.3 are one size, and 0.3 - 0.1 - 0.2 is 0, but not in doubles. */
static void differences_that_rounding_parted_are_tied(void **state)
{
    (void)state;
    const double differences[] = {0.3 - 0.1, 0.4 - 0.2, 0.1 - 0.3, 0.3 - 0.1 - 0.2, 1};
    assert_true(differences[0] != differences[1]);
    const struct signed_rank result = signed_rank(differences, 5, 4e-16);
    assert_int_equal(result.used, 4);
    assert_near(result.minus, 2, 0);
    assert_near(result.plus, 8, 0);
}

static void the_smallest_p_halves_with_each_pair(void **state)
{
    (void)state;
    const double ahead[] = {1, 2, 3, 4, 5, 6};
    assert_near(signed_rank(ahead, 5, 0).p, 0.0625, 0);
    assert_near(signed_rank(ahead, 6, 0).p, 0.03125, 0);
    for (int n = 1; n <= 6; n++)
        assert_near(signed_rank(ahead, n, 0).p, signed_rank_smallest_p(n), 0);
    assert_int_equal(signed_rank_pairs_for(0.05), 6);
    assert_int_equal(signed_rank_pairs_for(0.05 / 3), 7);
    assert_int_equal(signed_rank_pairs_for(0.01), 8);
    assert_int_equal(signed_rank_pairs_for(0.0625), 6); /* p = 0.0625 is not below it */
}

static void no_differences_and_only_zeros(void **state)
{
    (void)state;
    const double zeros[] = {0, 0, 0};
    const struct signed_rank none = signed_rank(NULL, 0, 0), equal = signed_rank(zeros, 3, 0);
    assert_true(isnan(none.p) && isnan(none.biserial));
    assert_near(equal.p, 1, 0);
    assert_int_equal(equal.used, 0);
}

/* Of the 2^n signs of n sizes at most a share q gives p <= q: exactly, whatever the ties. */
static void p_is_valid_over_all_signs_of_sizes_with_ties(void **state)
{
    (void)state;
    enum { N = 11 };
    const double sizes[N] = {1, 1, 1, 2, 3, 3, 4, 5, 5, 5, 9};
    static double p[1 << N];

    for (int signs = 0; signs < 1 << N; signs++) {
        double differences[N];
        for (int i = 0; i < N; i++)
            differences[i] = signs >> i & 1 ? sizes[i] : -sizes[i];
        p[signs] = signed_rank(differences, N, 0).p;
    }
    for (double level = 0.005; level < 1; level += 0.005) {
        int below = 0;
        for (int signs = 0; signs < 1 << N; signs++)
            below += p[signs] <= level;
        assert_true(below <= level * (1 << N));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exact_p_without_ties_is_that_of_r_and_scipy),
        cmocka_unit_test(ties_and_zeros_are_exact_too),
        cmocka_unit_test(above_25_the_normal_approximation_is_that_of_r_and_scipy),
        cmocka_unit_test(an_infinite_difference_is_larger_than_any_number),
        cmocka_unit_test(differences_that_rounding_parted_are_tied),
        cmocka_unit_test(the_smallest_p_halves_with_each_pair),
        cmocka_unit_test(no_differences_and_only_zeros),
        cmocka_unit_test(p_is_valid_over_all_signs_of_sizes_with_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
