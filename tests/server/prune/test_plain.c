/*
 * Median, percentile, patient, threshold and wilcoxon. Tables with Optuna's decisions and p values
 * are those of tests/reference/pruners.py; the others are counted by hand.
 */
#include "server/prune/kit.h"

static struct table_kit kit;

static int open_kit(void **state)
{
    (void)state;
    kit_init(&kit, 64);
    return 0;
}

/* --- quantiles ----------------------------------------------------------------------------------
 */

static void median_and_percentile_decide_as_optuna_does(void **state)
{
    (void)state;
    static const int median_least[] = {0, 0, 0, 2, 0, 3, 3, 2, 3, 3, 3, 2, 2, 3, 2, 2};
    static const int median_most[] = {0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0};
    static const int quarter_least[] = {0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const int quarter_most[] = {0, 0, 0, 6, 1, 0, 1, 0, 1, 3, 1, 6, 1, 0, 1, 0};
    const char *median = "{'type':'median','min_runs':3,'min_steps':2}";
    const char *quarter = "{'type':'percentile','percent':25,'min_runs':3}";
    assert_stopped_at(median, false, median_least);
    assert_stopped_at(median, true, median_most);
    assert_stopped_at(quarter, false, quarter_least);
    assert_stopped_at(quarter, true, quarter_most);
}

/* At step 2 the five have 1, 2, 3, 4, 5: the median is 3; the best so far counts. */
static void only_runs_that_ended_well_make_the_median(void **state)
{
    (void)state;
    struct pruner *median = make_pruner("{'type':'median'}");
    for (int i = 0; i < 5; i++)
        kit_curve(&kit, i, CURVE_DONE, 9, i + 1, 0.5);
    kit_curve(&kit, 5, CURVE_PRUNED, 0, 0);
    kit_curve(&kit, 6, CURVE_FAILED, 0, 0);
    kit_curve(&kit, 7, CURVE_RUNNING, 9, 3.5);
    assert_stops_because(&kit, "{'type':'median'}", 7,
                         "and 3.5 at best is worse than 3, the median of 5 runs there");
    kit_curve(&kit, 7, CURVE_RUNNING, 3, 3.5);
    assert_false(stops(&kit, median, 7));
    kit.runs[4].state = CURVE_RUNNING; /* four are not enough */
    kit_curve(&kit, 7, CURVE_RUNNING, 9, 9);
    assert_false(stops(&kit, median, 7));
    pruner_free(median);
}

/* A run that ended sooner than the others counts with what it had at last. */
static void runs_report_when_they_like(void **state)
{
    (void)state;
    struct pruner *median = make_pruner("{'type':'median','min_runs':1}");
    kit_report(&kit, 0, 10, 4);
    kit_report(&kit, 0, 20, 2);
    kit.runs[0].state = CURVE_DONE;
    kit_report(&kit, 1, 15, 3);
    assert_false(stops(&kit, median, 1)); /* 4 by then */
    kit_report(&kit, 1, 19, 5);
    assert_false(stops(&kit, median, 1)); /* 3 at best */
    kit_report(&kit, 1, 40, 2.5);
    assert_true(stops(&kit, median, 1)); /* 2 */
    pruner_free(median);
}

/* --- patience -----------------------------------------------------------------------------------
 */

static void patience_decides_as_optunas_does(void **state)
{
    (void)state;
    static const int alone_least[] = {7, 6, 0, 6, 6, 8, 7, 8, 4, 5, 4, 7, 0, 5, 4, 0};
    static const int alone_most[] = {5, 4, 0, 5, 8, 7, 6, 0, 6, 0, 5, 4, 8, 4, 5, 4};
    static const int median_least[] = {0, 0, 0, 0, 0, 0, 3, 0, 3, 0, 3, 0, 0, 0, 4, 0};
    static const int median_most[REFERENCE_RUNS] = {0};
    const char *alone = "{'type':'patient','patience':2,'gain':1}";
    const char *median = "{'type':'patient','patience':1,'rule':{'type':'median','min_runs':3}}";
    assert_stopped_at(alone, false, alone_least);
    assert_stopped_at(alone, true, alone_most);
    assert_stopped_at(median, false, median_least);
    assert_stopped_at(median, true, median_most);
}

static void patience_says_since_when(void **state)
{
    (void)state;
    kit_curve(&kit, 0, CURVE_RUNNING, 3, 2, 2.5, 2.25);
    assert_stops_because(&kit, "{'type':'patient','patience':1}", 0,
                         "and the last 2 brought nothing better than 2");
    kit_curve(&kit, 0, CURVE_RUNNING, 3, 2, (double)NAN, (double)NAN);
    assert_stops_because(&kit, "{'type':'patient','patience':1}", 0,
                         "and the last 2 brought nothing better than 2");
}

/* --- thresholds ---------------------------------------------------------------------------------
 */

static void bounds_hold_from_the_first_step_on_or_later(void **state)
{
    (void)state;
    struct pruner *late = make_pruner("{'type':'threshold','at_most':2,'min_steps':2}");
    kit_curve(&kit, 0, CURVE_RUNNING, 2.5);
    assert_false(stops(&kit, late, 0));
    kit_curve(&kit, 0, CURVE_RUNNING, 2.5, 2);
    assert_false(stops(&kit, late, 0));
    pruner_free(late);
    kit_curve(&kit, 0, CURVE_RUNNING, 1, 2.5);
    assert_stops_because(&kit, "{'type':'threshold','at_most':2}", 0, "is greater than 2");
    kit_curve(&kit, 0, CURVE_RUNNING, (double)NAN);
    assert_stops_because(&kit, "{'type':'threshold'}", 0, "is no number");
}

/* Bounds are in the metric's own sign. */
static void bounds_of_a_maximized_metric_are_its_own(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner("{'type':'threshold','at_least':0.2}");
    kit.table.maximize = true;
    kit_curve(&kit, 0, CURVE_RUNNING, 0.3);
    assert_false(stops(&kit, pruner, 0));
    kit_curve(&kit, 0, CURVE_RUNNING, 0.1);
    assert_true(stops(&kit, pruner, 0));
    assert_stops_because(&kit, "{'type':'threshold','at_least':0.2}", 0, "is less than 0.2");
    pruner_free(pruner);
}

/* --- wilcoxon -----------------------------------------------------------------------------------
 */

/* The other run has 0 on every part, so that differences are values. */
static void set_differences(const double *differences, int count)
{
    for (int run = 0; run < 2; run++) {
        kit.runs[run].count = 0;
        for (int i = 0; i < count; i++)
            kit_report(&kit, run, i, run == 0 ? 0 : differences[i]);
    }
    kit.runs[0].state = CURVE_DONE;
}

/* It stops at a level just above p, and not just below. */
static void assert_p(const double *differences, int count, double p)
{
    set_differences(differences, count);
    for (int above = 0; above < 2; above++) {
        AUTO_FREE char *rule =
            xprintf("{'type':'wilcoxon','p':%.17g}", p * (1 + (above ? 1e-9 : -1e-9)));
        struct pruner *pruner = make_pruner(rule);
        assert_int_equal(stops(&kit, pruner, 1), above);
        pruner_free(pruner);
    }
}

static void p_is_that_of_the_signed_rank_test(void **state)
{
    (void)state;
    assert_p((const double[]){1.5, 2.5, -0.5, 3.5, 4.5, 0.75}, 6, 0.03125);
    assert_p((const double[]){1, 2, 3, 4}, 4, 0.0625);
    assert_p((const double[]){1, -1, 2, 2, -3, 4, 4, 0, 0, 5}, 10, 0.0625); /* ties, zeros */
    double many[100];
    for (int i = 0; i < 100; i++)
        many[i] = (37 * i) % 101 - 30.5;
    assert_p(many, 100, 5.0652323328744534e-08);
}

static void its_level_is_a_tenth_and_takes_two_pairs(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner("{'type':'wilcoxon'}");
    set_differences((const double[]){1, 2, 3}, 3); /* p = 1/8 */
    assert_false(stops(&kit, pruner, 1));
    set_differences((const double[]){1, 2, 3, 4}, 4); /* 1/16 */
    assert_true(stops(&kit, pruner, 1));
    assert_true(pruner->chosen.number[0] == 0.1);
    assert_true(pruner->chosen.number[1] == 2);
    pruner_free(pruner);
}

/* Five small losses and one big gain: p = 5/64 + …, but its mean is the better one. */
static void a_better_average_is_never_stopped(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner("{'type':'wilcoxon','p':1}");
    set_differences((const double[]){1, 1.1, 1.2, 1.3, 1.4, -100}, 6);
    assert_false(stops(&kit, pruner, 1));
    set_differences((const double[]){1, 1.1, 1.2, 1.3, 1.4, -2}, 6);
    assert_true(stops(&kit, pruner, 1));
    pruner_free(pruner);
}

/* Parts come in any order, and some are missing: pairs are made by their numbers. */
static void only_parts_that_both_have_count(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner("{'type':'wilcoxon'}");
    for (int part = 0; part < 8; part++)
        kit_report(&kit, 0, part, part);
    kit.runs[0].state = CURVE_DONE;
    for (int part = 1; part < 8; part += 2) /* 1.5, 3.6, 5.7, 7.8: worse on four of four */
        kit_report(&kit, 1, part, part + 0.5 + 0.05 * (part - 1));
    assert_true(stops(&kit, pruner, 1));
    for (int i = 0; i < 4; i++)
        kit.points[1][i].progress += 100; /* of no such part */
    assert_false(stops(&kit, pruner, 1));
    pruner_free(pruner);
}

int main(void)
{
#define WITH_KIT(test) cmocka_unit_test_setup(test, open_kit)
    const struct CMUnitTest tests[] = {
        WITH_KIT(median_and_percentile_decide_as_optuna_does),
        WITH_KIT(only_runs_that_ended_well_make_the_median),
        WITH_KIT(runs_report_when_they_like),
        WITH_KIT(patience_decides_as_optunas_does),
        WITH_KIT(patience_says_since_when),
        WITH_KIT(bounds_hold_from_the_first_step_on_or_later),
        WITH_KIT(bounds_of_a_maximized_metric_are_its_own),
        WITH_KIT(p_is_that_of_the_signed_rank_test),
        WITH_KIT(its_level_is_a_tenth_and_takes_two_pairs),
        WITH_KIT(a_better_average_is_never_stopped),
        WITH_KIT(only_parts_that_both_have_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
