/*
 * The stream of events as a browser uses it: live, continued after a break, one job alone, and told
 * to reload where too much was missed.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { WITHIN_MS = 10000, EVENTS_MOST = 4096 };

#define JOB                                                                                        \
    "{'kind': 'train', 'reuse': false, 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': "  \
    "[1],"                                                                                         \
    " 'start': [1]}, 'steps': 300, 'report_every_steps': 10,"                                      \
    " 'optimizer': {'type': 'sgd', 'lr': 0.01}}}"
#define ENDLESS                                                                                    \
    "{'kind': 'train', 'reuse': false, 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': "  \
    "[1],"                                                                                         \
    " 'start': [1], 'noise': 0.1}, 'steps': 1e12, 'report_every_steps': 200000,"                   \
    " 'optimizer': {'type': 'sgd', 'lr': 0.01}}}"

/* A stream whose head was read. last: the id to go on from, or NULL. */
static struct http_client watch(const char *target, const char *last)
{
    struct http_client client = client_open(port);
    AUTO_FREE char *header = last ? xprintf("Last-Event-ID: %s\r\n", last) : NULL;
    client_send_request(&client, "GET", target, header, NULL, 0);
    struct http_answer head = client_read_head(&client);
    api_expect(&head, 200);
    assert_says(answer_header(&head, "Content-Type"), "text/event-stream");
    answer_release(&head);
    return client;
}

/* The next one that is neither a comment nor the time to reconnect. */
static struct sse_event next(struct http_client *client)
{
    struct sse_event event;
    while (sse_next(client, &event, WITHIN_MS)) {
        if (strcmp(event.type, "comment") != 0 && strcmp(event.type, "retry") != 0)
            return event;
        sse_release(&event);
    }
    fail_msg("no event came");
    return event;
}

static json_t *data_of(const struct sse_event *event)
{
    json_t *data = json_loads(event->data, 0, NULL);
    assert_non_null(data);
    return data;
}

/* Whether this is the event that says the job has ended. */
static bool ends_job(const struct sse_event *event, int64_t job)
{
    if (strcmp(event->type, "job") != 0)
        return false;
    json_auto_t *data = data_of(event);
    return api_integer(data, "/id") == job && strcmp(api_text(data, "/state"), "succeeded") == 0;
}

static void a_job_is_seen_from_its_beginning_to_its_end(void **state)
{
    (void)state;
    struct http_client client = watch("/api/v1/events", NULL);
    const int64_t job = api_submit(port, JOB);
    const int64_t run = api_run_of(port, job, 0);
    char seen[4096] = "";
    int rows = 0;
    int64_t last_id = 0;
    for (bool ended = false; !ended;) {
        struct sse_event event = next(&client);
        json_auto_t *data = data_of(&event);
        assert_true(atoll(event.id) > last_id);
        last_id = atoll(event.id);
        if (strcmp(event.type, "job") == 0 || strcmp(event.type, "run") == 0) {
            const size_t used = strlen(seen);
            snprintf(seen + used, sizeof seen - used, "%s %s, ", event.type,
                     api_text(data, "/state"));
        }
        if (strcmp(event.type, "metrics") == 0) {
            assert_int_equal(api_integer(data, "/run"), run);
            assert_int_equal(api_integer(data, "/job"), job);
            assert_true(json_is_integer(api_at(data, "/rows/0/0")));
            assert_true(json_is_string(api_at(data, "/rows/0/1")));
            rows += (int)api_size(data, "/rows");
        }
        ended = ends_job(&event, job);
        sse_release(&event);
    }
    assert_true(strncmp(seen, "job queued, ", 12) == 0);
    assert_says(seen, "run running, ");
    assert_says(seen, "job running, ");
    assert_says(seen, "run succeeded, job succeeded, ");
    assert_true(rows > 0);
    client_close(&client);
}

/* Nothing appears on a screen that a crash could take away: what an event says, a read finds. */
static void what_an_event_says_is_stored_already(void **state)
{
    (void)state;
    struct http_client client = watch("/api/v1/events", NULL);
    const int64_t job = api_submit(port, JOB);
    for (bool ended = false; !ended;) {
        struct sse_event event = next(&client);
        json_auto_t *data = data_of(&event);
        if (strcmp(event.type, "metrics") == 0) {
            const size_t last = api_size(data, "/rows") - 1;
            const json_t *row = json_array_get(api_at(data, "/rows"), last);
            json_auto_t *stored =
                api_get(port, "/api/v1/runs/%lld/metrics?name=%s&first=%lld&last=%lld",
                        (long long)api_integer(data, "/run"), api_text(row, "/1"),
                        (long long)api_integer(row, "/0"), (long long)api_integer(row, "/0"));
            assert_near(api_number(stored, "/series/0/value/0"), api_number(row, "/2"), 0);
        }
        ended = ends_job(&event, job);
        sse_release(&event);
    }
    json_auto_t *stored = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_string_equal(api_text(stored, "/state"), "succeeded");
    client_close(&client);
}

