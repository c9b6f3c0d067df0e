/* A worker's lines over a socketpair: split anywhere, too long, held back, and the end of file. */
#include "support/check.h"

#include "workers/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct scene {
    struct loop *loop;
    struct link *link;
    int far; /* the worker's end */
    int messages, metrics, closed;
    enum wire_type last;
    char broken[256];
};

static void took_metrics(void *context, const char *line, size_t bytes)
{
    struct scene *scene = context;
    (void)line;
    (void)bytes;
    scene->metrics++;
}

static void took_message(void *context, const struct wire_message *message)
{
    struct scene *scene = context;
    scene->messages++;
    scene->last = message->type;
}

static void was_closed(void *context, const char *broken)
{
    struct scene *scene = context;
    scene->closed++;
    snprintf(scene->broken, sizeof scene->broken, "%s", broken ? broken : "");
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    int pair[2];
    assert_int_equal(loop_new(&scene->loop, NULL), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    scene->far = pair[1];
    scene->link = link_new(scene->loop, pair[0],
                           &(struct link_owner){.metrics = took_metrics,
                                                .message = took_message,
                                                .closed = was_closed,
                                                .context = scene});
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    link_free(scene->link);
    loop_free(scene->loop);
    if (scene->far >= 0)
        close(scene->far);
    free(scene);
    return 0;
}

static void stop(void *context)
{
    loop_stop(context);
}

/* Some turns of the loop: whatever is in the socket by now is taken in them. */
static void turn(struct scene *scene)
{
    loop_after(scene->loop, 5, stop, scene->loop);
    loop_run(scene->loop);
}

static void say(const struct scene *scene, const char *text, size_t bytes)
{
    assert_int_equal(send(scene->far, text, bytes, 0), bytes);
}

static void a_line_split_at_every_byte_is_one_message(void **state)
{
    struct scene *scene = *state;
    static const char line[] = "{\"type\":\"ready\"}\n";
    for (size_t at = 1; at < sizeof line - 1; at++) {
        say(scene, line, at);
        turn(scene);
        assert_int_equal(scene->messages, at - 1);
        say(scene, line + at, sizeof line - 1 - at);
        turn(scene);
        assert_int_equal(scene->messages, at);
    }
    assert_int_equal(scene->last, WIRE_READY);
    assert_int_equal(scene->closed, 0);
}

static void metrics_lines_come_raw(void **state)
{
    struct scene *scene = *state;
    static const char line[] = "{\"type\":\"metrics\",\"run\":1,\"attempt\":1,\"wall_ms\":1,"
                               "\"rows\":[[1,\"a\",0.5]]}\n";
    say(scene, line, sizeof line - 1);
    turn(scene);
    assert_int_equal(scene->metrics, 1);
    assert_int_equal(scene->messages, 0);
}

static void an_unknown_type_breaks_the_link(void **state)
{
    struct scene *scene = *state;
    static const char line[] = "{\"type\":\"gossip\"}\n";
    say(scene, line, sizeof line - 1);
    turn(scene);
    assert_int_equal(scene->closed, 1);
    assert_says(scene->broken, "gossip");
}

static void a_line_without_end_breaks_the_link(void **state)
{
    struct scene *scene = *state;
    static char line[WIRE_LINE_BYTES];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 2 && !scene->closed; i++) {
        say(scene, line, sizeof line / 2);
        turn(scene);
    }
    say(scene, line, 10);
    turn(scene);
    assert_int_equal(scene->closed, 1);
    assert_true(scene->broken[0] != '\0');
}

static void lines_before_the_end_of_file_still_count(void **state)
{
    struct scene *scene = *state;
    static const char lines[] = "{\"type\":\"heartbeat\"}\n{\"type\":\"ready\"}\n";
    say(scene, lines, sizeof lines - 1);
    close(scene->far);
    scene->far = -1;
    turn(scene);
    assert_int_equal(scene->messages, 2);
    assert_int_equal(scene->closed, 1);
    assert_string_equal(scene->broken, ""); /* nobody's fault */
}

static void a_held_link_reads_nothing_until_let_go(void **state)
{
    struct scene *scene = *state;
    static const char line[] = "{\"type\":\"ready\"}\n";
    link_hold(scene->link, true);
    say(scene, line, sizeof line - 1);
    turn(scene);
    assert_int_equal(scene->messages, 0);
    link_hold(scene->link, false);
    turn(scene);
    assert_int_equal(scene->messages, 1);
}

static void a_worker_that_never_reads_is_given_up(void **state)
{
    struct scene *scene = *state;
    char text[30000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 400 && !scene->closed; i++)
        link_send(scene->link, WIRE_REFUSE, json_pack("{s:s}", "message", text));
    assert_int_equal(scene->closed, 1);
    assert_says(scene->broken, "does not read");
}

static int64_t count_turn(void *context)
{
    (*(int *)context)++;
    return -1;
}

/* The kernel tells of a closed end again and again, asked for or not. */
static void a_far_end_that_closes_while_held_does_not_keep_the_loop_busy(void **state)
{
    struct scene *scene = *state;
    static const char line[] = "{\"type\":\"ready\"}\n";
    int turns = 0;
    link_hold(scene->link, true);
    say(scene, line, sizeof line - 1);
    close(scene->far);
    scene->far = -1;
    loop_each_turn(scene->loop, count_turn, &turns);
    turn(scene);
    assert_in_range(turns, 1, 5);
    assert_int_equal(scene->closed, 0);

    link_hold(scene->link, false);
    turn(scene);
    assert_int_equal(scene->messages, 1); /* what it said before counts */
    assert_int_equal(scene->closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_split_at_every_byte_is_one_message, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(metrics_lines_come_raw, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_type_breaks_the_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_without_end_breaks_the_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_before_the_end_of_file_still_count, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_held_link_reads_nothing_until_let_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_worker_that_never_reads_is_given_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_far_end_that_closes_while_held_does_not_keep_the_loop_busy, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
