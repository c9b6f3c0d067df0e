/* The whole report of a search: its words, its counts, its CSV. */
#include "insight/insight.h"

#include "../compare/json_check.h"
#include "found.h"

static json_t *report_of(struct found *found, const char *job_state, int budget)
{
    json_auto_t *space = space_json(&found->plan.space);
    const struct insight_input input = {
        .job = 7,
        .state = job_state,
        .is_final = strcmp(job_state, "running") != 0,
        .space = space,
        .is_known = true,
        .budget = budget,
        .findings = &found->findings,
        .wishes = {.top = 3, .contour = {-1, -1}},
    };
    return insight_json(&input);
}

/* --- words ---------------------------------------------------------------------------------------
 */

static void the_sentence_names_the_best_run(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 60);
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "running", 100);
    const int best = found.findings.order[0];
    AUTO_FREE char *wanted = xprintf("After 60 of 100 runs the best a is %.6g (run %d, the ",
                                     found.trials[best].objective[0], 101 + best);
    assert_says(json_text_at(report, "sentence", ""), wanted);
    assert_int_equal(json_array_size(json_object_get(report, "warnings")), 0);
    assert_json(report, "/job", "7");
    assert_json(report, "/kind", "\"search\"");
    assert_json(report, "/front", "null");
    assert_json(report, "/contour", "null");
    found_end(&found);
}

static void a_search_without_ends_says_so(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 0);
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "running", 100);
    assert_json(report, "/sentence", "\"No run of 100 has ended yet\"");
    assert_json(report, "/best", "[]");
    assert_json(report, "/importance/parameters", "[]");
    assert_json(report, "/narrower", "null");
    assert_json(report, "/improvement/expected", "null");
    assert_says(json_text_at(json_object_get(report, "improvement"), "note", ""), "not known");
    assert_json(report, "/pruning/share_saved", "null");
    found_end(&found);
}

static void a_finished_search_warns_of_luck(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 20);
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "succeeded", 20);
    assert_int_equal(warnings_with(report, "the luckiest of 20"), 1);
    found_end(&found);
}

static void the_best_at_the_end_of_a_range_are_named(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found,
                "{'x': {'type': 'float', 'low': 1, 'high': 3},"
                " 'few': {'type': 'int', 'low': 1, 'high': 3}}",
                1, 0);
    for (int i = 0; i < 20; i++) {
        const double values[] = {3 - 0.005 * i, 3}, value = i;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "running", 20);
    assert_int_equal(warnings_with(report, "5 of the best 5 runs lie at the upper end of x (3)"),
                     1);
    assert_int_equal(warnings_with(report, "few"), 0);
    found_end(&found);
}

static void failures_lateness_and_unknown_constraints_are_named(void **state)
{
    const double x[] = {0.5}, value = 1, kept = -1;
    struct found found;
    (void)state;
    found_begin(&found, "{'x': {'type': 'float', 'low': 0, 'high': 1}}", 1, 1);
    for (int i = 0; i < 5; i++)
        found_add(&found, TRIAL_FAILED, x, NULL, NULL);
    for (int i = 0; i < 3; i++)
        found_add(&found, TRIAL_DONE, x, &value, NULL);
    found.list[6].late = true;
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "running", 20);
    assert_int_equal(warnings_with(report, "5 of 8 runs failed"), 1);
    assert_int_equal(warnings_with(report, "1 result was told after the lease"), 1);
    assert_int_equal(warnings_with(report, "3 of 3 finished runs never reported p"), 1);
    assert_int_equal(warnings_with(report, "no run keeps all constraints"), 1);
    assert_json(report, "/sentence",
                "\"After 8 of 20 runs none has a value and keeps all constraints\"");
    findings_release(&found.findings);

    found_add(&found, TRIAL_DONE, x, &value, &kept);
    found_look(&found, 0);
    json_auto_t *later = report_of(&found, "running", 20);
    assert_int_equal(warnings_with(later, "no run keeps"), 0);
    assert_json(later, "/constraints/0/kept", "1");
    assert_json(later, "/constraints/0/unknown", "3");
    found_end(&found);
}

