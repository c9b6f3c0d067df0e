/*
 * Comparisons that are looked at while their seeds come in: what is decided stops, and nothing of
 * it depends on when the server is killed. By hand: n seeds that all point one way have the p
 * 2^(1 - n), which is held against Pocock's nominal 0.0158 (5 looks) or 0.0221 (3 looks).
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

/* A bowl on which the higher rate is better with every seed; the noise tells seeds apart. */
#define BOWL                                                                                       \
    "'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [1, -2],"           \
    " 'noise': 0.01}, 'optimizer': {'type': 'sgd', 'lr': 0.01}, 'steps': %s,"                      \
    " 'report_every_steps': 1000000}, 'reuse': false"
#define SLOW    "{'name': 'slow', 'patch': {}}"
#define QUICK   "{'name': 'quick', 'patch': {'optimizer': {'lr': 0.05}}}"
#define TWIN    "{'name': 'twin', 'patch': {}}"
#define ENDLESS "1e12"

/* 1 … count */
static char *seeds(int count)
{
    json_auto_t *list = json_array();
    for (int seed = 1; seed <= count; seed++)
        json_array_append_new(list, json_integer(seed));
    return json_compact(list);
}

static int64_t submit(const char *steps, const char *arms, int seed_count, int looks,
                      const char *more)
{
    AUTO_FREE char *list = seeds(seed_count);
    AUTO_FREE char *body = xprintf("{'kind': 'compare', " BOWL ", 'arms': [%s], 'seeds': %s,"
                                   " 'sequential': {'looks': %d}%s}",
                                   steps, arms, list, looks, more);
    return api_submit(port, body);
}

static json_t *report_of(int64_t job)
{
    return api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
}

static json_t *ended_report(int64_t job)
{
    json_decref(api_await_job(port, job, "succeeded"));
    return report_of(job);
}

static void assert_runs(int64_t job, const char *state, int count)
{
    json_auto_t *whole = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    AUTO_FREE char *pointer = xprintf("/runs/%s", state);
    assert_int_equal(api_integer(whole, pointer), count);
}

/* --- stopping -----------------------------------------------------------------------------------
 */

/* Rounds of 4 seeds: 0.125, then 0.0078. */
static void a_clear_winner_is_found_at_the_second_of_five_looks(void **state)
{
    (void)state;
    const int64_t job = submit("50", SLOW ", " QUICK, 20, 5, "");
    json_auto_t *report = ended_report(job);

    assert_runs(job, "succeeded", 16);
    assert_runs(job, "pruned", 24);
    assert_int_equal(api_integer(report, "/sequential/done"), 2);
    assert_near(api_number(report, "/sequential/level"), 0.015814171563530825, 1e-9);
    api_assert_equal(api_at(report, "/sequential/seeds"), "[4, 8, 12, 16, 20]");
    assert_int_equal(api_integer(report, "/sequential/arms/1/look"), 2);
    assert_int_equal(api_integer(report, "/sequential/arms/1/seeds"), 8);
    assert_string_equal(api_text(report, "/sequential/arms/1/verdict"), "better");
    assert_near(api_number(report, "/sequential/history/0/arms/0/p"), 0.125, 1e-12);
    assert_near(api_number(report, "/sequential/history/1/arms/0/p"), 0.0078125, 1e-12);
    assert_string_equal(api_text(report, "/pairs/0/baseline/verdict"), "better");
    assert_int_equal(api_integer(report, "/pairs/0/seeds"), 8);
    assert_near(api_number(report, "/judging/interval"), 1 - 0.015814171563530825, 1e-9);
    assert_int_equal(api_integer(report, "/saved/decided_runs"), 24);
    assert_int_equal(api_integer(report, "/saved/decided_steps"), 24 * 50);
    assert_int_equal(api_size(report, "/arms/1/values"), 8);
    assert_says(api_text(report, "/sentence"), "over 5 looks)");
    assert_says(api_text(report, "/sequential/sentence"),
                "looked at 2 of 5 times, each at the level 0.0158 (Pocock), which p values and "
                "intervals are adjusted for; decided: quick at look 2 (8 of 20 seeds); 24 runs "
                "were not needed");
}

