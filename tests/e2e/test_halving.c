/*
 * Tuning by successive halving: the worse points stop at rungs, the better ones go on from their
 * checkpoints, and end with the bits that they would have had alone.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

/* On a bowl without noise the higher rate of these is the better one, at every step. */
#define BOWL                                                                                       \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [1, -2]},"                  \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 80, 'report_every_steps': 10"
#define RATES "'over': {'/optimizer/lr': [0.01, 0.02, 0.08, 0.04, 0.05, 0.03, 0.07, 0.06]}"
#define ARMS  "'arms': [{'name': 'plain', 'patch': {}}]"

static json_t *report_of(int64_t job)
{
    json_decref(api_await_job(port, job, "succeeded"));
    return api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
}

/* 8 points: rungs at 1/8, 1/4 and 1/2 of 80 steps. By hand: 4 stop at step 10, 2 at 20, 1 at 40. */
static void half_of_the_points_stop_at_each_rung(void **state)
{
    (void)state;
    static const int rung_of[] = {1, 1, 0, 1, 2, 1, 3, 2}, step_of[] = {0, 10, 20, 40};
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': " BOWL "}, " ARMS ", 'seeds': [1, 2],"
              " 'tune': {" RATES ", 'seeds': [11, 12], 'strategy': 'halving'}, 'reuse': false}");
    json_auto_t *report = report_of(job);
    const json_t *tuning = api_at(report, "/arms/0/tuning");

    for (int point = 0; point < 8; point++) {
        const json_t *entry = json_array_get(tuning, (size_t)point);
        assert_int_equal(api_integer(entry, "/failed"), 0);
        assert_int_equal(api_integer(entry, "/n"), rung_of[point] ? 0 : 2);
        if (rung_of[point] == 0) {
            assert_true(api_is_null(entry, "/dropped"));
            continue;
        }
        assert_int_equal(api_integer(entry, "/dropped/rung"), rung_of[point]);
        assert_int_equal(api_integer(entry, "/dropped/step"), step_of[rung_of[point]]);
    }
    api_assert_equal(api_at(report, "/arms/0/chosen"), "{'/optimizer/lr': 0.08}");
    assert_int_equal(api_integer(report, "/saved/dropped_runs"), 2 * 7);
    assert_int_equal(api_integer(report, "/saved/dropped_steps"), 2 * (4 * 70 + 2 * 60 + 40));
    assert_int_equal(api_integer(report, "/arms/0/n"), 2);
    json_auto_t *whole = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    api_assert_equal(api_at(whole, "/request/tune/rungs"), "[0.125, 0.25, 0.5]");
    assert_int_equal(api_integer(whole, "/request/tune/factor"), 2);
    assert_int_equal(api_integer(whole, "/runs/pruned"), 14);
}

static void a_dropped_run_says_where_and_keeps_its_curve(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': " BOWL "}, " ARMS ", 'seeds': [1], 'reuse': false,"
              " 'tune': {'over': {'/optimizer/lr': [0.01, 0.02, 0.04]}, 'seeds': [11],"
              " 'strategy': 'halving', 'factor': 3, 'rungs': [0.25]}}");
    json_decref(report_of(job));
    json_auto_t *runs = api_runs(port, job);
    assert_string_equal(api_text(runs, "/0/state"), "pruned");
    assert_string_equal(api_text(runs, "/0/reason"), "dropped");
    assert_string_equal(api_text(runs, "/0/message"),
                        "dropped at rung 1, behind 20 of 80 steps: other points were better");
    assert_int_equal(api_integer(runs, "/0/step"), 20);
    assert_string_equal(api_text(runs, "/1/state"), "pruned");
    assert_string_equal(api_text(runs, "/2/state"), "succeeded");
    assert_int_equal(api_integer(runs, "/2/attempt"), 2);
    json_auto_t *series = api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss",
                                  (long long)api_integer(runs, "/0/id"));
    api_assert_equal(api_at(series, "/series/0/step"), "[10, 20]");
    json_decref(api_change(port, "POST", NULL, 409, "/api/v1/runs/%lld/retry",
                           (long long)api_integer(runs, "/0/id")));
}

