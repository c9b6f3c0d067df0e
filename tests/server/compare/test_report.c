/* The report of a small comparison: two arms, a grid of three rates, two tuning seeds, three report
 * seeds. Means and errors: tests/reference/compare.py. */
#include "server/compare/json_check.h"

#include "compare/report.h"
#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

enum { RUNS = 18 };

static struct report_run runs[RUNS];
static json_t *request;

static const char *const request_text =
    "{\"kind\": \"compare\", \"arms\": [{\"name\": \"linear\", \"patch\": {}}, {\"name\": "
    "\"cosine, "
    "\\\"slow\\\"\", \"patch\": {}}], \"tune\": {\"over\": {\"/optimizer/lr\": [0.01, 0.03, 0.1]}, "
    "\"seeds\": [8, 9]}, \"seeds\": [1, 2, 3], \"baseline\": \"cosine, \\\"slow\\\"\"}";

/* In the order of a plan: tuning seed, point, arm; then report seed, arm. */
static int set_up(void **state)
{
    (void)state;
    static const double tuning[2][3][2] = {/* by seed, point, arm */
                                           {{0.9, 0.8}, {0.6, 0.5}, {0.5, 0.7}},
                                           {{0.9, 0.8}, {0.6, 0.5}, {0.4, 0.7}}};
    static const double report[3][2] = {{0.31, 0.41}, {0.29, 0.35}, {0.33, 0.0}};
    int count = 0;

    for (int seed = 0; seed < 2; seed++) {
        for (int point = 0; point < 3; point++) {
            for (int arm = 0; arm < 2; arm++, count++)
                runs[count] = (struct report_run){.id = 100 + count,
                                                  .arm = arm,
                                                  .point = point,
                                                  .phase = PHASE_TUNE,
                                                  .seed = 8 + (uint64_t)seed,
                                                  .state = RUN_SUCCEEDED,
                                                  .objective = tuning[seed][point][arm]};
        }
    }
    for (int seed = 0; seed < 3; seed++) {
        for (int arm = 0; arm < 2; arm++, count++)
            runs[count] = (struct report_run){.id = 100 + count,
                                              .arm = arm,
                                              .point = arm == 0 ? 2 : 1,
                                              .phase = PHASE_REPORT,
                                              .seed = 1 + (uint64_t)seed,
                                              .state = RUN_SUCCEEDED,
                                              .objective = report[seed][arm]};
    }
    runs[17].state = RUN_FAILED; /* cosine diverged with seed 3 */
    runs[17].objective = NO_VALUE;
    struct error err;
    assert_int_equal(json_read(request_text, strlen(request_text), &request, &err), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(request);
    return 0;
}

static struct report_input input_of(void)
{
    return (struct report_input){
        .job = 7,
        .state = JOB_FAILED,
        .metric = {.name = "valid_loss"},
        .request = request,
        .runs = runs,
        .run_count = RUNS,
    };
}

static json_t *report_now(void)
{
    const struct report_input input = input_of();
    return report_json(&input);
}

static void the_head_names_job_metric_and_baseline(void **state)
{
    (void)state;
    json_auto_t *report = report_now();

    assert_json(report, "/job", "7");
    assert_json(report, "/state", "\"failed\"");
    assert_json(report, "/metric",
                "{\"at\":\"last\",\"goal\":\"minimize\",\"name\":\"valid_loss\"}");
    assert_json(report, "/baseline", "\"cosine, \\\"slow\\\"\"");
    assert_json(report, "/finished", "true");
}

static void an_arm_has_its_values_mean_and_error(void **state)
{
    (void)state;
    json_auto_t *report = report_now();

    assert_json(report, "/arms/0/name", "\"linear\"");
    assert_json(report, "/arms/0/chosen", "{\"/optimizer/lr\":0.10000000000000001}");
    assert_json(report, "/arms/0/n", "3");
    assert_near(number(report, "/arms/0/mean"), 0.31, 1e-14);
    assert_near(number(report, "/arms/0/standard_error"), 0.011547005383792526, 1e-13);
    assert_json(report, "/arms/0/best", "true");
    assert_json(report, "/arms/0/values/1/seed", "2");
    assert_json(report, "/arms/0/values/1/run", "114");
    assert_near(number(report, "/arms/0/values/1/value"), 0.29, 0.0);
}

static void a_diverged_run_is_counted_and_never_dropped_silently(void **state)
{
    (void)state;
    json_auto_t *report = report_now();

    assert_json(report, "/arms/1/n", "2");
    assert_json(report, "/arms/1/failed", "1");
    assert_near(number(report, "/arms/1/mean"), 0.38, 1e-14);
    assert_near(number(report, "/arms/1/standard_error"), 0.03, 1e-13);
    assert_json(report, "/arms/1/values/2",
                "{\"reused_from\":null,\"run\":117,\"seed\":3,\"value\":null}");
    assert_int_equal(warnings_with(report, "1 of 3 report runs failed or diverged"), 1);
}

static void a_failure_ranks_behind_any_mean(void **state)
{
    (void)state;
    runs[12].objective = runs[14].objective = runs[16].objective = 9.0; /* linear: worse */
    json_auto_t *report = report_now();
    assert_json(report, "/arms/0/best", "true");
    assert_json(report, "/arms/1/best", "false");
}

static void the_goal_decides_what_is_best(void **state)
{
    (void)state;
    runs[17].state = RUN_SUCCEEDED;
    runs[17].objective = 0.4;
    struct report_input input = input_of();
    input.metric.maximize = true;
    json_auto_t *report = report_json(&input);
    assert_json(report, "/arms/0/best", "false");
    assert_json(report, "/arms/1/best", "true");
    assert_json(report, "/metric/goal", "\"maximize\"");
}

static void tuning_shows_every_point_with_its_values(void **state)
{
    (void)state;
    json_auto_t *report = report_now();

    assert_int_equal(json_array_size(json_pointer_get(report, "/arms/0/tuning")), 3);
    assert_json(report, "/arms/0/tuning/1/point", "{\"/optimizer/lr\":0.029999999999999999}");
    assert_near(number(report, "/arms/0/tuning/2/mean"), 0.45, 1e-14);
    assert_json(report, "/arms/1/tuning/0/n", "2");
    assert_json(report, "/arms/1/tuning/0/values/1/run", "107");
    assert_json(report, "/arms/1/tuning/0/values/1/seed", "9");
}

static void a_choice_at_the_edge_of_its_grid_asks_for_the_next_value(void **state)
{
    (void)state;
    json_auto_t *report = report_now();

    /* By hand: 0.1 * (0.1 / 0.03) = 0.333. */
    assert_int_equal(warnings_with(report, "arm \"linear\": the chosen /optimizer/lr = 0.1 is the "
                                           "largest of its grid; the best may lie beyond: add "
                                           "0.333"),
                     1);
    assert_int_equal(warnings_with(report, "slow\": the chosen"), 0); /* 0.03 lies within */
}

static void the_smallest_value_is_an_edge_too(void **state)
{
    (void)state;
    for (int i = 12; i < RUNS; i += 2)
        runs[i].point = 0;
    json_auto_t *report = report_now();
    /* By hand: 0.01 * (0.01 / 0.03) = 0.00333. */
    assert_int_equal(warnings_with(report, "smallest of its grid; the best may lie beyond: add "
                                           "0.00333"),
                     1);
}

static void a_choice_not_yet_written_down_follows_from_the_tuning_runs(void **state)
{
    (void)state;
    for (int i = 12; i < RUNS; i++)
        runs[i] = (struct report_run){.id = runs[i].id,
                                      .arm = runs[i].arm,
                                      .point = -1,
                                      .phase = PHASE_REPORT,
                                      .seed = runs[i].seed,
                                      .state = RUN_WAITING,
                                      .objective = NO_VALUE};
    json_auto_t *report = report_now();
    assert_json(report, "/arms/0/chosen", "{\"/optimizer/lr\":0.10000000000000001}");
    assert_json(report, "/arms/1/chosen", "{\"/optimizer/lr\":0.029999999999999999}");
    assert_json(report, "/arms/0/mean", "null");
    assert_json(report, "/arms/0/values", "[]");
    assert_json(report, "/arms/0/best", "false");
    assert_json(report, "/finished", "false");
    assert_int_equal(warnings_with(report, "not finished: 6 of 18 runs"), 1);
}

static void nothing_is_chosen_while_a_tuning_run_is_open(void **state)
{
    (void)state;
    for (int i = 12; i < RUNS; i++)
        runs[i].state = RUN_WAITING;
    runs[0].state = RUN_RUNNING; /* linear */
    json_auto_t *report = report_now();
    assert_json(report, "/arms/0/chosen", "null");
    assert_json(report, "/arms/0/tuning/0/n", "1");
}

static void an_arm_whose_tuning_all_failed_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i += 2) {
        runs[i].state = RUN_FAILED;
        runs[i].objective = NO_VALUE;
        runs[i].point = i < 12 ? runs[i].point : -1;
    }
    json_auto_t *report = report_now();
    assert_json(report, "/arms/0/chosen", "null");
    assert_json(report, "/arms/0/tuning/0/mean", "null");
    assert_json(report, "/arms/0/tuning/0/failed", "2");
    assert_int_equal(warnings_with(report, "no tuning run gave a value"), 1);
}

