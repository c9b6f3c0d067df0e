/* What reports of searches judge parameters by, where that is not just their own runs' values. */
#include "insight/evidence.h"

#include "insight/contour.h"
#include "insight/importance.h"
#include "insight/insight.h"
#include "insight/model.h"
#include "insight/narrower.h"

#include "found.h"

static const char line[] = "{'x': {'type': 'float', 'low': 0, 'high': 1}}";
static const char square[] = "{'x': {'type': 'float', 'low': 0, 'high': 1},"
                             " 'y': {'type': 'float', 'low': 0, 'high': 1}}";

static void add(struct found *found, enum trial_state state, double x, double value)
{
    found_add(found, state, &x, state == TRIAL_FAILED ? NULL : &value, NULL);
}

static void assert_numbers(const struct evidence *evidence, const int *numbers, int count)
{
    assert_int_equal(evidence->count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(evidence->list[i].number, numbers[i]);
}

/* --- warm starts ---------------------------------------------------------------------------------
 */

static void earlier_results_stand_among_the_runs(void **state)
{
    (void)state;
    const int numbers[] = {-1, 2, 0, -1, 1};
    struct found found;
    found_begin(&found, line, 1, 0);
    found_warm(&found, (const double[]){0.1}, 7);
    found_warm(&found, (const double[]){0.2}, 1);
    add(&found, TRIAL_DONE, 0.3, 6);
    add(&found, TRIAL_FAILED, 0.4, 0);
    add(&found, TRIAL_DONE, 0.5, 2);
    found_look(&found, 0);
    const struct evidence *evidence = &found.findings.evidence;
    assert_numbers(evidence, numbers, 5);
    assert_int_equal(evidence->good, 4);
    assert_int_equal(evidence->earlier, 2);
    assert_true(evidence->list[0].trial->values[0] == 0.2);
    assert_int_equal(found.findings.order[0], 2); /* the search's own best */
    AUTO_FREE char *words = evidence_words(evidence);
    assert_string_equal(words, "2 of them are of earlier searches");
    found_end(&found);
}

/* Maximised, and with a constraint: kept as they were, in the metric's own sign. */
static void earlier_results_count_in_their_own_sign(void **state)
{
    (void)state;
    const int numbers[] = {-1, 0, -1};
    const double kept = -1, values[] = {0.5}, value = 5;
    struct found found;
    found_begin(&found, line, 1, 1);
    found.plan.objectives[0].maximize = true;
    found.plan.constraints[0].limit = 1;
    found_warm(&found, (const double[]){0.1}, 9);
    found_warm(&found, (const double[]){0.2}, 8);
    found.plan.warm_results[1] = 3; /* breaks it */
    found_add(&found, TRIAL_DONE, values, &value, &kept);
    found_look(&found, 0);
    assert_numbers(&found.findings.evidence, numbers, 3);
    assert_true(found.findings.evidence.list[0].trial->values[0] == 0.2);
    assert_int_equal(found.findings.evidence.good, 2);
    found_end(&found);
}

/* Five runs are too few; with thirty of before they are not. The best of all are those near 0.3. */
static void few_runs_and_earlier_ones_are_enough_to_tell(void **state)
{
    (void)state;
    double shares[2];
    const char *why;
    struct found found;
    found_begin(&found, square, 1, 0);
    for (int i = 0; i < 5; i++) {
        const double values[] = {0.7 + 0.05 * i, 0.2 * i}, value = fabs(values[0] - 0.3);
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    for (int i = 0; i < 30; i++) {
        const double x = found_part(0.6180339887498949, i), y = found_part(0.7548776662466927, i);
        found_warm(&found, (const double[]){x, y}, fabs(x - 0.3));
    }
    found_look(&found, 0);
    assert_int_equal(importance_best_count(&found.findings), 5);
    assert_int_equal(importance_shares(&found.findings, shares, &why), 0);
    assert_true(shares[0] > 0.8);
    json_auto_t *narrow = narrower_space(&found.findings);
    const json_t *x = json_object_get(narrow, "x");
    assert_true(json_number_at(x, "low", 0) > 0.1);
    assert_true(json_number_at(x, "low", 0) < 0.3);
    assert_true(json_number_at(x, "high", 1) > 0.3);
    assert_true(json_number_at(x, "high", 1) < 0.5);
    found_end(&found);
}

static double bowl(double x, double y)
{
    return 1 + (x - 0.3) * (x - 0.3) + 2 * (y - 0.6) * (y - 0.6);
}

/* One run of its own: all that the model knows is from before. */
static void a_model_learns_from_earlier_results(void **state)
{
    (void)state;
    const double values[] = {0.9, 0.9}, value = bowl(0.9, 0.9);
    struct model model;
    const char *why;
    struct found found;
    found_begin(&found, square, 1, 0);
    for (int i = 0; i < 60; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        found_warm(&found, (const double[]){x, y}, bowl(x, y));
    }
    found_add(&found, TRIAL_DONE, values, &value, NULL);
    found_look(&found, 0);
    assert_int_equal(model_init(&model, &found.findings, &why), 0);
    json_auto_t *contour = contour_json(&model, 0, 1);
    assert_int_equal(json_integer_at(contour, "runs", 0), 61);
    assert_string_equal(json_text_at(contour, "note", ""), "with results of earlier searches");
    const json_t *row = json_array_get(json_object_get(contour, "values"), 10);
    const double x = json_number_value(json_array_get(json_object_get(contour, "x"), 5));
    const double y = json_number_value(json_array_get(json_object_get(contour, "y"), 10));
    assert_near(json_number_value(json_array_get(row, 5)), bowl(x, y), 0.02);
    model_release(&model);
    found_end(&found);
}

/* --- populations ---------------------------------------------------------------------------------
 */

static void begin_population(struct found *found, const char *space)
{
    found_begin(found, space, 1, 0);
    json_decref(found->plan.algorithm);
    found->plan.algorithm = found_json("{'type': 'pbt', 'population': 10, 'interval': 0.2}");
}

/* Of the generations 9 … 0 and -100 … -109 and a third of which two have ended, every best one is
 * before any second one; a run that failed is its generation's last. */
static void runs_of_a_population_are_ranked_within_their_generation(void **state)
{
    (void)state;
    struct found found;
    begin_population(&found, line);
    for (int i = 0; i < 20; i++)
        add(&found, i == 3 ? TRIAL_FAILED : TRIAL_DONE, 0.5, i < 10 ? 9 - i : -90 - i);
    add(&found, TRIAL_DONE, 0.5, -1000);
    add(&found, TRIAL_DONE, 0.5, -2000);
    found_look(&found, 0);
    const struct evidence *evidence = &found.findings.evidence;
    const int first[] = {9, 19, 8, 18, 7, 17, 21};
    assert_int_equal(evidence->count, 22);
    assert_int_equal(evidence->good, 21);
    for (int i = 0; i < 7; i++)
        assert_int_equal(evidence->list[i].number, first[i]);
    assert_near(evidence->list[0].key, 0.05, 1e-15);
    assert_near(evidence->list[1].key, 0.05, 1e-15);
    assert_int_equal(evidence->list[21].number, 3);
    assert_near(evidence->list[21].key, 0.95, 1e-15);
    assert_int_equal(evidence->model_from, 10); /* the third one is not complete */
    assert_int_equal(evidence->model_to, 20);
    found_end(&found);
}

/* y rises with the generations, and values fall with them; within one, x alone decides. By values
 * y would be what matters. */
static void what_changes_between_generations_is_not_what_matters(void **state)
{
    (void)state;
    double shares[2];
    const char *why;
    struct found found;
    begin_population(&found, square);
    for (int i = 0; i < 50; i++) {
        const int generation = i / 10;
        const double x = found_part(0.6180339887498949, i);
        const double y = 0.2 * generation + 0.2 * found_part(0.7548776662466927, i);
        const double value = fabs(x - 0.3) - 10 * generation, values[] = {x, y};
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    assert_int_equal(importance_best_count(&found.findings), 5);
    assert_int_equal(importance_shares(&found.findings, shares, &why), 0);
    assert_true(shares[0] > 0.8);
    json_decref(found.plan.algorithm);
    found.plan.algorithm = found_json("{'type': 'random'}");
    findings_release(&found.findings);
    found_look(&found, 0);
    assert_int_equal(importance_shares(&found.findings, shares, &why), 0);
    assert_true(shares[1] > 0.5);
    found_end(&found);
}

static void a_model_sees_the_last_generation_of_a_population_alone(void **state)
{
    (void)state;
    struct found found;
    begin_population(&found, square);
    for (int i = 0; i < 23; i++) {
        const double x = found_part(0.8191725133961645, i), y = found_part(0.6710436067037893, i);
        const double values[] = {x, y}, value = bowl(x, y) + (i < 10 ? 100 * y : 0);
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    json_auto_t *space = space_json(&found.plan.space);
    const struct insight_input input = {
        .job = 7,
        .state = "running",
        .space = space,
        .is_known = true,
        .budget = 50,
        .findings = &found.findings,
        .wishes = {.top = 3, .contour = {0, 1}},
    };
    json_auto_t *report = insight_json(&input);
    const json_t *contour = json_object_get(report, "contour");
    assert_int_equal(json_integer_at(contour, "runs", 0), 10);
    assert_says(json_text_at(contour, "note", ""), "runs 10 to 19");
    const json_t *row = json_array_get(json_object_get(contour, "values"), 10);
    assert_true(json_number_value(json_array_get(row, 10)) < 5);
    assert_says(json_text_at(json_object_get(report, "improvement"), "note", ""), "weights");
    assert_says(json_text_at(json_object_get(report, "importance"), "note", ""), "generation");
    assert_says(json_text_at(json_object_get(report, "narrower"), "note", ""), "generation");
    found_end(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(earlier_results_stand_among_the_runs),
        cmocka_unit_test(earlier_results_count_in_their_own_sign),
        cmocka_unit_test(few_runs_and_earlier_ones_are_enough_to_tell),
        cmocka_unit_test(a_model_learns_from_earlier_results),
        cmocka_unit_test(runs_of_a_population_are_ranked_within_their_generation),
        cmocka_unit_test(what_changes_between_generations_is_not_what_matters),
        cmocka_unit_test(a_model_sees_the_last_generation_of_a_population_alone),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
