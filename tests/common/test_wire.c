#include "support/check.h"

#include "wire.h"

#include "json.h"
#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- lines --------------------------------------------------------------------------------- */

struct stream {
    int ends[2];
    struct wire_reader reader;
};

static struct stream stream_open(void)
{
    struct stream stream;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, stream.ends), 0);
    wire_reader_init(&stream.reader);
    return stream;
}

static void stream_close(struct stream *stream)
{
    close(stream->ends[0]);
    close(stream->ends[1]);
    wire_reader_release(&stream->reader);
}

static void send_text(struct stream *stream, const char *text)
{
    assert_int_equal(write(stream->ends[1], text, strlen(text)), strlen(text));
}

static void expect_line(struct stream *stream, const char *want)
{
    char *line;
    size_t bytes;
    assert_int_equal(wire_next(&stream->reader, &line, &bytes, NULL), 1);
    assert_int_equal(bytes, strlen(want));
    assert_memory_equal(line, want, bytes);
}

static void expect_no_line(struct stream *stream)
{
    char *line;
    size_t bytes;
    assert_int_equal(wire_next(&stream->reader, &line, &bytes, NULL), 0);
}

static void lines_come_out_whole_however_they_were_cut(void **state)
{
    struct stream stream = stream_open();
    (void)state;

    send_text(&stream, "one\ntw");
    assert_int_equal(wire_fill(&stream.reader, stream.ends[0], NULL), 1);
    expect_line(&stream, "one");
    expect_no_line(&stream);
    send_text(&stream, "o\n\nthree\n");
    assert_int_equal(wire_fill(&stream.reader, stream.ends[0], NULL), 1);
    expect_line(&stream, "two");
    expect_line(&stream, "");
    expect_line(&stream, "three");
    expect_no_line(&stream);
    stream_close(&stream);
}

static void nothing_to_read_is_no_failure_but_the_end_is(void **state)
{
    struct stream stream = stream_open();
    struct error err;
    (void)state;

    assert_int_equal(wire_fill(&stream.reader, stream.ends[0], &err), 0);
    assert_int_equal(shutdown(stream.ends[1], SHUT_WR), 0);
    assert_int_equal(wire_fill(&stream.reader, stream.ends[0], &err), -1);
    assert_says(err.sentence, "closed");
    stream_close(&stream);
}

/* Sends `bytes` letters without a line end, filling as they come. */
static void send_letters(struct stream *stream, size_t bytes)
{
    AUTO_FREE char *letters = xcalloc(bytes, 1);
    memset(letters, 'x', bytes);
    for (size_t sent = 0; sent < bytes;) {
        const size_t piece = bytes - sent < 16384 ? bytes - sent : 16384;
        assert_int_equal(write(stream->ends[1], letters, piece), piece);
        assert_int_equal(wire_fill(&stream->reader, stream->ends[0], NULL), 1);
        sent += piece;
    }
}

static void the_longest_line_fits(void **state)
{
    struct stream stream = stream_open();
    char *line;
    size_t bytes;
    (void)state;

    send_letters(&stream, WIRE_LINE_BYTES - 1);
    expect_no_line(&stream);
    send_text(&stream, "\n");
    assert_int_equal(wire_fill(&stream.reader, stream.ends[0], NULL), 1);
    assert_int_equal(wire_next(&stream.reader, &line, &bytes, NULL), 1);
    assert_int_equal(bytes, WIRE_LINE_BYTES - 1);
    stream_close(&stream);
}

static void a_longer_line_is_refused(void **state)
{
    struct stream stream = stream_open();
    char *line;
    size_t bytes;
    struct error err;
    (void)state;

    send_letters(&stream, WIRE_LINE_BYTES);
    assert_int_equal(wire_next(&stream.reader, &line, &bytes, &err), -1);
    assert_int_equal(err.kind, ERROR_TOO_LARGE);
    assert_says(err.sentence, "262144");
    stream_close(&stream);
}

/* --- messages ------------------------------------------------------------------------------ */

