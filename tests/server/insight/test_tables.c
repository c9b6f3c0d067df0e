#include "insight/slices.h"
#include "insight/tables.h"

#include "../compare/json_check.h"
#include "found.h"

static const char one[] = "{'x': {'type': 'float', 'low': 0, 'high': 1}}";

static void add(struct found *found, enum trial_state state, double x, double value)
{
    found_add(found, state, &x, &value, NULL);
}

/* --- improvements --------------------------------------------------------------------------------
 */

static void history_is_each_improvement(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found, one, 1, 0);
    add(&found, TRIAL_DONE, 0.5, 3);
    add(&found, TRIAL_FAILED, 0.5, (double)NAN);
    add(&found, TRIAL_PRUNED, 0.5, 0);
    add(&found, TRIAL_DONE, 0.5, 3);
    add(&found, TRIAL_DONE, 0.5, 2);
    found_look(&found, 0);
    json_auto_t *history = table_history(&found.findings);
    assert_json(history, "", "[[0,3.0,101,0],[4,2.0,105,4]]");
    found_end(&found);
}

static void what_is_maximised_is_shown_as_it_is(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found, one, 1, 0);
    found.plan.objectives[0].maximize = true;
    add(&found, TRIAL_DONE, 0.5, 0.25);
    add(&found, TRIAL_DONE, 0.5, 0.75);
    found_look(&found, 0);
    json_auto_t *history = table_history(&found.findings);
    json_auto_t *slices = slices_json(&found.findings);
    json_auto_t *best = table_best(&found.findings, NULL, 1);
    assert_json(history, "", "[[0,0.25,101,0],[1,0.75,102,1]]");
    assert_json(slices, "/0/bins/0/best", "0.75");
    assert_json(slices, "/0/bins/0/median", "0.5");
    assert_json(best, "/0/values", "[0.75]");
    found_end(&found);
}

static void a_long_history_keeps_its_ends(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found, one, 1, 0);
    for (int i = 0; i < 5000; i++)
        add(&found, TRIAL_DONE, 0.5, 5000 - i);
    found_look(&found, 0);
    json_auto_t *history = table_history(&found.findings);
    assert_int_equal(json_array_size(history), TABLE_ROWS_MOST);
    assert_json(history, "/0", "[0,5000.0,101,0]");
    assert_json(history, "/1999", "[4999,1.0,5100,4999]");
    found_end(&found);
}

/* --- dots ----------------------------------------------------------------------------------------
 */

static void runs_have_their_values_and_places_of_choices(void **state)
{
    const double values[] = {0.5, 0.25, 1, 2, (double)NAN}, value = 7;
    struct found found;
    (void)state;
    found_sample(&found, 0);
    found_add(&found, TRIAL_DONE, values, &value, NULL);
    found_add(&found, TRIAL_FAILED, values, NULL, NULL);
    found_look(&found, 0);
    json_auto_t *runs = table_runs(&found.findings);
    assert_json(runs, "/columns",
                "[\"run\",\"number\",\"told\",\"outcome\",\"feasible\",\"value 0\",\"x\",\"lr\","
                "\"count\",\"choice\",\"part\"]");
    assert_json(runs, "/rows",
                "[[101,0,0,\"done\",true,7.0,0.5,0.25,1,2,null],"
                "[102,1,1,\"failed\",false,null,0.5,0.25,1,2,null]]");
    assert_json(runs, "/of", "2");
    found_end(&found);
}

static void of_many_runs_the_best_are_among_those_shown(void **state)
{
    struct found found;
    int seen = 0;
    (void)state;
    found_sample(&found, 9000);
    found_look(&found, 0);
    json_auto_t *runs = table_runs(&found.findings);
    const json_t *rows = json_object_get(runs, "rows");
    const size_t count = json_array_size(rows);
    assert_true(count > TABLE_ROWS_MOST / 2 && count <= TABLE_ROWS_MOST);
    assert_json(runs, "/of", "9000");
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        const json_int_t number = json_integer_value(json_array_get(row, 1));
        for (int k = 0; k < TABLE_BEST; k++)
            seen += found.findings.order[k] == number;
        if (i > 0)
            assert_true(json_integer_value(json_array_get(json_array_get(rows, i - 1), 2)) <
                        json_integer_value(json_array_get(row, 2)));
    }
    assert_int_equal(seen, TABLE_BEST);
    found_end(&found);
}

/* --- the best ------------------------------------------------------------------------------------
 */

static void the_best_are_feasible_and_in_order(void **state)
{
    const double x[] = {0.5}, low[] = {1}, high[] = {2}, kept[] = {0}, broken[] = {0.1};
    struct found found;
    (void)state;
    found_begin(&found, one, 1, 1);
    found_add(&found, TRIAL_DONE, x, high, kept);
    found_add(&found, TRIAL_DONE, x, low, broken);
    found_add(&found, TRIAL_DONE, x, low, NULL); /* not known: taken for broken */
    found_add(&found, TRIAL_DONE, x, low, kept);
    found_look(&found, 0);
    json_auto_t *best = table_best(&found.findings, NULL, 10);
    assert_int_equal(json_array_size(best), 2);
    assert_json(best, "/0",
                "{\"constraints\":[0.0],\"error\":null,\"how\":\"random\",\"number\":3,"
                "\"parameters\":{\"x\":0.5},\"run\":104,\"values\":[1.0]}");
    assert_json(best, "/1/run", "101");
    found_end(&found);
}