static void best_over_the_run_and_few_seeds_are_cautioned(void **state)
{
    (void)state;
    struct report_input input = input_of();
    input.metric.best = true;
    json_auto_t *report = report_json(&input);
    assert_int_equal(warnings_with(report, "flatters noisy curves"), 1);
    assert_int_equal(warnings_with(report, "report seed"), 0); /* three are enough */

    input.run_count = RUNS - 2; /* as if there were two seeds */
    json_auto_t *short_report = report_json(&input);
    assert_int_equal(warnings_with(short_report, "only 2 report seeds"), 1);
}

static void cancelled_runs_are_counted_but_do_not_rank(void **state)
{
    (void)state;
    runs[12].state = RUN_CANCELLED;
    runs[12].objective = NO_VALUE;
    json_auto_t *report = report_now();
    assert_json(report, "/arms/0/cancelled", "1");
    assert_json(report, "/arms/0/failed", "0");
    assert_json(report, "/arms/0/best", "true");
    assert_int_equal(warnings_with(report, "1 of 3 report runs were cancelled"), 1);
}

static void curves_stand_beside_their_arms(void **state)
{
    (void)state;
    const double steps[] = {0, 10};
    const double values[] = {2, 1};
    const struct curve_input curve = {.arm = 1, .count = 2, .x = steps, .value = values};
    struct report_input input = input_of();
    input.curve = (struct curve_style){.metric = "valid_loss", .points = 200};
    input.curves = &curve;
    input.curve_count = 1;

    json_auto_t *report = report_json(&input);
    assert_json(report, "/arms/0/curve/step", "[]");
    assert_json(report, "/arms/1/curve/step", "[0,10]");
    assert_json(report, "/arms/1/curve/mean", "[2.0,1.0]");
    assert_json(report, "/arms/1/curve/n", "[1,1]");
}

