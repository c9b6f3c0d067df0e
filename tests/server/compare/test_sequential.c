/* Expected values: tests/reference/comparison.py; the tables of Pocock's constants as printed in
 * Jennison and Turnbull, 2000, table 2.1. */
#include "support/check.h"

#include "compare/distributions.h"
#include "compare/paired.h"
#include "compare/sequential.h"
#include "compare/signed_rank.h"
#include "random.h"

static void the_constants_are_those_of_the_printed_tables(void **state)
{
    (void)state;
    static const double at_05[] = {2.178, 2.289, 2.361, 2.413, 2.453, 2.485, 2.512, 2.535, 2.555};
    static const double at_01[] = {2.772, 2.873, 2.939, 2.986, 3.023, 3.053, 3.078, 3.099, 3.117};
    static const double at_10[] = {1.875, 1.992, 2.067, 2.122, 2.164, 2.197, 2.225, 2.249, 2.270};
    for (int looks = 2; looks <= LOOKS_MAX; looks++) {
        assert_true(fabs(pocock_boundary(looks, 0.05) - at_05[looks - 2]) < 0.0006);
        assert_true(fabs(pocock_boundary(looks, 0.01) - at_01[looks - 2]) < 0.0006);
        assert_true(fabs(pocock_boundary(looks, 0.1) - at_10[looks - 2]) < 0.0006);
    }
    assert_near(pocock_boundary(1, 0.05), 1.959963984540054, 1e-12);
}

static void crossings_are_those_of_simpsons_rule_on_a_fine_grid(void **state)
{
    (void)state;
    assert_near(sequential_crossing(2, 2.178), 0.05003307083916875, 1e-10);
    assert_near(sequential_crossing(3, 2.289), 0.050059176306292086, 1e-10);
    assert_near(sequential_crossing(4, 2.361), 0.050037282475178246, 1e-10);
    assert_near(sequential_crossing(5, 2.413), 0.05002222753552599, 1e-10);
    assert_near(sequential_crossing(3, 1.0), 0.552589700335071, 1e-10);
    assert_near(sequential_crossing(5, 3.5), 0.0017851135950642805, 1e-9);
    assert_near(sequential_crossing(10, 2.555), 0.050001645287352625, 1e-10);
    assert_near(sequential_crossing(10, 0.2), 0.9999890227045403, 1e-10);
}

static void crossings_lie_between_one_look_and_the_sum_of_all(void **state)
{
    (void)state;
    for (int looks = 2; looks <= LOOKS_MAX; looks++) {
        double last = 1;
        for (double c = 0.1; c < 8; c += 0.1) {
            const double one = normal_two_sided(c), crossing = sequential_crossing(looks, c);
            assert_true(crossing > one - 1e-12 && crossing < looks * one + 1e-12);
            assert_true(crossing <= last + 1e-12);
            last = crossing;
        }
    }
}

static void levels_and_repeated_p_undo_each_other(void **state)
{
    (void)state;
    for (int looks = 1; looks <= LOOKS_MAX; looks += 3) {
        for (double level = 1e-4; level < 0.6; level *= 3)
            assert_near(sequential_p(pocock_level(looks, level), looks), level, 1e-6);
    }
    assert_near(sequential_p(0.03, 1), 0.03, 0);
    assert_near(sequential_p(1, 5), 1, 0);
    assert_true(sequential_p(0, 5) == 0 && isnan(sequential_p((double)NAN, 5)));
}

/* How often any of `looks` looks at growing data without a difference says there is one. */
static double false_alarms(int looks, int round, bool by_ranks, uint64_t seed)
{
    enum { REPEATS = 3000, MOST = 60 };
    const double nominal = pocock_level(looks, 0.05);
    struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
    int alarms = 0;

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double values[MOST];
        bool alarm = false;
        for (int i = 0; i < looks * round; i++)
            values[i] = rng_normal(&rng);
        for (int look = 1; look <= looks && !alarm; look++) {
            const int n = look * round;
            alarm =
                (by_ranks ? signed_rank(values, n, 0).p : paired_t(values, n, 0.5, 1).p) < nominal;
        }
        alarms += alarm;
    }
    return (double)alarms / REPEATS;
}

/* 3 standard errors of 3,000 repeats are 0.0119. */
static void without_a_difference_five_looks_stop_in_at_most_five_of_a_hundred(void **state)
{
    (void)state;
    const double ranks = false_alarms(5, 10, true, 1), few = false_alarms(5, 4, true, 2);
    const double t = false_alarms(5, 10, false, 3);
    assert_true(ranks < 0.05 + 0.0119 && ranks > 0.02);
    assert_true(few < 0.05 + 0.0119);
    assert_true(fabs(t - 0.05) < 0.0119 + 0.005); /* t for small n is not quite a random walk */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_constants_are_those_of_the_printed_tables),
        cmocka_unit_test(crossings_are_those_of_simpsons_rule_on_a_fine_grid),
        cmocka_unit_test(crossings_lie_between_one_look_and_the_sum_of_all),
        cmocka_unit_test(levels_and_repeated_p_undo_each_other),
        cmocka_unit_test(without_a_difference_five_looks_stop_in_at_most_five_of_a_hundred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
