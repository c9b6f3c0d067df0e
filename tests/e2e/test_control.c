/*
 * What people do to jobs and runs: cancel, retry, pause, resume, put in front; submit twice.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends within a moment. */
#define SHORT                                                                                      \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}, 'steps': 5,"             \
    " 'report_every_steps': 1, 'optimizer': {'type': 'sgd', 'lr': 0.1}}"
/* Would go on for hours: the gradient's noise keeps it busy. */
#define ENDLESS                                                                                    \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1], 'noise': 0.1},"           \
    " 'steps': 1e12, 'report_every_steps': 1000000, 'optimizer': {'type': 'sgd', 'lr': 0.1}}"
#define DIVERGING                                                                                  \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}, 'steps': 1000,"          \
    " 'report_every_steps': 1, 'optimizer': {'type': 'sgd', 'lr': 1000}}"

static int64_t train(const char *spec)
{
    AUTO_FREE char *body = xprintf("{'kind': 'train', 'reuse': false, 'spec': %s}", spec);
    return api_submit(port, body);
}

static json_t *act(const char *what, int64_t id, const char *action, int status)
{
    return api_change(port, "POST", NULL, status, "/api/v1/%s/%lld/%s", what, (long long)id,
                      action);
}

static void cancel_job(int64_t job)
{
    json_decref(act("jobs", job, "cancel", 200));
    json_decref(api_await_job(port, job, "cancelled"));
}

/* Takes the one slot, so that what comes behind it waits. */
static int64_t occupy(void)
{
    const int64_t job = train(ENDLESS);
    json_decref(api_await_run(port, api_run_of(port, job, 0), "running"));
    return job;
}

/* --- cancelling ------------------------------------------------------------------------------- */

static void a_running_job_can_be_cancelled(void **state)
{
    (void)state;
    const int64_t job = occupy();
    json_decref(act("jobs", job, "cancel", 200));
    json_auto_t *run = api_await_run(port, api_run_of(port, job, 0), "cancelled");
    json_auto_t *ended = api_await_job(port, job, "cancelled");

    assert_false(api_is_null(ended, "/finished_ms"));
    assert_false(api_is_null(run, "/finished_ms"));
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_integer(queue, "/slots/used"), 0);
}

/* The word to stop may reach the worker in one piece with the run itself. */
static void a_job_cancelled_as_it_starts_stops_at_once(void **state)
{
    enum { TRIES = 400 };
    int64_t jobs[TRIES];
    (void)state;
    for (int i = 0; i < TRIES; i++)
        jobs[i] = train(ENDLESS);
    for (int i = 0; i < TRIES; i++)
        json_decref(act("jobs", jobs[i], "cancel", 200));
    for (int i = 0; i < TRIES; i++)
        json_decref(api_await_job(port, jobs[i], "cancelled"));
    AUTO_FREE char *log = service_log(&service);
    assert_null(strstr(log, "did not stop"));
}

static void a_queued_job_can_be_cancelled(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t job = train(SHORT);
    json_auto_t *cancelled = act("jobs", job, "cancel", 200);
    assert_string_equal(api_text(cancelled, "/state"), "cancelled");
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_integer(queue, "/waiting_runs"), 0);
    cancel_job(ahead);
    json_auto_t *run = api_get(port, "/api/v1/runs/%lld", (long long)api_run_of(port, job, 0));
    assert_int_equal(api_integer(run, "/attempt"), 0); /* it never started */
}

static void one_run_of_a_job_can_be_cancelled_waiting_or_running(void **state)
{
    (void)state;
    const int64_t job =
        api_submit(port, "{'kind': 'compare', 'reuse': false, 'base': " ENDLESS
                         ", 'arms': [{'name': 'first', 'patch': {}},"
                         "           {'name': 'second', 'patch': {'steps': 5}}], 'seeds': [1]}");
    const int64_t first = api_run_of(port, job, 0), second = api_run_of(port, job, 1);
    json_decref(api_await_run(port, first, "running"));

    json_decref(act("runs", second, "cancel", 200));
    json_decref(api_await_run(port, second, "cancelled"));
    json_auto_t *still = api_get(port, "/api/v1/runs/%lld", (long long)first);
    assert_string_equal(api_text(still, "/state"), "running");
    json_decref(act("runs", first, "cancel", 200));
    json_decref(api_await_run(port, first, "cancelled"));
    json_decref(api_await_job(port, job, "cancelled"));
}

