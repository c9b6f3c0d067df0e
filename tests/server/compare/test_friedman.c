/* Expected values: tests/reference/comparison.py (scipy) and comparison.R; tables of Demšar, 2006.
 */
#include "support/check.h"

#include "compare/friedman.h"
#include "compare/holm.h"
#include "compare/studentized_range.h"

/* Table 6 there: area under the curve of four versions of C4.5 on 14 data sets. */
static const double c45[14][4] = {{.763, .768, .771, .798},  {.599, .591, .590, .569},
                                  {.954, .971, .968, .967},  {.628, .661, .654, .657},
                                  {.882, .888, .886, .898},  {.936, .931, .916, .931},
                                  {.661, .668, .609, .685},  {.583, .583, .563, .625},
                                  {.775, .838, .866, .875},  {1, 1, 1, 1},
                                  {.940, .962, .965, .962},  {.619, .666, .614, .669},
                                  {.972, .981, .9751, .975}, {.957, .978, .946, .970}};

static void the_classifiers_of_the_textbook_example_differ(void **state)
{
    (void)state;
    double ranks[4];
    const struct friedman friedman = friedman_test(&c45[0][0], NULL, 14, 4, true, 0.05, ranks);
    const double want[] = {3.142857142857143, 2, 2.892857142857143, 1.9642857142857142};
    for (int i = 0; i < 4; i++)
        assert_near(ranks[i], want[i], 1e-14);
    assert_int_equal(friedman.tasks, 14);
    assert_near(friedman.chi_square, 10.228346456692925, 1e-12);
    assert_near(friedman.chi_p, 0.016721580328441323, 1e-11);
    assert_near(friedman.f, 4.1851301115241695, 1e-12);
    assert_near(friedman.f_p, 0.011620659515310954, 1e-10);
    assert_near(friedman.critical, 1.25, 0.003); /* as printed there */
    assert_true(friedman.differ);
}

/* Minimizing the negated values is the same question. */
static void the_goal_turns_the_ranks(void **state)
{
    (void)state;
    double negated[14][4], ranks[4], same[4];
    for (int i = 0; i < 56; i++)
        negated[i / 4][i % 4] = -c45[i / 4][i % 4];
    friedman_test(&c45[0][0], NULL, 14, 4, true, 0.05, ranks);
    friedman_test(&negated[0][0], NULL, 14, 4, false, 0.05, same);
    assert_memory_equal(ranks, same, sizeof ranks);
}

