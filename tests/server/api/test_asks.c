/* External runners over HTTP: what their bodies may say, and every refusal names its field. */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>

static int64_t job, run;

static int start(void **state)
{
    static const char *const arguments[] = {"--slots", "0", NULL};
    (void)state;
    start_service_with(arguments);
    job = api_submit(port, "{'kind': 'search', 'runner': 'external', 'algorithm': 'random',"
                           " 'space': {'x': {'type': 'float', 'low': 0, 'high': 1}},"
                           " 'objectives': [{'metric': 'a'}, {'metric': 'b'}],"
                           " 'constraints': [{'metric': 'c', 'at_most': 1}]}");
    json_auto_t *asked = api_change(port, "POST", NULL, 200, "/api/v1/jobs/%" PRId64 "/ask", job);
    run = api_integer(asked, "/runs/0/id");
    return 0;
}

struct refusal {
    const char *body, *pointer, *says;
};

static void check_refusals(const struct refusal *cases, size_t count, const char *target)
{
    for (size_t i = 0; i < count; i++) {
        json_auto_t *problem = api_change(port, "POST", cases[i].body, 422, "%s", target);
        const char *pointer = api_text(problem, "/errors/0/pointer");
        if (strcmp(pointer, cases[i].pointer) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].body, pointer, cases[i].pointer);
        assert_says(api_text(problem, "/errors/0/detail"), cases[i].says);
    }
}

static void refusals_of_asks_name_their_field(void **state)
{
    static const struct refusal cases[] = {
        {"[]", "", "must be an object"},
        {"{'counts': 1}", "/counts", "count"},
        {"{'count': 0}", "/count", "1"},
        {"{'count': 1001}", "/count", "1000"},
        {"{'count': 1.5}", "/count", "whole number"},
        {"{'lease_s': 0}", "/lease_s", "1"},
        {"{'lease_s': 604801}", "/lease_s", "604800"},
        {"{'worker': 7}", "/worker", "text"},
        {"{'worker': ''}", "/worker", "1"},
    };
    AUTO_FREE char *target = xprintf("/api/v1/jobs/%" PRId64 "/ask", job);
    (void)state;
    check_refusals(cases, COUNT_OF(cases), target);
}

static void refusals_of_rows_name_their_field(void **state)
{
    static const struct refusal cases[] = {
        {"[]", "", "must be an object"},
        {"{}", "/rows", "is missing"},
        {"{'rows': {}}", "/rows", "list"},
        {"{'rows': [[1, 'a', 0.5], [2, 'a']]}", "/rows/1", "[step, \"name\", number]"},
        {"{'rows': [[-1, 'a', 0.5]]}", "/rows/0", "at least 0"},
        {"{'rows': [[10000000000001, 'a', 0.5]]}", "/rows/0", "at most 10000000000000"},
        {"{'rows': [[1, 'a b', 0.5]]}", "/rows/0", "without spaces"},
        {"{'rows': [[1, '', 0.5]]}", "/rows/0", "name"},
        {"{'rows': [[1, 'a', '0.5']]}", "/rows/0", "number"},
        {"{'rows': [], 'attempt': 0}", "/attempt", "1"},
        {"{'rows': [], 'try': 1}", "/try", "unknown"},
    };
    AUTO_FREE char *target = xprintf("/api/v1/runs/%" PRId64 "/metrics", run);
    (void)state;
    check_refusals(cases, COUNT_OF(cases), target);
}

static void refusals_of_results_name_their_field(void **state)
{
    static const struct refusal cases[] = {
        {"[]", "", "must be an object"},
        {"{'values': [1, 2]}", "/state", "is missing"},
        {"{'state': 'done', 'values': [1, 2]}", "/state", "succeeded"},
        {"{'state': 'running'}", "/state", "succeeded"},
        {"{'state': 'succeeded'}", "/values", "2 objectives"},
        {"{'state': 'succeeded', 'values': 1}", "/values", "list"},
        {"{'state': 'succeeded', 'values': [1, 2, 3]}", "/values", "2 objectives"},
        {"{'state': 'succeeded', 'values': [1, 'x']}", "/values", "numbers"},
        {"{'state': 'succeeded', 'values': [1,2,3,4,5,6,7,8,9]}", "/values", "at most 8"},
        {"{'state': 'succeeded', 'values': [1, 2], 'constraints': [1, 2]}", "/constraints",
         "1 constraint"},
        {"{'state': 'succeeded', 'values': [1, 2], 'error': -1}", "/error", "at least 0"},
        {"{'state': 'failed', 'message': 7}", "/message", "text"},
        {"{'state': 'failed', 'attempt': 'two'}", "/attempt", "whole number"},
        {"{'state': 'failed', 'value': 1}", "/value", "values"},
    };
    AUTO_FREE char *target = xprintf("/api/v1/runs/%" PRId64 "/tell", run);
    (void)state;
    check_refusals(cases, COUNT_OF(cases), target);
}

