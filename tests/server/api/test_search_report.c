/* GET /api/v1/jobs/{id}/report of a search, against a real server: a grid of six points that this
 * test tells values of, and what is refused. */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>

/* Six points, in an order of the grid's own. */
static const char grid[] = "{'kind': 'search', 'name': 'by hand', 'runner': 'external',"
                           " 'space': {'n': {'type': 'int', 'low': 1, 'high': 3},"
                           "           'kind': {'type': 'choice', 'values': ['a', 'b']}},"
                           " 'objectives': [{'metric': 'score', 'goal': 'maximize'}],"
                           " 'constraints': [{'metric': 'size', 'at_most': 10}],"
                           " 'algorithm': {'type': 'grid'}, 'budget': {'runs': 6}}";

static void tell(int64_t run, const char *body)
{
    json_decref(api_change(port, "POST", body, 200, "/api/v1/runs/%lld/tell", (long long)run));
}

/* Scores: n + (0.5 for b); sizes: 4 n, so that n = 3 is too big. (3, b) fails. */
static int64_t told_search(void)
{
    const int64_t job = api_submit(port, grid);
    json_auto_t *asked =
        api_change(port, "POST", "{'count': 6}", 200, "/api/v1/jobs/%lld/ask", (long long)job);
    assert_int_equal(api_size(asked, "/runs"), 6);
    for (int i = 0; i < 6; i++) {
        AUTO_FREE char *pointer = xprintf("/runs/%d", i);
        const json_t *run = api_at(asked, pointer);
        const int n = (int)api_integer(run, "/parameters/n");
        const bool b = strcmp(api_text(run, "/parameters/kind"), "b") == 0;
        AUTO_FREE char *body =
            n == 3 && b ? xstrdup("{'state': 'failed'}")
                        : xprintf("{'state': 'succeeded', 'values': [%g], 'constraints': [%d]}",
                                  n + (b ? 0.5 : 0.0), 4 * n);
        tell(api_integer(run, "/id"), body);
    }
    return job;
}

static void a_search_is_reported_by_what_was_told(void **state)
{
    (void)state;
    const int64_t job = told_search();
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report?top=2", (long long)job);
    assert_says(api_text(report, "/sentence"), "After 6 of 6 runs the best score is 2.5");
    assert_string_equal(api_text(report, "/state"), "succeeded");
    api_assert_equal(api_at(report, "/counts"),
                     "{'budget': 6, 'proposed': 6, 'told': 6, 'done': 5, 'pruned': 0, 'failed': 1,"
                     " 'deleted': 0, 'pending': 0, 'feasible': 4, 'late': 0}");
    api_assert_equal(api_at(report, "/constraints/0"),
                     "{'metric': 'size', 'at': 'last', 'at_most': 10.0, 'kept': 4, 'broken': 1,"
                     " 'unknown': 0}");
    assert_int_equal(api_size(report, "/best"), 2);
    api_assert_equal(api_at(report, "/best/0/values"), "[2.5]");
    api_assert_equal(api_at(report, "/best/0/constraints"), "[8.0]");
    api_assert_equal(api_at(report, "/best/0/parameters"), "{'n': 2, 'kind': 'b'}");
    api_assert_equal(api_at(report, "/best/1/values"), "[2.0]");
    assert_int_equal(api_size(report, "/runs/rows"), 6);
    assert_says(api_text(report, "/importance/note"), "10 runs");
    assert_true(api_is_null(report, "/front"));
    assert_int_equal(api_size(report, "/slices"), 2);
    api_assert_equal(api_at(report, "/slices/1/bins/1"),
                     "{'low': null, 'high': null, 'place': 1, 'runs': 2, 'best': 2.5,"
                     " 'median': 2.0}");
}

static void its_runs_are_had_as_csv(void **state)
{
    (void)state;
    const int64_t job = told_search();
    struct http_answer answer =
        api_ask(port, "GET", NULL, NULL, "/api/v1/jobs/%lld/report?format=csv", (long long)job);
    api_expect(&answer, 200);
    assert_says(answer_header(&answer, "Content-Type"), "text/csv");
    assert_says(answer_header(&answer, "Content-Disposition"), "-runs.csv");
    assert_says(answer.body, "number,run,state,told,how,n,kind,score,size,step\n0,");
    assert_says(answer.body, ",1,a,1,4,0\n");
    assert_says(answer.body, ",2,b,2.5,8,0\n");
    assert_says(answer.body, ",3,b,,,0\n");
    answer_release(&answer);
}

static void a_search_that_nobody_began_has_a_report(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, grid);
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    assert_string_equal(api_text(report, "/sentence"), "No run of 6 has ended yet");
    assert_int_equal(api_size(report, "/best"), 0);
    struct http_answer answer =
        api_ask(port, "GET", NULL, NULL, "/api/v1/jobs/%lld/report?format=csv", (long long)job);
    assert_string_equal(answer.body, "number,run,state,told,how,n,kind,score,size,step\n");
    answer_release(&answer);
}

static void refuse(int64_t job, const char *query, const char *piece)
{
    json_auto_t *problem =
        api_change(port, "GET", NULL, 422, "/api/v1/jobs/%lld/report?%s", (long long)job, query);
    assert_says(api_text(problem, "/detail"), piece);
}

static void what_it_does_not_know_is_refused(void **state)
{
    (void)state;
    const int64_t job = told_search();
    refuse(job, "top=0", "\"top\"");
    refuse(job, "top=1001", "\"top\"");
    refuse(job, "importance=shapley", "ped_anova, fanova");
    refuse(job, "objective=1", "the search has 1");
    refuse(job, "contour=n", "such as n,kind");
    refuse(job, "contour=n,n", "such as n,kind");
    refuse(job, "contour=n,other", "such as n,kind");
    json_decref(api_get(port, "/api/v1/jobs/%lld/report?contour=n,kind", (long long)job));
    json_decref(api_get(port, "/api/v1/jobs/%lld/report?importance=fanova", (long long)job));
}

static void a_single_run_has_none(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'train', 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': [1]},"
              " 'steps': 10, 'optimizer': {'type': 'sgd', 'lr': 0.1}}}");
    json_auto_t *problem =
        api_change(port, "GET", NULL, 404, "/api/v1/jobs/%lld/report", (long long)job);
    assert_says(api_text(problem, "/detail"), "neither a comparison nor a search");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_is_reported_by_what_was_told),
        cmocka_unit_test(its_runs_are_had_as_csv),
        cmocka_unit_test(a_search_that_nobody_began_has_a_report),
        cmocka_unit_test(what_it_does_not_know_is_refused),
        cmocka_unit_test(a_single_run_has_none),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, start_service, end_service);
}
