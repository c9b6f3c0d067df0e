/*
 * What a search has found, confirmed over fresh seeds with real workers: from the search to the
 * verdict, also where the server is killed in between.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

#define SPACE                                                                                      \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.01, 'high': 0.2, 'scale': 'log'},"     \
    "  '/schedule': {'type': 'choice', 'values': ['constant', 'linear']}}"

/* A base that learns next to nothing, so that any of those points is better. */
#define SEARCH                                                                                     \
    "{'kind': 'search', 'name': 'rates', 'budget': {'runs': 8}, 'base': {'dataset': 'digits',"     \
    "  'model': {'type': 'mlp', 'hidden': [16]}, 'optimizer': {'type': 'nesterov', 'lr': 1e-5},"   \
    "  'epochs': 2, 'seed': 1001}, 'algorithm': 'sobol'," SPACE "}"

enum { BEST = 2, SEEDS = 4 };

static int64_t search(void)
{
    static int64_t job;
    if (!job) {
        job = api_submit(port, SEARCH);
        json_decref(api_await_job(port, job, "succeeded"));
    }
    return job;
}

static int64_t confirm(const char *body)
{
    json_auto_t *made =
        api_change(port, "POST", body, 201, "/api/v1/jobs/%lld/confirm", (long long)search());
    return api_integer(made, "/id");
}

/* The newest one of the search's report. */
static json_t *newest(int64_t wanted)
{
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)search());
    json_t *entry = json_deep_copy(api_at(report, "/confirmations/0"));
    assert_int_equal(api_integer(entry, "/job"), wanted);
    return entry;
}

static void assert_confirmed(int64_t job)
{
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)search());
    json_auto_t *own = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    json_auto_t *entry = newest(job);

    assert_string_equal(api_text(entry, "/state"), "succeeded");
    assert_string_equal(api_text(entry, "/metric"), "valid_loss");
    assert_string_equal(api_text(entry, "/sentence"), api_text(own, "/sentence"));
    assert_true(api_is_null(entry, "/arms/0/run"));
    assert_true(api_is_null(entry, "/arms/0/searched"));
    for (int i = 1; i <= BEST; i++) {
        AUTO_FREE char *arm = xprintf("/arms/%d", i), *best = xprintf("/best/%d", i - 1);
        json_auto_t *shown = json_deep_copy(api_at(entry, arm));
        json_auto_t *found = json_deep_copy(api_at(report, best));
        assert_int_equal(api_integer(shown, "/run"), api_integer(found, "/run"));
        assert_true(api_number(shown, "/searched") == api_number(found, "/values/0"));
        assert_int_equal(api_integer(shown, "/n"), SEEDS);
        assert_true(api_number(shown, "/mean") < api_number(entry, "/arms/0/mean"));
    }
}

/* 1002 on: the search has trained with 1001. */
static void the_best_runs_are_held_against_the_base_over_fresh_seeds(void **state)
{
    (void)state;
    const int64_t job = confirm("{'best': 2, 'seeds': 4}");
    json_auto_t *done = api_await_job(port, job, "succeeded");

    assert_int_equal(api_integer(done, "/request/from_search"), search());
    assert_string_equal(api_text(done, "/name"), "confirm rates");
    assert_int_equal(api_integer(done, "/runs/total"), (BEST + 1) * SEEDS);
    api_assert_equal(api_at(done, "/request/seeds"), "[1002, 1003, 1004, 1005]");
    assert_confirmed(job);
}