static void a_comparison_without_tuning_has_nothing_chosen(void **state)
{
    (void)state;
    json_object_del(request, "tune");
    for (int i = 12; i < RUNS; i++)
        runs[i].point = 0;
    struct report_input input = input_of();
    input.runs = runs + 12;
    input.run_count = 6;
    json_auto_t *report = report_json(&input);
    assert_json(report, "/arms/0/chosen", "null");
    assert_json(report, "/arms/0/tuning", "[]");
    assert_json(report, "/arms/0/n", "3");
}

static void csv_has_a_line_for_each_run_that_has_ended(void **state)
{
    (void)state;
    runs[16].state = RUN_RUNNING;
    runs[12].objective = 1.0 / 3;
    const struct report_input input = input_of();
    AUTO_FREE char *csv = report_csv(&input);
    assert_string_equal(csv, "arm,seed,run,value\n"
                             "linear,1,112,0.3333333333333333\n"
                             "linear,2,114,0.29\n"
                             "\"cosine, \"\"slow\"\"\",1,113,0.41\n"
                             "\"cosine, \"\"slow\"\"\",2,115,0.35\n"
                             "\"cosine, \"\"slow\"\"\",3,117,\n");
}

/* By hand: gains 0.10 and 0.06, and the largest of all with seed 3, where cosine failed: of the 8
 * equally likely signs two are as extreme, p = 0.25; there is no mean. The middle one of cosine's
 * 0.35, 0.41 and a failure is 0.41. Below 0.05 it takes 2^(1 - 6). */
