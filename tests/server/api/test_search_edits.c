/*
 * Changes of a search over HTTP: what each answers, what each refuses and where, that they are in
 * the audit; and that an export comes in again as it went out.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static const char searching[] =
    "{'kind': 'search', 'runner': 'external', 'space': {"
    "   'x': {'type': 'float', 'low': 0, 'high': 1},"
    "   'kind': {'type': 'choice', 'values': ['a', 'b, c', 7, {'deep': [1]}]},"
    "   'n': {'type': 'int', 'low': 1, 'high': 9, 'when': {'kind': ['a']}}},"
    " 'objectives': [{'metric': 'loss'}], 'constraints': [{'metric': 'size', 'at_most': 10}],"
    " 'algorithm': {'type': 'random'}, 'budget': {'runs': 4}}";

static json_t *ask(int64_t job, int count)
{
    AUTO_FREE char *body = xprintf("{'count': %d}", count);
    return api_change(port, "POST", body, 200, "/api/v1/jobs/%lld/ask", (long long)job);
}

static void tell(int64_t run, const char *body)
{
    json_decref(api_change(port, "POST", body, 200, "/api/v1/runs/%lld/tell", (long long)run));
}

/* Asks for one and tells that value; answers the run. */
static int64_t play(int64_t job, double value)
{
    json_auto_t *asked = ask(job, 1);
    const int64_t run = api_integer(asked, "/runs/0/id");
    AUTO_FREE char *body =
        xprintf("{'state': 'succeeded', 'values': [%.17g], 'constraints': [5]}", value);
    tell(run, body);
    return run;
}

static json_t *replayed(int64_t job)
{
    return api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/replay", (long long)job);
}

/* "jobs/ID/runs" with the number in place of the ID. */
static char *path_of(const char *target, int64_t id)
{
    const char *at = strstr(target, "ID");
    return xprintf("/api/v1/%.*s%lld%s", (int)(at - target), target, (long long)id, at + 2);
}

static void refuse(const char *method, const char *body, int status, const char *pointer,
                   const char *words, const char *target, int64_t id)
{
    AUTO_FREE char *path = path_of(target, id);
    struct http_answer answer = api_ask(port, method, NULL, body, "%s", path);
    api_expect(&answer, status);
    json_auto_t *problem = api_json(&answer);
    const char *detail =
        pointer ? api_text(problem, "/errors/0/detail") : api_text(problem, "/detail");
    if (pointer)
        assert_string_equal(api_text(problem, "/errors/0/pointer"), pointer);
    assert_says(detail, words);
    answer_release(&answer);
}

/* --- changes of the whole -----------------------------------------------------------------------
 */

static void a_search_gets_another_budget_pruner_and_stop(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, searching);
    json_auto_t *changed =
        api_change(port, "PATCH",
                   "{'budget': {'runs': 6, 'steps': 1000}, 'parallel': 3, 'priority': 2,"
                   " 'pruner': {'type': 'median'}, 'stop': {'type': 'target', 'value': 0.5}}",
                   200, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_integer(changed, "/runs/total"), 6);
    assert_int_equal(api_integer(changed, "/priority"), 2);
    api_assert_equal(api_at(changed, "/request/budget"),
                     "{'runs': 6, 'time_s': null, 'steps': 1000}");
    assert_int_equal(api_integer(changed, "/request/parallel"), 3);
    assert_string_equal(api_text(changed, "/request/pruner/type"), "median");
    assert_string_equal(api_text(changed, "/request/stop/type"), "target");
    play(job, 0.4); /* the target is reached */
    json_auto_t *asked = ask(job, 1);
    assert_int_equal(api_size(asked, "/runs"), 0);
    json_decref(api_await_job(port, job, "succeeded"));
}

static void a_change_says_what_it_does_not_take(void **state)
{
    (void)state;
    static const char target[] = "jobs/ID";
    const int64_t job = api_submit(port, searching);
    refuse("PATCH", "{'budget': {'runs': 0}}", 422, "/budget/runs", "at least 1", target, job);
    refuse("PATCH", "{'budget': {'run': 5}}", 422, "/budget/run", "runs", target, job);
    refuse("PATCH", "{'budget': 5}", 422, "/budget", "must be an object", target, job);
    refuse("PATCH", "{'parallel': 0}", 422, "/parallel", "at least 1", target, job);
    refuse("PATCH", "{'parallel': 2, 'priority': 1e9}", 422, "/priority", "whole number", target,
           job);
    refuse("PATCH", "{'parallel': 2, 'seed': 3}", 422, "/seed", "unknown field", target, job);
    refuse("PATCH", "{'pruner': {'type': 'mediam'}}", 422, "/pruner/type", "median", target, job);
    refuse("PATCH", "{'stop': {'type': 'target'}}", 422, "/stop/value", "missing", target, job);
    refuse("PATCH", "{'parallel': 2}", 404, NULL, "there is no job", target, 999999);
    json_auto_t *as_before = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_integer(as_before, "/runs/total"), 4);
}

