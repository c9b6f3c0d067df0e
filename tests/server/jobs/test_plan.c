/* How a checked body becomes runs; which bodies are accepted is in test_golden.c. */
#include "support/check.h"

#include "memory.h"
#include "sample.h"

#include <stdlib.h>

static json_t *catalog;

static void plan_text(const char *text, struct job_plan *plan)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;
    json_t *body = NULL;

    if (json_read(text, strlen(text), &body, &err) < 0)
        fail_msg("%s", err.sentence);
    job_plan_read(catalog, sample_lookup, NULL, body, plan, &problems);
    json_decref(body); /* a plan outlives the body it came from */
    if (problems_check(&problems, &err) < 0)
        fail_msg("%s", err.sentence);
}

static void assert_run(const struct run_plan *run, enum run_phase phase, int arm, int point,
                       int variant, uint64_t seed)
{
    assert_int_equal(run->phase, phase);
    assert_int_equal(run->arm, arm);
    assert_int_equal(run->point, point);
    assert_int_equal(run->variant, variant);
    assert_int_equal(run->seed, seed);
    assert_int_equal(run->waiting, variant < 0);
}

static const char *const tuned_comparison =
    "{\"kind\": \"compare\", \"base\": {\"dataset\": \"digits\", \"model\": \"softmax\", "
    "\"optimizer\": {\"type\": \"sgd\", \"lr\": 1}, \"threads\": 3}, "
    "\"arms\": [{\"name\": \"a\", \"patch\": {}}, {\"name\": \"b\", \"patch\": {\"threads\": 2}}], "
    "\"tune\": {\"over\": {\"/optimizer/lr\": [0.1, 0.2]}, \"seeds\": [21, 22]}, "
    "\"seeds\": [2, 1]}";

static void tuning_runs_go_seed_by_seed_point_by_point_arm_by_arm(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(tuned_comparison, &plan);

    assert_int_equal(plan.tuning_run_count, 8);
    assert_run(&plan.runs[0], PHASE_TUNE, 0, 0, 0, 21);
    assert_run(&plan.runs[1], PHASE_TUNE, 1, 0, 2, 21);
    assert_run(&plan.runs[2], PHASE_TUNE, 0, 1, 1, 21);
    assert_run(&plan.runs[3], PHASE_TUNE, 1, 1, 3, 21);
    assert_run(&plan.runs[4], PHASE_TUNE, 0, 0, 0, 22);
    assert_run(&plan.runs[7], PHASE_TUNE, 1, 1, 3, 22);
    job_plan_release(&plan);
}

static void report_runs_wait_for_tuning_and_keep_the_order_of_the_seeds(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(tuned_comparison, &plan);

    assert_int_equal(plan.run_count, 12);
    assert_run(&plan.runs[8], PHASE_REPORT, 0, -1, -1, 2);
    assert_run(&plan.runs[9], PHASE_REPORT, 1, -1, -1, 2);
    assert_run(&plan.runs[10], PHASE_REPORT, 0, -1, -1, 1);
    assert_run(&plan.runs[11], PHASE_REPORT, 1, -1, -1, 1);
    job_plan_release(&plan);
}

static void variants_know_their_arm_point_tuned_values_and_threads(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(tuned_comparison, &plan);

    assert_int_equal(plan.variant_count, 4);
    const struct variant_plan *last = &plan.variants[3];
    assert_int_equal(last->arm, 1);
    assert_int_equal(last->point, 1);
    assert_int_equal(last->threads, 2);
    assert_int_equal(plan.variants[0].threads, 3);
    assert_string_equal(last->tuned, "{\"/optimizer/lr\":0.20000000000000001}");
    job_plan_release(&plan);
}

static void without_tuning_the_report_runs_are_queued_at_once(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text("{\"kind\": \"compare\", \"base\": {\"problem\": \"rosenbrock\", \"optimizer\": "
              "{\"type\": \"sgd\", \"lr\": 0.001}}, \"arms\": [{\"name\": \"a\", \"patch\": {}}, "
              "{\"name\": \"b\", \"patch\": {}}], \"seeds\": [5]}",
              &plan);

    assert_int_equal(plan.tuning_run_count, 0);
    assert_run(&plan.runs[0], PHASE_REPORT, 0, 0, 0, 5);
    assert_run(&plan.runs[1], PHASE_REPORT, 1, 0, 1, 5);
    assert_string_equal(plan.variants[0].tuned, "{}");
    assert_null(plan.variants[0].dataset); /* it is a problem */
    job_plan_release(&plan);
}