static void what_has_ended_cannot_be_changed(void **state)
{
    (void)state;
    const int64_t job = train(SHORT);
    json_decref(api_await_job(port, job, "succeeded"));
    static const char *const actions[] = {"cancel", "pause", "resume"};
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        json_auto_t *refused = act("jobs", job, actions[i], 409);
        assert_says(api_text(refused, "/detail"), "succeeded already");
    }
    json_auto_t *late =
        api_change(port, "PATCH", "{'priority': 3}", 409, "/api/v1/jobs/%lld", (long long)job);
    assert_says(api_text(late, "/detail"), "succeeded already");
    json_decref(act("runs", api_run_of(port, job, 0), "cancel", 409));
    json_decref(act("runs", api_run_of(port, job, 0), "retry", 409));
    json_decref(act("runs", 987654, "cancel", 404));
    json_decref(act("runs", 987654, "retry", 404));
    json_decref(act("jobs", 987654, "cancel", 404));
}

/* --- retrying --------------------------------------------------------------------------------- */

static void a_failed_run_can_be_retried_as_a_new_attempt(void **state)
{
    (void)state;
    const int64_t job = train(DIVERGING);
    const int64_t run = api_run_of(port, job, 0);
    json_decref(api_await_job(port, job, "failed"));

    json_auto_t *queued = act("runs", run, "retry", 200);
    assert_int_equal(api_integer(queued, "/id"), run);
    json_auto_t *again = api_await_run(port, run, "failed"); /* the same again ends the same */
    for (int64_t started_ms = 0; api_integer(again, "/attempt") == 1 && api_wait_on(&started_ms);) {
        json_decref(again);
        again = api_get(port, "/api/v1/runs/%lld", (long long)run);
    }
    json_auto_t *ended = api_await_job(port, job, "failed");
    assert_int_equal(api_integer(again, "/attempt"), 2);
    assert_int_equal(api_integer(again, "/resume_mismatches"), 0);
    assert_int_equal(api_integer(ended, "/runs/failed"), 1);
}

static void a_cancelled_run_goes_on_when_retried(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t job = train(SHORT);
    const int64_t run = api_run_of(port, job, 0);
    cancel_job(job);
    json_auto_t *queued = act("runs", run, "retry", 200);
    assert_string_equal(api_text(queued, "/state"), "queued");
    json_auto_t *open = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_string_equal(api_text(open, "/state"), "queued");
    assert_true(api_is_null(open, "/finished_ms"));
    cancel_job(ahead);
    json_decref(api_await_run(port, run, "succeeded"));
    json_auto_t *done = api_await_job(port, job, "succeeded");
    assert_false(api_is_null(done, "/finished_ms"));
}

static void a_run_of_an_unfinished_job_can_be_retried(void **state)
{
    (void)state;
    const int64_t job =
        api_submit(port, "{'kind': 'compare', 'reuse': false, 'base': " ENDLESS
                         ", 'arms': [{'name': 'slow', 'patch': {}},"
                         "           {'name': 'quick', 'patch': {'steps': 5}}], 'seeds': [1]}");
    const int64_t slow = api_run_of(port, job, 0), quick = api_run_of(port, job, 1);
    json_decref(api_await_run(port, slow, "running"));
    json_decref(act("runs", quick, "cancel", 200));
    json_decref(api_await_run(port, quick, "cancelled"));

    json_decref(act("runs", quick, "retry", 200));
    json_decref(act("runs", slow, "cancel", 200));
    json_decref(api_await_run(port, quick, "succeeded"));
    json_decref(api_await_job(port, job, "cancelled")); /* since one of its runs is */
}

