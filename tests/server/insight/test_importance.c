#include "insight/importance.h"

#include "insight/fanova.h"

#include "found.h"

/* --- PED-ANOVA: tests/reference/search_importance.py ---------------------------------------------
 */

static void a_density_is_counts_smoothed_over_the_cells(void **state)
{
    const int counts[8] = {3, 0, 1, 4, 0, 0, 2, 0};
    const double want[8] = {0.148665829554, 0.163653059526, 0.163882533376, 0.152804657913,
                            0.127346876303, 0.101729080527, 0.082452106630, 0.059465856171};
    double density[8], sum = 0;
    (void)state;
    importance_density(counts, 8, density);
    for (int i = 0; i < 8; i++) {
        assert_near(density[i], want[i], 1e-10);
        sum += density[i];
    }
    assert_near(sum, 1, 1e-12);
}

static void a_choice_nobody_took_keeps_a_small_chance(void **state)
{
    const int counts[3] = {3, 0, 1};
    const double want[3] = {0.541666666667, 0.166666666667, 0.291666666667};
    double density[3];
    (void)state;
    importance_choice_density(counts, 3, density);
    for (int i = 0; i < 3; i++)
        assert_near(density[i], want[i], 1e-10);
}

static void shares_are_those_of_the_paper(void **state)
{
    const double want[5] = {0.744385165763, 0.043161088668, 0.102430175662, 0.100989098200,
                            0.009034471706};
    double shares[5];
    const char *why;
    struct found found;
    (void)state;
    found_sample(&found, 120);
    found_look(&found, 0);
    assert_int_equal(importance_best_count(&found.findings), 12);
    assert_int_equal(importance_shares(&found.findings, shares, &why), 0);
    for (int i = 0; i < 5; i++)
        assert_near(shares[i], want[i], 1e-9);
    found_end(&found);
}

static void constants_are_the_published_ones(void **state)
{
    (void)state;
    assert_int_equal(IMPORTANCE_GRID, 50);
    assert_int_equal(IMPORTANCE_BEST, 10);
    assert_int_equal(IMPORTANCE_BEST_LEAST, 5);
}

/* --- who counts ----------------------------------------------------------------------------------
 */

static const char one_float[] = "{'x': {'type': 'float', 'low': 0, 'high': 1},"
                                " 'y': {'type': 'float', 'low': 0, 'high': 1}}";