static void only_runs_of_such_searches_are_told(void **state)
{
    (void)state;
    const int64_t other =
        api_submit(port, "{'kind': 'train', 'spec': {'steps': 20, 'optimizer': {'type': 'sgd', "
                         "'lr': 0.1}, 'problem': {'type': 'quadratic', 'eigenvalues': [1], "
                         "'start': [1]}}}");
    const int64_t trained = api_run_of(port, other, 0);
    json_auto_t *asked = api_change(port, "POST", NULL, 409, "/api/v1/jobs/%" PRId64 "/ask", other);
    json_auto_t *told = api_change(port, "POST", "{'state': 'failed'}", 409,
                                   "/api/v1/runs/%" PRId64 "/tell", trained);
    json_auto_t *rows =
        api_change(port, "POST", "{'rows': []}", 409, "/api/v1/runs/%" PRId64 "/metrics", trained);
    assert_says(api_text(asked, "/detail"), "is not a search");
    assert_says(api_text(told, "/detail"), "not of a search");
    assert_says(api_text(rows, "/detail"), "not of a search");
    json_decref(api_change(port, "POST", NULL, 404, "/api/v1/jobs/999/ask"));
    json_decref(api_change(port, "POST", "{'rows': []}", 404, "/api/v1/runs/999/metrics"));
    json_decref(api_change(port, "POST", "{'state': 'failed'}", 404, "/api/v1/runs/999/tell"));
}

/* --- after the end ------------------------------------------------------------------------------
 */

/* The only run of a search that has ended with that. */
static int64_t end_search(const char *result)
{
    const int64_t ended =
        api_submit(port, "{'kind': 'search', 'runner': 'external', 'budget': {'runs': 1},"
                         " 'space': {'x': {'type': 'float', 'low': 0, 'high': 1}},"
                         " 'objectives': [{'metric': 'a'}, {'metric': 'b'}],"
                         " 'constraints': [{'metric': 'c', 'at_most': 1}]}");
    json_auto_t *asked = api_change(port, "POST", NULL, 200, "/api/v1/jobs/%" PRId64 "/ask", ended);
    const int64_t only = api_integer(asked, "/runs/0/id");
    json_decref(api_change(port, "POST", result, 200, "/api/v1/runs/%" PRId64 "/tell", only));
    json_decref(api_await_job(port, ended, "succeeded"));
    json_auto_t *none = api_change(port, "POST", NULL, 200, "/api/v1/jobs/%" PRId64 "/ask", ended);
    assert_int_equal(api_size(none, "/runs"), 0);
    assert_int_equal(api_integer(none, "/job/left"), 0);
    return only;
}

static void what_was_told_can_be_told_again_after_the_end(void **state)
{
    (void)state;
    const char *result = "{'state': 'succeeded', 'values': [1, 0], 'constraints': [0.5]}";
    const int64_t only = end_search(result);
    json_auto_t *again =
        api_change(port, "POST", result, 200, "/api/v1/runs/%" PRId64 "/tell", only);
    json_auto_t *signs = api_change(
        port, "POST", "{'state': 'succeeded', 'values': [1.0, -0.0], 'constraints': [0.5]}", 200,
        "/api/v1/runs/%" PRId64 "/tell", only);
    assert_true(json_is_true(api_at(again, "/repeated")));
    assert_true(json_is_true(api_at(signs, "/repeated")));
    assert_string_equal(api_text(again, "/state"), "succeeded");
}

static void other_results_are_refused_after_the_end(void **state)
{
    static const char *const others[] = {
        "{'state': 'succeeded', 'values': [1, 3], 'constraints': [0.5]}",
        "{'state': 'succeeded', 'values': [1, 2], 'constraints': [0.25]}",
        "{'state': 'succeeded', 'values': [1, 2]}",
        "{'state': 'succeeded', 'values': [1, 2], 'constraints': [0.5], 'error': 0.1}",
        "{'state': 'pruned'}",
        "{'state': 'failed'}",
    };
    static const struct refusal malformed[] = {
        {"{'state': 'succeeded'}", "/values", "2 objectives"},
        {"{'state': 'succeeded', 'values': [1]}", "/values", "2 objectives"},
        {"{'state': 'succeeded', 'values': [1, 2, 0.5]}", "/values", "2 objectives"},
        {"{'state': 'succeeded', 'values': [1, 2], 'constraints': [1, 2]}", "/constraints",
         "1 constraint"},
    };
    (void)state;
    const int64_t only =
        end_search("{'state': 'succeeded', 'values': [1, 2], 'constraints': [0.5]}");
    AUTO_FREE char *target = xprintf("/api/v1/runs/%" PRId64 "/tell", only);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        json_auto_t *problem = api_change(port, "POST", others[i], 409, "%s", target);
        assert_says(api_text(problem, "/detail"), "has ended already");
    }
    check_refusals(malformed, COUNT_OF(malformed), target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_of_asks_name_their_field),
        cmocka_unit_test(refusals_of_rows_name_their_field),
        cmocka_unit_test(refusals_of_results_name_their_field),
        cmocka_unit_test(only_runs_of_such_searches_are_told),
        cmocka_unit_test(what_was_told_can_be_told_again_after_the_end),
        cmocka_unit_test(other_results_are_refused_after_the_end),
    };
    return cmocka_run_group_tests(tests, start, end_service);
}