static void a_tuning_seed_is_found_beside_the_report_seeds(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text("{\"kind\": \"compare\", \"base\": {\"problem\": \"rosenbrock\", \"optimizer\": "
              "\"sgd\"}, \"arms\": [{\"name\": \"a\", \"patch\": {}}], \"seeds\": [2, 1, 4], "
              "\"tune\": {\"over\": {\"/optimizer/lr\": [0.001, 0.002]}}}",
              &plan);

    assert_int_equal(plan.tuning_run_count, 2);
    assert_int_equal(plan.runs[0].seed, 3);
    job_plan_release(&plan);
}

static void a_train_job_is_one_run_with_the_seed_of_its_spec(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text("{\"kind\": \"train\", \"spec\": {\"dataset\": \"digits\", \"model\": \"softmax\", "
              "\"optimizer\": {\"type\": \"sgd\", \"lr\": 1}, \"seed\": 42, \"threads\": 2}}",
              &plan);

    assert_int_equal(plan.run_count, 1);
    assert_run(&plan.runs[0], PHASE_TRAIN, -1, 0, 0, 42);
    assert_int_equal(plan.variants[0].threads, 2);
    assert_int_equal(plan.variants[0].arm, -1);
    assert_string_equal(plan.variants[0].dataset, "digits");
    job_plan_release(&plan);
}

static void a_released_plan_is_empty(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(tuned_comparison, &plan);
    job_plan_release(&plan);
    assert_null(plan.runs);
    assert_int_equal(plan.run_count, 0);
    job_plan_release(&plan); /* once more does no harm */
}

#define FAILED ((double)NAN) /* or diverged */

/* --- which point wins ------------------------------------------------------------------------ */

static void the_best_mean_wins(void **state)
{
    (void)state;
    /* Means 2, 1.5, 2.5. */
    const double values[] = {1, 3, 1, 2, 2, 3};
    assert_int_equal(comparison_choose(values, 3, 2, false), 1);
    assert_int_equal(comparison_choose(values, 3, 2, true), 2);
}

static void fewer_failures_beat_a_better_mean(void **state)
{
    (void)state;
    const double values[] = {0.1, FAILED, 9, 8, FAILED, 0.1};
    assert_int_equal(comparison_choose(values, 3, 2, false), 1);
    const double infinite[] = {HUGE_VAL, 0.1, 9, 8};
    assert_int_equal(comparison_choose(infinite, 2, 2, false), 1);
}

static void among_equally_many_failures_the_mean_of_the_rest_counts(void **state)
{
    (void)state;
    const double values[] = {FAILED, 3, 2, FAILED, FAILED, FAILED};
    assert_int_equal(comparison_choose(values, 3, 2, false), 1);
}

static void the_first_of_equals_wins(void **state)
{
    (void)state;
    const double values[] = {2, 1, 1};
    assert_int_equal(comparison_choose(values, 3, 1, false), 1);
}

static void nothing_wins_where_nothing_has_a_value(void **state)
{
    (void)state;
    const double values[] = {FAILED, FAILED};
    assert_int_equal(comparison_choose(values, 2, 1, false), -1);
    assert_int_equal(comparison_choose(values, 1, 2, true), -1);
    assert_int_equal(comparison_choose(values, 0, 1, true), -1);
}

static int set_up(void **state)
{
    (void)state;
    catalog = sample_catalog();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(catalog);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tuning_runs_go_seed_by_seed_point_by_point_arm_by_arm),
        cmocka_unit_test(report_runs_wait_for_tuning_and_keep_the_order_of_the_seeds),
        cmocka_unit_test(variants_know_their_arm_point_tuned_values_and_threads),
        cmocka_unit_test(without_tuning_the_report_runs_are_queued_at_once),
        cmocka_unit_test(a_tuning_seed_is_found_beside_the_report_seeds),
        cmocka_unit_test(a_train_job_is_one_run_with_the_seed_of_its_spec),
        cmocka_unit_test(a_released_plan_is_empty),
        cmocka_unit_test(the_best_mean_wins),
        cmocka_unit_test(fewer_failures_beat_a_better_mean),
        cmocka_unit_test(among_equally_many_failures_the_mean_of_the_rest_counts),
        cmocka_unit_test(the_first_of_equals_wins),
        cmocka_unit_test(nothing_wins_where_nothing_has_a_value),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
