/*
 * The audit of a running server. Every route that changes something is used once; the OpenAPI
 * document says which there are, so one that comes later has to be taught here.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/team.h"

#include "json.h"
#include "memory.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static char admin[TEAM_TOKEN_BYTES];

static int start(void **state)
{
    start_service(state);
    team_admin(port, admin);
    return 0;
}

static int end(void **state)
{
    client_use_token(NULL);
    return end_service(state);
}

static json_t *read_audit(void)
{
    client_use_token(admin);
    return api_get(port, "/api/v1/audit?limit=1000");
}

static const json_t *find_entry(const json_t *page, const char *what)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(page, "audit"), i, entry)
    {
        if (strcmp(api_text(entry, "/what"), what) == 0)
            return entry;
    }
    return NULL;
}

/* --- all changes there are ----------------------------------------------------------------------
 */

static void change_teams_and_tokens(void)
{
    json_decref(api_change(port, "POST", "{'name': 'red'}", 201, "/api/v1/teams"));
    json_decref(api_change(port, "PATCH", "{'share': 3}", 200, "/api/v1/teams/red"));
    json_auto_t *token = api_change(port, "POST", "{'team': 'red', 'role': 'member', 'name': 'ci'}",
                                    201, "/api/v1/tokens");
    const int64_t first = api_integer(token, "/id");
    json_auto_t *next =
        api_change(port, "POST", NULL, 201, "/api/v1/tokens/%lld/rotate", (long long)first);
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/tokens/%lld",
                           (long long)api_integer(next, "/id")));
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/teams/red"));
}

static void change_job(const char *method, const char *body, int64_t job, const char *verb)
{
    json_decref(api_change(port, method, body, 200, "/api/v1/jobs/%lld%s", (long long)job, verb));
}

