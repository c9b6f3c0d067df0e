/*
 * Searches that train each point with several seeds: means and their standard errors, seeds that
 * are not trained any more, and a server that is killed in between.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* A noisy bowl; the higher rate is the better one in these few steps. */
#define BOWL(more)                                                                                 \
    "{'kind': 'search', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2],"          \
    " 'start': [1, -2], 'noise': 0.05}, 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 30,"     \
    " 'report_every_steps': 10, 'seed': 5}, 'reuse': false,"                                       \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.001, 'high': 0.1}}, " more "}"
#define RATE(lr) "{'/optimizer/lr': " lr "}"

static double objective_at(const json_t *runs, size_t number)
{
    return api_number(json_array_get(runs, number), "/objective");
}

static void kill_and_restart(int times)
{
    for (int kill = 0; kill < times; kill++) {
        usleep(120000 + 50000 * (unsigned)kill);
        service_kill_and_restart(&service);
        port = service.port;
    }
}

/* Until every run has ended and the search has heard of it. */
static json_t *await_search(int64_t job)
{
    json_decref(api_await_job(port, job, "succeeded"));
    for (int64_t started_ms = 0;;) {
        json_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)job);
        if (api_integer(shown, "/search/told") == api_integer(shown, "/runs/total"))
            return shown;
        json_decref(shown);
        if (!api_wait_on(&started_ms))
            fail_msg("job %lld does not hear of all its runs", (long long)job);
    }
}

static void assert_replays(int64_t job, int checked)
{
    json_auto_t *replay =
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/replay", (long long)job);
    assert_int_equal(api_integer(replay, "/checked"), checked);
    assert_int_equal(api_integer(replay, "/same"), checked);
}

/* --- what counts ---------------------------------------------------------------------------------
 */

/* Of the point of these runs: mean, and the standard error of the mean. */
static void mean_of(const json_t *runs, size_t first, size_t count, double *mean, double *error)
{
    double sum = 0, squares = 0;
    for (size_t i = first; i < first + count; i++)
        sum += objective_at(runs, i) / (double)count;
    for (size_t i = first; i < first + count; i++)
        squares += pow(objective_at(runs, i) - sum, 2);
    *mean = sum;
    *error = sqrt(squares / (double)(count - 1) / (double)count);
}

static void each_point_is_trained_with_every_seed_and_their_mean_counts(void **state)
{
    (void)state;
    enum { SEEDS = 3, POINTS = 4 };
    const int64_t job =
        api_submit(port, BOWL("'algorithm': 'random', 'seeds': 3, 'budget': {'runs': 12}"));
    json_auto_t *done = await_search(job), *runs = api_runs(port, job);
    double best = HUGE_VAL, best_error = 0;
    int64_t best_run = 0;

    assert_int_equal(json_array_size(runs), SEEDS * POINTS);
    for (size_t point = 0; point < POINTS; point++) {
        double mean, error;
        const json_t *first = json_array_get(runs, point * SEEDS);
        for (size_t i = 0; i < SEEDS; i++) {
            const json_t *run = json_array_get(runs, point * SEEDS + i);
            assert_int_equal(api_integer(run, "/seed"), 5 + i);
            assert_true(json_equal(api_at(run, "/tuned"), api_at(first, "/tuned")));
        }
        mean_of(runs, point * SEEDS, SEEDS, &mean, &error);
        if (mean < best) {
            best = mean;
            best_error = error;
            best_run = api_integer(first, "/id");
        }
    }
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    assert_int_equal(api_integer(report, "/counts/budget"), POINTS);
    assert_int_equal(api_integer(report, "/counts/done"), POINTS);
    assert_int_equal(api_integer(report, "/best/0/run"), best_run);
    assert_true(fabs(api_number(report, "/best/0/values/0") - best) < 1e-12);
    assert_true(fabs(api_number(report, "/best/0/error") - best_error) < 1e-12);
    assert_int_equal(api_integer(done, "/search/best/run"), best_run);
    assert_true(fabs(api_number(done, "/search/best/values/0") - best) < 1e-12);
    assert_non_null(strstr(api_text(report, "/sentence"), "After 4 of 4 points"));
    assert_replays(job, SEEDS * POINTS);
}

static void a_point_with_a_run_that_is_deleted_has_the_mean_of_the_others(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, BOWL("'algorithm': 'random', 'seeds': 2, 'budget': {'runs': 4}, 'parallel': 1"));
    json_decref(await_search(job));
    json_auto_t *runs = api_runs(port, job);
    const int64_t second = api_integer(runs, "/1/id");
    json_decref(api_change(port, "DELETE", NULL, 200, "/api/v1/runs/%lld", (long long)second));
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report?top=2", (long long)job);
    const int64_t first = api_integer(runs, "/0/id");
    const bool is_first = api_integer(report, "/best/0/run") == first;
    assert_true(api_number(report, is_first ? "/best/0/values/0" : "/best/1/values/0") ==
                objective_at(runs, 0));
}

/* --- killed --------------------------------------------------------------------------------------
 */

