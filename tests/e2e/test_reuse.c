/*
 * Runs that need not train: an identical one has succeeded, so its results are theirs too.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/team.h"

#include "memory.h"

#include <stdlib.h>

/* With a seed of its own for each test, so that none takes over from another. */
#define MOONS(seed, more)                                                                          \
    "{'kind': 'train', 'spec': {'dataset': 'spirals', 'model': {'type': 'mlp', 'hidden': [8]},"    \
    " 'optimizer': {'type': 'adam', 'lr': 0.01}, 'epochs': 2, 'seed': " seed more

/* A run that goes on until it is cancelled. */
#define LONG                                                                                       \
    "{'kind': 'train', 'spec': {'problem': {'type': 'rosenbrock'}, 'steps': 1000000000,"           \
    " 'optimizer': {'type': 'sgd', 'lr': 1e-6}, 'report_every_steps': 1000000}}"

static json_t *train(const char *body)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return api_get(port, "/api/v1/runs/%lld", (long long)api_run_of(port, job, 0));
}

static int64_t id_of(const json_t *run)
{
    return api_integer(run, "/id");
}

static void assert_same_answer(const char *what, int64_t one, int64_t other)
{
    struct http_answer a =
        api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/%s", (long long)one, what);
    struct http_answer b =
        api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/%s", (long long)other, what);
    api_expect(&a, 200);
    api_expect(&b, 200);
    assert_int_equal(a.body_bytes, b.body_bytes);
    assert_memory_equal(a.body, b.body, a.body_bytes);
    answer_release(&a);
    answer_release(&b);
}

static void the_same_run_again_shows_the_first_ones_results(void **state)
{
    (void)state;
    json_auto_t *first = train(MOONS("1", "}}"));
    json_auto_t *again = train(MOONS("1", "}}"));

    assert_true(api_is_null(first, "/reused_from"));
    assert_int_equal(api_integer(again, "/reused_from"), id_of(first));
    AUTO_FREE char *words = xprintf("reused from run %lld", (long long)id_of(first));
    assert_string_equal(api_text(again, "/message"), words);
    assert_int_equal(api_integer(again, "/attempt"), 0);
    assert_true(json_equal(api_at(again, "/objective"), api_at(first, "/objective")));
    assert_true(json_equal(api_at(again, "/metrics"), api_at(first, "/metrics")));
    assert_true(json_equal(api_at(again, "/series"), api_at(first, "/series")));
    assert_true(json_equal(api_at(again, "/fingerprint"), api_at(first, "/fingerprint")));
    assert_int_equal(api_integer(again, "/step"), api_integer(first, "/step"));
    assert_same_answer("model", id_of(first), id_of(again));
    assert_same_answer("metrics?format=csv", id_of(first), id_of(again));

    /* And a third one points at who trained, not at who took over. */
    json_auto_t *third = train(MOONS("1", "}}"));
    assert_int_equal(api_integer(third, "/reused_from"), id_of(first));
}

static void a_reused_run_has_series_and_list_entries_of_its_own_number(void **state)
{
    (void)state;
    json_auto_t *first = train(MOONS("2", "}}"));
    json_auto_t *again = train(MOONS("2", "}}"));
    json_auto_t *series = api_get(port, "/api/v1/jobs/%lld/metrics?name=valid_loss",
                                  (long long)api_integer(again, "/job"));
    json_auto_t *runs = api_runs(port, api_integer(again, "/job"));
    assert_int_equal(api_integer(series, "/series/0/run"), id_of(again));
    assert_int_equal(api_size(series, "/series/0/value"), 2);
    assert_int_equal(api_integer(runs, "/0/reused_from"), id_of(first));
    assert_true(json_equal(api_at(runs, "/0/metrics"), api_at(first, "/metrics")));
}

static void what_changes_no_row_does_not_matter(void **state)
{
    (void)state;
    json_auto_t *first = train(MOONS("3", "}}"));
    json_auto_t *again =
        train(MOONS("3", ", 'checkpoint_every_s': 7}, 'name': 'x', 'priority': 3}"));
    assert_int_equal(api_integer(again, "/reused_from"), id_of(first));
}