static void too_few_runs_have_no_importance(void **state)
{
    double shares[2];
    const char *why;
    struct found found;
    (void)state;
    found_begin(&found, one_float, 1, 0);
    for (int i = 0; i < 9; i++) {
        const double values[] = {0.1 * i, 0.5}, value = i;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(importance_shares(&found.findings, shares, &why), -1);
    assert_says(why, "10 runs");
    found_end(&found);
}

static void runs_that_are_all_equal_have_none_either(void **state)
{
    double shares[2];
    const char *why;
    struct found found;
    (void)state;
    found_begin(&found, one_float, 1, 0);
    for (int i = 0; i < 30; i++) {
        const double values[] = {found_part(0.618, i), 0.5}, value = 7;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(importance_best_count(&found.findings), 30);
    assert_int_equal(importance_shares(&found.findings, shares, &why), -1);
    assert_says(why, "equally good");
    found_end(&found);
}

/* Whatever x is above 1/2 fails: that is what x decides. */
static void failed_and_pruned_runs_are_among_all_but_never_among_the_best(void **state)
{
    double shares[2];
    const char *why;
    struct found found;
    (void)state;
    found_begin(&found, one_float, 1, 0);
    for (int i = 0; i < 100; i++) {
        const double x = found_part(0.6180339887498949, i);
        const double values[] = {x, found_part(0.7548776662466927, i)};
        const double value = found_part(0.5698402909980532, i);
        found_add(&found,
                  x > 0.75  ? TRIAL_FAILED
                  : x > 0.5 ? TRIAL_PRUNED
                            : TRIAL_DONE,
                  values, x > 0.75 ? NULL : &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(importance_shares(&found.findings, shares, &why), 0);
    assert_true(shares[0] > 0.6);
    found_end(&found);
}

static void runs_that_break_a_constraint_are_never_among_the_best(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found, one_float, 1, 1);
    for (int i = 0; i < 20; i++) {
        const double values[] = {0.05 * i, 0.5}, value = i, excess = i < 10 ? 1 : -1;
        found_add(&found, TRIAL_DONE, values, &value, &excess);
    }
    found_look(&found, 0);
    assert_int_equal(found.findings.good, 10);
    assert_int_equal(importance_best_count(&found.findings), 5);
    assert_int_equal(found.findings.order[0], 10);
    found_end(&found);
}

/* --- functional ANOVA ----------------------------------------------------------------------------
 */

static struct fanova fanova_on(struct found *found)
{
    struct fanova fanova;
    struct bins bins;
    const char *why;
    found_look(found, 0);
    bins_init(&bins, &found->findings);
    assert_int_equal(fanova_of(&bins, &fanova, &why), 0);
    bins_release(&bins);
    return fanova;
}

/* x and y in {0, 1}, y decides nothing but with x: f = x xor y. Variance is 1/4, the means over one
 * of them are constant: all of it is the pair's. */
static void an_exclusive_or_is_all_due_to_the_pair(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found,
                "{'x': {'type': 'choice', 'values': [0, 1], 'ordered': true},"
                " 'y': {'type': 'choice', 'values': [0, 1], 'ordered': true}}",
                1, 0);
    for (int i = 0; i < 400; i++) {
        const double values[] = {i % 2, i / 2 % 2}, value = (i % 2) ^ (i / 2 % 2);
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    const struct fanova fanova = fanova_on(&found);
    assert_true(fanova.share[0] < 0.01 && fanova.share[1] < 0.01);
    assert_int_equal(fanova.pair_count, 1);
    assert_true(fanova.pairs[0].share > 0.98);
    found_end(&found);
}

/* f = 3 x + y + 2 x z over [0, 1]^3, by hand: f - E f has main effects (3 + 1)(x - 1/2),
 * (y - 1/2), (z - 1/2) and the pair 2 (x - 1/2)(z - 1/2). With v = 1/12: 16 v, v, v, 4 v^2; shares
 * of 18 v + 4 v^2 = 1.5277…: 0.8727, 0.0545, 0.0545, 0.0182. A forest comes near. */
static void shares_come_near_those_of_a_known_function(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found,
                "{'x': {'type': 'float', 'low': 0, 'high': 1},"
                " 'y': {'type': 'float', 'low': -4, 'high': 4},"
                " 'z': {'type': 'float', 'low': 0, 'high': 2}}",
                1, 0);
    for (int i = 0; i < 1000; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        const double z = found_part(0.5497004779019703, i);
        const double values[] = {x, 8 * y - 4, 2 * z}, value = 3 * x + y + 2 * x * z;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    const struct fanova fanova = fanova_on(&found);
    assert_float_equal(fanova.share[0], 0.8727, 0.03);
    assert_float_equal(fanova.share[1], 0.0545, 0.02);
    assert_float_equal(fanova.share[2], 0.0545, 0.02);
    assert_int_equal(fanova.pair_count, 3);
    assert_int_equal(fanova.pairs[0].first, 0);
    assert_int_equal(fanova.pairs[0].second, 2);
    assert_float_equal(fanova.pairs[0].share, 0.0182, 0.01);
    found_end(&found);
}

/* Unordered choices whose good ones do not stand side by side: (0, 1, 0, 1, 0) + x / 10. */
static void choices_are_split_by_what_they_are_worth(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found,
                "{'c': {'type': 'choice', 'values': ['a', 'b', 'c', 'd', 'e']},"
                " 'x': {'type': 'float', 'low': 0, 'high': 1}}",
                1, 0);
    for (int i = 0; i < 500; i++) {
        const double x = found_part(0.6180339887498949, i);
        const double values[] = {i % 5, x}, value = i % 5 % 2 + x / 10;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    const struct fanova fanova = fanova_on(&found);
    /* by hand: 0.24 and 1/1200 */
    assert_near(fanova.share[0], 0.24 / (0.24 + 1.0 / 1200), 2e-3);
    assert_near(fanova.share[1], 1.0 / 1200 / (0.24 + 1.0 / 1200), 0.3);
    found_end(&found);
}

static void the_same_runs_have_the_same_shares(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 150);
    const struct fanova first = fanova_on(&found);
    findings_release(&found.findings);
    const struct fanova second = fanova_on(&found);
    assert_memory_equal(first.share, second.share, sizeof first.share);
    found_end(&found);
}

static void a_forest_needs_runs_and_differences(void **state)
{
    struct fanova fanova;
    struct bins bins;
    struct found found;
    const char *why;
    (void)state;
    for (int runs = 0; runs <= 10; runs += 5) {
        found_begin(&found, one_float, 1, 0);
        for (int i = 0; i < runs; i++) {
            const double values[] = {0.05 * i, 0.5}, value = 1;
            found_add(&found, TRIAL_DONE, values, &value, NULL);
        }
        found_look(&found, 0);
        bins_init(&bins, &found.findings);
        assert_int_equal(fanova_of(&bins, &fanova, &why), -1);
        assert_says(why, runs < 10 ? "10 finished runs" : "equally good");
        bins_release(&bins);
        found_end(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_density_is_counts_smoothed_over_the_cells),
        cmocka_unit_test(a_choice_nobody_took_keeps_a_small_chance),
        cmocka_unit_test(shares_are_those_of_the_paper),
        cmocka_unit_test(constants_are_the_published_ones),
        cmocka_unit_test(too_few_runs_have_no_importance),
        cmocka_unit_test(runs_that_are_all_equal_have_none_either),
        cmocka_unit_test(failed_and_pruned_runs_are_among_all_but_never_among_the_best),
        cmocka_unit_test(runs_that_break_a_constraint_are_never_among_the_best),
        cmocka_unit_test(an_exclusive_or_is_all_due_to_the_pair),
        cmocka_unit_test(shares_come_near_those_of_a_known_function),
        cmocka_unit_test(choices_are_split_by_what_they_are_worth),
        cmocka_unit_test(the_same_runs_have_the_same_shares),
        cmocka_unit_test(a_forest_needs_runs_and_differences),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