static void an_ended_search_goes_on_with_a_larger_budget(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, searching);
    for (int i = 0; i < 4; i++)
        play(job, i);
    json_decref(api_await_job(port, job, "succeeded"));
    api_submit(port, searching); /* takes the ids behind it */
    json_auto_t *changed = api_change(port, "PATCH", "{'budget': {'runs': 6}}", 200,
                                      "/api/v1/jobs/%lld", (long long)job);
    assert_string_equal(api_text(changed, "/state"), "running");
    const int64_t fifth = play(job, 4), sixth = play(job, 5);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *run = api_get(port, "/api/v1/runs/%lld", (long long)fifth);
    assert_int_equal(api_integer(run, "/job"), job);
    assert_int_equal(api_integer(run, "/number"), 4);
    assert_int_equal(sixth, fifth + 1);
}

/* --- choices ------------------------------------------------------------------------------------
 */

static void a_choice_gets_one_more_value(void **state)
{
    (void)state;
    static const char target[] = "jobs/ID/choices";
    const int64_t job = api_submit(port, searching);
    json_auto_t *changed = api_change(port, "POST", "{'parameter': 'kind', 'value': 'new'}", 200,
                                      "/api/v1/jobs/%lld/choices", (long long)job);
    api_assert_equal(api_at(changed, "/request/space/kind/values"),
                     "['a', 'b, c', 7, {'deep': [1]}, 'new']");
    json_decref(api_change(port, "POST", "{'parameters': {'x': 0.5, 'kind': 'new'}}", 202,
                           "/api/v1/jobs/%lld/runs", (long long)job));
    json_auto_t *asked = ask(job, 1);
    api_assert_equal(api_at(asked, "/runs/0/parameters"), "{'x': 0.5, 'kind': 'new'}");

    refuse("POST", "{'parameter': 'kind', 'value': 7}", 422, "/value", "already", target, job);
    refuse("POST", "{'parameter': 'x', 'value': 7}", 422, "/parameter", "no choice", target, job);
    refuse("POST", "{'parameter': 'y', 'value': 7}", 422, "/parameter", "no parameter", target,
           job);
    refuse("POST", "{'parameter': 'kind'}", 422, "/value", "is missing", target, job);
    refuse("POST", "{'value': 1}", 422, "/parameter", "is missing", target, job);
    refuse("POST", "[]", 422, "", "must be an object", target, job);
}

/* --- runs by hand -------------------------------------------------------------------------------
 */

static void a_point_is_tried_next_and_a_result_is_added(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, searching);
    json_auto_t *point = api_change(port, "POST", "{'parameters': {'x': 0.25}}", 202,
                                    "/api/v1/jobs/%lld/runs", (long long)job);
    assert_true(api_is_null(point, "/run"));
    json_auto_t *result = api_change(
        port, "POST",
        "{'parameters': {'x': 0.5, 'kind': 'a', 'n': 3}, 'values': [0.125], 'constraints': [2]}",
        201, "/api/v1/jobs/%lld/runs", (long long)job);
    json_auto_t *run = api_get(port, "/api/v1/runs/%lld", (long long)api_integer(result, "/run"));
    assert_string_equal(api_text(run, "/state"), "succeeded");
    assert_near(api_number(run, "/objective"), 0.125, 0);
    api_assert_equal(api_at(run, "/tuned"), "{'x': 0.5, 'kind': 'a', 'n': 3}");
    json_auto_t *asked = ask(job, 1);
    assert_near(api_number(asked, "/runs/0/parameters/x"), 0.25, 0);
    json_auto_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_integer(shown, "/runs/total"), 5);
}

