/*
 * Arms that go on from the middle of another arm's runs: the same weights where the schedule is the
 * same, what that saves, what happens where there is nothing to go on from, and kill -9.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS                                                                                     \
    "'dataset': 'digits', 'model': {'type': 'mlp', 'hidden': [16], 'dropout': 0.1},"               \
    " 'optimizer': {'type': 'adam', 'lr': 0.01}, 'batch_size': 32, 'report_every_steps': 20"
#define BOWL                                                                                       \
    "'problem': {'type': 'quadratic', 'eigenvalues': [1, 4], 'start': [1, -2]},"                   \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}"

/* The arm's report run with that place among the seeds. */
static json_t *report_run(int64_t job, const char *arm, int seed)
{
    json_auto_t *runs = api_runs(service.port, job);
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run)
    {
        if (strcmp(api_text(run, "/arm"), arm) == 0 &&
            strcmp(api_text(run, "/phase"), "report") == 0 && seed-- == 0)
            return api_get(service.port, "/api/v1/runs/%lld", (long long)api_integer(run, "/id"));
    }
    fail_msg("no such run of arm %s", arm);
    return NULL;
}

static void assert_same_weights(int64_t run, int64_t other)
{
    struct http_answer one =
        api_ask(service.port, "GET", NULL, NULL, "/api/v1/runs/%lld/model", (long long)run);
    struct http_answer two =
        api_ask(service.port, "GET", NULL, NULL, "/api/v1/runs/%lld/model", (long long)other);
    uint64_t head, other_head;
    api_expect(&one, 200);
    api_expect(&two, 200);
    memcpy(&head, one.body, 8); /* the head names the run; the weights follow */
    memcpy(&other_head, two.body, 8);
    const size_t bytes = one.body_bytes - 8 - head;
    assert_true(bytes > 1000);
    assert_int_equal(two.body_bytes - 8 - other_head, bytes);
    assert_memory_equal(one.body + 8 + head, two.body + 8 + other_head, bytes);
    answer_release(&one);
    answer_release(&two);
}

static bool is_kept(int64_t run, int64_t step)
{
    struct stat status;
    AUTO_FREE char *name = xprintf("data/runs/%lld/kept-%lld", (long long)run, (long long)step);
    return stat(folder_path(&service.folder, name), &status) == 0;
}

/* --- what a branch is
 * -----------------------------------------------------------------------------
 */

/* Digits has 3,000 training examples: 94 steps of 32 an epoch, 188 in all; 0.8 of that is 150. */
static void a_twin_ends_with_the_weights_of_its_source(void **state)
{
    (void)state;
    json_auto_t *created = api_change(
        service.port, "POST",
        "{'kind': 'compare', 'base': {" DIGITS ", 'epochs': 2}, 'arms': ["
        " {'name': 'cooldown', 'patch': {'schedule': 'linear'}, 'branch_from': {'arm': 'wsd', 'at':"
        "   0.8}}, {'name': 'wsd', 'patch': {'schedule': {'type': 'wsd', 'cooldown': 0.2}}},"
        " {'name': 'twin', 'patch': {'schedule': {'type': 'wsd', 'cooldown': 0.2},"
        "   'report_every_steps': 50}, 'branch_from': {'arm': 'wsd', 'at': 0.3}}],"
        " 'tune': {'over': {'/optimizer/lr': [0.003, 0.01]}, 'seeds': [11]}, 'seeds': [1, 2, 3]}",
        201, "/api/v1/jobs");
    const int64_t job = api_integer(created, "/id");
    assert_int_equal(api_integer(created, "/runs/total"), 2 + 9); /* branches are not tuned */
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_auto_t *report = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)job);

    json_auto_t *source = report_run(job, "wsd", 1), *twin = report_run(job, "twin", 1);
    json_auto_t *cooldown = report_run(job, "cooldown", 1);
    const int64_t steps = api_integer(source, "/steps");
    const int64_t at = (int64_t)llround(0.8 * (double)steps);
    assert_int_equal(api_integer(cooldown, "/resumed_step"), at);
    assert_int_equal(api_integer(cooldown, "/spec/branch/step"), at);
    assert_int_equal(api_integer(cooldown, "/spec/branch/run"), api_integer(source, "/id"));
    assert_int_equal(api_integer(cooldown, "/step"), steps);
    assert_same_weights(api_integer(source, "/id"), api_integer(twin, "/id"));
    assert_near(api_number(source, "/objective"), api_number(twin, "/objective"), 0);
    assert_true(api_number(source, "/objective") != api_number(cooldown, "/objective"));

    assert_string_equal(api_text(report, "/arms/0/source/kind"), "branch");
    assert_string_equal(api_text(report, "/arms/0/source/arm"), "wsd");
    assert_near(api_number(report, "/arms/0/source/at"), 0.8, 0);
    assert_int_equal(api_integer(report, "/arms/0/source/steps_saved"), 3 * at);
    assert_int_equal(api_size(report, "/arms/0/tuning"), 0);
    assert_int_equal(json_object_size(api_at(report, "/arms/0/chosen")), 1);
    assert_true(json_equal(api_at(report, "/arms/0/chosen"), api_at(report, "/arms/1/chosen")));
}

