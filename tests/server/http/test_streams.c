/* Endless answers: woken, with beats, too many, too old, given up by either side. */
#include "serving.h"

#include "events/events.h"

#include <sys/socket.h>

static struct serving *serving;
static struct events *events; /* of the loop, like all that follows */
static int open_streams;
static sem_t stream_closed;

struct watcher {
    struct request *req;
    struct subscriber *subscriber;
};

static void wake(void *context)
{
    const struct watcher *watcher = context;
    http_wake(watcher->req);
}

static long fill(void *context, char *bytes, size_t most)
{
    const struct watcher *watcher = context;
    return events_fill(watcher->subscriber, bytes, most);
}

static void closed(void *context)
{
    struct watcher *watcher = context;
    events_unsubscribe(watcher->subscriber);
    free(watcher);
    open_streams--;
    sem_post(&stream_closed);
}

static struct reply watch(struct request *req)
{
    struct watcher *watcher = xcalloc(1, sizeof *watcher);
    const char *last = request_header(req, "Last-Event-ID");
    watcher->req = req;
    watcher->subscriber =
        events_subscribe(events, last ? strtoll(last, NULL, 10) : 0, 0, wake, watcher);
    open_streams++;
    return reply_stream("text/event-stream", (struct stream_source){fill, closed, watcher});
}

/* A finite answer whose length nobody knows: lines 1 … 20,000. */
struct lines {
    int next;
};

static long fill_lines(void *context, char *bytes, size_t most)
{
    struct lines *lines = context;
    size_t used = 0;
    if (lines->next > 20000)
        return -1;
    while (lines->next <= 20000 && most - used > 16)
        used += (size_t)snprintf(bytes + used, most - used, "%d\n", lines->next++);
    return (long)used;
}

static void close_lines(void *context)
{
    free(context);
    sem_post(&stream_closed);
}

static struct reply export_lines(struct request *req)
{
    struct lines *lines = xcalloc(1, sizeof *lines);
    lines->next = 1;
    (void)req;
    return reply_stream("text/csv", (struct stream_source){fill_lines, close_lines, lines});
}

static const struct route routes[] = {
    {METHOD_GET, "/events", watch, BODY_NONE, 0, 0},
    {METHOD_GET, "/lines", export_lines, BODY_NONE, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

/* --- on the loop --------------------------------------------------------------------------- */

static void make_events(void *context)
{
    events = events_new(serving->loop, 64);
    (void)context;
}

static void drop_events(void *context)
{
    events_free(events);
    (void)context;
}

static void publish(void *context)
{
    events_publish(events, "job", 1, json_pack("{s:i}", "n", *(int *)context));
}

static void publish_large(void *context)
{
    char *text = xcalloc(50001, 1);
    memset(text, *(char *)context, 50000);
    events_publish(events, "log", 1, json_string(text));
    free(text);
}

static void close_door(void *context)
{
    http_close_door(serving->http);
    (void)context;
}

static void read_open_streams(void *context)
{
    *(int *)context = open_streams;
}

static int streams_now(void)
{
    int count;
    serving_call(serving, read_open_streams, &count);
    return count;
}

/* --- setting up ---------------------------------------------------------------------------- */

static void start(int beat_s, int age_s, int streams_most)
{
    serving = serving_new(tables);
    serving->options.stream_beat_s = beat_s;
    serving->options.stream_age_s = age_s;
    serving->options.streams_most = streams_most;
    sem_init(&stream_closed, 0, 0);
    open_streams = 0;
    serving_start(serving);
    serving_call(serving, make_events, NULL);
}

/* The clients are gone, or the door is closed: all streams end before the events go. */
static void stop(void)
{
    serving_call(serving, close_door, NULL);
    for (int i = 0; i < 500 && streams_now() > 0; i++)
        usleep(10000);
    serving_call(serving, drop_events, NULL);
    serving_free(serving);
    sem_destroy(&stream_closed);
}

static struct http_client open_stream(const char *headers)
{
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "GET", "/events", headers, NULL, 0);
    struct http_answer head = client_read_head(&client);
    assert_status(head, 200);
    assert_string_equal(answer_header(&head, "Content-Type"), "text/event-stream");
    assert_string_equal(answer_header(&head, "Cache-Control"), "no-store");
    answer_release(&head);
    struct sse_event event;
    assert_true(sse_next(&client, &event, 5000));
    assert_string_equal(event.type, "retry");
    sse_release(&event);
    return client;
}

/* Gone without a word: the next write to it fails. */
static void reset(struct http_client *client)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    client_close(client);
}

static void assert_next(struct http_client *client, const char *type, const char *data)
{
    struct sse_event event;
    if (!sse_next(client, &event, 5000))
        fail_msg("no event where \"%s\" was expected", type);
    assert_string_equal(event.type, type);
    assert_string_equal(event.data, data);
    sse_release(&event);
}

/* --- tests --------------------------------------------------------------------------------- */

static void events_reach_every_stream_as_they_happen(void **state)
{
    (void)state;
    start(30, 60, 10);
    struct http_client first = open_stream(NULL), second = open_stream(NULL);
    for (int i = 1; i <= 3; i++) {
        char data[32];
        snprintf(data, sizeof data, "{\"n\":%d}", i);
        serving_call(serving, publish, &i);
        assert_next(&first, "job", data);
        assert_next(&second, "job", data);
    }
    client_close(&first);
    client_close(&second);
    stop();
}