static void refuses(const char *line, const char *piece)
{
    struct wire_message message;
    struct error err;
    assert_int_equal(wire_decode(line, strlen(line), &message, &err), -1);
    assert_says(err.sentence, piece);
}

static void a_message_brings_its_run_attempt_and_members(void **state)
{
    static const char line[] = "{\"type\":\"checkpoint\",\"run\":7,\"attempt\":2,\"step\":300,"
                               "\"of a later version\":[1]}";
    struct wire_message message;
    (void)state;

    assert_int_equal(wire_decode(line, strlen(line), &message, NULL), 0);
    assert_int_equal(message.type, WIRE_CHECKPOINT);
    assert_int_equal(message.run, 7);
    assert_int_equal(message.attempt, 2);
    assert_int_equal(json_integer_at(message.body, "step", -1), 300);
    wire_message_release(&message);
    assert_null(message.body);
}

static void what_a_type_demands_must_be_there_and_right(void **state)
{
    (void)state;
    refuses("", "bad JSON");
    refuses("{\"type\":\"ready\"", "bad JSON at line 1");
    refuses("[1]", "\"type\"");
    refuses("{\"type\":7}", "\"type\"");
    refuses("{\"type\":\"reddy\"}", "unknown type \"reddy\"");
    refuses("{\"type\":\"stop\",\"run\":1,\"attempt\":1}", "\"reason\" must be text");
    refuses("{\"type\":\"stop\",\"run\":\"1\",\"attempt\":1,\"reason\":\"cancelled\"}",
            "\"run\" must be a whole number");
    refuses("{\"type\":\"kept\",\"run\":1,\"step\":-3}", "\"step\" must be a whole number");
    refuses("{\"type\":\"assign\",\"run\":1,\"attempt\":1,\"spec\":[],\"folder\":\"/x\","
            "\"cache\":\"/y\"}",
            "\"spec\" must be an object");
    refuses("{\"type\":\"prepared\",\"request\":1,\"summary\":7}", "\"summary\" must be an object");
}

static void every_type_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < WIRE_TYPES; i++) {
        assert_non_null(wire_names[i]);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(wire_names[i], wire_names[j]);
    }
}

static void encoding_puts_the_type_first(void **state)
{
    AUTO_FREE char *line = NULL;
    AUTO_FREE char *bare = NULL;
    size_t bytes;
    (void)state;

    assert_int_equal(
        wire_encode(WIRE_KEPT, json_pack("{s:i, s:i}", "run", 3, "step", 20), &line, &bytes, NULL),
        0);
    assert_string_equal(line, "{\"type\":\"kept\",\"run\":3,\"step\":20}\n");
    assert_int_equal(bytes, strlen(line));
    assert_int_equal(wire_encode(WIRE_READY, NULL, &bare, &bytes, NULL), 0);
    assert_string_equal(bare, "{\"type\":\"ready\"}\n");
}

static void encoding_refuses_what_no_line_holds(void **state)
{
    AUTO_FREE char *text = xcalloc(WIRE_LINE_BYTES + 1, 1);
    char *line = NULL;
    size_t bytes;
    struct error err;
    (void)state;

    memset(text, 'x', WIRE_LINE_BYTES);
    assert_int_equal(
        wire_encode(WIRE_REFUSE, json_pack("{s:s}", "message", text), &line, &bytes, &err), -1);
    assert_int_equal(err.kind, ERROR_TOO_LARGE);
    assert_null(line);
}

static void no_double_changes_on_the_wire(void **state)
{
    static const double values[] = {0.1,  1.0 / 3.0, 5e-324, 1.7976931348623157e308,
                                    -0.0, 123456789};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        AUTO_FREE char *line = NULL;
        size_t bytes;
        struct wire_message message;
        json_t *body = json_pack("{s:i, s:i, s:f}", "run", 1, "attempt", 1, "wall_ms", values[i]);
        assert_int_equal(wire_encode(WIRE_METRICS, body, &line, &bytes, NULL), 0);
        assert_int_equal(wire_decode(line, bytes, &message, NULL), 0);
        const double back = json_number_at(message.body, "wall_ms", -1);
        assert_memory_equal(&back, &values[i], sizeof back);
        wire_message_release(&message);
    }
}

