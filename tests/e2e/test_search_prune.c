/*
 * Searches that stop runs early: what is stopped, what that saves, and that a server that is killed
 * in between stops the same.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

/* On a bowl without noise the higher rate of these is the better one, at every step. */
#define BOWL                                                                                       \
    "'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [1, -2]},"          \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 80, 'report_every_steps': 10},"            \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.001, 'high': 0.1}}, 'reuse': false,"   \
    " 'algorithm': 'random', 'parallel': 1"
#define RATE(lr) "{'/optimizer/lr': " lr "}"

static json_t *search_runs(const char *body)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return api_runs(port, job);
}

static const json_t *run_at(const json_t *runs, size_t number)
{
    return json_array_get(runs, number);
}

static bool is_pruned(const json_t *run)
{
    return strcmp(api_text(run, "/state"), "pruned") == 0;
}

static int count_in_state(const json_t *runs, const char *state)
{
    int count = 0;
    for (size_t i = 0; i < json_array_size(runs); i++)
        count += strcmp(api_text(run_at(runs, i), "/state"), state) == 0;
    return count;
}

static int64_t steps_of(const json_t *runs)
{
    int64_t steps = 0;
    for (size_t i = 0; i < json_array_size(runs); i++)
        steps += api_integer(run_at(runs, i), "/step");
    return steps;
}

static void assert_resumed_with_the_same_bits(const json_t *runs)
{
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_auto_t *run =
            api_get(port, "/api/v1/runs/%lld", (long long)api_integer(run_at(runs, i), "/id"));
        assert_int_equal(api_integer(run, "/resume_mismatches"), 0);
    }
}

/* --- results of others ---------------------------------------------------------------------------
 */

#define TRAINED                                                                                    \
    "'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [1, -2]},"          \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 80, 'report_every_steps': 10},"            \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.001, 'high': 0.1}},"                   \
    " 'algorithm': 'random', 'parallel': 1, 'in_order': true"

/* A run; it may have been done before it heard of a verdict, which counts all the same. */
static json_t *await_told(int64_t id)
{
    json_t *run = NULL;
    for (int i = 0; i < 200; i++) {
        json_decref(run);
        run = api_get(port, "/api/v1/runs/%lld", (long long)id);
        if (!api_is_null(run, "/proposal/told"))
            return run;
        usleep(10000);
    }
    fail_msg("run %lld is never told", (long long)id);
    return run;
}

/* 0.04 has been trained before and is not trained again; 0.01 is the worse of the two at the first
 * rung, and nobody would be there to be worse than if a reused run had no curve. */
static void a_reused_run_is_compared_by_the_curve_of_the_one_it_is_from(void **state)
{
    (void)state;
    json_decref(search_runs("{'kind': 'search', " TRAINED ", 'budget': {'runs': 1},"
                            " 'enqueue': [" RATE("0.04") "]}"));
    json_auto_t *runs = search_runs(
        "{'kind': 'search', " TRAINED ", 'budget': {'runs': 2}, 'pruner': {'type': 'asha',"
        " 'min_steps': 20, 'reduction': 2}, 'enqueue': [" RATE("0.04") "," RATE("0.01") "]}");
    assert_true(api_integer(runs, "/0/reused_from") > 0);
    json_auto_t *told = await_told(api_integer(runs, "/1/id"));
    assert_string_equal(api_text(told, "/proposal/outcome"), "pruned");
    assert_non_null(strstr(api_text(told, "/proposal/verdict"), "the best 1 of 2 go on"));
}

/* --- by hand ------------------------------------------------------------------------------------
 */

/* One after the other, rungs at steps 20 and 40, one in two: 0.04 passes alone; 0.01 is the worse
 * of two; 0.05 the best of three and at the second rung of two; 0.045 is second of four at step 20,
 * which is enough, and at step 40 second of three, which is not. */
static void runs_stop_at_the_rungs_that_they_are_behind_at(void **state)
{
    (void)state;
    json_auto_t *runs = search_runs(
        "{'kind': 'search', " BOWL ", 'in_order': true, 'budget': {'runs': 4},"
        " 'pruner': {'type': 'asha', 'min_steps': 20, 'reduction': 2}, 'enqueue': [" RATE(
            "0.04") "," RATE("0.01") "," RATE("0.05") "," RATE("0.045") "]}");
    json_auto_t *second = api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss",
                                  (long long)api_integer(runs, "/1/id"));
    AUTO_FREE char *start = xprintf("asha: train_loss %.6g at step 20 is worse than ",
                                    json_number_value(api_at(second, "/series/0/value/1")));

    assert_string_equal(api_text(runs, "/0/state"), "succeeded");
    assert_string_equal(api_text(runs, "/2/state"), "succeeded");
    if (is_pruned(run_at(runs, 1))) { /* else it was done before it heard */
        assert_string_equal(api_text(runs, "/1/reason"), "pruned");
        assert_memory_equal(api_text(runs, "/1/message"), start, strlen(start));
        assert_non_null(strstr(api_text(runs, "/1/message"),
                               ": the best 1 of 2 go on from rung 1, at step 20"));
    }
    if (is_pruned(run_at(runs, 3)))
        assert_non_null(strstr(api_text(runs, "/3/message"),
                               ": the best 1 of 3 go on from rung 2, at step 40"));
}