static void linear_against_constant_on_digits_ends_before_the_last_look(void **state)
{
    (void)state;
    AUTO_FREE char *list = seeds(30);
    AUTO_FREE char *body =
        xprintf("{'kind': 'compare', 'reuse': false, 'base': {'dataset': 'digits', 'epochs': 4,"
                " 'model': {'type': 'softmax'}, 'optimizer': {'type': 'nesterov', 'lr': 0.1}},"
                " 'arms': [{'name': 'constant', 'patch': {'schedule': 'constant'}},"
                " {'name': 'linear', 'patch': {'schedule': 'linear'}}], 'seeds': %s,"
                " 'sequential': {'looks': 5}}",
                list);
    json_auto_t *report = ended_report(api_submit(port, body));
    assert_string_equal(api_text(report, "/pairs/0/baseline/verdict"), "better");
    assert_true(api_integer(report, "/sequential/done") < 5);
    assert_true(api_integer(report, "/saved/decided_steps") > 0);
    assert_says(api_text(report, "/sentence"), "linear beats constant by 0.");
    print_message("%s; %s\n", api_text(report, "/sentence"),
                  api_text(report, "/sequential/sentence"));
}

static void a_run_that_was_not_needed_says_so_and_cannot_be_retried(void **state)
{
    (void)state;
    const int64_t job = submit("50", SLOW ", " QUICK, 20, 5, "");
    json_decref(ended_report(job));
    json_auto_t *runs = api_runs(port, job);
    const json_t *last = json_array_get(runs, 39);
    assert_string_equal(api_text(last, "/state"), "pruned");
    assert_string_equal(api_text(last, "/reason"), "decided");
    assert_string_equal(api_text(last, "/message"),
                        "decided at look 2 of 5: more seeds were not needed");
    json_decref(api_change(port, "POST", NULL, 409, "/api/v1/runs/%lld/retry",
                           (long long)api_integer(last, "/id")));
}

/* Rounds of 6: 0.03125, then 0.00049, half of which by Holm is enough; twins never differ. */
static void a_decided_arm_stops_and_the_baseline_goes_on_with_the_others(void **state)
{
    (void)state;
    const int64_t job = submit("50", SLOW ", " QUICK ", " TWIN, 30, 5, "");
    json_auto_t *report = ended_report(job);

    assert_int_equal(api_integer(report, "/sequential/done"), 5);
    assert_int_equal(api_integer(report, "/sequential/arms/1/look"), 2);
    assert_true(api_is_null(report, "/sequential/arms/2/look"));
    assert_int_equal(api_integer(report, "/sequential/arms/1/stopped_runs"), 18);
    assert_int_equal(api_integer(report, "/arms/0/n"), 30);
    assert_int_equal(api_integer(report, "/arms/1/n"), 12);
    assert_int_equal(api_integer(report, "/arms/2/n"), 30);
    assert_string_equal(api_text(report, "/pairs/1/baseline/verdict"), "undecided");
    assert_int_equal(api_size(report, "/sequential/history"), 5);
    assert_int_equal(api_size(report, "/sequential/history/2/arms"), 1);
}

static void twins_are_equivalent_at_the_first_look(void **state)
{
    (void)state;
    json_auto_t *report =
        ended_report(submit("50", SLOW ", " TWIN, 20, 5, ", 'equivalent_within': 0.001"));
    assert_int_equal(api_integer(report, "/sequential/done"), 1);
    assert_string_equal(api_text(report, "/sequential/arms/1/verdict"), "equivalent");
    assert_string_equal(api_text(report, "/pairs/0/baseline/verdict"), "equivalent");
    assert_int_equal(api_integer(report, "/saved/decided_runs"), 32);
}

static void an_arm_that_fails_with_every_seed_is_decided_to_be_worse(void **state)
{
    (void)state;
    json_auto_t *report = ended_report(
        submit("50", SLOW ", {'name': 'wild', 'patch': {'optimizer': {'lr': 1e6}}}", 20, 5, ""));
    assert_int_equal(api_integer(report, "/sequential/arms/1/look"), 2);
    assert_string_equal(api_text(report, "/sequential/arms/1/verdict"), "worse");
    assert_int_equal(api_integer(report, "/arms/1/failed"), 8);
}

/* --- with what else a comparison may have -------------------------------------------------------
 */

static void rounds_begin_with_what_tuning_by_halving_has_chosen(void **state)
{
    (void)state;
    const int64_t job = submit("80",
                               "{'name': 'one', 'patch': {'report_every_steps': 10}},"
                               "{'name': 'two', 'patch': {'report_every_steps': 10}}",
                               20, 5,
                               ", 'tune': {'over': {'/optimizer/lr': [0.01, 0.02, 0.04, 0.03]},"
                               " 'seeds': [101], 'strategy': 'halving'},"
                               " 'metric': {'name': 'train_loss'}, 'equivalent_within': 1e-9");
    json_auto_t *report = ended_report(job), *runs = api_runs(port, job);
    api_assert_equal(api_at(report, "/arms/0/chosen"), "{'/optimizer/lr': 0.04}");
    assert_string_equal(api_text(report, "/sequential/arms/1/verdict"), "equivalent");
    for (size_t i = 8; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        if (strcmp(api_text(run, "/state"), "succeeded") == 0)
            api_assert_equal(api_at(run, "/tuned"), "{'/optimizer/lr': 0.04}");
    }
    assert_int_equal(api_integer(report, "/saved/dropped_runs"), 2 * 3);
}

