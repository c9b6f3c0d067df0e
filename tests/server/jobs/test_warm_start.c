/* Results of an earlier search in the space of a later one. */
#include "support/api.h"
#include "support/check.h"

#include "jobs/warm_start.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static struct search_plan *plan_of(const char *body)
{
    static json_t *catalog;
    AUTO_FREE char *text = api_quoted(body);
    if (!catalog)
        catalog = json_pack("{s:{}}", "registries");
    return search_plan_of(catalog, text);
}

#define EXTERNAL(space)                                                                            \
    "{'kind': 'search', 'runner': 'external', 'objectives': [{'metric': 'loss'}], 'space': " space \
    "}"

/* NULL expected: it is left out. */
static void check(const char *earlier, const char *later, const double *values, double result,
                  const char *expected)
{
    struct search_plan *from = plan_of(earlier), *to = plan_of(later);
    struct warm_match match;
    const char *missing;
    const double results[] = {result, 0.25};
    assert_true(warm_match_init(&match, NULL, from, to, &missing));
    json_auto_t *got = warm_result(&match, values, results);
    if (expected)
        api_assert_equal(got, expected);
    else
        assert_null(got);
    search_plan_free(from);
    search_plan_free(to);
}

static void the_same_space_takes_all_there_is(void **state)
{
    (void)state;
    static const char space[] =
        EXTERNAL("{'k': {'type': 'choice', 'values': ['a', 'b']},"
                 " 'x': {'type': 'float', 'low': 0, 'high': 1, 'when': {'k': ['a']}}}");
    check(
        space, space, (const double[]){0, 0.5}, 2,
        "{'parameters': {'k': 'a', 'x': 0.5}, 'values': [2.0], 'constraints': [], 'error': 0.25}");
    check(space, space, (const double[]){1, (double)NAN}, 3,
          "{'parameters': {'k': 'b'}, 'values': [3.0], 'constraints': [], 'error': 0.25}");
    check(space, space, (const double[]){0, 0.5}, (double)NAN, NULL);
}

static void points_outside_the_later_space_are_left_out(void **state)
{
    (void)state;
    static const char wide[] = EXTERNAL("{'n': {'type': 'int', 'low': 0, 'high': 100}}");
    static const char narrow[] =
        EXTERNAL("{'n': {'type': 'int', 'low': 10, 'high': 50, 'step': 10}}");
    static const char words[] = EXTERNAL("{'n': {'type': 'choice', 'values': [20, 'x']}}");
    check(wide, narrow, (const double[]){20}, 1,
          "{'parameters': {'n': 20}, 'values': [1.0], 'constraints': [], 'error': 0.25}");
    check(wide, narrow, (const double[]){5}, 1, NULL);
    check(wide, narrow, (const double[]){25}, 1, NULL);
    check(wide, words, (const double[]){20}, 1,
          "{'parameters': {'n': 20}, 'values': [1.0], 'constraints': [], 'error': 0.25}");
    check(wide, words, (const double[]){30}, 1, NULL);
}

static void a_parameter_that_is_not_known_matters_where_it_applies(void **state)
{
    (void)state;
    static const char earlier[] = EXTERNAL("{'k': {'type': 'choice', 'values': ['a', 'b']}}");
    static const char later[] =
        EXTERNAL("{'k': {'type': 'choice', 'values': ['b', 'a', 'c']},"
                 " 'x': {'type': 'float', 'low': 0, 'high': 1, 'when': {'k': ['a']}}}");
    check(earlier, later, (const double[]){0}, 1, NULL);
    check(earlier, later, (const double[]){1}, 1,
          "{'parameters': {'k': 'b'}, 'values': [1.0], 'constraints': [], 'error': 0.25}");
    check(later, earlier, (const double[]){1, 0.5}, 1, /* what only it had does not matter */
          "{'parameters': {'k': 'a'}, 'values': [1.0], 'constraints': [], 'error': 0.25}");
}

static void metrics_are_matched_by_name(void **state)
{
    (void)state;
    struct search_plan *from = plan_of("{'kind': 'search', 'runner': 'external',"
                                       " 'objectives': [{'metric': 'loss'}, {'metric': 'size'}],"
                                       " 'space': {'x': {'type': 'float', 'low': 0, 'high': 1}}}");
    struct search_plan *to =
        plan_of("{'kind': 'search', 'runner': 'external', 'objectives': [{'metric': 'size'}],"
                " 'constraints': [{'metric': 'loss', 'at_most': 1},"
                "                 {'metric': 'speed', 'at_least': 1}],"
                " 'space': {'x': {'type': 'float', 'low': 0, 'high': 1}}}");
    struct warm_match match;
    const char *missing = NULL;
    assert_true(warm_match_init(&match, NULL, from, to, &missing));
    json_auto_t *got = warm_result(&match, (const double[]){0.5}, (const double[]){1.5, 7, 0.25});
    api_assert_equal(got, "{'parameters': {'x': 0.5}, 'values': [7.0], 'constraints': [1.5, null],"
                          " 'error': 0.0}"); /* the error was that of another metric */
    struct search_plan *other = plan_of(EXTERNAL("{'x': {'type': 'float', 'low': 0, 'high': 1}}"));
    assert_false(warm_match_init(&match, NULL, other, to, &missing));
    assert_string_equal(missing, "size");
    search_plan_free(other);
    search_plan_free(from);
    search_plan_free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_space_takes_all_there_is),
        cmocka_unit_test(points_outside_the_later_space_are_left_out),
        cmocka_unit_test(a_parameter_that_is_not_known_matters_where_it_applies),
        cmocka_unit_test(metrics_are_matched_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