/* --- metrics ------------------------------------------------------------------------------- */

struct seen {
    int count;
    int most; /* refuses from there on */
    struct {
        int64_t step;
        char name[WIRE_NAME_BYTES + 1];
        double value;
    } rows[8];
};

static int note(void *context, int64_t step, const char *name, size_t name_bytes, double value)
{
    struct seen *seen = context;
    if (seen->count == seen->most)
        return -1;
    seen->rows[seen->count].step = step;
    memcpy(seen->rows[seen->count].name, name, name_bytes);
    seen->rows[seen->count].name[name_bytes] = '\0';
    seen->rows[seen->count++].value = value;
    return 0;
}

static int walk(const char *line, struct wire_metrics *head, struct seen *seen, struct error *err)
{
    *seen = (struct seen){.most = (int)COUNT_OF(seen->rows)};
    return wire_metrics_walk(line, strlen(line), head, note, seen, err);
}

static void the_walk_meets_every_row(void **state)
{
    struct wire_metrics head;
    struct seen seen;
    (void)state;

    assert_int_equal(walk("{\"type\":\"metrics\",\"run\":12,\"attempt\":3,\"wall_ms\":1500.25,"
                          "\"rows\":[[20,\"train_loss\",0.5],[40,\"lr\",-1.25e-3]]}",
                          &head, &seen, NULL),
                     0);
    assert_int_equal(head.run, 12);
    assert_int_equal(head.attempt, 3);
    assert_true(head.wall_ms == 1500.25);
    assert_false(head.diverged);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.rows[0].step, 20);
    assert_string_equal(seen.rows[0].name, "train_loss");
    assert_true(seen.rows[0].value == 0.5);
    assert_int_equal(seen.rows[1].step, 40);
    assert_string_equal(seen.rows[1].name, "lr");
    assert_true(seen.rows[1].value == -1.25e-3);
}

static void null_arrives_as_not_a_number(void **state)
{
    struct wire_metrics head;
    struct seen seen;
    (void)state;

    assert_int_equal(walk("{\"type\":\"metrics\",\"run\":1,\"attempt\":1,\"wall_ms\":0,"
                          "\"diverged\":true,\"rows\":[[7,\"train_loss\",null]]}",
                          &head, &seen, NULL),
                     0);
    assert_true(head.diverged);
    assert_true(isnan(seen.rows[0].value));
}

static void the_walk_refuses_anything_else(void **state)
{
    static const char *const tails[] = {
        "",
        "[",
        "[1,\"a\",2]",
        "[1,\"a\",2],]}",
        ",[1,\"a\",2]]}",
        "[1,\"a\",2][2,\"a\",3]]}",
        "[-1,\"a\",2]]}",
        "[1.5,\"a\",2]]}",
        "[99999999999999999,\"a\",2]]}",
        "[1,\"\",2]]}",
        "[1,\"a\\u0062\",2]]}",
        "[1,\"a\",]]}",
        "[1,\"a\",1e999]]}",
        "[1,\"a\",1.2.3]]}",
        "[1,\"a\",\"b\"]]}",
        "[1,\"a\",NaN]]}",
        "[1,\"a\",0x10]]}",
        "[1,\"a\",00000000000000000000000000000000000000000000001]]}",
        "[1,\"a\",2]]} ",
        "[1,\"a\",2]],\"more\":1}",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        struct wire_metrics head;
        struct seen seen;
        struct error err;
        AUTO_FREE char *line = xprintf("{\"type\":\"metrics\",\"run\":1,\"attempt\":1,"
                                       "\"wall_ms\":0,\"rows\":[%s",
                                       tails[i]);
        if (walk(line, &head, &seen, &err) == 0)
            fail_msg("accepted %s", line);
        assert_says(err.sentence, "at byte");
    }
}