/* One watcher stays; another breaks off after every few events and comes back with the last id. */
static void a_stream_goes_on_without_loss_or_repeats(void **state)
{
    (void)state;
    static char all[EVENTS_MOST][32];
    int count = 0, same = 0;
    struct http_client steady = watch("/api/v1/events", NULL);
    json_auto_t *health = api_get(port, "/api/v1/health");
    char last[32];
    snprintf(last, sizeof last, "%lld", (long long)api_integer(health, "/last_event"));
    const int64_t first_job = api_submit(port, JOB), job = api_submit(port, JOB);
    json_decref(api_await_job(port, first_job, "succeeded"));
    json_decref(api_await_job(port, job, "succeeded"));
    /* A mark behind all of the above. */
    json_decref(api_get(port, "/api/v1/datasets/gaussians"));
    for (bool ended = false; !ended && count < EVENTS_MOST; count++) {
        struct sse_event event = next(&steady);
        snprintf(all[count], sizeof all[0], "%s", event.id);
        ended = strcmp(event.type, "dataset") == 0;
        sse_release(&event);
    }
    client_close(&steady);

    while (same < count) {
        struct http_client broken = watch("/api/v1/events", last);
        for (int i = 0; i < 3 && same < count; i++) {
            struct sse_event event = next(&broken);
            assert_string_equal(event.id, all[same]);
            same++;
            snprintf(last, sizeof last, "%s", event.id);
            sse_release(&event);
        }
        client_close(&broken);
    }
}

static void a_stream_of_one_job_has_no_others(void **state)
{
    (void)state;
    const int64_t mine = api_submit(port, ENDLESS);
    AUTO_FREE char *target = xprintf("/api/v1/events?job=%lld", (long long)mine);
    struct http_client client = watch(target, NULL);
    const int64_t other = api_submit(port, JOB);
    json_decref(api_await_job(port, other, "succeeded"));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)mine));

    for (bool ended = false; !ended;) {
        struct sse_event event = next(&client);
        json_auto_t *data = data_of(&event);
        if (strcmp(event.type, "job") == 0) {
            assert_int_equal(api_integer(data, "/id"), mine);
            ended = strcmp(api_text(data, "/state"), "cancelled") == 0;
        } else if (strcmp(event.type, "queue") != 0 && strcmp(event.type, "reload") != 0) {
            assert_int_equal(api_integer(data, "/job"), mine);
        }
        sse_release(&event);
    }
    client_close(&client);
}

static void who_missed_too_much_is_told_to_reload(void **state)
{
    static const char *const small[] = {"--ring", "16", "--slots", "1", NULL};
    struct service other;
    const int usual = port;
    (void)state;
    service_start(&other, small);
    port = other.port;
    json_auto_t *health = api_get(port, "/api/v1/health");
    char old[32];
    snprintf(old, sizeof old, "%lld", (long long)api_integer(health, "/last_event"));
    for (int i = 0; i < 6; i++)
        json_decref(api_await_job(port, api_submit(port, JOB), "succeeded"));

    struct http_client late = watch("/api/v1/events", old);
    struct sse_event event = next(&late);
    assert_string_equal(event.type, "reload");
    snprintf(old, sizeof old, "%s", event.id);
    sse_release(&event);
    /* From there on it is a stream like any other. */
    const int64_t job = api_submit(port, JOB);
    for (bool seen = false; !seen;) {
        event = next(&late);
        assert_true(atoll(event.id) > atoll(old));
        seen = ends_job(&event, job) || strcmp(event.type, "reload") == 0;
        sse_release(&event);
    }
    client_close(&late);
    service_end(&other);
    port = usual;
}