/* Every tuning run, then every report run: as if the comparison had never been cancelled. */
static void a_cancelled_comparison_can_be_brought_to_its_report(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t job =
        api_submit(port, "{'kind': 'compare', 'reuse': false, 'base': " SHORT
                         ", 'arms': [{'name': 'a', 'patch': {}},"
                         "           {'name': 'b', 'patch': {'schedule': 'linear'}}],"
                         " 'tune': {'over': {'/optimizer/lr': [0.1, 0.5]}, 'seeds': [11]},"
                         " 'seeds': [1, 2]}");
    cancel_job(job);
    json_auto_t *runs = api_runs(port, job);
    const int64_t first = api_integer(runs, "/0/id");
    cancel_job(ahead);

    json_auto_t *early =
        act("runs", first + 4, "retry", 409); /* a report run: nothing chosen yet */
    assert_says(api_text(early, "/detail"), "arm");
    for (int i = 0; i < 4; i++)
        json_decref(act("runs", first + i, "retry", 200));
    for (int i = 0; i < 4; i++)
        json_decref(api_await_run(port, first + i, "succeeded"));
    for (int i = 4; i < 8; i++)
        json_decref(act("runs", first + i, "retry", 200));
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    for (int arm = 0; arm < 2; arm++) {
        const json_t *entry = json_array_get(api_at(report, "/arms"), (size_t)arm);
        api_assert_equal(api_at(entry, "/chosen"), "{'/optimizer/lr': 0.5}");
        assert_int_equal(api_integer(entry, "/n"), 2);
    }
}

/* An arm is not judged while a tuning run of it is tried again. */
static void a_report_waits_for_a_tuning_run_that_is_tried_again(void **state)
{
    (void)state;
    const int64_t job =
        api_submit(port, "{'kind': 'compare', 'reuse': false, 'base': " ENDLESS
                         ", 'arms': [{'name': 'a', 'patch': {'problem': {'noise': 0.2}}},"
                         "           {'name': 'b', 'patch': {}}],"
                         " 'tune': {'over': {'/steps': [5, 1e11, 1e12]}, 'seeds': [11]},"
                         " 'seeds': [1]}");
    enum { SHORT_A, SHORT_B, LONG_A, LONG_B, LONGER_A, LONGER_B, REPORT_A, REPORT_B };
    const int64_t first = api_run_of(port, job, 0);
    json_decref(api_await_run(port, first + LONG_A, "running"));
    json_decref(act("runs", first + LONG_B, "cancel", 200));
    json_decref(api_await_run(port, first + LONG_B, "cancelled"));
    json_decref(act("runs", first + LONG_B, "retry", 200));
    json_decref(act("runs", first + LONGER_A, "cancel", 200));
    json_decref(act("runs", first + LONGER_B, "cancel", 200));
    json_decref(act("runs", first + LONG_A, "cancel", 200));

    json_decref(api_await_run(port, first + LONG_B, "running"));
    json_auto_t *chosen = api_await_run(port, first + REPORT_A, "queued");
    json_auto_t *waits = api_get(port, "/api/v1/runs/%lld", (long long)(first + REPORT_B));
    assert_int_equal(api_integer(chosen, "/tuned/~1steps"), 5);
    assert_string_equal(api_text(waits, "/state"), "waiting");
    json_decref(act("runs", first + LONG_B, "cancel", 200));
    json_decref(api_await_run(port, first + REPORT_A, "succeeded"));
    json_decref(api_await_run(port, first + REPORT_B, "succeeded"));
}

/* --- order ------------------------------------------------------------------------------------ */

static void a_paused_job_waits_until_it_is_resumed(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t paused = train(SHORT), other = train(SHORT);
    json_auto_t *job = act("jobs", paused, "pause", 200);
    assert_string_equal(api_text(job, "/state"), "paused");
    assert_true(json_is_true(api_at(job, "/paused")));
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_size(queue, "/waiting"), 2);

    cancel_job(ahead);
    json_decref(api_await_job(port, other, "succeeded"));
    json_auto_t *held = api_get(port, "/api/v1/jobs/%lld", (long long)paused);
    assert_string_equal(api_text(held, "/state"), "paused");
    json_decref(act("jobs", paused, "resume", 200));
    json_decref(api_await_job(port, paused, "succeeded"));
}