/* What nobody can go on from any more is not kept. */
static void what_was_kept_goes_when_all_its_branches_have_succeeded(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {" BOWL ", 'steps': 100}, 'arms': ["
                      " {'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {'schedule': 'linear'},"
                      " 'branch_from': {'arm': 'a', 'at': 0.5}}], 'seeds': [1, 2, 3]}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_auto_t *source = report_run(job, "a", 0);
    for (int64_t started_ms = 0; is_kept(api_integer(source, "/id"), 50);)
        if (!api_wait_on(&started_ms))
            fail_msg("kept-50 is still there");
}

/* --- nothing to go on from
 * ------------------------------------------------------------------------
 */

/* The source reaches its goal before half of its steps. */
static void a_branch_from_a_run_that_ended_before_fails_with_it(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {" BOWL ", 'steps': 1000, 'stop_when':"
                      " {'metric': 'train_loss', 'at_most': 0.001}}, 'arms': ["
                      " {'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {'schedule': 'linear'},"
                      " 'branch_from': {'arm': 'a', 'at': 0.5}}], 'seeds': [1]}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_auto_t *run = report_run(job, "b", 0);
    assert_string_equal(api_text(run, "/state"), "failed");
    assert_string_equal(api_text(run, "/reason"), "source failed");
    assert_says(api_text(run, "/message"), "it goes on from step 500 of run");
    assert_says(api_text(run, "/message"), "of arm \"a\", which ended at step 40");
}

/* The source is cancelled, its branch fails, and both can be tried again in that order only. */
static void a_source_and_its_branch_can_be_retried(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {" BOWL ", 'steps': 3000000}, 'arms': ["
                      " {'name': 'a', 'patch': {'report_every_steps': 100000}}, {'name': 'b',"
                      " 'patch': {'schedule': 'linear', 'report_every_steps': 100000},"
                      " 'branch_from': {'arm': 'a', 'at': 0.5}}], 'seeds': [1]}");
    json_auto_t *source = report_run(job, "a", 0), *branch = report_run(job, "b", 0);
    const long long a = api_integer(source, "/id"), b = api_integer(branch, "/id");
    json_decref(api_change(service.port, "POST", NULL, 200, "/api/v1/runs/%lld/cancel", a));
    json_decref(api_await_run(service.port, a, "cancelled"));
    json_auto_t *failed = api_await_run(service.port, b, "failed");
    assert_says(api_text(failed, "/message"), "of arm \"a\", which was cancelled");

    json_auto_t *early = api_change(service.port, "POST", NULL, 409, "/api/v1/runs/%lld/retry", b);
    assert_says(api_text(early, "/detail"), "has nothing to start from");
    json_decref(api_change(service.port, "POST", NULL, 200, "/api/v1/runs/%lld/retry", a));
    json_auto_t *waits = api_change(service.port, "POST", NULL, 200, "/api/v1/runs/%lld/retry", b);
    assert_string_equal(api_text(waits, "/state"), "waiting");
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_auto_t *done = api_get(service.port, "/api/v1/runs/%lld", b);
    assert_int_equal(api_integer(done, "/resumed_step"), 1500000);
}

/* --- killed
 * ---------------------------------------------------------------------------------------
 */

static void kill_workers(void)
{
    pid_t workers[16];
    const int count = server_workers(&service.process, workers, 16);
    for (int i = 0; i < count; i++)
        kill(workers[i], SIGKILL);
}

/* Killed before, in and behind the branch; one without checkpoints of its own begins again from
 * what its source has kept. */
static void a_killed_branch_ends_with_the_same_weights(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {" DIGITS ", 'epochs': 6}, 'arms': ["
                      " {'name': 'a', 'patch': {'schedule': 'linear', 'checkpoint_every_s': 0}},"
                      " {'name': 'fast', 'patch': {'schedule': 'linear', 'checkpoint_every_s': 0},"
                      "  'branch_from': {'arm': 'a', 'at': 0.2}},"
                      " {'name': 'late', 'patch': {'schedule': 'linear'},"
                      "  'branch_from': {'arm': 'a', 'at': 0.5}}], 'seeds': [1, 2, 3]}");
    for (int kill = 0; kill < 6; kill++) {
        usleep(250000);
        if (kill % 3 == 1)
            kill_workers();
        else
            service_kill_and_restart(&service);
    }
    json_decref(api_await_job(service.port, job, "succeeded"));
    for (int seed = 0; seed < 3; seed++) {
        json_auto_t *source = report_run(job, "a", seed), *fast = report_run(job, "fast", seed);
        json_auto_t *late = report_run(job, "late", seed);
        assert_same_weights(api_integer(source, "/id"), api_integer(fast, "/id"));
        assert_same_weights(api_integer(source, "/id"), api_integer(late, "/id"));
        assert_int_equal(api_integer(fast, "/resume_mismatches"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_twin_ends_with_the_weights_of_its_source),
        cmocka_unit_test(what_was_kept_goes_when_all_its_branches_have_succeeded),
        cmocka_unit_test(a_branch_from_a_run_that_ended_before_fails_with_it),
        cmocka_unit_test(a_source_and_its_branch_can_be_retried),
        cmocka_unit_test(a_killed_branch_ends_with_the_same_weights),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