static void a_pair_is_judged_by_ranks_where_a_seed_failed(void **state)
{
    (void)state;
    json_auto_t *report = report_now();

    assert_int_equal(json_array_size(json_pointer_get(report, "/pairs")), 1);
    assert_json(report, "/pairs/0/first", "\"linear\"");
    assert_json(report, "/pairs/0/wins", "3");
    assert_json(report, "/pairs/0/failed", "{\"both\":0,\"first\":0,\"second\":1}");
    assert_near(number(report, "/pairs/0/gain/median"), 0.1, 1e-14);
    assert_json(report, "/pairs/0/gain/mean", "null");
    assert_json(report, "/pairs/0/gain/interval", "null");
    assert_json(report, "/pairs/0/gain/bca_interval", "null");
    assert_json(report, "/pairs/0/signed_rank/p", "0.25");
    assert_json(report, "/pairs/0/signed_rank/exact", "true");
    assert_json(report, "/pairs/0/baseline/verdict", "\"undecided\"");
    assert_json(report, "/pairs/0/baseline/too_few_seeds", "true");
    assert_json(report, "/pairs/0/baseline/seeds_for_level", "6");
    assert_json(report, "/judging/families/baseline/smallest_p", "0.25");
    assert_near(number(report, "/arms/0/median"), 0.31, 0);
    assert_near(number(report, "/arms/1/median"), 0.41, 0);
    assert_says(json_text_at(report, "sentence", ""), "it takes 6");
    assert_json(report, "/sentences/0",
                "\"linear and cosine, \\\"slow\\\" are undecided, cosine, "
                "\\\"slow\\\" failed with 1 (valid_loss, 3 seeds, p = 0.25): "
                "3 seeds cannot reach p < 0.05 by this test; it takes 6\"");
}

/* By hand: gains 0.10, 0.06, 0.02: mean 0.06, deviation 0.04, error 0.04/sqrt(3), d = 1.5;
 * Student's quantile of 2 degrees of freedom at 0.975 is 4.302652729911275 (any table), at 0.99
 * 6.964556734283274. */
static void a_pair_has_its_gain_with_intervals_at_the_level_asked_for(void **state)
{
    (void)state;
    runs[17].state = RUN_SUCCEEDED;
    runs[17].objective = 0.35;
    const struct report_input input = input_of();
    json_auto_t *report = report_json(&input);
    const double error = 0.04 / sqrt(3);

    assert_near(number(report, "/pairs/0/gain/mean"), 0.06, 1e-14);
    assert_near(number(report, "/pairs/0/gain/standard_error"), error, 1e-14);
    assert_near(number(report, "/pairs/0/gain/interval/0"), 0.06 - 4.302652729911275 * error, 1e-9);
    assert_near(number(report, "/pairs/0/effect/cohen_d"), 1.5, 1e-12);
    assert_json(report, "/pairs/0/all/verdict", "\"undecided\"");
    assert_json(report, "/judging/interval", "0.94999999999999996");

    json_object_set_new(request, "level", json_real(0.02));
    json_auto_t *strict = report_json(&input);
    assert_near(number(strict, "/pairs/0/gain/interval/1"), 0.06 + 6.964556734283274 * error, 1e-9);
    assert_json(strict, "/pairs/0/baseline/seeds_for_level", "7"); /* 2^(1 - 7) < 0.02 */
}

