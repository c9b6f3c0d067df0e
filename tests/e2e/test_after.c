/*
 * Jobs that come after others: they wait, and go on or fail with those, also behind a crash.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>

/* Would go on for hours. */
#define ENDLESS                                                                                    \
    "{'kind': 'train', 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': [1],"              \
    " 'start': [1], 'noise': 0.1}, 'steps': 1e12, 'report_every_steps': 1000000,"                  \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"
#define BOWL                                                                                       \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}, 'steps': 50,"            \
    " 'report_every_steps': 1, 'optimizer': {'type': 'sgd', 'lr': %s}}"
#define GOOD      "0.1"
#define DIVERGING "1000"

static int64_t submit(const char *rate, const char *more)
{
    AUTO_FREE char *body =
        xprintf("{'kind': 'train', 'reuse': false, 'spec': " BOWL "%s}", rate, more);
    return api_submit(port, body);
}

static int64_t submit_after(int64_t other, const char *state)
{
    AUTO_FREE char *more = xprintf(", 'after': [%lld]%s", (long long)other, state);
    return submit(GOOD, more);
}

static int64_t occupy(void)
{
    const int64_t job = api_submit(port, ENDLESS);
    json_decref(api_await_run(port, api_run_of(port, job, 0), "running"));
    return job;
}

static void cancel(int64_t job)
{
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
}

static void assert_waiting(int64_t job)
{
    json_auto_t *whole = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_string_equal(api_text(whole, "/state"), "queued");
    assert_int_equal(api_integer(whole, "/runs/waiting"), api_integer(whole, "/runs/total"));
}

static void assert_failed_after(int64_t job, int64_t other, const char *how)
{
    json_auto_t *whole = api_await_job(port, job, "failed");
    json_auto_t *runs = api_runs(port, job);
    AUTO_FREE char *words = xprintf("it comes after job %lld, which %s", (long long)other, how);
    assert_false(api_is_null(whole, "/finished_ms"));
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        assert_string_equal(api_text(run, "/reason"), "source failed");
        assert_string_equal(api_text(run, "/message"), words);
    }
}

/* There is a slot to spare all the time. */
static void a_job_waits_for_the_ones_before_it(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t job = submit_after(ahead, ", 'after_state': 'any'");
    const int64_t behind = submit_after(job, "");
    json_decref(api_await_job(port, submit(GOOD, ""), "succeeded"));
    assert_waiting(job);
    assert_waiting(behind);
    json_auto_t *whole = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_integer(whole, "/after/0"), ahead);
    cancel(ahead);
    json_decref(api_await_job(port, job, "succeeded"));
    json_decref(api_await_job(port, behind, "succeeded"));
}

static void what_has_ended_already_holds_nobody_up(void **state)
{
    (void)state;
    const int64_t first = submit(GOOD, "");
    json_decref(api_await_job(port, first, "succeeded"));
    json_decref(api_await_job(port, submit_after(first, ""), "succeeded"));
}

static void a_job_fails_with_the_one_before_it(void **state)
{
    (void)state;
    const int64_t bad = submit(DIVERGING, "");
    const int64_t job = submit_after(bad, ""), behind = submit_after(job, "");
    assert_failed_after(job, bad, "failed");
    assert_failed_after(behind, job, "failed");
    const int64_t ahead = occupy(), other = submit_after(ahead, "");
    cancel(ahead);
    assert_failed_after(other, ahead, "was cancelled");
}

static void all_of_several_jobs_must_have_ended(void **state)
{
    (void)state;
    const int64_t one = occupy(), two = submit(GOOD, "");
    json_decref(api_await_job(port, two, "succeeded"));
    AUTO_FREE char *more =
        xprintf(", 'after': [%lld, %lld], 'after_state': 'any'", (long long)one, (long long)two);
    const int64_t job = submit(GOOD, more);
    json_decref(api_await_job(port, submit(GOOD, ""), "succeeded"));
    assert_waiting(job);
    cancel(one);
    json_decref(api_await_job(port, job, "succeeded"));
}

/* Tuning begins then, and the report's runs wait for that as ever; a refined arm for its source. */
static void a_comparison_begins_with_its_first_runs(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    AUTO_FREE char *body = xprintf(
        "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 4],"
        " 'start': [1, -2], 'noise': 0.1}, 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 60},"
        " 'arms': [{'name': 'plain', 'patch': {}}, {'name': 'refined', 'patch': {'schedule':"
        "   {'type': 'refined', 'from': {'arm': 'plain'}}}}], 'seeds': [1, 2], 'reuse': false,"
        " 'tune': {'over': {'/optimizer/lr': [0.1, 0.2]}, 'seeds': [9]}, 'after': [%lld],"
        " 'after_state': 'any'}",
        (long long)ahead);
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, submit(GOOD, ""), "succeeded"));
    assert_waiting(job);
    cancel(ahead);
    json_auto_t *done = api_await_job(port, job, "succeeded");
    assert_int_equal(api_integer(done, "/runs/succeeded"), 2 * 2 + 2 * 2);
}

static void a_comparison_fails_as_a_whole(void **state)
{
    (void)state;
    const int64_t bad = submit(DIVERGING, "");
    AUTO_FREE char *body =
        xprintf("{'kind': 'compare', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1],"
                " 'start': [1]}, 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 60},"
                " 'arms': [{'name': 'plain', 'patch': {}}], 'seeds': [1, 2],"
                " 'tune': {'over': {'/optimizer/lr': [0.1, 0.2]}, 'seeds': [9]}, 'after': [%lld]}",
                (long long)bad);
    assert_failed_after(api_submit(port, body), bad, "failed");
}

static void a_waiting_job_can_be_cancelled(void **state)
{
    (void)state;
    const int64_t ahead = occupy(), job = submit_after(ahead, "");
    cancel(job);
    cancel(ahead);
    json_auto_t *whole = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_string_equal(api_text(whole, "/state"), "cancelled");
}

static void it_waits_on_behind_a_crash(void **state)
{
    (void)state;
    const int64_t ahead = occupy(), job = submit_after(ahead, ", 'after_state': 'any'");
    service_kill_and_restart(&service);
    port = service.port;
    json_decref(api_await_run(port, api_run_of(port, ahead, 0), "running"));
    assert_waiting(job);
    cancel(ahead);
    json_decref(api_await_job(port, job, "succeeded"));
}

static void jobs_that_are_not_there_are_refused(void **state)
{
    (void)state;
    json_auto_t *answer = api_change(port, "POST",
                                     "{'kind': 'train', 'after': [1, 999999], 'spec': {'problem':"
                                     " {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]},"
                                     " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}",
                                     422, "/api/v1/jobs");
    assert_int_equal(api_size(answer, "/errors"), 1);
    assert_string_equal(api_text(answer, "/errors/0/pointer"), "/after/1");
    assert_string_equal(api_text(answer, "/errors/0/detail"), "there is no job 999999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_waits_for_the_ones_before_it),
        cmocka_unit_test(what_has_ended_already_holds_nobody_up),
        cmocka_unit_test(a_job_fails_with_the_one_before_it),
        cmocka_unit_test(all_of_several_jobs_must_have_ended),
        cmocka_unit_test(a_comparison_begins_with_its_first_runs),
        cmocka_unit_test(a_comparison_fails_as_a_whole),
        cmocka_unit_test(a_waiting_job_can_be_cancelled),
        cmocka_unit_test(it_waits_on_behind_a_crash),
        cmocka_unit_test(jobs_that_are_not_there_are_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