static void critical_values_are_those_of_r_and_of_the_printed_table(void **state)
{
    (void)state;
    static const double printed[] = {1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
    for (int k = 2; k <= 10; k++)
        assert_true(fabs(studentized_range_quantile(0.05, k) / sqrt(2) - printed[k - 2]) < 0.00105);
    assert_near(studentized_range_quantile(0.05, 2) / sqrt(2), 1.9599639845400545, 1e-11);
    assert_near(studentized_range_quantile(0.05, 3) / sqrt(2), 2.3437005879021418, 1e-6);
    assert_near(studentized_range_quantile(0.05, 5) / sqrt(2), 2.7277743825185543, 1e-6);
    assert_near(studentized_range_quantile(0.05, 20) / sqrt(2), 3.5437991319196462, 1e-6);
    assert_near(studentized_range_quantile(0.05, 64) / sqrt(2), 4.1052844725716078, 1e-6);
}

static void range_tails_are_those_of_scipy(void **state)
{
    (void)state;
    static const struct {
        int k;
        double at[3]; /* at 1, 3.5, 6 */
    } rows[] = {{2, {0.4795001221869535, 0.013328328780817356, 2.2090496998639075e-05}},
                {5, {0.9549548551886442, 0.09633846396542678, 0.00021424261433133918}},
                {20, {0.9999999503866243, 0.6036049452034737, 0.003602433764930746}},
                {64, {1.0, 0.9835614443434617, 0.029786899668906908}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double at[] = {1, 3.5, 6};
        for (int j = 0; j < 3; j++)
            assert_true(fabs(studentized_range_upper(at[j], rows[i].k) - rows[i].at[j]) < 2e-7);
    }
    /* Two: the difference of two normal numbers, in closed form. */
    for (double q = 0; q < 8; q += 0.5)
        assert_true(fabs(studentized_range_upper(q, 2) - erfc(q / 2)) < 1e-12);
}

static void arms_that_do_not_differ_form_groups(void **state)
{
    (void)state;
    const double ranks[] = {3.0, 1.0, 1.9, 2.4, 5.0};
    int order[5];
    struct rank_group groups[5];
    const int count = rank_groups(ranks, 5, 1.5, order, groups);
    const int want[] = {1, 2, 3, 0, 4};
    assert_memory_equal(order, want, sizeof want);
    assert_int_equal(count, 2); /* 1.0 … 2.4 and 1.9 … 3.0; 5.0 is alone */
    assert_int_equal(groups[0].first, 0);
    assert_int_equal(groups[0].last, 2);
    assert_int_equal(groups[1].first, 1);
    assert_int_equal(groups[1].last, 3);
}

static void a_failed_arm_ranks_last_and_an_absent_one_takes_its_task_out(void **state)
{
    (void)state;
    const double nan_value = (double)NAN;
    const double values[] = {0.1, 0.2, nan_value, 0.3, nan_value, nan_value, 1, 2, 3};
    const bool absent[] = {false, false, false, false, false, false, true, false, false};
    double ranks[3];
    const struct friedman friedman = friedman_test(values, absent, 3, 3, false, 0.05, ranks);
    assert_int_equal(friedman.tasks, 2);
    assert_near(ranks[0], 1, 0);
    assert_near(ranks[1], 2.25, 0);
    assert_near(ranks[2], 2.75, 0);
}

/* Two tasks and two arms have four outcomes: p = 1/2 at least. */
static void full_agreement_of_few_tasks_is_no_proof(void **state)
{
    (void)state;
    const double values[] = {1, 2, 1, 2};
    double ranks[2];
    const struct friedman friedman = friedman_test(values, NULL, 2, 2, false, 0.05, ranks);
    assert_true(isinf(friedman.f));
    assert_near(friedman.f_p, 0.5, 1e-12);
    assert_false(friedman.differ);
}

static void ties_everywhere_and_too_few_tasks(void **state)
{
    (void)state;
    const double same[] = {1, 1, 1, 2, 2, 2};
    double ranks[3];
    const struct friedman tied = friedman_test(same, NULL, 2, 3, false, 0.05, ranks);
    assert_true(tied.chi_square == 0 && tied.f_p == 1 && ranks[0] == 2);
    const struct friedman one = friedman_test(same, NULL, 1, 3, false, 0.05, ranks);
    assert_true(isnan(one.f_p) && isnan(one.critical) && ranks[0] == 2 && !one.differ);
    friedman_test(same, NULL, 0, 3, false, 0.05, ranks);
    assert_true(isnan(ranks[0]));
}

static void holm_is_that_of_r_and_statsmodels(void **state)
{
    (void)state;
    const double p[] = {0.01, 0.04, 0.03, 0.005, 0.5, 0.03};
    const double want[] = {0.05, 0.12, 0.12, 0.03, 0.5, 0.12};
    double adjusted[6];
    holm_adjust(p, 6, adjusted);
    for (int i = 0; i < 6; i++)
        assert_near(adjusted[i], want[i], 1e-14);
}

static void what_is_not_known_yet_counts_in_the_family(void **state)
{
    (void)state;
    const double p[] = {0.01, (double)NAN, 0.03};
    double adjusted[3];
    holm_adjust(p, 3, adjusted);
    assert_near(adjusted[0], 0.03, 1e-15);
    assert_true(isnan(adjusted[1]));
    assert_near(adjusted[2], 0.06, 1e-15);
    holm_adjust(NULL, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_classifiers_of_the_textbook_example_differ),
        cmocka_unit_test(the_goal_turns_the_ranks),
        cmocka_unit_test(critical_values_are_those_of_r_and_of_the_printed_table),
        cmocka_unit_test(range_tails_are_those_of_scipy),
        cmocka_unit_test(arms_that_do_not_differ_form_groups),
        cmocka_unit_test(a_failed_arm_ranks_last_and_an_absent_one_takes_its_task_out),
        cmocka_unit_test(full_agreement_of_few_tasks_is_no_proof),
        cmocka_unit_test(ties_everywhere_and_too_few_tasks),
        cmocka_unit_test(holm_is_that_of_r_and_statsmodels),
        cmocka_unit_test(what_is_not_known_yet_counts_in_the_family),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