#define DIGITS                                                                                     \
    "{'dataset': 'digits', 'model': {'type': 'mlp', 'hidden': [32]}, 'epochs': 8,"                 \
    " 'optimizer': {'type': 'nesterov', 'lr': 0.1}, 'schedule': {'type': 'wsd', 'cooldown': "      \
    "0.25}}"
#define DIGITS_JOB(more)                                                                           \
    "{'kind': 'compare', 'base': " DIGITS ", " ARMS ", 'seeds': [1], 'reuse': false,"              \
    " 'tune': {'over': {'/optimizer/lr': [0.001, 0.01, 0.05, 0.1]}, 'seeds': [11, 12]" more "}}"

/* Rungs at the ends of epochs 2 and 4, where the validation loss is known; the cooldown is behind
 * them. Who reaches the end has the bits that a grid would have given. */
static void who_goes_on_ends_with_the_same_bits(void **state)
{
    (void)state;
    const int64_t grid = api_submit(port, DIGITS_JOB(""));
    const int64_t halved = api_submit(port, DIGITS_JOB(", 'strategy': 'halving'"));
    json_decref(report_of(grid));
    json_auto_t *report = report_of(halved);
    json_auto_t *all = api_runs(port, grid), *some = api_runs(port, halved);
    int ended = 0;

    for (size_t i = 0; i < 8; i++) {
        const json_t *a = json_array_get(all, i), *b = json_array_get(some, i);
        const int64_t steps = api_integer(a, "/steps");
        if (strcmp(api_text(b, "/state"), "succeeded") == 0) {
            ended++;
            assert_true(json_equal(api_at(a, "/objective"), api_at(b, "/objective")));
        } else {
            const int64_t step = api_integer(b, "/step");
            assert_true(step == steps / 4 || step == steps / 2);
        }
    }
    assert_int_equal(ended, 2); /* one of 4 points, with two seeds */
    assert_true(api_integer(report, "/saved/dropped_steps") > 0);
}

static void count_mismatches(int64_t job)
{
    json_auto_t *runs = api_runs(port, job);
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_auto_t *run = api_get(port, "/api/v1/runs/%lld",
                                   (long long)api_integer(json_array_get(runs, i), "/id"));
        assert_int_equal(api_integer(run, "/resume_mismatches"), 0);
    }
}

/* Killed again and again, it decides and ends as it would have undisturbed. */
static void a_server_that_is_killed_at_any_moment_decides_the_same(void **state)
{
    (void)state;
    json_auto_t *undisturbed = report_of(api_submit(port, DIGITS_JOB(", 'strategy': 'halving'")));
    const int64_t job = api_submit(port, DIGITS_JOB(", 'strategy': 'halving'"));
    for (int kill = 0; kill < 8; kill++) {
        usleep(60000 + 35000 * (unsigned)kill);
        service_kill_and_restart(&service);
        port = service.port;
    }
    json_auto_t *report = report_of(job);
    const json_t *a = api_at(undisturbed, "/arms/0"), *b = api_at(report, "/arms/0");
    assert_true(json_equal(api_at(a, "/chosen"), api_at(b, "/chosen")));
    assert_true(json_equal(api_at(a, "/mean"), api_at(b, "/mean")));
    for (size_t point = 0; point < 4; point++)
        assert_true(json_equal(api_at(json_array_get(api_at(a, "/tuning"), point), "/dropped"),
                               api_at(json_array_get(api_at(b, "/tuning"), point), "/dropped")));
    assert_true(json_equal(api_at(undisturbed, "/saved"), api_at(report, "/saved")));
    count_mismatches(job);
}