static void change_jobs_and_runs(void)
{
    const int64_t job = api_submit(
        port, "{'kind': 'train', 'spec': {'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 1e12, "
              "'report_every_steps': 100000, 'problem': {'type': 'quadratic', 'eigenvalues': [1], "
              "'start': [1]}}}");
    const int64_t run = api_run_of(port, job, 0);
    change_job("POST", NULL, job, "/pause");
    change_job("POST", NULL, job, "/resume");
    change_job("PATCH", "{'priority': 5}", job, "");
    json_decref(api_await_run(port, run, "running"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/cancel", (long long)run));
    json_decref(api_await_run(port, run, "cancelled"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/retry", (long long)run));
    change_job("POST", NULL, job, "/cancel");
    json_decref(api_await_job(port, job, "cancelled"));
}

static void change_searches(void)
{
    const int64_t job = api_submit(
        port, "{'kind': 'search', 'runner': 'external', 'algorithm': {'type': 'random'},"
              " 'space': {'c': {'type': 'choice', 'values': ['a', 'b']}}, 'budget': {'runs': 2}}");
    change_job("POST", "{'parameter': 'c', 'value': 'd'}", job, "/choices");
    change_job("POST", "{'runs': [{'parameters': {'c': 'b'}, 'values': [2]}]}", job, "/import");
    json_auto_t *added = api_change(port, "POST", "{'parameters': {'c': 'a'}, 'values': [1]}", 201,
                                    "/api/v1/jobs/%lld/runs", (long long)job);
    const long long run = (long long)api_integer(added, "/run");
    json_decref(api_change(port, "PATCH", "{'values': [3]}", 200, "/api/v1/runs/%lld", run));
    json_decref(api_change(port, "DELETE", NULL, 200, "/api/v1/runs/%lld", run));
    change_job("POST", NULL, job, "/cancel");
}

static void confirm_a_search(void)
{
    const int64_t job = api_submit(
        port, "{'kind': 'search', 'base': {'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 10,"
              " 'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1], 'noise': 0.1}},"
              " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.1, 'high': 0.2}},"
              " 'objectives': [{'metric': 'train_loss'}], 'budget': {'runs': 1}}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *made =
        api_change(port, "POST", "{'seeds': 2}", 201, "/api/v1/jobs/%lld/confirm", (long long)job);
    json_decref(api_await_job(port, api_integer(made, "/id"), "succeeded"));
}

static void change_data_sets(void)
{
    static const char points[] = "x,k\n1,a\n2,b\n3,a\n4,b\n";
    struct form form = {0};
    form_value(&form, "format", "csv");
    form_file(&form, "train", points, sizeof points - 1);
    struct http_answer answer = form_send(&form, port, "/api/v1/datasets/points");
    api_expect(&answer, 201);
    answer_release(&answer);
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/datasets/points"));
}

/* What only computes, logins, which have a test below, and what runs do, though outside. */
static bool is_not_told(const char *method, const char *path)
{
    static const char *const silent[] = {"/api/v1/schedules/preview",
                                         "/api/v1/theory",
                                         "/api/v1/scale",
                                         "/api/v1/login",
                                         "/api/v1/logout",
                                         "/api/v1/jobs/{id}/replay",
                                         "/api/v1/jobs/{id}/ask",
                                         "/api/v1/runs/{id}/metrics",
                                         "/api/v1/runs/{id}/tell"};
    for (size_t i = 0; i < COUNT_OF(silent); i++)
        if (strcmp(silent[i], path) == 0)
            return true;
    return strcmp(method, "get") == 0;
}

static void check_is_told(const json_t *page, const char *method, const char *path)
{
    char what[160];
    size_t used = 0;
    for (; method[used]; used++)
        what[used] = (char)toupper((unsigned char)method[used]);
    snprintf(what + used, sizeof what - used, " %s", path);
    if (!is_not_told(method, path) && !find_entry(page, what))
        fail_msg("nothing tells of %s: let this test use it", what);
}

static void every_change_there_is_has_an_entry(void **state)
{
    (void)state;
    client_use_token(admin);
    change_teams_and_tokens();
    change_jobs_and_runs();
    confirm_a_search();
    change_searches();
    change_data_sets();
    json_auto_t *page = read_audit();
    json_auto_t *document = api_get(port, "/api/v1/openapi.json");
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            check_is_told(page, method, path);
        }
    }
    assert_string_equal(api_text(find_entry(page, "POST /api/v1/jobs"), "/subject"),
                        "/api/v1/jobs/4");
    assert_string_equal(api_text(find_entry(page, "POST /api/v1/teams"), "/subject"),
                        "/api/v1/teams/red");
    assert_string_equal(api_text(find_entry(page, "POST /api/v1/tokens/{id}/rotate"), "/subject"),
                        "/api/v1/tokens/3");
    assert_string_equal(api_text(find_entry(page, "POST /api/v1/runs/{id}/cancel"), "/subject"),
                        "/api/v1/runs/1/cancel");
}

static void what_is_refused_has_none(void **state)
{
    (void)state;
    json_auto_t *before = read_audit();
    json_decref(api_change(port, "PATCH", "{'share': 0}", 422, "/api/v1/teams/default"));
    json_decref(api_change(port, "POST", "{'name': 'default'}", 409, "/api/v1/teams"));
    json_decref(api_change(port, "POST", NULL, 409, "/api/v1/jobs/1/cancel"));
    json_decref(api_change(port, "DELETE", NULL, 409, "/api/v1/tokens/3"));
    json_auto_t *after = read_audit();
    assert_true(json_equal(before, after));
}

/* --- logins -------------------------------------------------------------------------------------
 */

static void log_in(const char *token, int status)
{
    AUTO_FREE char *body = xprintf("{'token': '%s'}", token);
    client_use_token(NULL);
    struct http_answer answer =
        api_ask(port, "POST", "X-Sweepd-Page: 1\r\n", body, "/api/v1/login");
    api_expect(&answer, status);
    answer_release(&answer);
}

/* Its answer does not wait for the disk. */
static json_t *await_refused(void)
{
    int64_t started_ms = 0;
    json_t *page = read_audit();
    while (!find_entry(page, "refused POST /api/v1/login") && api_wait_on(&started_ms)) {
        json_decref(page);
        page = read_audit();
    }
    return page;
}

static void logins_are_told_also_those_that_fail(void **state)
{
    (void)state;
    AUTO_FREE char *almost = xstrdup(admin);
    almost[10] = almost[10] == '0' ? '1' : '0';
    log_in(admin, 200);
    log_in(almost, 401);
    json_auto_t *page = await_refused();
    const json_t *login = find_entry(page, "POST /api/v1/login");
    const json_t *failed = find_entry(page, "refused POST /api/v1/login");
    assert_string_equal(api_text(login, "/team"), "default");
    assert_string_equal(api_text(failed, "/who"), "without a token");
    assert_true(api_is_null(failed, "/team"));
    AUTO_FREE char *text = json_compact(page);
    assert_null(strstr(text, "swp_"));
}

/* Nobody fills the disk with them. */
static void failed_logins_that_are_held_back_are_not_told_again(void **state)
{
    (void)state;
    for (int i = 0; i < 21; i++) /* with the one above two more than are free */
        log_in("swp_wrong", 401);
    json_auto_t *page = read_audit();
    int told = 0;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(page, "audit"), i, entry)
    {
        told += strcmp(api_text(entry, "/what"), "refused POST /api/v1/login") == 0;
    }
    assert_in_range(told, 20, 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_there_is_has_an_entry),
        cmocka_unit_test(what_is_refused_has_none),
        cmocka_unit_test(logins_are_told_also_those_that_fail),
        cmocka_unit_test(failed_logins_that_are_held_back_are_not_told_again),
    };
    return cmocka_run_group_tests(tests, start, end);
}