static void a_stream_goes_on_behind_the_last_event_seen(void **state)
{
    (void)state;
    start(30, 60, 10);
    struct http_client client = open_stream(NULL);
    struct sse_event event;
    for (int i = 1; i <= 2; i++)
        serving_call(serving, publish, &i);
    assert_true(sse_next(&client, &event, 5000));
    char *header = xprintf("Last-Event-ID: %s\r\n", event.id);
    sse_release(&event);
    client_close(&client);

    client = open_stream(header);
    assert_next(&client, "job", "{\"n\":2}");
    client_close(&client);
    free(header);
    stop();
}

static void an_event_larger_than_a_block_comes_whole(void **state)
{
    (void)state;
    start(30, 60, 10);
    struct http_client client = open_stream(NULL);
    char letter = 'q';
    int one = 1;
    serving_call(serving, publish_large, &letter);
    serving_call(serving, publish, &one);
    struct sse_event event;
    assert_true(sse_next(&client, &event, 5000));
    assert_int_equal(strlen(event.data), 50002);
    assert_int_equal(strspn(event.data + 1, "q"), 50000);
    sse_release(&event);
    assert_next(&client, "job", "{\"n\":1}");
    client_close(&client);
    stop();
}

static void a_silent_stream_beats(void **state)
{
    (void)state;
    start(0, 60, 10); /* each sweep */
    struct http_client client = open_stream(NULL);
    assert_next(&client, "comment", "");
    assert_next(&client, "comment", "");
    int one = 1;
    serving_call(serving, publish, &one);
    struct sse_event event;
    do
        assert_true(sse_next(&client, &event, 5000));
    while (strcmp(event.type, "comment") == 0 && (sse_release(&event), true));
    assert_string_equal(event.data, "{\"n\":1}");
    sse_release(&event);
    client_close(&client);
    stop();
}

/* No event ever comes: the beat finds out. */
static void a_client_that_is_gone_is_noticed_by_the_beat(void **state)
{
    (void)state;
    start(0, 60, 10);
    struct http_client client = open_stream(NULL);
    reset(&client);
    sem_wait(&stream_closed); /* or the test hangs */
    assert_int_equal(streams_now(), 0);
    stop();
}

static void an_old_stream_ends_properly(void **state)
{
    (void)state;
    start(30, 0, 10); /* too old at the first sweep */
    struct http_client client = open_stream(NULL);
    struct sse_event event;
    assert_false(sse_next(&client, &event, 5000));
    assert_memory_equal(client.bytes, "0\r\n", 3); /* the last chunk */
    client_close(&client);
    sem_wait(&stream_closed);
    stop();
}

static void streams_above_the_limit_are_refused(void **state)
{
    (void)state;
    start(30, 60, 2);
    struct http_client first = open_stream(NULL), second = open_stream(NULL);
    struct http_answer answer = http_request(serving->port, "GET", "/events", NULL, NULL);
    assert_status(answer, 503);
    assert_non_null(answer_header(&answer, "Retry-After"));
    assert_says(answer.body, "2 event streams are open");
    answer_release(&answer);
    sem_wait(&stream_closed); /* the refused one */
    reset(&first);
    int one = 1;
    serving_call(serving, publish, &one); /* the write notices */
    sem_wait(&stream_closed);
    first = open_stream(NULL);
    client_close(&first);
    client_close(&second);
    stop();
}

static void a_closed_door_ends_streams(void **state)
{
    (void)state;
    start(30, 60, 10);
    struct http_client client = open_stream(NULL);
    serving_call(serving, close_door, NULL);
    struct sse_event event;
    assert_false(sse_next(&client, &event, 5000));
    assert_memory_equal(client.bytes, "0\r\n", 3);
    sem_wait(&stream_closed);
    client_close(&client);
    stop();
}

static void head_of_a_stream_closes_its_source(void **state)
{
    (void)state;
    start(30, 60, 10);
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "HEAD", "/events", NULL, NULL, 0);
    struct http_answer answer = client_read_head(&client);
    assert_status(answer, 200);
    answer_release(&answer);
    sem_wait(&stream_closed);
    client_close(&client);
    stop();
}

static void a_long_answer_of_unknown_length_comes_whole(void **state)
{
    (void)state;
    start(0, 0, 10); /* neither beats nor ages: it is no event stream */
    struct http_answer answer = http_request(serving->port, "GET", "/lines", NULL, NULL);
    assert_status(answer, 200);
    const char *at = answer.body;
    for (int i = 1; i <= 20000; i++) {
        char *end;
        assert_int_equal(strtol(at, &end, 10), i);
        at = end + 1;
    }
    assert_int_equal(*at, '\0');
    answer_release(&answer);
    sem_wait(&stream_closed);
    stop();
}

int main(void)
{
    json_object_seed(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_reach_every_stream_as_they_happen),
        cmocka_unit_test(a_stream_goes_on_behind_the_last_event_seen),
        cmocka_unit_test(an_event_larger_than_a_block_comes_whole),
        cmocka_unit_test(a_silent_stream_beats),
        cmocka_unit_test(a_client_that_is_gone_is_noticed_by_the_beat),
        cmocka_unit_test(an_old_stream_ends_properly),
        cmocka_unit_test(streams_above_the_limit_are_refused),
        cmocka_unit_test(a_closed_door_ends_streams),
        cmocka_unit_test(head_of_a_stream_closes_its_source),
        cmocka_unit_test(a_long_answer_of_unknown_length_comes_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