static void whatever_else_differs_is_trained(void **state)
{
    (void)state;
    static const char *const others[] = {
        MOONS("5", "}}"),
        MOONS("4", ", 'report_every_steps': 7}}"),
        MOONS("4", ", 'numeric': 'portable'}}"),
        MOONS("4", ", 'clip_norm': 100}}"),
        MOONS("4", ", 'keep_at': [0.5]}}"),
        MOONS("4", "}, 'reuse': false}"),
    };
    json_decref(train(MOONS("4", "}}")));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        json_auto_t *run = train(others[i]);
        if (!api_is_null(run, "/reused_from"))
            fail_msg("%s was reused", others[i]);
        assert_int_equal(api_integer(run, "/attempt"), 1);
    }
}

static void what_was_cancelled_is_nobodys_source(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, LONG);
    const int64_t run = api_run_of(port, job, 0);
    json_decref(api_await_run(port, run, "running"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/cancel", (long long)run));
    json_decref(api_await_run(port, run, "cancelled"));
    const int64_t other = api_run_of(port, api_submit(port, LONG), 0);
    json_auto_t *running = api_await_run(port, other, "running");
    assert_true(api_is_null(running, "/reused_from"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/cancel", (long long)other));
    json_decref(api_await_run(port, other, "cancelled"));
}

/* All slots are taken, and stay so. */
static void a_run_in_line_succeeds_without_its_turn(void **state)
{
    (void)state;
    json_auto_t *first = train(MOONS("6", "}}"));
    int64_t jobs[2];
    for (int i = 0; i < 2; i++) {
        jobs[i] = api_submit(port, LONG);
        json_decref(api_await_run(port, api_run_of(port, jobs[i], 0), "running"));
    }
    json_auto_t *again = train(MOONS("6", "}}"));
    assert_int_equal(api_integer(again, "/reused_from"), id_of(first));
    for (int i = 0; i < 2; i++) {
        json_auto_t *run =
            api_get(port, "/api/v1/runs/%lld", (long long)api_run_of(port, jobs[i], 0));
        assert_string_equal(api_text(run, "/state"), "running");
        json_decref(
            api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)jobs[i]));
        json_decref(api_await_job(port, jobs[i], "cancelled"));
    }
}

#define COMPARISON                                                                                 \
    "{'kind': 'compare', 'base': {'dataset': 'spirals', 'model': {'type': 'mlp', 'hidden': [8]},"  \
    "   'optimizer': {'type': 'adam', 'lr': 0.01}, 'epochs': 2},"                                  \
    " 'arms': [{'name': 'flat', 'patch': {}}, {'name': 'linear', 'patch': {'schedule': "           \
    "'linear'}}],"                                                                                 \
    " 'tune': {'over': {'/optimizer/lr': [0.01, 0.03]}, 'seeds': [101]}, 'seeds': [11, 12]"

/* 4 tuning runs and 4 report runs of 2 epochs. */
static void a_comparison_sent_twice_trains_once_and_says_so(void **state)
{
    (void)state;
    const int64_t first = api_submit(port, COMPARISON "}");
    json_decref(api_await_job(port, first, "succeeded"));
    const int64_t again = api_submit(port, COMPARISON "}");
    json_auto_t *job = api_await_job(port, again, "succeeded");
    json_auto_t *trained = api_get(port, "/api/v1/jobs/%lld/report", (long long)first);
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)again);
    json_auto_t *runs = api_runs(port, again), *sources = api_runs(port, first);

    assert_true(api_integer(job, "/finished_ms") >= api_integer(job, "/started_ms"));
    assert_int_equal(api_integer(trained, "/saved/reused_runs"), 0);
    assert_int_equal(api_integer(report, "/saved/reused_runs"), 8);
    assert_int_equal(api_integer(report, "/saved/reused_steps"), 8 * api_integer(runs, "/0/steps"));
    for (int arm = 0; arm < 2; arm++) {
        const json_t *a = json_array_get(api_at(trained, "/arms"), (size_t)arm);
        const json_t *b = json_array_get(api_at(report, "/arms"), (size_t)arm);
        assert_true(json_equal(api_at(a, "/mean"), api_at(b, "/mean")));
        assert_true(json_equal(api_at(a, "/chosen"), api_at(b, "/chosen")));
        assert_true(json_equal(api_at(a, "/curve"), api_at(b, "/curve")));
        assert_int_equal(api_integer(b, "/values/0/reused_from"), api_integer(a, "/values/0/run"));
        assert_true(api_is_null(a, "/values/0/reused_from"));
    }
    for (int i = 0; i < 8; i++)
        assert_int_equal(api_integer(json_array_get(runs, (size_t)i), "/reused_from"),
                         api_integer(json_array_get(sources, (size_t)i), "/id"));
}