/* No band: tuned twins go on to the end, all rounds with the same choice. */
static void all_rounds_of_a_tuned_arm_run(void **state)
{
    (void)state;
    const int64_t job = submit("50", SLOW ", " QUICK, 7, 3,
                               ", 'tune': {'over': {'/optimizer/lr': [0.01, 0.04]},"
                               " 'seeds': [101]}");
    json_auto_t *report = ended_report(job), *runs = api_runs(port, job);
    assert_int_equal(api_integer(report, "/sequential/done"), 3);
    for (size_t i = 4; i < json_array_size(runs); i++)
        api_assert_equal(api_at(json_array_get(runs, i), "/tuned"), "{'/optimizer/lr': 0.04}");
}

/* The source is decided at the second look, its branches are twins: it goes on for them, and is
 * judged by what it had then. */
static void a_decided_arm_goes_on_for_those_that_branch_from_it(void **state)
{
    (void)state;
    static const char *const arms =
        "{'name': 'branch', 'patch': {'schedule': 'linear'}, 'branch_from': {'arm': 'source',"
        " 'at': 0.5}}, {'name': 'source', 'patch': {}}, {'name': 'other', 'patch': {'schedule':"
        " 'linear'}, 'branch_from': {'arm': 'source', 'at': 0.5}}";
    json_auto_t *report = ended_report(submit("60", arms, 30, 5, ""));
    assert_int_equal(api_integer(report, "/sequential/arms/1/look"), 2);
    assert_string_equal(api_text(report, "/sequential/arms/1/verdict"), "better");
    assert_int_equal(api_integer(report, "/sequential/done"), 5);
    for (int arm = 0; arm < 3; arm++)
        assert_int_equal(api_integer(json_array_get(api_at(report, "/arms"), (size_t)arm), "/n"),
                         30);
    assert_string_equal(api_text(report, "/pairs/0/first"), "source");
    assert_int_equal(api_integer(report, "/pairs/0/seeds"), 12);
    assert_int_equal(api_integer(report, "/pairs/1/seeds"), 30);
}

static void a_job_after_another_begins_with_its_first_round(void **state)
{
    (void)state;
    const int64_t ahead = submit(ENDLESS, SLOW ", " QUICK, 3, 2, "");
    AUTO_FREE char *after = xprintf(", 'after': [%lld], 'after_state': 'any'", (long long)ahead);
    const int64_t job = submit("50", SLOW ", " QUICK, 20, 5, after);
    assert_runs(job, "waiting", 40);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)ahead));
    json_auto_t *report = ended_report(job);
    assert_int_equal(api_integer(report, "/sequential/done"), 2);
    assert_runs(job, "pruned", 24);
}

/* --- what people do -----------------------------------------------------------------------------
 */

static json_t *change_run(const char *what, int64_t run, int status)
{
    return api_change(port, "POST", NULL, status, "/api/v1/runs/%lld/%s", (long long)run, what);
}

static void assert_warned(const json_t *report, const char *words)
{
    const json_t *warnings = api_at(report, "/warnings");
    size_t i;
    json_t *warning;
    json_array_foreach(warnings, i, warning)
    {
        if (strstr(json_string_value(warning), words))
            return;
    }
    fail_msg("no warning says %s", words);
}