static void the_highest_priority_starts_first(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t low = train(SHORT);
    const int64_t high =
        api_submit(port, "{'kind': 'train', 'reuse': false, 'priority': 5, 'spec': " SHORT "}");
    const int64_t raised = train(SHORT);
    json_auto_t *changed =
        api_change(port, "PATCH", "{'priority': 9}", 200, "/api/v1/jobs/%lld", (long long)raised);
    assert_int_equal(api_integer(changed, "/priority"), 9);
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_integer(queue, "/waiting/0/job"), raised);
    assert_int_equal(api_integer(queue, "/waiting/1/job"), high);
    assert_int_equal(api_integer(queue, "/waiting/2/job"), low);
    assert_int_equal(api_integer(queue, "/running/0/job"), ahead);

    cancel_job(ahead);
    json_auto_t *first = api_await_job(port, raised, "succeeded");
    json_auto_t *second = api_await_job(port, high, "succeeded");
    json_auto_t *third = api_await_job(port, low, "succeeded");
    assert_true(api_integer(first, "/finished_ms") <= api_integer(second, "/started_ms"));
    assert_true(api_integer(second, "/finished_ms") <= api_integer(third, "/started_ms"));
}

static void order_pauses_and_priorities_outlive_the_server(void **state)
{
    (void)state;
    const int64_t ahead = occupy();
    const int64_t plain = train(SHORT), high = train(SHORT), paused = train(SHORT);
    json_decref(
        api_change(port, "PATCH", "{'priority': 2}", 200, "/api/v1/jobs/%lld", (long long)high));
    json_decref(act("jobs", paused, "pause", 200));
    json_decref(api_change(port, "PATCH", "{'priority': 1000}", 200, "/api/v1/jobs/%lld",
                           (long long)ahead));
    service_kill_and_restart(&service);
    port = service.port;

    json_decref(api_await_run(port, api_run_of(port, ahead, 0), "running"));
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_integer(queue, "/waiting/0/job"), high);
    assert_int_equal(api_integer(queue, "/waiting/1/job"), plain);
    cancel_job(ahead);
    json_decref(api_await_job(port, plain, "succeeded"));
    json_auto_t *held = api_get(port, "/api/v1/jobs/%lld", (long long)paused);
    assert_string_equal(api_text(held, "/state"), "paused");
    cancel_job(paused);
}

/* --- submitting twice ---------------------------------------------------------------------------
 */

static json_t *submit_with_key(const char *body, const char *key, int status)
{
    AUTO_FREE char *header = xprintf("Idempotency-Key: %s\r\n", key);
    struct http_answer answer = api_ask(port, "POST", header, body, "/api/v1/jobs");
    api_expect(&answer, status);
    json_t *json = api_json(&answer);
    answer_release(&answer);
    return json;
}

static void a_repeated_key_gives_the_same_job(void **state)
{
    (void)state;
    json_auto_t *first =
        submit_with_key("{'kind': 'train', 'spec': " SHORT "}", "made-by-a-script-1", 201);
    json_auto_t *again =
        submit_with_key("{'kind': 'train', 'spec': " SHORT "}", "made-by-a-script-1", 200);
    json_auto_t *other =
        submit_with_key("{'kind': 'train', 'spec': " SHORT "}", "made-by-a-script-2", 201);
    assert_int_equal(api_integer(first, "/id"), api_integer(again, "/id"));
    assert_true(api_integer(other, "/id") > api_integer(first, "/id"));
    service_restart(&service);
    port = service.port;
    json_auto_t *later =
        submit_with_key("{'kind': 'train', 'spec': " SHORT "}", "made-by-a-script-1", 200);
    assert_int_equal(api_integer(later, "/id"), api_integer(first, "/id"));
}