static void points_and_results_are_checked(void **state)
{
    (void)state;
    static const char target[] = "jobs/ID/runs";
    const int64_t job = api_submit(port, searching);
    refuse("POST", "{}", 422, "/parameters", "is missing", target, job);
    refuse("POST", "{'parameters': {'x': 2}}", 422, "/parameters/x", "", target, job);
    refuse("POST", "{'parameters': {'z': 1}}", 422, "/parameters/z", "", target, job);
    refuse("POST", "{'parameters': {'x': 0.5, 'kind': 7}, 'values': [1, 2]}", 422, "/values",
           "a list of 1 number", target, job);
    refuse("POST", "{'parameters': {'x': 0.5, 'kind': 7}, 'values': ['a']}", 422, "/values",
           "a list of 1 number", target, job);
    refuse("POST", "{'parameters': {'x': 0.5}, 'values': [1]}", 422, "/parameters/kind", "missing",
           target, job);
    refuse("POST", "{'parameters': {'x': 0.5, 'kind': 7}, 'state': 'succeeded'}", 422, "/values",
           "is missing", target, job);
    refuse("POST", "{'parameters': {'x': 0.5, 'kind': 7}, 'state': 'done'}", 422, "/state",
           "succeeded", target, job);
    refuse("POST", "{'parameters': {'x': 0.5, 'kind': 7}, 'values': [1], 'error': -1}", 422,
           "/error", "at least 0", target, job);
    refuse("POST", "{'parameters': {'x': 0.5}, 'value': [1]}", 422, "/value", "values", target,
           job);
}

/* --- corrections --------------------------------------------------------------------------------
 */

static double best_of(int64_t job)
{
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    return api_number(report, "/best/0/values/0");
}

static void results_are_corrected_and_deleted(void **state)
{
    (void)state;
    static const char target[] = "runs/ID";
    const int64_t job = api_submit(port, searching);
    const int64_t first = play(job, 3), second = play(job, 2);
    json_auto_t *asked = ask(job, 1);
    const int64_t pending = api_integer(asked, "/runs/0/id");
    assert_near(best_of(job), 2, 0);
    json_auto_t *run =
        api_change(port, "PATCH", "{'values': [1]}", 200, "/api/v1/runs/%lld", (long long)first);
    assert_near(api_number(run, "/objective"), 1, 0);
    assert_near(best_of(job), 1, 0);
    json_auto_t *gone =
        api_change(port, "DELETE", NULL, 200, "/api/v1/runs/%lld", (long long)first);
    assert_true(api_is_null(gone, "/objective"));
    assert_near(best_of(job), 2, 0);

    refuse("DELETE", NULL, 409, NULL, "counts for nothing already", target, first);
    refuse("DELETE", NULL, 409, NULL, "has no result yet", target, pending);
    refuse("PATCH", "{'values': [1]}", 409, NULL, "has no result yet", target, pending);
    refuse("PATCH", "{'values': []}", 422, "/values", "a list of 1 number", target, second);
    refuse("PATCH", "{}", 422, "/values", "is missing", target, second);
    refuse("PATCH", "{'values': [1], 'state': 'failed'}", 422, "/state", "unknown field", target,
           second);
    refuse("PATCH", "{'values': [1]}", 404, NULL, "there is no run", target, 999999);
}

static void what_was_not_proposed_cannot_be_cancelled_and_is_not_listed(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, searching);
    const int64_t first = play(job, 1);
    json_auto_t *runs = api_runs(port, job);
    assert_int_equal(json_array_size(runs), 1);
    refuse("POST", NULL, 409, NULL, "was not proposed yet", "runs/ID/cancel", first + 1);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    refuse("POST", NULL, 409, NULL, "was never proposed", "runs/ID/retry", first + 1);
}

/* --- export and import --------------------------------------------------------------------------
 */

static int64_t told_search(void)
{
    const int64_t job = api_submit(port, searching);
    json_decref(api_change(port, "PATCH", "{'budget': {'runs': 14}}", 200, "/api/v1/jobs/%lld",
                           (long long)job));
    for (int i = 0; i < 10; i++)
        play(job, 0.1 * i);
    json_auto_t *asked = ask(job, 3);
    tell(api_integer(asked, "/runs/0/id"), "{'state': 'failed'}");
    tell(api_integer(asked, "/runs/1/id"), "{'state': 'pruned', 'values': [7], 'error': 0.5}");
    return job;
}

static json_t *export_of(int64_t job)
{
    return api_get(port, "/api/v1/jobs/%lld/export", (long long)job);
}

