/* The ring of events, and subscribers as cursors into it. */
#include "events/events.h"

#include "memory.h"
#include "support/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CAPACITY = 8 };

static struct loop *loop;
static struct events *events;
static int wakes;

static int setup(void **state)
{
    struct error err;
    (void)state;
    wakes = 0;
    if (loop_new(&loop, &err) < 0)
        return -1;
    events = events_new(loop, CAPACITY);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    events_free(events);
    loop_free(loop);
    return 0;
}

static void count_wake(void *context)
{
    (void)context;
    wakes++;
}

static void publish(const char *type, int64_t job, int number)
{
    events_publish(events, type, job, json_pack("{s:i}", "n", number));
}

static struct subscriber *subscribe(int64_t after, int64_t job)
{
    return events_subscribe(events, after, job, count_wake, NULL);
}

static void stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

/* All that is due now. */
static void turn_the_loop(void)
{
    loop_after(loop, 0, stop, NULL);
    loop_run(loop);
}

static void assert_next_is(struct subscriber *subscriber, const char *type, const char *text)
{
    const struct event *event = events_next(subscriber);
    assert_non_null(event);
    assert_string_equal(event->type, type);
    assert_string_equal(event->text, text);
}

static void a_subscriber_sees_what_comes_after_it_in_order(void **state)
{
    (void)state;
    publish("job", 1, 1);
    struct subscriber *subscriber = subscribe(0, 0);
    assert_null(events_next(subscriber));
    publish("run", 1, 2);
    publish("metrics", 2, 3);
    assert_next_is(subscriber, "run", "{\"n\":2}");
    assert_next_is(subscriber, "metrics", "{\"n\":3}");
    assert_null(events_next(subscriber));
    events_unsubscribe(subscriber);
}

static void ids_rise_by_one_from_the_wall_clock(void **state)
{
    (void)state;
    const int64_t start = events_last_id(events);
    assert_true(start <= wall_ms() << 12);
    assert_true(start > (wall_ms() - 10000) << 12);
    publish("job", 1, 1);
    publish("job", 1, 2);
    assert_int_equal(events_last_id(events), start + 2);
}

static void a_subscriber_goes_on_where_it_left_off(void **state)
{
    (void)state;
    publish("job", 1, 1);
    const int64_t seen = events_last_id(events);
    publish("job", 1, 2);
    struct subscriber *subscriber = subscribe(seen, 0);
    assert_next_is(subscriber, "job", "{\"n\":2}");
    assert_null(events_next(subscriber));
    events_unsubscribe(subscriber);
}

static void who_fell_out_of_the_ring_is_told_to_reload_once(void **state)
{
    (void)state;
    struct subscriber *subscriber = subscribe(0, 0);
    for (int i = 0; i < CAPACITY + 1; i++)
        publish("job", 1, i);
    assert_next_is(subscriber, "reload", "{}");
    assert_null(events_next(subscriber));
    publish("job", 1, 99);
    assert_next_is(subscriber, "job", "{\"n\":99}");
    events_unsubscribe(subscriber);
}

static void a_full_ring_is_still_complete(void **state)
{
    (void)state;
    struct subscriber *subscriber = subscribe(0, 0);
    for (int i = 0; i < CAPACITY; i++)
        publish("job", 1, i);
    for (int i = 0; i < CAPACITY; i++) {
        char text[32];
        snprintf(text, sizeof text, "{\"n\":%d}", i);
        assert_next_is(subscriber, "job", text);
    }
    events_unsubscribe(subscriber);
}

static void an_id_of_an_earlier_life_means_reload(void **state)
{
    (void)state;
    struct subscriber *old = subscribe(17, 0);
    assert_next_is(old, "reload", "{}");
    events_unsubscribe(old);
    struct subscriber *future = subscribe(events_last_id(events) + 1000, 0);
    assert_next_is(future, "reload", "{}");
    events_unsubscribe(future);
}