static void the_walk_stops_where_a_row_is_refused(void **state)
{
    static const char line[] = "{\"type\":\"metrics\",\"run\":1,\"attempt\":1,\"wall_ms\":0,"
                               "\"rows\":[[1,\"a\",2],[2,\"a\",2]]}";
    struct seen seen = {.most = 1};
    struct wire_metrics head;
    struct error err;
    (void)state;

    assert_int_equal(wire_metrics_walk(line, strlen(line), &head, note, &seen, &err), -1);
    assert_says(err.sentence, "step 2");
}

static void rows_written_are_rows_read(void **state)
{
    static const double value = 0.1 + 0.2; /* needs 17 digits */
    struct wire_rows rows;
    struct wire_metrics head;
    struct seen seen;
    size_t bytes;
    (void)state;

    wire_rows_init(&rows);
    assert_true(wire_rows_add(&rows, 20, "train_loss", value));
    assert_true(wire_rows_add(&rows, 20, "gradient_norm", (double)INFINITY));
    const char *line = wire_rows_finish(&rows, 5, 2, 12.0625, &bytes);
    assert_int_equal(line[bytes - 1], '\n');
    assert_true(wire_is_metrics(line, bytes));

    AUTO_FREE char *text = xstrndup(line, bytes - 1);
    assert_int_equal(walk(text, &head, &seen, NULL), 0);
    assert_int_equal(head.run, 5);
    assert_true(head.diverged);
    assert_memory_equal(&seen.rows[0].value, &value, sizeof value);
    assert_true(isnan(seen.rows[1].value));

    /* Finishing has emptied it, the mark of divergence too. */
    assert_true(wire_rows_add(&rows, 21, "lr", 1));
    line = wire_rows_finish(&rows, 5, 2, 13, &bytes);
    AUTO_FREE char *second = xstrndup(line, bytes - 1);
    assert_int_equal(walk(second, &head, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    assert_false(head.diverged);
    wire_rows_release(&rows);
}

static int count_row(void *context, int64_t step, const char *name, size_t name_bytes, double value)
{
    int *count = context;
    (void)name;
    (void)name_bytes;
    (void)value;
    assert_int_equal(step, INT64_C(9007199254740992) + *count);
    (*count)++;
    return 0;
}

static void a_full_line_is_as_long_as_a_line_of_rows_may_be(void **state)
{
    struct wire_rows rows;
    struct wire_metrics head;
    size_t bytes;
    int added = 0, read = 0;
    (void)state;

    wire_rows_init(&rows);
    while (wire_rows_add(&rows, INT64_C(9007199254740992) + added, "gradient_norm_l1", -1.0 / 3))
        added++;
    const char *line = wire_rows_finish(&rows, 1000000, 3, 1e9, &bytes);
    assert_in_range(bytes, WIRE_ROWS_BYTES - 512, WIRE_ROWS_BYTES);
    assert_int_equal(wire_metrics_walk(line, bytes - 1, &head, count_row, &read, NULL), 0);
    assert_int_equal(read, added);
    wire_rows_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_whole_however_they_were_cut),
        cmocka_unit_test(nothing_to_read_is_no_failure_but_the_end_is),
        cmocka_unit_test(the_longest_line_fits),
        cmocka_unit_test(a_longer_line_is_refused),
        cmocka_unit_test(a_message_brings_its_run_attempt_and_members),
        cmocka_unit_test(what_a_type_demands_must_be_there_and_right),
        cmocka_unit_test(every_type_has_a_name),
        cmocka_unit_test(encoding_puts_the_type_first),
        cmocka_unit_test(encoding_refuses_what_no_line_holds),
        cmocka_unit_test(no_double_changes_on_the_wire),
        cmocka_unit_test(the_walk_meets_every_row),
        cmocka_unit_test(null_arrives_as_not_a_number),
        cmocka_unit_test(the_walk_refuses_anything_else),
        cmocka_unit_test(the_walk_stops_where_a_row_is_refused),
        cmocka_unit_test(rows_written_are_rows_read),
        cmocka_unit_test(a_full_line_is_as_long_as_a_line_of_rows_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
