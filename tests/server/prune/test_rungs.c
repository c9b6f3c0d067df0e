/*
 * asha and hyperband. Tables with Optuna's decisions are those of tests/reference/pruners.py; the
 * others are counted by hand.
 */
#include "server/prune/kit.h"

static struct table_kit kit;

static int open_kit(void **state)
{
    (void)state;
    kit_init(&kit, 64);
    return 0;
}

/* --- stopping form ------------------------------------------------------------------------------
 */

static void decisions_are_those_of_optuna(void **state)
{
    (void)state;
    static const int two_least[] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const int two_most[] = {0, 2, 1, 0, 1, 2, 1, 4, 1, 2, 1, 4, 1, 2, 1, 8};
    static const int four_least[] = {0, 8, 8, 2, 2, 2, 2, 2, 2, 8, 2, 2, 2, 8, 2, 2};
    static const int four_most[] = {0, 2, 2, 0, 2, 2, 0, 2, 2, 2, 0, 2, 2, 2, 0, 2};
    const char *two = "{'type':'asha','min_steps':1,'reduction':2}";
    const char *four = "{'type':'asha','min_steps':2,'reduction':4}";
    assert_stopped_at(two, false, two_least);
    assert_stopped_at(two, true, two_most);
    assert_stopped_at(four, false, four_least);
    assert_stopped_at(four, true, four_most);
}

/* One of every four, and without min_steps a hundredth of a run. */
static void its_constants_are_the_published_ones(void **state)
{
    (void)state;
    struct pruner *asha = make_pruner("{'type':'asha','form':'promotion'}");
    struct pruner *hyperband = make_pruner("{'type':'hyperband','form':'promotion'}");
    kit_init(&kit, 6400);
    kit.table.count = 1;
    static const double rungs[] = {64, 256, 1024, 4096, 0};
    for (int rung = 0; rung < 5; rung++) {
        kit.runs[0].rung = rung;
        assert_near(pruner_pause_at(asha, &kit.table, 0), rungs[rung], 1e-9);
    }
    for (int rung = 0; rung < 4; rung++) { /* whatever its bracket: thirds of a run */
        kit.runs[0].rung = rung;
        const double here = pruner_pause_at(hyperband, &kit.table, 0);
        kit.runs[0].rung = rung + 1;
        const double next = pruner_pause_at(hyperband, &kit.table, 0);
        assert_true(next == 0 || fabs(next / here - 3) < 1e-9);
    }
    pruner_free(asha);
    pruner_free(hyperband);
}

/* 8 at the rung of step 1: the best 2 pass, and a third that ties with the second. */
static void the_best_quarter_goes_on_and_says_so(void **state)
{
    (void)state;
    struct pruner *asha = make_pruner("{'type':'asha','min_steps':1}");
    static const double values[] = {5, 3, 8, 1, 9, 7, 3, 6};
    for (int i = 0; i < 8; i++)
        kit_curve(&kit, i, CURVE_RUNNING, values[i]);
    for (int i = 0; i < 8; i++)
        assert_int_equal(stops(&kit, asha, i), values[i] > 3);
    pruner_free(asha);
    assert_stops_because(&kit, "{'type':'asha','min_steps':1}", 2,
                         "is worse than 3: the best 2 of 8 go on from rung 1, at step 1");
}

static void between_rungs_nothing_is_asked(void **state)
{
    (void)state;
    struct pruner *asha = make_pruner("{'type':'asha','min_steps':2}");
    kit_curve(&kit, 0, CURVE_DONE, 1, 1, 1, 1);
    kit_curve(&kit, 1, CURVE_RUNNING, 9);
    assert_false(stops(&kit, asha, 1));
    kit_report(&kit, 1, 2, 9);
    assert_true(stops(&kit, asha, 1));
    kit_report(&kit, 1, 3, 9); /* it was let pass, say: its rung is behind it */
    assert_false(stops(&kit, asha, 1));
    pruner_free(asha);
}

/* A report that jumps over two rungs counts for both. */
static void a_late_report_counts_for_every_rung_before_it(void **state)
{
    (void)state;
    struct pruner *asha = make_pruner("{'type':'asha','min_steps':1,'reduction':2}");
    kit_curve(&kit, 0, CURVE_DONE, 5, 1, 1, 1);
    kit_report(&kit, 1, 3, 4); /* at rung 1 the best of 2; at rung 2 worse than 1 */
    assert_true(stops(&kit, asha, 1));
    kit.points[1][0].value = 0.5;
    assert_false(stops(&kit, asha, 1));
    pruner_free(asha);
}