/* Parameters and results, run by run, as far as they have one. */
static json_t *essence_of(int64_t job)
{
    json_auto_t *exported = export_of(job);
    json_t *essence = json_array();
    size_t i;
    json_t *run;
    json_array_foreach(json_object_get(exported, "runs"), i, run)
    {
        if (strcmp(api_text(run, "/state"), "running") != 0)
            json_array_append_new(essence, json_pack("{s:O, s:O, s:O, s:O, s:O}", "state",
                                                     json_object_get(run, "state"), "parameters",
                                                     json_object_get(run, "parameters"), "values",
                                                     json_object_get(run, "values"), "constraints",
                                                     json_object_get(run, "constraints"), "error",
                                                     json_object_get(run, "error")));
    }
    return essence;
}

static void check_import(int64_t from, const char *headers, const char *body)
{
    const int64_t job = api_submit(port, searching);
    struct http_answer answer =
        api_ask(port, "POST", headers, body, "/api/v1/jobs/%lld/import", (long long)job);
    api_expect(&answer, 200);
    json_auto_t *imported = api_json(&answer);
    answer_release(&answer);
    assert_int_equal(api_integer(imported, "/added"), 12);
    assert_int_equal(api_integer(imported, "/skipped"), 1);
    json_auto_t *was = essence_of(from), *is = essence_of(job);
    assert_int_equal(json_array_size(is), 12);
    assert_true(json_equal(was, is));
    json_auto_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_integer(shown, "/runs/total"), 4 + 12);
}

static void an_export_comes_in_as_it_went_out(void **state)
{
    (void)state;
    const int64_t job = told_search();
    json_auto_t *exported = export_of(job);
    assert_int_equal(api_size(exported, "/runs"), 13);
    assert_near(api_number(exported, "/runs/3/values/0"), 0.1 * 3, 0);
    assert_true(api_integer(exported, "/runs/0/finished_ms") > 0);
    AUTO_FREE char *text = json_dumps(exported, JSON_COMPACT);
    check_import(job, "Content-Type: application/json\r\n", text);

    struct http_answer table =
        api_ask(port, "GET", NULL, NULL, "/api/v1/jobs/%lld/export?format=csv", (long long)job);
    api_expect(&table, 200);
    assert_says(answer_header(&table, "Content-Type"), "text/csv");
    AUTO_FREE char *csv = xstrndup(table.body, table.body_bytes);
    answer_release(&table);
    assert_int_equal(strncmp(csv, "x,kind,n,loss,size,state,error,step,number,run,how,", 50), 0);
    check_import(job, "Content-Type: text/csv; charset=utf-8\r\n", csv);
}

static void import_says(const char *headers, const char *body, int status, const char *pointer,
                        const char *words)
{
    const int64_t job = api_submit(port, searching);
    struct http_answer answer =
        api_ask(port, "POST", headers, body, "/api/v1/jobs/%lld/import", (long long)job);
    api_expect(&answer, status);
    json_auto_t *problem = api_json(&answer);
    if (pointer)
        assert_string_equal(api_text(problem, "/errors/0/pointer"), pointer);
    assert_says(api_text(problem, pointer ? "/errors/0/detail" : "/detail"), words);
    answer_release(&answer);
}

static void what_cannot_come_in_is_named(void **state)
{
    (void)state;
    static const char csv[] = "Content-Type: text/csv\r\n";
    import_says(csv, "x,kind,loss\n0.5,7,1\n2,7,1\n", 422, "/runs/1/parameters/x", "");
    import_says(csv, "x,kind,lose\n0.5,7,1\n", 422, "", "column \"lose\"");
    import_says(csv, "x,kind,loss\n0.5,7\n", 422, "", "line 2 has 2 cells");
    import_says(csv, "x,\"kind\n", 422, "", "a quote does not end");
    import_says(csv, "x,kind,loss\n0.5,7,\n", 422, "/runs/0/values", "is missing");
    import_says(csv, "x,kind,loss\n0.5,7,low\n", 422, "/runs/0/values", "number");
    import_says("Content-Type: text/plain\r\n", "x", 415, NULL, "text/csv");
    import_says(NULL, "{'runs': 3}", 422, "/runs", "must be");
    import_says(NULL, "{}", 422, "/runs", "is missing");
    import_says(NULL, "{'runs': [{'parameters': {'x': 0.5, 'kind': 7}}]}", 422, "/runs/0/values",
                "is missing");
    import_says(NULL,
                "{'runs': [{'parameters': {'x': 0.5, 'kind': 7}, 'values': [1],"
                " 'lr': 2}]}",
                422, "/runs/0/lr", "unknown field");
}