/* The baseline's mean is 0.37: a share of 0.1 of it is 0.037. */
static void a_relative_band_is_told_in_the_metrics_unit(void **state)
{
    (void)state;
    runs[17].state = RUN_SUCCEEDED;
    runs[17].objective = 0.35;
    json_object_set_new(request, "equivalent_within", json_pack("{s:f}", "relative", 0.1));
    json_auto_t *report = report_now();
    assert_near(number(report, "/judging/equivalent_within"), 0.037, 1e-14);
    assert_near(number(report, "/judging/relative"), 0.1, 0);
    assert_json(report, "/pairs/0/negligible", "false");
}

static void the_pairs_come_as_csv_too(void **state)
{
    (void)state;
    runs[12].objective = 0.25;
    runs[13].objective = 0.5;
    const struct report_input input = input_of();
    AUTO_FREE char *csv = report_pairs_csv(&input);
    const char *line = strchr(csv, '\n') + 1;
    assert_int_equal(strncmp(csv, "first,second,seeds,wins,", 24), 0);
    assert_string_equal(line,
                        "linear,\"cosine, \"\"slow\"\"\",3,3,0,0,,,,,,,0.25,,,0.25,1,,,,undecided,"
                        "0.25,,undecided,0.25,\n");
}

/* Leaving the other pairs out changes nothing of those with the baseline. */
static void pairs_with_the_baseline_are_the_same_alone(void **state)
{
    (void)state;
    json_array_append_new(json_object_get(request, "arms"),
                          json_pack("{s:s, s:{}}", "name", "third", "patch"));
    struct report_run three[9];
    for (int i = 0; i < 9; i++) {
        three[i] = runs[12];
        three[i].arm = i % 3;
        three[i].seed = 1 + (uint64_t)i / 3;
        three[i].objective = 0.3 + 0.01 * ((7 * i) % 9);
    }
    struct report_input input = input_of();
    input.runs = three;
    input.run_count = 9;
    json_auto_t *whole = report_json(&input);
    input.baseline_only = true;
    json_auto_t *alone = report_json(&input);

    assert_int_equal(json_array_size(json_object_get(whole, "pairs")), 3);
    json_array_remove(json_object_get(whole, "pairs"), 2);
    assert_true(json_is_number(json_pointer_get(whole, "/pairs/1/probability_better")));
    assert_true(json_equal(whole, alone));
}

static void one_arm_has_no_pairs(void **state)
{
    (void)state;
    json_array_remove(json_object_get(request, "arms"), 1);
    json_object_del(request, "baseline");
    json_auto_t *report = report_now();
    assert_json(report, "/pairs", "[]");
    assert_json(report, "/sentence", "\"there is only one arm\"");
    assert_json(report, "/judging/families/all",
                "{\"pairs\":0,\"seeds\":0,\"seeds_for_level\":null,\"smallest_p\":null}");
}

static void before_any_seed_has_ended_nothing_is_claimed(void **state)
{
    (void)state;
    for (int i = 12; i < RUNS; i++)
        runs[i].state = RUN_WAITING;
    json_auto_t *report = report_now();
    assert_json(report, "/pairs/0/seeds", "0");
    assert_json(report, "/pairs/0/all/p", "null");
    assert_json(report, "/pairs/0/all/verdict", "\"undecided\"");
    assert_json(report, "/arms/0/median", "null");
    assert_says(json_text_at(report, "sentence", ""), "no seed in common yet");
}