static void a_comparison_that_is_cancelled_is_not_looked_at(void **state)
{
    (void)state;
    const int64_t job = submit(ENDLESS, SLOW ", " QUICK, 3, 2, "");
    json_decref(api_await_run(port, api_run_of(port, job, 0), "running"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
    json_auto_t *report = report_of(job);
    assert_int_equal(api_integer(report, "/sequential/done"), 0);
    assert_warned(report, "ended before look 1 of 2");
}

/* The first round was cancelled: nothing of it is looked at, and the second may begin. */
static void a_retry_in_a_later_round_waits_until_it_begins(void **state)
{
    (void)state;
    const int64_t job = submit(ENDLESS, SLOW ", " QUICK, 3, 2, "");
    const int64_t later = api_run_of(port, job, 5);
    json_decref(change_run("cancel", later, 200));
    json_auto_t *again = change_run("retry", later, 200);
    assert_string_equal(api_text(again, "/state"), "waiting");
    for (int i = 0; i < 4; i++)
        json_decref(change_run("cancel", api_run_of(port, job, i), 200));
    json_decref(api_await_run(port, later, "running"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
}

/* Both slots are taken, so that nothing begins before it is cancelled. */
static void a_run_of_a_decided_arm_is_not_retried_in_a_later_round(void **state)
{
    (void)state;
    const int64_t ahead = submit(ENDLESS, SLOW ", " QUICK, 3, 2, "");
    const int64_t job = submit("50", SLOW ", " QUICK ", " TWIN, 30, 5, "");
    const int64_t quick = api_run_of(port, job, 29 * 3 + 1),
                  twin = api_run_of(port, job, 29 * 3 + 2);
    json_decref(change_run("cancel", quick, 200));
    json_decref(change_run("cancel", twin, 200));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)ahead));
    json_decref(api_await_job(port, job, "cancelled"));
    json_auto_t *refusal = change_run("retry", quick, 409);
    assert_says(api_text(refusal, "/detail"), "is not needed: arm \"quick\" was decided by look 2");
    json_decref(change_run("retry", twin, 200));
    json_decref(api_await_run(port, twin, "succeeded"));
    json_auto_t *report = report_of(job);
    assert_int_equal(api_integer(report, "/arms/2/n"), 30);
    assert_int_equal(api_integer(report, "/sequential/arms/1/look"), 2);
}

/* --- restarts -----------------------------------------------------------------------------------
 */

#define DIGITS                                                                                     \
    "{'kind': 'compare', 'reuse': false, 'base': {'dataset': 'digits', 'epochs': 4,"               \
    " 'model': {'type': 'mlp', 'hidden': [32]}, 'optimizer': {'type': 'nesterov', 'lr': 0.05}},"   \
    " 'arms': [{'name': 'linear', 'patch': {'schedule': 'linear'}}, {'name': 'constant', 'patch':" \
    " {'schedule': 'constant'}}, {'name': 'slow', 'patch': {'optimizer': {'lr': 0.001}}}],"        \
    " 'seeds': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'sequential': {'looks': 3}}"

static void a_server_that_is_killed_at_any_moment_decides_the_same(void **state)
{
    (void)state;
    json_auto_t *undisturbed = ended_report(api_submit(port, DIGITS));
    const int64_t job = api_submit(port, DIGITS);
    for (int kill = 0; kill < 8; kill++) {
        usleep(60000 + 45000 * (unsigned)kill);
        service_kill_and_restart(&service);
        port = service.port;
    }
    json_auto_t *report = ended_report(job);
    assert_true(json_equal(api_at(undisturbed, "/sequential"), api_at(report, "/sequential")));
    assert_true(json_equal(api_at(undisturbed, "/saved"), api_at(report, "/saved")));
    assert_string_equal(api_text(undisturbed, "/sentence"), api_text(report, "/sentence"));
    assert_int_equal(api_integer(report, "/sequential/arms/2/look"), 2);
    print_message("%s\n", api_text(report, "/sequential/sentence"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_winner_is_found_at_the_second_of_five_looks),
        cmocka_unit_test(linear_against_constant_on_digits_ends_before_the_last_look),
        cmocka_unit_test(a_run_that_was_not_needed_says_so_and_cannot_be_retried),
        cmocka_unit_test(a_decided_arm_stops_and_the_baseline_goes_on_with_the_others),
        cmocka_unit_test(twins_are_equivalent_at_the_first_look),
        cmocka_unit_test(an_arm_that_fails_with_every_seed_is_decided_to_be_worse),
        cmocka_unit_test(rounds_begin_with_what_tuning_by_halving_has_chosen),
        cmocka_unit_test(all_rounds_of_a_tuned_arm_run),
        cmocka_unit_test(a_decided_arm_goes_on_for_those_that_branch_from_it),
        cmocka_unit_test(a_job_after_another_begins_with_its_first_round),
        cmocka_unit_test(a_comparison_that_is_cancelled_is_not_looked_at),
        cmocka_unit_test(a_retry_in_a_later_round_waits_until_it_begins),
        cmocka_unit_test(a_run_of_a_decided_arm_is_not_retried_in_a_later_round),
        cmocka_unit_test(a_server_that_is_killed_at_any_moment_decides_the_same),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