/* Of the front (0, 9), (1, 5), (2, 4.9), (5, 0) three: both ends, and the one with more room
 * around it: (1, 5) has 2/5 + 4.1/9 = 0.86, (2, 4.9) has 4/5 + 5/9 = 1.36. */
static void of_a_front_those_with_most_room_are_shown(void **state)
{
    const double points[][2] = {{0, 9}, {1, 5}, {2, 4.9}, {5, 0}}, x = 0.5;
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, one, 2, 0);
    for (int i = 0; i < 4; i++)
        found_add(&found, TRIAL_DONE, &x, points[i], NULL);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    json_auto_t *best = table_best(&found.findings, &front, 3);
    json_auto_t *shown = table_front(&found.findings, &front);
    assert_int_equal(json_array_size(best), 3);
    assert_json(best, "/0/values", "[0.0,9.0]");
    assert_json(best, "/1/values", "[2.0,4.9000000000000004]");
    assert_json(best, "/2/values", "[5.0,0.0]");
    assert_json(shown, "/of", "4");
    assert_json(shown, "/exact", "true");
    assert_json(shown, "/points/1", "{\"number\":1,\"run\":102,\"values\":[1.0,5.0]}");
    front_release(&front);
    found_end(&found);
}

/* --- slices --------------------------------------------------------------------------------------
 */

/* x in twentieths: 0.01 and 0.04 in the first, 0.05 in the second, 1 in the last. */
static void bins_of_a_number_are_equally_wide(void **state)
{
    struct found found;
    (void)state;
    found_begin(&found, one, 1, 0);
    add(&found, TRIAL_DONE, 0.01, 4);
    add(&found, TRIAL_DONE, 0.04, 2);
    add(&found, TRIAL_DONE, 0.05, 7);
    add(&found, TRIAL_DONE, 1, 9);
    add(&found, TRIAL_PRUNED, 0.5, 1);
    found_look(&found, 0);
    json_auto_t *slices = slices_json(&found.findings);
    assert_json(slices, "/0/parameter", "\"x\"");
    assert_json(slices, "/0/scale", "\"linear\"");
    assert_int_equal(json_array_size(json_pointer_get(slices, "/0/bins")), 3);
    assert_json(slices, "/0/bins/0",
                "{\"best\":2.0,\"high\":0.050000000000000003,\"low\":0.0,\"median\":3.0,"
                "\"place\":null,\"runs\":2}");
    assert_json(slices, "/0/bins/1/runs", "1");
    assert_json(slices, "/0/bins/2/high", "1.0");
    found_end(&found);
}

static void a_logarithmic_number_has_bins_of_equal_ratio(void **state)
{
    const double x[] = {0.5}, value = 1;
    struct found found;
    (void)state;
    found_begin(&found, "{'x': {'type': 'float', 'low': 1e-10, 'high': 1, 'scale': 'log'}}", 1, 0);
    found_add(&found, TRIAL_DONE, x, &value, NULL);
    found_look(&found, 0);
    json_auto_t *slices = slices_json(&found.findings);
    assert_json(slices, "/0/scale", "\"log\"");
    assert_near(number(slices, "/0/bins/0/low"), pow(10, -0.5), 1e-12);
    assert_near(number(slices, "/0/bins/0/high"), 1, 1e-12);
    found_end(&found);
}

static void values_of_few_have_a_bin_each(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 90);
    found_look(&found, 0);
    json_auto_t *slices = slices_json(&found.findings);
    assert_int_equal(json_array_size(json_pointer_get(slices, "/2/bins")), 9);
    assert_json(slices, "/2/bins/4/low", "5.0");
    assert_json(slices, "/2/bins/4/high", "5.0");
    assert_int_equal(json_array_size(json_pointer_get(slices, "/3/bins")), 3);
    assert_json(slices, "/3/bins/1/place", "1");
    assert_json(slices, "/3/bins/1/low", "null");
    int64_t runs = 0, part = 0;
    for (size_t i = 0; i < 3; i++)
        runs += json_integer_at(json_array_get(json_pointer_get(slices, "/3/bins"), i), "runs", 0);
    for (size_t i = 0; i < json_array_size(json_pointer_get(slices, "/4/bins")); i++)
        part += json_integer_at(json_array_get(json_pointer_get(slices, "/4/bins"), i), "runs", 0);
    assert_true(runs == 90);
    assert_true((double)part == number(slices, "/3/bins/1/runs")); /* applies to b alone */
    found_end(&found);
}

static void without_runs_all_is_empty(void **state)
{
    struct found found;
    (void)state;
    found_sample(&found, 0);
    found_look(&found, 0);
    json_auto_t *slices = slices_json(&found.findings), *runs = table_runs(&found.findings);
    json_auto_t *history = table_history(&found.findings);
    assert_json(slices, "/0/bins", "[]");
    assert_json(runs, "/rows", "[]");
    assert_json(history, "", "[]");
    found_end(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_is_each_improvement),
        cmocka_unit_test(what_is_maximised_is_shown_as_it_is),
        cmocka_unit_test(a_long_history_keeps_its_ends),
        cmocka_unit_test(runs_have_their_values_and_places_of_choices),
        cmocka_unit_test(of_many_runs_the_best_are_among_those_shown),
        cmocka_unit_test(the_best_are_feasible_and_in_order),
        cmocka_unit_test(of_a_front_those_with_most_room_are_shown),
        cmocka_unit_test(bins_of_a_number_are_equally_wide),
        cmocka_unit_test(a_logarithmic_number_has_bins_of_equal_ratio),
        cmocka_unit_test(values_of_few_have_a_bin_each),
        cmocka_unit_test(without_runs_all_is_empty),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