static void several_objectives_have_a_front(void **state)
{
    const double x[] = {0.5}, first[] = {1, 4}, second[] = {4, 1};
    struct found found;
    (void)state;
    found_begin(&found, "{'x': {'type': 'float', 'low': 0, 'high': 1}}", 2, 0);
    found_add(&found, TRIAL_DONE, x, first, NULL);
    found_add(&found, TRIAL_DONE, x, second, NULL);
    found_look(&found, 1);
    json_auto_t *report = report_of(&found, "running", 20);
    assert_json(report, "/sentence",
                "\"After 2 of 20 runs 2 of them are on the Pareto front of a and b\"");
    assert_json(report, "/front/reference", "[4.4000000000000004,4.4000000000000004]");
    assert_json(report, "/objective", "1");
    assert_json(report, "/history", "[[0,4.0,101,0],[1,1.0,102,1]]");
    found_end(&found);
}

/* --- counts --------------------------------------------------------------------------------------
 */

/* Two pruned at 25 and 50 of 100 steps, one done with 100: 125 of 300 were spared. */
static void pruning_counts_the_steps_it_spared(void **state)
{
    const double x[] = {0.5}, value = 1;
    struct found found;
    (void)state;
    found_begin(&found, "{'x': {'type': 'float', 'low': 0, 'high': 1}}", 1, 0);
    for (int i = 0; i < 3; i++) {
        found_add(&found, i < 2 ? TRIAL_PRUNED : TRIAL_DONE, x, &value, NULL);
        found.trials[i].step = i < 2 ? 25 * (i + 1) : 100;
        found.list[i].steps = 100;
    }
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "running", 3);
    assert_json(report, "/pruning/runs", "2");
    assert_json(report, "/pruning/steps", "75");
    assert_json(report, "/pruning/steps_planned", "200");
    assert_json(report, "/pruning/steps_saved", "125");
    assert_near(number(report, "/pruning/share_saved"), 125.0 / 300, 1e-12);
    found_end(&found);
}

static void counts_add_up(void **state)
{
    const double x[] = {0.5}, value = 1;
    static const enum trial_state states[] = {TRIAL_DONE,   TRIAL_DONE, TRIAL_PRUNED,
                                              TRIAL_FAILED, TRIAL_GONE, TRIAL_PENDING};
    struct found found;
    (void)state;
    found_begin(&found, "{'x': {'type': 'float', 'low': 0, 'high': 1}}", 1, 0);
    for (int i = 0; i < 6; i++)
        found_add(&found, states[i], x, &value, NULL);
    found.history.told_count = 4; /* nobody counts the deleted one, nor waits for the last */
    found_look(&found, 0);
    json_auto_t *report = report_of(&found, "running", 10);
    assert_json(report, "/counts",
                "{\"budget\":10,\"deleted\":1,\"done\":2,\"failed\":1,\"feasible\":2,\"late\":0,"
                "\"pending\":1,\"proposed\":6,\"pruned\":1,\"told\":4}");
    found_end(&found);
}

/* --- lines ---------------------------------------------------------------------------------------
 */

static void a_csv_has_a_line_for_each_proposal(void **state)
{
    const double first[] = {0.5, 0}, second[] = {0.25, 1}, value = 1.5, excess = 2;
    struct found found;
    (void)state;
    found_begin(&found,
                "{'x, y': {'type': 'float', 'low': 0, 'high': 1},"
                " 'c': {'type': 'choice', 'values': ['a', {'type': 'b'}]}}",
                1, 1);
    found_add(&found, TRIAL_DONE, first, &value, &excess);
    found.trials[0].step = 100;
    found_add(&found, TRIAL_FAILED, second, NULL, NULL);
    found_add(&found, TRIAL_PENDING, second, NULL, NULL);
    found.list[2].place = -1;
    found.list[2].results = NULL;
    found.history.told_count = 2;
    found_look(&found, 0);
    AUTO_FREE char *csv = insight_csv(&found.findings);
    assert_string_equal(csv, "number,run,state,told,how,\"x, y\",c,a,p,step\n"
                             "0,101,done,0,random,0.5,a,1.5,2,100\n"
                             "1,102,failed,1,random,0.25,\"{\"\"type\"\":\"\"b\"\"}\",,,\n"
                             "2,103,pending,,random,0.25,\"{\"\"type\"\":\"\"b\"\"}\",,,\n");
    found_end(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sentence_names_the_best_run),
        cmocka_unit_test(a_search_without_ends_says_so),
        cmocka_unit_test(a_finished_search_warns_of_luck),
        cmocka_unit_test(the_best_at_the_end_of_a_range_are_named),
        cmocka_unit_test(failures_lateness_and_unknown_constraints_are_named),
        cmocka_unit_test(several_objectives_have_a_front),
        cmocka_unit_test(pruning_counts_the_steps_it_spared),
        cmocka_unit_test(counts_add_up),
        cmocka_unit_test(a_csv_has_a_line_for_each_proposal),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