/* All wait at steps 20 and 40: of 4 rates one goes on twice. */
static void the_best_go_on_from_their_checkpoints(void **state)
{
    (void)state;
    json_auto_t *runs =
        search_runs("{'kind': 'search', " BOWL ", 'budget': {'runs': 4}, 'pruner': {'type': 'asha',"
                    " 'form': 'promotion', 'min_steps': 20, 'reduction': 2}, 'enqueue': [" RATE(
                        "0.04") "," RATE("0.01") "," RATE("0.05") "," RATE("0.045") "]}");
    assert_int_equal(count_in_state(runs, "succeeded"), 1);
    assert_string_equal(api_text(runs, "/2/state"), "succeeded");
    assert_int_equal(api_integer(runs, "/2/attempt"), 3);
    assert_int_equal(api_integer(runs, "/2/step"), 80);
    assert_string_equal(api_text(runs, "/1/state"), "pruned");
    assert_string_equal(api_text(runs, "/1/reason"), "pruned");
    assert_int_equal(api_integer(runs, "/1/step"), 20);
    assert_non_null(strstr(api_text(runs, "/1/message"), "at step 20, at rung 1, and others"));
    assert_resumed_with_the_same_bits(runs);
}

/* --- digits -------------------------------------------------------------------------------------
 */

#define DIGITS(pruner, more)                                                                       \
    "{'kind': 'search', 'base': {'dataset': 'digits', 'model': {'type': 'mlp', 'hidden': [16]},"   \
    " 'epochs': 12, 'optimizer': {'type': 'nesterov', 'lr': 0.1}, 'schedule': 'constant'},"        \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 1e-5, 'high': 10, 'scale': 'log'}},"     \
    " 'reuse': false, 'budget': {'runs': 16}, 'seed': 1, 'pruner': " pruner more "}"

/* Whoever was not stopped. */
static void assert_ends_with_the_same_bits(const json_t *runs, const json_t *whole)
{
    for (size_t i = 0; i < json_array_size(runs); i++)
        if (strcmp(api_text(run_at(runs, i), "/state"), "succeeded") == 0)
            assert_true(json_equal(api_at(run_at(runs, i), "/objective"),
                                   api_at(run_at(whole, i), "/objective")));
}

static double best_of(const json_t *runs)
{
    double best = HUGE_VAL;
    for (size_t i = 0; i < json_array_size(runs); i++)
        if (json_is_number(api_at(run_at(runs, i), "/objective")))
            best = fmin(best, json_number_value(api_at(run_at(runs, i), "/objective")));
    return best;
}

/* Random points, so that both searches try the same ones. Whoever is not stopped has the bits that
 * it has alone, and the best is among them up to the noise of a validation. */
static void asha_finds_as_much_with_fewer_steps(void **state)
{
    (void)state;
    json_auto_t *whole = search_runs(DIGITS("'none'", ", 'algorithm': 'random', 'parallel': 2"));
    static const char *const forms[] = {"stopping", "promotion"};
    for (int form = 0; form < 2; form++) {
        AUTO_FREE char *body =
            xprintf(DIGITS("{'type': 'asha', 'form': '%s'}", ", 'algorithm': 'random',"
                                                             " 'parallel': 2"),
                    forms[form]);
        json_auto_t *runs = search_runs(body);
        int pruned = count_in_state(runs, "pruned");
        assert_true(pruned >= 8);
        assert_true((double)steps_of(runs) < 0.6 * (double)steps_of(whole));
        assert_true(best_of(runs) < best_of(whole) + 0.02);
        assert_ends_with_the_same_bits(runs, whole);
        assert_resumed_with_the_same_bits(runs);
    }
}

static void kill_and_restart(int times)
{
    for (int kill = 0; kill < times; kill++) {
        usleep(150000 + 70000 * (unsigned)kill);
        service_kill_and_restart(&service);
        port = service.port;
    }
}