static void a_subscriber_of_one_job_sees_it_and_the_queue(void **state)
{
    (void)state;
    struct subscriber *subscriber = subscribe(0, 2);
    publish("run", 1, 1);
    publish("run", 2, 2);
    publish("dataset", 0, 3);
    publish("queue", 0, 4);
    publish("metrics", 2, 5);
    assert_next_is(subscriber, "run", "{\"n\":2}");
    assert_next_is(subscriber, "queue", "{\"n\":4}");
    assert_next_is(subscriber, "metrics", "{\"n\":5}");
    assert_null(events_next(subscriber));
    events_unsubscribe(subscriber);
}

/* --- waking -------------------------------------------------------------------------------- */

static int64_t team_of_job(void *context, int64_t job)
{
    (void)context;
    return job < 10 ? 0 : job / 10; /* 10 … 19 are team 1's */
}

static void a_team_sees_its_own_and_what_is_for_everyone(void **state)
{
    (void)state;
    events_set_audience(events, team_of_job, NULL);
    struct subscriber *one = subscribe(0, 0), *two_s_job = subscribe(0, 20);
    events_only_for(one, 1);
    events_only_for(two_s_job, 1);
    publish("run", 10, 1);
    publish("run", 20, 2);
    publish("run", 3, 3);
    publish("queue", 0, 4);
    events_publish_to(events, "dataset", 1, json_pack("{s:i}", "n", 5));
    events_publish_to(events, "dataset", 2, json_pack("{s:i}", "n", 6));
    publish("reload", 20, 7);
    assert_next_is(one, "run", "{\"n\":1}");
    assert_next_is(one, "run", "{\"n\":3}");
    assert_next_is(one, "queue", "{\"n\":4}");
    assert_next_is(one, "dataset", "{\"n\":5}");
    assert_null(events_next(one));
    assert_next_is(two_s_job, "queue", "{\"n\":4}");
    assert_null(events_next(two_s_job));
    events_unsubscribe(one);
    events_unsubscribe(two_s_job);
}

static void many_events_of_a_turn_wake_once(void **state)
{
    (void)state;
    struct subscriber *subscriber = subscribe(0, 0);
    turn_the_loop();
    assert_int_equal(wakes, 0);
    publish("job", 1, 1);
    publish("job", 1, 2);
    publish("job", 1, 3);
    turn_the_loop();
    assert_int_equal(wakes, 1);
    events_unsubscribe(subscriber);
}

static void events_about_others_do_not_wake(void **state)
{
    (void)state;
    struct subscriber *subscriber = subscribe(0, 2);
    publish("run", 1, 1);
    turn_the_loop();
    assert_int_equal(wakes, 0);
    publish("run", 2, 1);
    turn_the_loop();
    assert_int_equal(wakes, 1);
    events_unsubscribe(subscriber);
}

static struct subscriber *pair[2];

static void leave_both(void *context)
{
    (void)context;
    wakes++;
    events_unsubscribe(pair[0]);
    events_unsubscribe(pair[1]);
    pair[0] = pair[1] = NULL;
}

static void subscribers_may_leave_while_they_are_woken(void **state)
{
    (void)state;
    pair[0] = events_subscribe(events, 0, 0, leave_both, NULL);
    pair[1] = events_subscribe(events, 0, 0, leave_both, NULL);
    publish("job", 1, 1);
    turn_the_loop();
    assert_int_equal(wakes, 1);
}

/* --- text ---------------------------------------------------------------------------------- */

/* As a stream would: in pieces of `piece` bytes. The caller frees it. */
static char *read_all(struct subscriber *subscriber, size_t piece)
{
    char *text = xcalloc(1, 1), *part = xcalloc(piece + 1, 1);
    for (long count = events_fill(subscriber, part, piece); count > 0;
         count = events_fill(subscriber, part, piece)) {
        assert_true((size_t)count <= piece);
        part[count] = '\0';
        char *longer = xprintf("%s%s", text, part);
        free(text);
        text = longer;
    }
    free(part);
    return text;
}

static void assert_streams_whole(size_t piece)
{
    struct subscriber *subscriber = subscribe(0, 0);
    publish("job", 1, 1);
    publish("run", 1, 22);
    const int64_t last = events_last_id(events);
    char *text = read_all(subscriber, piece);
    char *expected = xprintf("retry: 2000\n\n"
                             "id: %" PRId64 "\nevent: job\ndata: {\"n\":1}\n\n"
                             "id: %" PRId64 "\nevent: run\ndata: {\"n\":22}\n\n",
                             last - 1, last);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    events_unsubscribe(subscriber);
}