/* Four seeds give no p below 0.05; six do, where all point one way: 2/2^6 = 0.031. */
static void enough_seeds_give_a_verdict(void **state)
{
    (void)state;
    const int64_t job = confirm("{'best': 1, 'seeds': 6}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *entry = newest(job);
    assert_says(api_text(entry, "/sentence"), "beats base by");
}

static void a_server_that_is_killed_comes_to_the_same_verdict(void **state)
{
    (void)state;
    const int64_t whole = confirm("{'best': 2, 'seeds': 4, 'reuse': false}");
    json_decref(api_await_job(port, whole, "succeeded"));
    json_auto_t *wanted = newest(whole);
    const int64_t job = confirm("{'best': 2, 'seeds': 4, 'reuse': false}");
    for (int kill = 0; kill < 3; kill++) {
        usleep(60000 + 80000 * (unsigned)kill);
        service_kill_and_restart(&service);
        port = service.port;
    }
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *entry = newest(job);
    assert_true(json_equal(api_at(entry, "/arms"), api_at(wanted, "/arms")));
    assert_string_equal(api_text(entry, "/sentence"), api_text(wanted, "/sentence"));
}

static void while_it_runs_there_is_no_verdict_yet(void **state)
{
    (void)state;
    const int64_t job = confirm("{'best': 1, 'seeds': 500, 'reuse': false}");
    json_auto_t *entry = newest(job);
    assert_true(api_is_null(entry, "/sentence"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
}

/* One key makes one job of one search; of another one it is another request. */
static void a_key_confirms_once(void **state)
{
    (void)state;
    static const char header[] = "Idempotency-Key: once\r\n", body[] = "{'best': 1, 'seeds': 1}";
    int64_t made[2];
    const int64_t other = api_submit(port, SEARCH);
    json_decref(api_await_job(port, other, "succeeded"));
    for (int i = 0; i < 2; i++) {
        struct http_answer answer =
            api_ask(port, "POST", header, body, "/api/v1/jobs/%lld/confirm", (long long)search());
        api_expect(&answer, i ? 200 : 201);
        json_auto_t *job = api_json(&answer);
        made[i] = api_integer(job, "/id");
        answer_release(&answer);
    }
    assert_int_equal(made[0], made[1]);
    struct http_answer answer =
        api_ask(port, "POST", header, body, "/api/v1/jobs/%lld/confirm", (long long)other);
    api_expect(&answer, 409);
    answer_release(&answer);
}

/* Points that others are to know of, too; of a search that began with the results of another, that
 * one's seed has had a say. */
static void seeds_of_earlier_searches_are_not_fresh(void **state)
{
    (void)state;
    AUTO_FREE char *later = xprintf(
        "{'kind': 'search', 'base': {'dataset': 'digits', 'model': 'softmax',"
        " 'optimizer': {'type': 'nesterov', 'lr': 1e-5}, 'epochs': 1, 'seed': 1002},"
        " 'visibility': 'everyone', 'budget': {'runs': 2}, 'warm_start': {'jobs': [%lld]}," SPACE
        "}",
        (long long)search());
    const int64_t job = api_submit(port, later);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *made = api_change(port, "POST", "{'best': 1, 'seeds': 2}", 201,
                                   "/api/v1/jobs/%lld/confirm", (long long)job);
    json_auto_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)api_integer(made, "/id"));
    api_assert_equal(api_at(shown, "/request/seeds"), "[1003, 1004]");
    assert_string_equal(api_text(shown, "/visibility"), "everyone");
}

/* --- refusals ------------------------------------------------------------------------------------
 */

static void assert_refused(int64_t job, int status, const char *says)
{
    json_auto_t *answer =
        api_change(port, "POST", "{}", status, "/api/v1/jobs/%lld/confirm", (long long)job);
    assert_says(api_text(answer, "/detail"), says);
}

#define PROBLEM                                                                                    \
    "'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}, 'steps': 40,"    \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}}"

static void what_cannot_be_confirmed_is_refused_with_the_reason(void **state)
{
    (void)state;
    const int64_t external =
        api_submit(port, "{'kind': 'search', 'runner': 'external', 'budget': {'runs': 1},"
                         " 'space': {'x': {'type': 'float', 'low': 0, 'high': 1}}}");
    const int64_t population = api_submit(
        port, "{'kind': 'search', " PROBLEM ", 'budget': {'runs': 4}, 'space': {'/optimizer/lr':"
              " {'type': 'float', 'low': 0.01, 'high': 1}}, 'algorithm': {'type': 'pbt',"
              " 'population': 2, 'interval': 0.5}}");
    const int64_t comparison =
        api_submit(port, "{'kind': 'compare', " PROBLEM ", 'arms': [{'name': 'a', 'patch': {}},"
                         " {'name': 'b', 'patch': {'steps': 50}}], 'seeds': [1]}");
    assert_refused(external, 409, "trained by an external runner");
    assert_refused(population, 409, "/lineage gives the best one's as a schedule");
    assert_refused(comparison, 409, "is not a search");
    json_decref(
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)external));
}

static void a_comparison_names_a_search_that_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *from, *says;
    } cases[] = {{"98765", "there is no job 98765"}, {"'x'", "must be a whole number"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_FREE char *body = xprintf("{'kind': 'compare', " PROBLEM ", 'arms': [{'name': 'a',"
                                       " 'patch': {}}], 'seeds': [1], 'from_search': %s}",
                                       cases[i].from);
        json_auto_t *answer = api_change(port, "POST", body, 422, "/api/v1/jobs");
        assert_string_equal(api_text(answer, "/errors/0/pointer"), "/from_search");
        assert_says(api_text(answer, "/errors/0/detail"), cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_runs_are_held_against_the_base_over_fresh_seeds),
        cmocka_unit_test(enough_seeds_give_a_verdict),
        cmocka_unit_test(a_server_that_is_killed_comes_to_the_same_verdict),
        cmocka_unit_test(while_it_runs_there_is_no_verdict_yet),
        cmocka_unit_test(a_key_confirms_once),
        cmocka_unit_test(seeds_of_earlier_searches_are_not_fresh),
        cmocka_unit_test(what_cannot_be_confirmed_is_refused_with_the_reason),
        cmocka_unit_test(a_comparison_names_a_search_that_is_there),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