static void unequal_budgets_are_cautioned(void **state)
{
    (void)state;
    static const struct {
        struct arm_budget linear, baseline;
        const char *says; /* NULL: nothing */
    } cases[] = {
        {{.steps = 10, .batch_size = 8}, {.steps = 10, .batch_size = 8}, NULL},
        {{.steps = 10}, {.steps = 20}, "arm \"linear\" trains 10 steps, the baseline \"cosine, "},
        {{.epochs = 2, .batch_size = 8}, {.epochs = 3, .batch_size = 8}, "trains 2 epochs"},
        {{.epochs = 2, .batch_size = 8, .steps = 50},
         {.epochs = 2, .batch_size = 4, .steps = 100},
         "has batches of 8 examples, the baseline \"cosine, \"slow\"\" of 4: as many examples in"},
        {{.steps = 50, .batch_size = 8}, {.steps = 50, .batch_size = 4}, "batches of 8"},
        {{.iterations = 20}, {.steps = 20}, "is counted in iterations of its own"},
        {{.iterations = 20}, {.iterations = 30}, "trains 20 iterations"},
        {{.epochs = 2}, {.steps = 20}, NULL}, /* not known before they start */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct arm_budget budgets[] = {cases[i].linear, cases[i].baseline};
        struct report_input input = input_of();
        input.budgets = budgets;
        json_auto_t *report = report_json(&input);
        assert_int_equal(warnings_with(report, "unequal budgets"), cases[i].says != NULL);
        if (cases[i].says)
            assert_int_equal(warnings_with(report, cases[i].says), 1);
    }
}

static void the_best_of_unequally_many_values_is_cautioned(void **state)
{
    (void)state;
    struct report_input input = input_of();
    for (int i = 12; i < RUNS; i++)
        runs[i].evaluations = i % 2 ? 10 : 40;
    json_auto_t *last = report_json(&input);
    assert_int_equal(warnings_with(last, "more tries"), 0);

    input.metric.best = true;
    json_auto_t *best = report_json(&input);
    assert_int_equal(warnings_with(best, "is taken of 10 values in arm \"cosine, \"slow\"\" and of "
                                         "40 in arm \"linear\""),
                     1);
}

static void a_seed_that_tunes_and_reports_is_cautioned(void **state)
{
    (void)state;
    const struct report_input input = input_of();
    json_auto_t *fair = report_json(&input);
    assert_int_equal(warnings_with(fair, "both tunes and reports"), 0);
    runs[14].seed = runs[15].seed = 9;
    json_auto_t *report = report_json(&input);
    assert_int_equal(warnings_with(report, "seed 9 both tunes and reports"), 1);
}

/* Linear: reached at 40, never within 100, at 20: half are there by 40. Cosine: one begun run,
 * which failed. */
static void the_target_has_medians_and_says_what_was_not_seen(void **state)
{
    (void)state;
    static const struct target_time times[] = {
        {.reached = true, .step = 40, .seconds = 4, .seen_step = 50},
        {.reached = false, .step = 100, .seconds = 10, .seen_step = -1},
        {.reached = true, .step = 20, .seconds = 3, .seen_step = 20},
        {.reached = false, .step = HUGE_VAL, .seconds = HUGE_VAL, .seen_step = -1},
    };
    const struct report_input input = input_of();
    json_auto_t *without = report_json(&input);
    assert_json(without, "/arms/0/target", "null");
    assert_json(without, "/judging/target", "null");

    json_object_set_new(request, "target", json_real(0.3));
    runs[12].target = &times[0];
    runs[14].target = &times[1];
    runs[16].target = &times[2];
    runs[17].target = &times[3];
    json_auto_t *report = report_json(&input);
    assert_json(report, "/judging/target", "0.29999999999999999");
    assert_json(report, "/arms/0/target/n", "3");
    assert_json(report, "/arms/0/target/reached", "2");
    assert_json(report, "/arms/0/target/censored", "1");
    assert_json(report, "/arms/0/target/median_step", "40.0");
    assert_json(report, "/arms/0/target/median_seconds", "4.0");
    assert_json(report, "/arms/0/target/values/1",
                "{\"failed\":false,\"reached\":false,\"run\":114,\"seconds\":10.0,\"seed\":2,"
                "\"step\":100.0}");
    assert_json(report, "/arms/1/target/n", "1");
    assert_json(report, "/arms/1/target/median_step", "null");
    assert_json(report, "/arms/1/target/values/0",
                "{\"failed\":true,\"reached\":false,\"run\":117,\"seconds\":null,\"seed\":3,"
                "\"step\":null}");
}