static void what_was_reused_is_so_behind_a_restart(void **state)
{
    (void)state;
    json_auto_t *first = train(MOONS("7", "}}"));
    service_kill_and_restart(&service);
    port = service.port;
    json_auto_t *again = train(MOONS("7", "}}"));
    assert_int_equal(api_integer(again, "/reused_from"), id_of(first));
    service_kill_and_restart(&service);
    port = service.port;
    json_auto_t *still = api_get(port, "/api/v1/runs/%lld", (long long)id_of(again));
    assert_true(json_equal(still, again));
    json_decref(
        api_change(port, "POST", NULL, 409, "/api/v1/runs/%lld/retry", (long long)id_of(again)));
}

static void whether_to_reuse_is_true_or_false(void **state)
{
    (void)state;
    json_auto_t *answer =
        api_change(port, "POST", MOONS("8", "}, 'reuse': 'no'}"), 422, "/api/v1/jobs");
    assert_string_equal(api_text(answer, "/errors/0/pointer"), "/reuse");
    assert_string_equal(api_text(answer, "/errors/0/detail"), "must be true or false");
}

/* What one team has trained says nothing to another; nor may its job be waited for. */
static void teams_share_no_results(void **state)
{
    (void)state;
    struct service shared;
    char admin[TEAM_TOKEN_BYTES], one[TEAM_TOKEN_BYTES], other[TEAM_TOKEN_BYTES];
    const int before = port;
    service_start(&shared, NULL);
    port = shared.port;
    team_admin(port, admin);
    team_add(port, "one", "", one);
    team_add(port, "other", "", other);

    client_use_token(one);
    json_auto_t *first = train(MOONS("1", "}}"));
    json_auto_t *again = train(MOONS("1", "}}"));
    client_use_token(other);
    json_auto_t *theirs = train(MOONS("1", "}}"));
    assert_int_equal(api_integer(again, "/reused_from"), id_of(first));
    assert_true(api_is_null(theirs, "/reused_from"));
    AUTO_FREE char *body =
        xprintf(MOONS("1", "}, 'after': [%lld]}"), (long long)api_integer(first, "/job"));
    AUTO_FREE char *words = xprintf("there is no job %lld", (long long)api_integer(first, "/job"));
    json_auto_t *answer = api_change(port, "POST", body, 422, "/api/v1/jobs");
    assert_string_equal(api_text(answer, "/errors/0/detail"), words);
    client_use_token(NULL);
    service_end(&shared);
    port = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_run_again_shows_the_first_ones_results),
        cmocka_unit_test(a_reused_run_has_series_and_list_entries_of_its_own_number),
        cmocka_unit_test(what_changes_no_row_does_not_matter),
        cmocka_unit_test(whatever_else_differs_is_trained),
        cmocka_unit_test(what_was_cancelled_is_nobodys_source),
        cmocka_unit_test(a_run_in_line_succeeds_without_its_turn),
        cmocka_unit_test(a_comparison_sent_twice_trains_once_and_says_so),
        cmocka_unit_test(what_was_reused_is_so_behind_a_restart),
        cmocka_unit_test(whether_to_reuse_is_true_or_false),
        cmocka_unit_test(teams_share_no_results),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