static void a_key_with_another_body_is_a_conflict(void **state)
{
    (void)state;
    json_decref(submit_with_key("{'kind': 'train', 'spec': " SHORT "}", "taken", 201));
    json_auto_t *refused =
        submit_with_key("{'kind': 'train', 'name': 'x', 'spec': " SHORT "}", "taken", 409);
    assert_says(api_text(refused, "/detail"), "Idempotency-Key");
}

/* The body would be refused by now: its data set is gone. */
static void a_repeated_key_is_answered_though_the_body_no_longer_holds(void **state)
{
    static const char body[] =
        "{'kind': 'train', 'spec': {'dataset': 'short-lived', 'model': {'type': 'softmax'},"
        " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'epochs': 1}}";
    struct form form = {0};
    (void)state;
    form_value(&form, "format", "csv");
    form_value(&form, "label", "kind");
    form_value(&form, "valid_fraction", "0.25");
    form_file(&form, "train", "x,kind\n1,a\n2,b\n3,a\n4,b\n", 23);
    struct http_answer made = form_send(&form, port, "/api/v1/datasets/short-lived");
    api_expect(&made, 201);
    answer_release(&made);

    json_auto_t *first = submit_with_key(body, "of-a-data-set", 201);
    json_decref(api_await_job(port, api_integer(first, "/id"), "succeeded"));
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/datasets/short-lived"));
    json_decref(submit_with_key(body, "another", 422));
    json_auto_t *again = submit_with_key(body, "of-a-data-set", 200);
    assert_int_equal(api_integer(again, "/id"), api_integer(first, "/id"));
}

/* --- a lost worker ------------------------------------------------------------------------------
 */

static pid_t worker_of_the_running_run(void)
{
    for (int64_t started_ms = 0; api_wait_on(&started_ms);) {
        pid_t pids[8];
        if (server_workers(&service.process, pids, 8) == 1)
            return pids[0];
    }
    fail_msg("there is no one worker");
    return 0;
}

/* Until a worker has begun with that attempt: one that goes before says nothing of the run. */
static void await_start(int64_t run, int attempt)
{
    for (int64_t started_ms = 0; api_wait_on(&started_ms);) {
        json_auto_t *found = api_get(port, "/api/v1/runs/%lld", (long long)run);
        if (api_integer(found, "/attempt") == attempt && !api_is_null(found, "/resumed_step"))
            return;
    }
    fail_msg("no worker began with attempt %d", attempt);
}

static void a_run_that_loses_three_workers_fails(void **state)
{
    (void)state;
    const int64_t job = occupy();
    const int64_t run = api_run_of(port, job, 0);
    for (int attempt = 1; attempt <= 3; attempt++) {
        await_start(run, attempt);
        kill(worker_of_the_running_run(), SIGKILL);
    }
    json_auto_t *ended = api_await_run(port, run, "failed");
    assert_string_equal(api_text(ended, "/reason"), "worker lost");
    assert_says(api_text(ended, "/message"), "killed by signal 9");
    json_decref(api_await_job(port, train(SHORT), "succeeded")); /* others go on */
}

/* A run of another number of threads, or of portable bits, needs a worker of its own; those do not
 * pile up. */
static void workers_do_not_pile_up(void **state)
{
    static const char *const arguments[] = {"--slots", "4", NULL};
    struct service wide;
    (void)state;
    service_start(&wide, arguments);
    for (int kind = 0; kind < 8; kind++) {
        AUTO_FREE char *body = xprintf(
            "{'kind': 'train', 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': [1]},"
            " 'steps': 5, 'threads': %d, 'numeric': '%s', 'optimizer': {'type': 'sgd', 'lr': "
            "0.1}}}",
            1 + kind / 2, kind % 2 ? "portable" : "native");
        json_decref(api_await_job(wide.port, api_submit(wide.port, body), "succeeded"));
    }
    int64_t count = 11;
    for (int64_t started_ms = 0; count > 6 && api_wait_on(&started_ms);) {
        json_auto_t *health = api_get(wide.port, "/api/v1/health");
        count = api_integer(health, "/workers");
    }
    assert_true(count <= 6); /* four slots, a last one of another kind, one on its way out */
    service_end(&wide);
}