static void a_server_that_is_killed_goes_on_with_the_same_points(void **state)
{
    (void)state;
    const char *body = BOWL("'algorithm': {'type': 'gp', 'start': 3}, 'seeds': 3, 'parallel': 2,"
                            " 'in_order': true, 'budget': {'runs': 36}");
    const int64_t one = api_submit(port, body);
    json_decref(await_search(one));
    const int64_t other = api_submit(port, body);
    kill_and_restart(5);
    json_decref(await_search(other));
    json_auto_t *undisturbed = api_runs(port, one), *runs = api_runs(port, other);
    for (size_t i = 0; i < 36; i++) {
        const json_t *a = json_array_get(undisturbed, i), *b = json_array_get(runs, i);
        assert_true(json_equal(api_at(a, "/tuned"), api_at(b, "/tuned")));
        assert_true(json_equal(api_at(a, "/objective"), api_at(b, "/objective")));
    }
    assert_replays(other, 36);
}

static void more_runs_go_on_with_the_seeds_by_turns(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, BOWL("'algorithm': 'random', 'seeds': 2, 'budget': {'runs': 4}, 'parallel': 1"));
    json_decref(await_search(job));
    json_decref(api_change(port, "PATCH", "{'budget': {'runs': 8}}", 200, "/api/v1/jobs/%lld",
                           (long long)job));
    json_decref(await_search(job));
    json_auto_t *runs = api_runs(port, job);
    assert_int_equal(json_array_size(runs), 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(api_integer(json_array_get(runs, i), "/seed"), 5 + i % 2);
}

/* --- seeds that are left out ---------------------------------------------------------------------
 */

/* Four differences of one sign have p = 1/16: below 0.1, and those of three are not. */
static void a_point_that_is_worse_with_each_seed_is_given_up(void **state)
{
    (void)state;
    enum { SEEDS = 8 };
    const int64_t job =
        api_submit(port, BOWL("'algorithm': 'random', 'seeds': 8, 'budget': {'runs': 16},"
                              " 'parallel': 1, 'pruner': 'wilcoxon', 'enqueue': [" RATE(
                                  "0.09") "," RATE("0.002") "]"));
    json_decref(await_search(job));
    json_auto_t *runs = api_runs(port, job);
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    for (size_t i = 0; i < 2 * SEEDS; i++) {
        const json_t *run = json_array_get(runs, i);
        assert_string_equal(api_text(run, "/state"), i < SEEDS + 4 ? "succeeded" : "pruned");
        if (i >= SEEDS + 4)
            assert_non_null(strstr(api_text(run, "/message"), "wilcoxon: train_loss"));
    }
    assert_int_equal(api_integer(report, "/counts/pruned"), 1);
    assert_int_equal(api_integer(report, "/counts/done"), 1);
    assert_int_equal(api_integer(report, "/pruning/steps_saved"), 4 * 30);
    assert_replays(job, 2 * (SEEDS - 1)); /* the first of each was entered */
}

/* --- refusals ------------------------------------------------------------------------------------
 */

static void refuse(const char *method, const char *body, const char *target, int status,
                   const char *words)
{
    struct http_answer answer = api_ask(port, method, NULL, body, "%s", target);
    api_expect(&answer, status);
    if (!strstr(answer.body, words))
        fail_msg("no \"%s\" in %s", words, answer.body);
    answer_release(&answer);
}

static void what_does_not_go_with_seeds_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body, *words;
    } cases[] = {
        {BOWL("'seeds': 3, 'budget': {'runs': 10}"), "/budget/runs: must be a multiple"},
        {BOWL("'seeds': 101"), "/seeds"},
        {BOWL("'seeds': 2, 'pruner': 'median'"), "take \\\"wilcoxon\\\" or \\\"none\\\""},
        {BOWL("'pruner': 'wilcoxon'"), "say how many each is trained with"},
        {BOWL("'seeds': 5, 'pruner': 'wilcoxon', 'in_order': true"), "/in_order"},
        {BOWL("'seeds': 2, 'algorithm': 'pbt'"), "/seeds: must be 1 with \\\"pbt\\\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse("POST", cases[i].body, "/api/v1/jobs", 422, cases[i].words);

    const int64_t job = api_submit(
        port, BOWL("'algorithm': 'random', 'seeds': 2, 'budget': {'runs': 4}, 'parallel': 1"));
    json_decref(await_search(job));
    AUTO_FREE char *patch = xprintf("/api/v1/jobs/%lld", (long long)job);
    AUTO_FREE char *add = xprintf("/api/v1/jobs/%lld/runs", (long long)job);
    refuse("PATCH", "{'budget': {'runs': 5}}", patch, 422, "/budget/runs: must be a multiple");
    refuse("POST", "{'parameters': " RATE("0.01") ", 'values': [1]}", add, 409,
           "is trained with 2 seeds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_point_is_trained_with_every_seed_and_their_mean_counts),
        cmocka_unit_test(a_point_with_a_run_that_is_deleted_has_the_mean_of_the_others),
        cmocka_unit_test(a_server_that_is_killed_goes_on_with_the_same_points),
        cmocka_unit_test(more_runs_go_on_with_the_seeds_by_turns),
        cmocka_unit_test(a_point_that_is_worse_with_each_seed_is_given_up),
        cmocka_unit_test(what_does_not_go_with_seeds_is_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