static void a_diverged_run_has_come_to_the_rung_and_is_the_worst_there(void **state)
{
    (void)state;
    struct pruner *asha = make_pruner("{'type':'asha','min_steps':1,'reduction':2}");
    kit_curve(&kit, 0, CURVE_FAILED, (double)NAN);
    kit_curve(&kit, 1, CURVE_RUNNING, 4);
    kit_curve(&kit, 2, CURVE_FAILED, (double)NAN);
    kit_curve(&kit, 3, CURVE_RUNNING, 9); /* second of four */
    assert_false(stops(&kit, asha, 3));
    assert_true(stops(&kit, asha, 0));
    pruner_free(asha);
}

static void the_end_of_a_run_is_not_judged(void **state)
{
    (void)state;
    struct pruner *asha = make_pruner("{'type':'asha','min_steps':1,'reduction':2}");
    kit_init(&kit, 4);
    kit_curve(&kit, 0, CURVE_DONE, 1, 1, 1, 1);
    kit_report(&kit, 1, 4, 9);
    assert_false(stops(&kit, asha, 1));
    pruner_free(asha);
}

/* An external runner's: rungs without an end where they are told where to begin, else none before a
 * run has ended. */
static void the_length_of_runs_need_not_be_known(void **state)
{
    (void)state;
    kit_init(&kit, 0);
    struct pruner *given = make_pruner("{'type':'asha','min_steps':1}");
    struct pruner *open = make_pruner("{'type':'asha'}");
    struct pruner *hyperband = make_pruner("{'type':'hyperband'}");
    kit_report(&kit, 0, 1e9, 1);
    kit_report(&kit, 1, 1e9, 2);
    assert_true(stops(&kit, given, 1));
    assert_false(stops(&kit, open, 1));
    assert_false(stops(&kit, hyperband, 1));
    pruner_free(given);
    pruner_free(open);
    pruner_free(hyperband);
}

/* --- promotion form -----------------------------------------------------------------------------
 */

#define PROMOTION "{'type':'asha','form':'promotion','min_steps':1,'reduction':2}"

static void stand(int run, int rung, double value)
{
    kit_curve(&kit, run, CURVE_PAUSED, value);
    kit.points[run][0].progress = 1 << rung;
    kit.runs[run].rung = rung;
}

static int promoted(const struct pruner *pruner, int *rung)
{
    return pruner_promote(pruner, &kit.table, rung);
}

/* By hand: rungs at 1, 2, 4 …; of 4 at the first two go on, of those two one. */
static void the_best_go_on_from_the_highest_rung_first(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner(PROMOTION);
    int rung = -1;
    stand(0, 0, 5);
    assert_int_equal(promoted(pruner, &rung), -1); /* floor(1 / 2) = 0 */
    stand(1, 0, 7);
    assert_int_equal(promoted(pruner, &rung), 0);
    assert_int_equal(rung, 0);
    stand(0, 1, 4); /* it has come to the next */
    assert_int_equal(promoted(pruner, &rung), -1);
    stand(2, 0, 4.5);
    assert_int_equal(promoted(pruner, &rung), -1); /* second of 3, and floor(3 / 2) = 1 */
    stand(2, 0, 3);
    assert_int_equal(promoted(pruner, &rung), 2); /* the best of 3, though one has gone on */
    stand(2, 0, 4.5);
    stand(3, 0, 6);
    assert_int_equal(promoted(pruner, &rung), 2);
    stand(2, 1, 2);
    assert_int_equal(promoted(pruner, &rung), 2); /* the best of 2 at the second rung */
    assert_int_equal(rung, 1);
    pruner_free(pruner);
}

static void a_run_that_diverged_is_never_promoted(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner(PROMOTION);
    int rung;
    stand(0, 0, (double)NAN);
    stand(1, 0, (double)NAN);
    kit.table.closing = true;
    assert_int_equal(promoted(pruner, &rung), -1);
    stand(2, 0, 8);
    assert_int_equal(promoted(pruner, &rung), 2);
    pruner_free(pruner);
}

/* Three runs of a search with reduction 4: nobody would ever be the best quarter. */
static void where_nothing_more_comes_the_best_goes_on_all_the_same(void **state)
{
    (void)state;
    struct pruner *pruner =
        make_pruner("{'type':'asha','form':'promotion','min_steps':1,'reduction':4}");
    int rung;
    stand(0, 0, 3);
    stand(1, 0, 2);
    stand(2, 0, 5);
    assert_int_equal(promoted(pruner, &rung), -1);
    kit.table.closing = true;
    assert_int_equal(promoted(pruner, &rung), 1);
    kit_curve(&kit, 1, CURVE_DONE, 2, 2, 2, 2, 2);
    kit.runs[1].rung = 2;
    assert_int_equal(promoted(pruner, &rung), -1);
    pruner_free(pruner);
}