/* --- threads ---------------------------------------------------------------------------------- */

#define TWO_THREADS                                                                                \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1]}, 'steps': 5, 'threads': 2,"             \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}}"

static void more_threads_than_slots_are_refused_where_they_are_asked_for(void **state)
{
    static const char *const bodies[][2] = {
        {"{'kind': 'train', 'spec': " TWO_THREADS "}", "/spec/threads"},
        {"{'kind': 'compare', 'base': " TWO_THREADS ", 'seeds': [1, 2],"
         " 'arms': [{'name': 'one', 'patch': {}}, {'name': 'two', 'patch': {}}]}",
         "/base/threads"},
        {"{'kind': 'compare', 'base': " SHORT ", 'seeds': [1, 2],"
         " 'arms': [{'name': 'one', 'patch': {}}, {'name': 'two', 'patch': {'threads': 2}}]}",
         "/arms/1/patch/threads"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        json_auto_t *refused = api_change(port, "POST", bodies[i][0], 422, "/api/v1/jobs");
        assert_int_equal(api_size(refused, "/errors"), 1);
        assert_string_equal(api_text(refused, "/errors/0/pointer"), bodies[i][1]);
        assert_string_equal(
            api_text(refused, "/errors/0/detail"),
            "must be a whole number, at least 1 and at most 1: this server has 1 slot");
    }
}

/* What was taken in by a server with more slots does not wait for ever: it gets all there are. */
static void a_run_of_more_threads_than_a_smaller_server_has_runs_alone(void **state)
{
    static const char *const none[] = {"--slots", "0", NULL}, *const one[] = {"--slots", "1", NULL};
    struct service smaller;
    (void)state;
    service_start(&smaller, none);
    const int64_t job = api_submit(smaller.port, "{'kind': 'train', 'spec': " TWO_THREADS "}");
    smaller.arguments = one;
    service_restart(&smaller);
    json_decref(api_await_job(smaller.port, job, "succeeded"));
    service_end(&smaller);
}

static int start(void **state)
{
    static const char *const arguments[] = {"--slots", "1", NULL};
    (void)state;
    start_service_with(arguments);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_job_can_be_cancelled),
        cmocka_unit_test(a_job_cancelled_as_it_starts_stops_at_once),
        cmocka_unit_test(a_queued_job_can_be_cancelled),
        cmocka_unit_test(one_run_of_a_job_can_be_cancelled_waiting_or_running),
        cmocka_unit_test(what_has_ended_cannot_be_changed),
        cmocka_unit_test(a_failed_run_can_be_retried_as_a_new_attempt),
        cmocka_unit_test(a_cancelled_run_goes_on_when_retried),
        cmocka_unit_test(a_run_of_an_unfinished_job_can_be_retried),
        cmocka_unit_test(a_cancelled_comparison_can_be_brought_to_its_report),
        cmocka_unit_test(a_report_waits_for_a_tuning_run_that_is_tried_again),
        cmocka_unit_test(a_paused_job_waits_until_it_is_resumed),
        cmocka_unit_test(the_highest_priority_starts_first),
        cmocka_unit_test(order_pauses_and_priorities_outlive_the_server),
        cmocka_unit_test(a_repeated_key_gives_the_same_job),
        cmocka_unit_test(a_key_with_another_body_is_a_conflict),
        cmocka_unit_test(a_repeated_key_is_answered_though_the_body_no_longer_holds),
        cmocka_unit_test(a_run_that_loses_three_workers_fails),
        cmocka_unit_test(workers_do_not_pile_up),
        cmocka_unit_test(more_threads_than_slots_are_refused_where_they_are_asked_for),
        cmocka_unit_test(a_run_of_more_threads_than_a_smaller_server_has_runs_alone),
    };
    return cmocka_run_group_tests(tests, start, end_service);
}