/* Arm 1 goes on from arm 0; two of its three runs did so far, each from step 80. */
static void a_branch_says_what_it_saved(void **state)
{
    (void)state;
    struct report_input input = input_of();
    json_auto_t *sources = json_pack("[n, {s:s, s:i, s:f}]", "kind", "branch", "arm", 0, "at", 0.8);
    input.sources = sources;
    runs[13].branched_step = runs[15].branched_step = 80;
    json_auto_t *report = report_json(&input);

    assert_json(report, "/arms/1/source",
                "{\"arm\":\"linear\",\"at\":0.80000000000000004,\"kind\":\"branch\","
                "\"steps_saved\":160}");
    assert_json(report, "/arms/0/source", "null");
    assert_json(report, "/arms/1/tuning", "[]");
    assert_json(report, "/arms/1/chosen/~1optimizer~1lr", "0.029999999999999999");
    runs[13].branched_step = runs[15].branched_step = 0;
}

static void a_refined_schedule_says_where_it_comes_from_and_why_it_is_linear(void **state)
{
    (void)state;
    struct report_input input = input_of();
    json_auto_t *refined = json_pack("{s:{s:{s:i}, s:s}}", "1", "from", "run", 12, "fallback",
                                     "half of the gradient norms are zero");
    input.refined = refined;
    json_auto_t *report = report_json(&input);
    assert_json(report, "/arms/1/source",
                "{\"arm\":null,\"fallback\":\"half of the gradient norms are zero\",\"kind\":"
                "\"refined\",\"run\":12}");
    assert_int_equal(warnings_with(report, "its refined schedule is linear decay: half of the "
                                           "gradient norms are zero"),
                     1);
    assert_int_equal(warnings_with(report, "seen twice"), 0);
}

int main(void)
{
#define WITH_RUNS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_RUNS(the_head_names_job_metric_and_baseline),
        WITH_RUNS(an_arm_has_its_values_mean_and_error),
        WITH_RUNS(a_diverged_run_is_counted_and_never_dropped_silently),
        WITH_RUNS(a_failure_ranks_behind_any_mean),
        WITH_RUNS(the_goal_decides_what_is_best),
        WITH_RUNS(tuning_shows_every_point_with_its_values),
        WITH_RUNS(a_choice_at_the_edge_of_its_grid_asks_for_the_next_value),
        WITH_RUNS(the_smallest_value_is_an_edge_too),
        WITH_RUNS(a_choice_not_yet_written_down_follows_from_the_tuning_runs),
        WITH_RUNS(nothing_is_chosen_while_a_tuning_run_is_open),
        WITH_RUNS(an_arm_whose_tuning_all_failed_says_so),
        WITH_RUNS(best_over_the_run_and_few_seeds_are_cautioned),
        WITH_RUNS(cancelled_runs_are_counted_but_do_not_rank),
        WITH_RUNS(curves_stand_beside_their_arms),
        WITH_RUNS(a_comparison_without_tuning_has_nothing_chosen),
        WITH_RUNS(csv_has_a_line_for_each_run_that_has_ended),
        WITH_RUNS(a_pair_is_judged_by_ranks_where_a_seed_failed),
        WITH_RUNS(a_pair_has_its_gain_with_intervals_at_the_level_asked_for),
        WITH_RUNS(a_relative_band_is_told_in_the_metrics_unit),
        WITH_RUNS(the_pairs_come_as_csv_too),
        WITH_RUNS(pairs_with_the_baseline_are_the_same_alone),
        WITH_RUNS(one_arm_has_no_pairs),
        WITH_RUNS(before_any_seed_has_ended_nothing_is_claimed),
        WITH_RUNS(unequal_budgets_are_cautioned),
        WITH_RUNS(the_best_of_unequally_many_values_is_cautioned),
        WITH_RUNS(a_seed_that_tunes_and_reports_is_cautioned),
        WITH_RUNS(the_target_has_medians_and_says_what_was_not_seen),
        WITH_RUNS(a_branch_says_what_it_saved),
        WITH_RUNS(a_refined_schedule_says_where_it_comes_from_and_why_it_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