/* Ids go on rising over a restart, so that an id of before is known to be too old. */
static void who_comes_back_to_a_new_server_is_told_to_reload(void **state)
{
    (void)state;
    json_decref(api_await_job(port, api_submit(port, JOB), "succeeded"));
    json_auto_t *health = api_get(port, "/api/v1/health");
    char old[32];
    snprintf(old, sizeof old, "%lld", (long long)api_integer(health, "/last_event"));
    service_restart(&service);
    port = service.port;

    struct http_client client = watch("/api/v1/events", old);
    struct sse_event event = next(&client);
    assert_string_equal(event.type, "reload");
    assert_true(atoll(event.id) > atoll(old));
    sse_release(&event);
    client_close(&client);
}

/* The page asks for jobs that were there before the server was. */
static void a_job_of_before_the_restart_is_told_whole(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, ENDLESS);
    json_decref(api_await_run(port, api_run_of(port, job, 0), "running"));
    json_auto_t *before = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    service_restart(&service);
    port = service.port;
    struct http_client client = watch("/api/v1/events", NULL);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    for (bool seen = false; !seen;) {
        struct sse_event event = next(&client);
        json_auto_t *data = data_of(&event);
        if (strcmp(event.type, "job") == 0 && api_integer(data, "/id") == job) {
            assert_int_equal(api_integer(data, "/created_ms"), api_integer(before, "/created_ms"));
            assert_int_equal(api_integer(data, "/started_ms"), api_integer(before, "/started_ms"));
            assert_string_equal(api_text(data, "/name"), api_text(before, "/name"));
            seen = strcmp(api_text(data, "/state"), "cancelled") == 0;
        }
        sse_release(&event);
    }
    client_close(&client);
}

static void the_queue_is_told_when_it_changes(void **state)
{
    (void)state;
    struct http_client client = watch("/api/v1/events?job=999999", NULL);
    const int64_t job = api_submit(port, ENDLESS);
    struct sse_event event = next(&client);
    assert_string_equal(event.type, "queue");
    json_auto_t *data = data_of(&event);
    assert_int_equal(api_integer(data, "/used"), 1);
    assert_int_equal(api_integer(data, "/total"), 2);
    assert_int_equal(api_integer(data, "/waiting_runs"), 0);
    sse_release(&event);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
    client_close(&client);
}

static void an_idle_stream_gets_comments_and_ends_at_its_age(void **state)
{
    static const char *const brief[] = {
        "--stream-beat", "1", "--stream-age", "3", "--slots", "0", NULL};
    struct service other;
    const int usual = port;
    (void)state;
    service_start(&other, brief);
    port = other.port;
    struct http_client client = watch("/api/v1/events", NULL);
    struct sse_event event;
    int comments = 0;
    while (sse_next(&client, &event, WITHIN_MS)) {
        comments += strcmp(event.type, "comment") == 0;
        sse_release(&event);
    }
    assert_true(comments >= 1 && comments <= 3);
    client_close(&client);
    service_end(&other);
    port = usual;
}

static void there_are_only_so_many_streams(void **state)
{
    static const char *const few[] = {"--streams", "2", "--stream-beat", "1", "--slots", "0", NULL};
    struct service other;
    const int usual = port;
    (void)state;
    service_start(&other, few);
    port = other.port;
    struct http_client first = watch("/api/v1/events", NULL);
    struct http_client second = watch("/api/v1/events", NULL);
    json_decref(api_change(port, "GET", NULL, 503, "/api/v1/events"));
    client_close(&first);
    /* The place is free again once a comment could not be written. */
    int status = 0;
    for (int64_t started_ms = 0; status != 200 && api_wait_on(&started_ms);) {
        struct http_client again = client_open(port);
        client_send_request(&again, "GET", "/api/v1/events", NULL, NULL, 0);
        struct http_answer head = client_read_head(&again);
        status = head.status;
        answer_release(&head);
        client_close(&again);
    }
    client_close(&second);
    service_end(&other);
    port = usual;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_seen_from_its_beginning_to_its_end),
        cmocka_unit_test(what_an_event_says_is_stored_already),
        cmocka_unit_test(a_stream_goes_on_without_loss_or_repeats),
        cmocka_unit_test(a_stream_of_one_job_has_no_others),
        cmocka_unit_test(who_missed_too_much_is_told_to_reload),
        cmocka_unit_test(who_comes_back_to_a_new_server_is_told_to_reload),
        cmocka_unit_test(a_job_of_before_the_restart_is_told_whole),
        cmocka_unit_test(the_queue_is_told_when_it_changes),
        cmocka_unit_test(an_idle_stream_gets_comments_and_ends_at_its_age),
        cmocka_unit_test(there_are_only_so_many_streams),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