/* With a model that learns from what was stopped, every point says what became of those before it:
 * the same points mean the same verdicts. */
static void a_server_that_is_killed_stops_the_same_runs(void **state)
{
    (void)state;
    const char *body = DIGITS("{'type': 'asha', 'reduction': 3}",
                              ", 'algorithm': 'tpe', 'parallel': 2, 'in_order': true");
    json_auto_t *undisturbed = search_runs(body);
    const int64_t job = api_submit(port, body);
    kill_and_restart(6);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    assert_true(count_in_state(runs, "pruned") >= 6);
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *a = run_at(undisturbed, i), *b = run_at(runs, i);
        assert_true(json_equal(api_at(a, "/tuned"), api_at(b, "/tuned")));
        if (is_pruned(a) && is_pruned(b))
            assert_string_equal(api_text(a, "/message"), api_text(b, "/message"));
    }
    assert_resumed_with_the_same_bits(runs);
}

/* Who stands, who goes on and who was about to is found again; where nobody promotes any more, all
 * have ended, and the best has the bits that it has alone. */
static void a_server_that_is_killed_lets_runs_go_on(void **state)
{
    (void)state;
    json_auto_t *whole = search_runs(DIGITS("'none'", ", 'algorithm': 'random', 'parallel': 2"));
    const int64_t job = api_submit(port, DIGITS("{'type': 'asha', 'form': 'promotion'}",
                                                ", 'algorithm': 'random', 'parallel': 2"));
    kill_and_restart(5);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    const int done = count_in_state(runs, "succeeded");
    assert_true(done >= 1 && done + count_in_state(runs, "pruned") == 16);
    assert_ends_with_the_same_bits(runs, whole);
    assert_resumed_with_the_same_bits(runs);
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static void assert_refused(const char *more, const char *pointer, const char *detail)
{
    AUTO_FREE char *body =
        xprintf("{'kind': 'search', 'base': {'dataset': 'digits',"
                " 'model': 'softmax', 'optimizer':"
                " {'type': 'sgd', 'lr': 0.1}}, 'space': {'/optimizer/lr':"
                " {'type': 'float', 'low': 0.001, 'high': 0.1}}, 'algorithm': 'random', %s}",
                more);
    json_auto_t *answer = api_change(port, "POST", body, 422, "/api/v1/jobs");
    assert_string_equal(api_text(answer, "/errors/0/pointer"), pointer);
    assert_string_equal(api_text(answer, "/errors/0/detail"), detail);
}

static void a_pruner_that_does_not_suit_the_search_is_refused(void **state)
{
    (void)state;
    assert_refused("'pruner': {'type': 'asha', 'form': 'promotion'}, 'in_order': true",
                   "/pruner/form",
                   "\"promotion\" leaves runs waiting, and with \"in_order\" the next proposals "
                   "would wait for them; take \"stopping\"");
    assert_refused(
        "'pruner': 'wilcoxon'", "/pruner/type",
        "\"wilcoxon\" compares points over seeds: say how many each is trained with, such "
        "as \"seeds\": 5, or take \"median\" or \"asha\"");
    assert_refused("'pruner': 'median', 'objectives': [{'metric': 'valid_loss'},"
                   " {'metric': 'train_loss'}], 'stop': 'none'",
                   "/pruner/type",
                   "compares runs by one objective, and this search has 2; take \"none\"");
    assert_refused("'pruner': {'type': 'patient', 'rule': {'type': 'hyperband', 'form':"
                   " 'promotion'}}",
                   "/pruner/rule/type",
                   "\"hyperband\" cannot be asked for its opinion only; take one that stops runs, "
                   "such as \"median\"");
    assert_refused("'pruner': {'type': 'asha', 'reduction': 1}", "/pruner/reduction",
                   "must be a whole number, at least 2 and at most 100");
    assert_refused("'pruner': {'type': 'threshold', 'at_least': 2, 'at_most': 1}",
                   "/pruner/at_most", "must be at least \"at_least\": 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reused_run_is_compared_by_the_curve_of_the_one_it_is_from),
        cmocka_unit_test(runs_stop_at_the_rungs_that_they_are_behind_at),
        cmocka_unit_test(the_best_go_on_from_their_checkpoints),
        cmocka_unit_test(asha_finds_as_much_with_fewer_steps),
        cmocka_unit_test(a_server_that_is_killed_stops_the_same_runs),
        cmocka_unit_test(a_server_that_is_killed_lets_runs_go_on),
        cmocka_unit_test(a_pruner_that_does_not_suit_the_search_is_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