/* --- runs that this server's workers train ------------------------------------------------------
 */

#define TRAINED(more)                                                                              \
    "{'kind': 'search', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1],"             \
    " 'start': [1]}, 'steps': 20, 'optimizer': {'type': 'momentum', 'lr': 0.1, 'momentum': 0.5}}," \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.01, 'high': 1000, 'scale': 'log'}},"   \
    " 'algorithm': {'type': 'random'}, 'enqueue': [{'/optimizer/lr': 1000}],"                      \
    " 'budget': {'runs': 3}" more "}"

static void a_search_that_workers_train_is_changed_and_retried(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, TRAINED(""));
    api_submit(port, searching); /* takes the ids behind it */
    json_decref(api_await_job(port, job, "succeeded"));
    json_decref(api_change(
        port, "PATCH", "{'budget': {'runs': 6}, 'pruner': {'type': 'threshold', 'at_most': 1e9}}",
        200, "/api/v1/jobs/%lld", (long long)job));
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    assert_int_equal(json_array_size(runs), 6);
    const int64_t diverged = api_integer(runs, "/0/id"), last = api_integer(runs, "/5/id");
    assert_string_equal(api_text(runs, "/0/state"), "failed");
    assert_true(last > diverged + 5);
    json_auto_t *curves =
        api_get(port, "/api/v1/jobs/%lld/metrics?name=train_loss&points=2", (long long)job);
    assert_int_equal(api_size(curves, "/series"), 6);

    json_auto_t *before = export_of(job);
    json_decref(
        api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/retry", (long long)diverged));
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *exported = export_of(job);
    assert_string_equal(api_text(exported, "/runs/0/state"), "failed");
    assert_int_equal(api_integer(exported, "/runs/0/attempt"), 2);
    /* where it was in the order, though told anew */
    assert_int_equal(api_integer(exported, "/runs/0/told"), api_integer(before, "/runs/0/told"));
    json_auto_t *replay = replayed(job);
    assert_int_equal(api_size(replay, "/different"), 0);
}

/* The first one's momentum was 0.5 all along, and its learning rates lie in the second one's. */
static void what_a_run_was_trained_with_counts_in_a_warm_start(void **state)
{
    (void)state;
    const int64_t earlier = api_submit(port, TRAINED(""));
    json_decref(api_await_job(port, earlier, "succeeded"));
    AUTO_FREE char *body =
        xprintf("{'kind': 'search', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1],"
                " 'start': [1]}, 'steps': 20, 'optimizer': {'type': 'momentum', 'lr': 0.1}},"
                " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.001, 'high': 2000},"
                "           '/optimizer/momentum': {'type': 'float', 'low': 0, 'high': 0.9}},"
                " 'algorithm': {'type': 'random'}, 'budget': {'runs': 1},"
                " 'warm_start': {'jobs': [%lld]}}",
                (long long)earlier);
    const int64_t job = api_submit(port, body);
    json_auto_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_true(api_size(shown, "/request/warm_start/results") > 0);
    assert_near(api_number(shown, "/request/warm_start/results/0/parameters/~1optimizer~1momentum"),
                0.5, 0);
}

/* --- warm starts --------------------------------------------------------------------------------
 */

static void a_search_begins_with_the_results_of_another(void **state)
{
    (void)state;
    const int64_t earlier = told_search();
    AUTO_FREE char *body =
        xprintf("{'kind': 'search', 'runner': 'external', 'space': {"
                "   'x': {'type': 'float', 'low': 0, 'high': 1},"
                "   'kind': {'type': 'choice', 'values': ['a', 'b, c', 7, {'deep': [1]}]},"
                "   'n': {'type': 'int', 'low': 1, 'high': 9, 'when': {'kind': ['a']}}},"
                " 'objectives': [{'metric': 'loss'}], 'algorithm': {'type': 'tpe'},"
                " 'constraints': [{'metric': 'size', 'at_most': 9}],"
                " 'budget': {'runs': 30}, 'warm_start': {'jobs': [%lld]}}",
                (long long)earlier);
    const int64_t job = api_submit(port, body);
    json_auto_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_size(shown, "/request/warm_start/results"), 10); /* those that are done */
    assert_near(api_number(shown, "/request/warm_start/results/9/values/0"), 0.9, 1e-15);
    play(job, 1);
    json_decref(api_change(port, "PATCH", "{'budget': {'runs': 5}}", 200, "/api/v1/jobs/%lld",
                           (long long)job)); /* what was added to its request is no trouble */
    play(job, 2);
    json_auto_t *after = replayed(job);
    assert_int_equal(api_integer(after, "/checked"), 1);
    assert_int_equal(api_integer(after, "/same"), 1);
}

