/*
 * What a team may have at once and keep: event streams, and bytes of all it owns.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/team.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

static char admin[TEAM_TOKEN_BYTES], red[TEAM_TOKEN_BYTES], blue[TEAM_TOKEN_BYTES];

static int start(void **state)
{
    static const char *const arguments[] = {"--slots", "1", "--stream-beat", "1", NULL};
    (void)state;
    start_service_with(arguments);
    team_admin(port, admin);
    team_add(port, "red", ", 'max_streams': 3", red);
    team_add(port, "blue", "", blue);
    return 0;
}

/* --- event streams ------------------------------------------------------------------------------
 */

static struct http_client watch(const char *token, int status, const char *says)
{
    client_use_token(token);
    struct http_client client = client_open(port);
    client_send_request(&client, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer answer = status == 200 ? client_read_head(&client) : client_read(&client);
    api_expect(&answer, status);
    if (says) {
        assert_says(answer.body, says);
        assert_string_equal(answer_header(&answer, "Retry-After"), "10");
    }
    answer_release(&answer);
    return client;
}

static void a_team_watches_with_no_more_streams_than_it_may(void **state)
{
    struct http_client open[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        open[i] = watch(red, 200, NULL);
    struct http_client fourth = watch(red, 429, "may have 3 event streams open, and has 3");
    client_close(&fourth);
    struct http_client other = watch(blue, 200, NULL); /* which has not to do with that */
    client_close(&other);

    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'max_streams': 4}", 200, "/api/v1/teams/red"));
    fourth = watch(red, 200, NULL);
    client_close(&fourth);
    for (int i = 0; i < 3; i++)
        client_close(&open[i]);
}

static bool may_watch(const char *token)
{
    client_use_token(token);
    struct http_client client = client_open(port);
    client_send_request(&client, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer head = client_read_head(&client);
    const bool may = head.status == 200;
    answer_release(&head);
    client_close(&client);
    return may;
}

/* The server notices with its next heart beat that a watcher has gone. */
static void streams_that_ended_do_not_count(void **state)
{
    int64_t started_ms = 0;
    (void)state;
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'max_streams': 1}", 200, "/api/v1/teams/red"));
    for (int i = 0; i < 3; i++)
        while (!may_watch(red))
            assert_true(api_wait_on(&started_ms));
}

static void a_new_team_has_64(void **state)
{
    (void)state;
    client_use_token(admin);
    json_auto_t *team = api_get(port, "/api/v1/teams/blue");
    assert_int_equal(api_integer(team, "/max_streams"), 64);
    json_auto_t *usual = api_get(port, "/api/v1/teams/default");
    assert_int_equal(api_integer(usual, "/max_streams"), 64);
    json_decref(api_change(port, "PATCH", "{'max_streams': -1}", 422, "/api/v1/teams/blue"));
    json_decref(api_change(port, "PATCH", "{'max_streams': 8193}", 422, "/api/v1/teams/blue"));
}

/* --- bytes --------------------------------------------------------------------------------------
 */

#define JOB                                                                                        \
    "{'kind': 'train', 'spec': {'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 50, 'problem': " \
    "{'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}}}"

static int64_t stored(const char *what)
{
    AUTO_FREE char *pointer = xprintf("/stored_bytes/%s", what);
    json_auto_t *team = api_get(port, "/api/v1/teams/blue");
    return api_integer(team, pointer);
}

/* The model is the only file that stays of a run, and what is there is as large as the API says. */
static void what_runs_leave_counts_for_their_team(void **state)
{
    (void)state;
    client_use_token(blue);
    const int64_t job = api_submit(port, JOB);
    json_decref(api_await_job(port, job, "succeeded"));
    const int64_t run = api_run_of(port, job, 0);
    struct http_answer model =
        api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/model", (long long)run);
    api_expect(&model, 200);
    assert_int_equal(stored("runs"), model.body_bytes);
    answer_release(&model);
    assert_int_equal(stored("datasets"), 0);
    const int64_t metrics = stored("metrics");
    assert_in_range(metrics, 1, 100000);

    AUTO_FREE char *limit = xprintf("{'max_bytes': %lld}", (long long)(stored("runs") + metrics));
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'max_bytes': 1}", 422, "/api/v1/teams/blue"));
    json_decref(api_change(port, "PATCH", limit, 200, "/api/v1/teams/blue"));
    client_use_token(blue);
    json_auto_t *refused = api_change(port, "POST", JOB, 403, "/api/v1/jobs");
    assert_says(api_text(refused, "/detail"), "the team may keep");
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'max_bytes': 0}", 200, "/api/v1/teams/blue"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_team_watches_with_no_more_streams_than_it_may),
        cmocka_unit_test(streams_that_ended_do_not_count),
        cmocka_unit_test(a_new_team_has_64),
        cmocka_unit_test(what_runs_leave_counts_for_their_team),
    };
    return cmocka_run_group_tests(tests, start, end_service);
}
