#include "insight/narrower.h"

#include "found.h"

static void assert_space(const json_t *got, const char *want)
{
    json_auto_t *wanted = found_json(want);
    if (!json_equal(got, wanted)) {
        AUTO_FREE char *text = json_ordered(got);
        fail_msg("%s, not %s", text, want);
    }
}

/* Ten runs at x = 0.5, 0.52, …: the best five are the first, 0.5 … 0.58. A twentieth of the axis,
 * 0.5, is more than a tenth of their distance: 0 … 1.08 of -5 … 5. */
static void a_number_gets_the_best_runs_and_a_margin(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found, "{'x': {'type': 'float', 'low': -5, 'high': 5}}", 1, 0);
    for (int i = 0; i < 10; i++) {
        const double values[] = {0.5 + 0.02 * i}, value = i;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    json_auto_t *narrow = narrower_space(&found.findings);
    assert_space(narrow, "{'x': {'type': 'float', 'low': 0.0, 'high': 1.08}}");
    found_end(&found);
}

/* lr: 0.001 … 0.1, of five decades; a twentieth of them, a factor of 10^0.25 = 1.7783, is more than
 * a tenth of two: 0.00056234 and 0.17783, rounded outwards to 0.000562 and 0.178. n: 4 … 6 of
 * 1 … 9, margin 0.4: 3.6 and 6.4, nearest 4 and 6. layers: 2, a factor of 100^0.05 = 1.2589: 1.589
 * and 2.518, rounded outwards to 1.58 and 2.52, nearest 2 and 3. */
static void logarithms_and_whole_numbers_stay_what_they_are(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found,
                "{'lr': {'type': 'float', 'low': 1e-5, 'high': 1, 'scale': 'log'},"
                " 'n': {'type': 'int', 'low': 1, 'high': 9},"
                " 'layers': {'type': 'int', 'low': 1, 'high': 100, 'scale': 'log'},"
                " 'fixed': {'type': 'int', 'low': 3, 'high': 3}}",
                1, 0);
    for (int i = 0; i < 10; i++) {
        const double values[] = {i < 5 ? pow(10, -3 + 0.5 * i) : 1e-5, i < 5 ? 4 + i / 2 : 9, 2, 3};
        const double value = i;
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    json_auto_t *narrow = narrower_space(&found.findings);
    assert_space(narrow,
                 "{'lr': {'type': 'float', 'low': 0.000562, 'high': 0.178, 'scale': 'log'},"
                 " 'n': {'type': 'int', 'low': 4, 'high': 6, 'step': 1},"
                 " 'layers': {'type': 'int', 'low': 2, 'high': 3, 'step': 1, 'scale': 'log'},"
                 " 'fixed': {'type': 'int', 'low': 3, 'high': 3, 'step': 1}}");
    found_end(&found);
}

/* The best five took a and c; nobody good took b, whose own parameter goes. */
static void choices_nobody_good_took_go_with_what_depends_on_them(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found,
                "{'kind': {'type': 'choice', 'values': ['a', 'b', 'c']},"
                " 'size': {'type': 'choice', 'values': [1, 2, 3, 4, 5], 'ordered': true},"
                " 'only b': {'type': 'float', 'low': 0, 'high': 1, 'when': {'kind': ['b']}},"
                " 'a or b': {'type': 'float', 'low': 0, 'high': 1, 'when': {'kind': ['a', 'b']}}}",
                1, 0);
    for (int i = 0; i < 10; i++) {
        const double kind = i < 5 ? 2 * (i % 2) : 1, value = i;
        const double values[] = {kind, 1, kind == 1 ? 0.5 : (double)NAN,
                                 kind <= 1 ? 0.5 : (double)NAN};
        found_add(&found, TRIAL_DONE, values, &value, NULL);
    }
    found_look(&found, 0);
    json_auto_t *narrow = narrower_space(&found.findings);
    assert_space(
        narrow,
        "{'kind': {'type': 'choice', 'values': ['a', 'c']},"
        " 'size': {'type': 'choice', 'values': [1, 2, 3], 'ordered': true},"
        " 'a or b': {'type': 'float', 'low': 0.45, 'high': 0.55, 'when': {'kind': ['a']}}}");
    found_end(&found);
}

/* Whatever the space, what is suggested can be asked for, and holds the best runs. */
static void it_can_be_pasted_and_holds_the_best_runs(void **state)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct found found;
    struct space space;
    (void)state;
    found_sample(&found, 200);
    found_look(&found, 0);
    json_auto_t *narrow = narrower_space(&found.findings);
    space_read(narrow, "/space", &space, &problems);
    assert_int_equal(problems.found, 0);
    for (int i = 0; i < 20; i++) {
        const double *values = found.trials[found.findings.order[i]].values;
        json_auto_t *point = space_values_json(&found.plan.space, values);
        double read[PARAMETERS_MAX];
        assert_true(space_values_read(&space, point, "", true, read, &problems));
    }
    space_release(&space);
    found_end(&found);
}

static void too_few_runs_suggest_nothing(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 9);
    found_look(&found, 0);
    assert_null(narrower_space(&found.findings));
    found_end(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_gets_the_best_runs_and_a_margin),
        cmocka_unit_test(logarithms_and_whole_numbers_stay_what_they_are),
        cmocka_unit_test(choices_nobody_good_took_go_with_what_depends_on_them),
        cmocka_unit_test(it_can_be_pasted_and_holds_the_best_runs),
        cmocka_unit_test(too_few_runs_suggest_nothing),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