static void a_stream_is_the_same_in_pieces_of_any_size(void **state)
{
    (void)state;
    assert_streams_whole(4096);
    assert_streams_whole(1);
    assert_streams_whole(7);
}

static void a_stream_whose_event_is_cut_survives_the_loss_of_that_event(void **state)
{
    char bytes[20];
    (void)state;
    struct subscriber *subscriber = subscribe(0, 0);
    publish("job", 1, 1);
    const int64_t id = events_last_id(events);
    assert_int_equal(events_fill(subscriber, bytes, sizeof bytes), sizeof bytes);
    for (int i = 0; i < 2 * CAPACITY; i++)
        publish("run", 1, i); /* the job's event is overwritten */
    char *text = read_all(subscriber, 100);
    char *expected = xprintf("retry: 2000\n\nid: %" PRId64 "\nevent: job\ndata: {\"n\":1}\n\n"
                             "id: %" PRId64 "\nevent: reload\ndata: {}\n\n",
                             id, events_last_id(events));
    assert_string_equal(text, expected + sizeof bytes);
    free(text);
    free(expected);
    events_unsubscribe(subscriber);
}

static void line_ends_in_data_stay_within_their_line(void **state)
{
    (void)state;
    struct subscriber *subscriber = subscribe(0, 0);
    events_publish(events, "log", 1, json_pack("{s:s}", "text", "a\nb\r\n\nid: 5"));
    assert_next_is(subscriber, "log", "{\"text\":\"a\\nb\\r\\n\\nid: 5\"}");
    events_unsubscribe(subscriber);
}

static void too_much_text_becomes_a_reload(void **state)
{
    (void)state;
    char *text = xcalloc(70000, 1);
    memset(text, 'x', 69999);
    struct subscriber *subscriber = subscribe(0, 5);
    events_publish(events, "log", 1, json_pack("{s:s}", "text", text));
    assert_next_is(subscriber, "reload", "{}");
    events_unsubscribe(subscriber);
    free(text);
}

/* 400 texts of 60,000 bytes are 24 MB: the oldest must go, though 400 events would fit. */
static void the_bytes_of_the_ring_are_bounded(void **state)
{
    (void)state;
    char *text = xcalloc(60001, 1);
    memset(text, 'x', 60000);
    struct events *wide = events_new(loop, 1000);
    struct subscriber *first = events_subscribe(wide, 0, 0, count_wake, NULL);
    for (int i = 0; i < 400; i++)
        events_publish(wide, "log", 1, json_string(text));
    assert_string_equal(events_next(first)->type, "reload");
    events_unsubscribe(first);
    struct subscriber *later =
        events_subscribe(wide, events_last_id(wide) - 200, 0, count_wake, NULL);
    assert_string_equal(events_next(later)->type, "log");
    events_unsubscribe(later);
    events_free(wide);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_subscriber_sees_what_comes_after_it_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ids_rise_by_one_from_the_wall_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(a_subscriber_goes_on_where_it_left_off, setup, teardown),
        cmocka_unit_test_setup_teardown(who_fell_out_of_the_ring_is_told_to_reload_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_full_ring_is_still_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(an_id_of_an_earlier_life_means_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(a_subscriber_of_one_job_sees_it_and_the_queue, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_team_sees_its_own_and_what_is_for_everyone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_events_of_a_turn_wake_once, setup, teardown),
        cmocka_unit_test_setup_teardown(events_about_others_do_not_wake, setup, teardown),
        cmocka_unit_test_setup_teardown(subscribers_may_leave_while_they_are_woken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stream_is_the_same_in_pieces_of_any_size, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stream_whose_event_is_cut_survives_the_loss_of_that_event,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(line_ends_in_data_stay_within_their_line, setup, teardown),
        cmocka_unit_test_setup_teardown(too_much_text_becomes_a_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(the_bytes_of_the_ring_are_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