static void what_cannot_be_begun_with_is_named(void **state)
{
    (void)state;
    const int64_t earlier = api_submit(port, searching);
    AUTO_FREE char *other = xprintf("{'kind': 'search', 'runner': 'external', 'space': {"
                                    "   'x': {'type': 'float', 'low': 0, 'high': 1}},"
                                    " 'objectives': [{'metric': 'accuracy'}],"
                                    " 'warm_start': {'jobs': [%lld]}}",
                                    (long long)earlier);
    struct http_answer answer = api_ask(port, "POST", NULL, other, "/api/v1/jobs");
    api_expect(&answer, 422);
    json_auto_t *problem = api_json(&answer);
    assert_string_equal(api_text(problem, "/errors/0/pointer"), "/warm_start/jobs/0");
    assert_says(api_text(problem, "/errors/0/detail"), "has not measured accuracy");
    answer_release(&answer);
}

/* --- replays and the audit ----------------------------------------------------------------------
 */

static void a_replay_checks_what_came_after_the_last_change(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, searching);
    const int64_t run = play(job, 1);
    play(job, 2);
    json_auto_t *before = replayed(job);
    api_assert_equal(before, "{'checked': 2, 'same': 2, 'skipped': 0, 'different': []}");
    json_decref(
        api_change(port, "PATCH", "{'values': [3]}", 200, "/api/v1/runs/%lld", (long long)run));
    json_decref(api_change(port, "POST", "{'parameters': {'x': 0.5, 'kind': 7}, 'values': [1]}",
                           201, "/api/v1/jobs/%lld/runs", (long long)job));
    play(job, 3);
    json_auto_t *after = replayed(job);
    api_assert_equal(after, "{'checked': 1, 'same': 1, 'skipped': 3, 'different': []}");
}

static void only_searches_are_changed_so(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'train', 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': [1]},"
              " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 5}}");
    const int64_t run = api_run_of(port, job, 0);
    refuse("PATCH", "{'parallel': 2}", 409, NULL, "is not a search", "jobs/ID", job);
    refuse("POST", "{'parameter': 'x', 'value': 1}", 409, NULL, "is not a search",
           "jobs/ID/choices", job);
    refuse("POST", "{'parameters': {}}", 409, NULL, "is not a search", "jobs/ID/runs", job);
    refuse("POST", "{'runs': []}", 409, NULL, "is not a search", "jobs/ID/import", job);
    refuse("GET", NULL, 409, NULL, "is not a search", "jobs/ID/export", job);
    refuse("DELETE", NULL, 409, NULL, "is not of a search", "runs/ID", run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_gets_another_budget_pruner_and_stop),
        cmocka_unit_test(a_change_says_what_it_does_not_take),
        cmocka_unit_test(an_ended_search_goes_on_with_a_larger_budget),
        cmocka_unit_test(a_choice_gets_one_more_value),
        cmocka_unit_test(a_point_is_tried_next_and_a_result_is_added),
        cmocka_unit_test(points_and_results_are_checked),
        cmocka_unit_test(results_are_corrected_and_deleted),
        cmocka_unit_test(what_was_not_proposed_cannot_be_cancelled_and_is_not_listed),
        cmocka_unit_test(an_export_comes_in_as_it_went_out),
        cmocka_unit_test(what_cannot_come_in_is_named),
        cmocka_unit_test(a_search_that_workers_train_is_changed_and_retried),
        cmocka_unit_test(what_a_run_was_trained_with_counts_in_a_warm_start),
        cmocka_unit_test(a_search_begins_with_the_results_of_another),
        cmocka_unit_test(what_cannot_be_begun_with_is_named),
        cmocka_unit_test(a_replay_checks_what_came_after_the_last_change),
        cmocka_unit_test(only_searches_are_changed_so),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