static void it_waits_at_each_rung_once(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner(PROMOTION);
    kit_init(&kit, 5);
    stand(0, 0, 1);
    assert_true(pruner_pause_at(pruner, &kit.table, 0) == 1);
    kit.runs[0].rung = 2;
    assert_true(pruner_pause_at(pruner, &kit.table, 0) == 4);
    kit.runs[0].rung = 3;
    assert_true(pruner_pause_at(pruner, &kit.table, 0) == 0);
    pruner_free(pruner);
}

/* A worker stops at ends of epochs: one that stands at progress 3 stands at the rung of 2. */
static void where_it_stands_follows_from_how_far_it_got(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner(PROMOTION);
    int rung = -1;
    for (int run = 0; run < 2; run++) {
        kit_curve(&kit, run, CURVE_PAUSED, 5 - run);
        kit.points[run][0].progress = 3;
    }
    assert_int_equal(promoted(pruner, &rung), 1);
    assert_int_equal(rung, 1);
    pruner_free(pruner);
}

/* --- hyperband ----------------------------------------------------------------------------------
 */

/* R = 81, r = 1, eta = 3: weights 81, 34, 15, 8, 5 (as Optuna has them, and the paper but for
 * rounding); brackets begin at 1, 3, 9, 27 and nowhere. Of 6,000 numbers, 4 standard deviations. */
static void brackets_get_their_part_of_the_runs(void **state)
{
    (void)state;
    static const double starts[] = {1, 3, 9, 27, 0}, weights[] = {81, 34, 15, 8, 5};
    struct pruner *pruner =
        make_pruner("{'type':'hyperband','form':'promotion','min_steps':1,'max_steps':81}");
    int counts[5] = {0};
    kit_init(&kit, 0);
    kit.table.count = 1;
    for (int number = 0; number < 6000; number++) {
        kit.runs[0].number = number;
        const double start = pruner_pause_at(pruner, &kit.table, 0);
        int bracket = 0;
        while (bracket < 5 && fabs(starts[bracket] - start) > 1e-9)
            bracket++;
        assert_true(bracket < 5);
        counts[bracket]++;
    }
    for (int i = 0; i < 5; i++) {
        const double part = weights[i] / 143, deviation = sqrt(6000 * part * (1 - part));
        assert_true(fabs(counts[i] - 6000 * part) < 4 * deviation);
    }
    pruner_free(pruner);
}

/* Runs of one bracket are not compared with those of another. */
static void each_bracket_halves_by_itself(void **state)
{
    (void)state;
    struct pruner *pruner = make_pruner("{'type':'hyperband','min_steps':1,'max_steps':81}");
    struct pruner *pausing =
        make_pruner("{'type':'hyperband','form':'promotion','min_steps':1,'max_steps':81}");
    int first = -1, same = -1, other = -1;
    kit_init(&kit, 0);
    kit.table.count = KIT_RUNS;
    for (int i = 0; i < KIT_RUNS; i++) {
        const double start = pruner_pause_at(pausing, &kit.table, i);
        if (start == 1 && first < 0)
            first = i;
        else if (start == 1 && same < 0)
            same = i;
        else if (start == 3 && other < 0)
            other = i;
    }
    assert_true(first >= 0 && same > first && other >= 0);
    kit_report(&kit, first, 1, 1);
    kit_report(&kit, same, 1, 2);
    kit_report(&kit, other, 1, 3);
    assert_true(stops(&kit, pruner, same));
    assert_false(stops(&kit, pruner, other)); /* its first rung comes later */
    kit_report(&kit, other, 3, 9);
    assert_false(stops(&kit, pruner, other)); /* and it is alone there */
    pruner_free(pruner);
    pruner_free(pausing);
}

int main(void)
{
#define WITH_KIT(test) cmocka_unit_test_setup(test, open_kit)
    const struct CMUnitTest tests[] = {
        WITH_KIT(decisions_are_those_of_optuna),
        WITH_KIT(its_constants_are_the_published_ones),
        WITH_KIT(the_best_quarter_goes_on_and_says_so),
        WITH_KIT(between_rungs_nothing_is_asked),
        WITH_KIT(a_late_report_counts_for_every_rung_before_it),
        WITH_KIT(a_diverged_run_has_come_to_the_rung_and_is_the_worst_there),
        WITH_KIT(the_end_of_a_run_is_not_judged),
        WITH_KIT(the_length_of_runs_need_not_be_known),
        WITH_KIT(the_best_go_on_from_the_highest_rung_first),
        WITH_KIT(a_run_that_diverged_is_never_promoted),
        WITH_KIT(where_nothing_more_comes_the_best_goes_on_all_the_same),
        WITH_KIT(it_waits_at_each_rung_once),
        WITH_KIT(where_it_stands_follows_from_how_far_it_got),
        WITH_KIT(brackets_get_their_part_of_the_runs),
        WITH_KIT(each_bracket_halves_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