/* A diverged run is worse than any number. */
static void points_that_diverge_do_not_go_on(void **state)
{
    (void)state;
    json_auto_t *report = report_of(api_submit(
        port, "{'kind': 'compare', 'base': " BOWL "}, " ARMS ", 'seeds': [1], 'reuse': false,"
              " 'tune': {'over': {'/optimizer/lr': [1e6, 0.02, 1e5, 0.04]}, 'seeds': [11],"
              " 'strategy': 'halving', 'rungs': [0.5]}}"));
    api_assert_equal(api_at(report, "/arms/0/chosen"), "{'/optimizer/lr': 0.04}");
    assert_int_equal(api_integer(report, "/arms/0/tuning/0/failed"), 1);
    assert_int_equal(api_integer(report, "/saved/dropped_runs"), 0);
}

/* --- refusals ----------------------------------------------------------------------------------
 */

static void assert_refused(const char *schedule, const char *tune, const char *pointer,
                           const char *detail)
{
    AUTO_FREE char *body = xprintf("{'kind': 'compare', 'base': " BOWL ", 'schedule': %s}, " ARMS
                                   ", 'seeds': [1], 'tune': {%s}}",
                                   schedule, tune);
    json_auto_t *answer = api_change(port, "POST", body, 422, "/api/v1/jobs");
    assert_string_equal(api_text(answer, "/errors/0/pointer"), pointer);
    assert_string_equal(api_text(answer, "/errors/0/detail"), detail);
}

#define HALVING RATES ", 'strategy': 'halving'"

static void a_schedule_that_looks_ahead_is_refused(void **state)
{
    (void)state;
    assert_refused("'linear'", HALVING, "/tune/strategy",
                   "arm \"plain\": schedule \"linear\" goes by where the run ends, so runs cannot "
                   "be compared half way; take \"constant\", \"wsd\" (before its cooldown), or the "
                   "optimizer \"schedule_free\" with \"constant\"");
    assert_refused("{'type': 'wsd', 'cooldown': 0.3}", HALVING ", 'rungs': [0.5, 0.75]",
                   "/tune/rungs",
                   "arm \"plain\": a rung at 0.75 lies within the cooldown of wsd, which begins at "
                   "0.7");
    assert_refused("{'type': 'constant', 'warmup': 0.2}", HALVING ", 'rungs': [0.1]", "/tune/rungs",
                   "arm \"plain\": a rung at 0.1 lies within the warm-up, which ends at 0.2");
}

static void settings_of_halving_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    assert_refused("'constant'", RATES ", 'factor': 2", "/tune/factor",
                   "belongs only beside \"strategy\": \"halving\"");
    assert_refused("'constant'", HALVING ", 'factor': 1", "/tune/factor",
                   "must be a whole number, at least 2 and at most 10");
    assert_refused("'constant'", HALVING ", 'rungs': [0.5, 0.5]", "/tune/rungs/1",
                   "must be a fraction of the steps, greater than 0.5 and less than 1");
    assert_refused("'constant'", HALVING ", 'rungs': []", "/tune/rungs",
                   "must be a list of 1 to 10 fractions of the steps, such as [0.25, 0.5]");
    assert_refused("'constant'", "'over': {'/steps': [40, 80]}, 'strategy': 'halving'",
                   "/tune/over/~1steps",
                   "cannot be tuned by halving: its points would train for different times; take "
                   "\"strategy\": \"grid\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_the_points_stop_at_each_rung),
        cmocka_unit_test(a_dropped_run_says_where_and_keeps_its_curve),
        cmocka_unit_test(who_goes_on_ends_with_the_same_bits),
        cmocka_unit_test(a_server_that_is_killed_at_any_moment_decides_the_same),
        cmocka_unit_test(points_that_diverge_do_not_go_on),
        cmocka_unit_test(a_schedule_that_looks_ahead_is_refused),
        cmocka_unit_test(settings_of_halving_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
