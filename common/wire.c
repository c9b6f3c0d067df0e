#include "wire.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const wire_names[WIRE_TYPES] = {
    [WIRE_HELLO] = "hello",         [WIRE_WELCOME] = "welcome", [WIRE_REFUSE] = "refuse",
    [WIRE_READY] = "ready",         [WIRE_ASSIGN] = "assign",   [WIRE_STARTED] = "started",
    [WIRE_METRICS] = "metrics",     [WIRE_LOG] = "log",         [WIRE_CHECKPOINT] = "checkpoint",
    [WIRE_KEPT] = "kept",           [WIRE_STOP] = "stop",       [WIRE_RESULT] = "result",
    [WIRE_HEARTBEAT] = "heartbeat", [WIRE_PREPARE] = "prepare", [WIRE_PREPARED] = "prepared",
    [WIRE_SHUTDOWN] = "shutdown",
};

/* --- bytes into lines ---------------------------------------------------------------------- */

void wire_reader_init(struct wire_reader *reader)
{
    *reader = (struct wire_reader){.buffer = xcalloc(WIRE_LINE_BYTES, 1)};
}

void wire_reader_release(struct wire_reader *reader)
{
    free(reader->buffer);
    *reader = (struct wire_reader){0};
}

int wire_fill(struct wire_reader *reader, int fd, struct error *err)
{
    memmove(reader->buffer, reader->buffer + reader->taken, reader->used - reader->taken);
    reader->used -= reader->taken;
    reader->taken = 0;
    assert(reader->used < WIRE_LINE_BYTES); /* else wire_next() has refused the line */

    ssize_t got;
    do {
        got = read(fd, reader->buffer + reader->used, WIRE_LINE_BYTES - reader->used);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (got < 0)
        return error_errno(err, "read from the other side");
    if (got == 0)
        return error_of(err, ERROR_UNAVAILABLE, "the other side has closed the connection");
    reader->used += (size_t)got;
    return 1;
}

int wire_next(struct wire_reader *reader, char **line, size_t *bytes, struct error *err)
{
    char *from = reader->buffer + reader->taken;
    const size_t held = reader->used - reader->taken;
    const char *end = held ? memchr(from, '\n', held) : NULL;

    if (!end && held == WIRE_LINE_BYTES)
        return error_of(err, ERROR_TOO_LARGE, "a line is longer than %d bytes", WIRE_LINE_BYTES);
    if (!end)
        return 0;
    *line = from;
    *bytes = (size_t)(end - from);
    reader->taken += *bytes + 1;
    return 1;
}

/* --- lines into messages ------------------------------------------------------------------- */

enum demand { WHOLE, NUMBER, TEXT, OBJECT };

struct demanded {
    const char *name;
    enum demand demand;
    bool optional; /* may be absent, never of another type */
};

enum { DEMANDED_MAX = 8 };

#define ABOUT_A_RUN                                                                                \
    {"run", WHOLE, false},                                                                         \
    {                                                                                              \
        "attempt", WHOLE, false                                                                    \
    }

static const struct demanded demands[WIRE_TYPES][DEMANDED_MAX] = {
    [WIRE_HELLO] = {{"protocol", WHOLE, false},
                    {"version", TEXT, false},
                    {"name", TEXT, false},
                    {"pid", WHOLE, true},
                    {"catalog", OBJECT, false},
                    {"numeric", OBJECT, false}},
    [WIRE_WELCOME] = {{"heartbeat_ms", WHOLE, false}},
    [WIRE_REFUSE] = {{"message", TEXT, false}},
    [WIRE_ASSIGN] = {ABOUT_A_RUN,
                     {"spec", OBJECT, false},
                     {"folder", TEXT, false},
                     {"data", TEXT, true},
                     {"cache", TEXT, false},
                     {"checkpoint", WHOLE, true},
                     {"steps_seen", WHOLE, true}},
    [WIRE_STARTED] = {ABOUT_A_RUN,
                      {"fingerprint", OBJECT, false},
                      {"resumed", WHOLE, false},
                      {"steps", WHOLE, false}},
    [WIRE_METRICS] = {ABOUT_A_RUN, {"wall_ms", NUMBER, false}},
    [WIRE_LOG] = {ABOUT_A_RUN, {"text", TEXT, false}},
    [WIRE_CHECKPOINT] = {ABOUT_A_RUN, {"step", WHOLE, false}, {"bytes", WHOLE, true}},
    [WIRE_KEPT] = {{"run", WHOLE, false}, {"step", WHOLE, false}},
    [WIRE_STOP] = {ABOUT_A_RUN, {"reason", TEXT, false}},
    [WIRE_RESULT] = {ABOUT_A_RUN,
                     {"state", TEXT, false},
                     {"message", TEXT, true},
                     {"step", WHOLE, false},
                     {"metrics", OBJECT, false},
                     {"bytes", WHOLE, true}},
    [WIRE_PREPARE] = {{"request", WHOLE, false},
                      {"dataset", TEXT, true},
                      {"format", TEXT, false},
                      {"settings", OBJECT, false},
                      {"parts", OBJECT, false},
                      {"cache", TEXT, false}},
    [WIRE_PREPARED] = {{"request", WHOLE, false},
                       {"file", TEXT, true},
                       {"digest", TEXT, true},
                       {"summary", OBJECT, true},
                       {"message", TEXT, true},
                       {"pointer", TEXT, true}},
};

static bool is_whole(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool meets(const json_t *value, enum demand demand)
{
    switch (demand) {
    case WHOLE:
        return is_whole(value);
    case NUMBER:
        return json_is_number(value);
    case TEXT:
        return json_is_string(value);
    case OBJECT:
        return json_is_object(value);
    }
    return false;
}

static int check_members(const json_t *body, enum wire_type type, struct error *err)
{
    static const char *const words[] = {"a whole number, 0 or more", "a number", "text",
                                        "an object"};
    for (int i = 0; i < DEMANDED_MAX && demands[type][i].name; i++) {
        const struct demanded *wanted = &demands[type][i];
        const json_t *value = json_object_get(body, wanted->name);
        if (!value && wanted->optional)
            continue;
        if (!meets(value, wanted->demand))
            return error_of(err, ERROR_MALFORMED, "a line of type \"%s\": \"%s\" must be %s",
                            wire_names[type], wanted->name, words[wanted->demand]);
    }
    return 0;
}

/* WIRE_TYPES where there is none of that name. */
static enum wire_type find_type(const char *name)
{
    int i = 0;
    while (i < WIRE_TYPES && strcmp(name, wire_names[i]) != 0)
        i++;
    return (enum wire_type)i;
}

static int check_body(const json_t *body, enum wire_type *out_type, struct error *err)
{
    const char *name = json_text_at(body, "type", NULL);
    if (!name)
        return error_of(err, ERROR_MALFORMED, "a line must be a JSON object with a \"type\"");
    *out_type = find_type(name);
    if (*out_type == WIRE_TYPES)
        return error_of(err, ERROR_MALFORMED, "a line of unknown type \"%.64s\"", name);
    return check_members(body, *out_type, err);
}

int wire_decode(const char *line, size_t bytes, struct wire_message *message, struct error *err)
{
    json_t *body = NULL;
    enum wire_type type = WIRE_TYPES;

    if (json_read(line, bytes, &body, err) < 0)
        return -1;
    if (check_body(body, &type, err) < 0) {
        json_decref(body);
        return -1;
    }
    *message = (struct wire_message){
        .type = type,
        .run = json_integer_at(body, "run", 0),
        .attempt = json_integer_at(body, "attempt", 0),
        .body = body,
    };
    return 0;
}

void wire_message_release(struct wire_message *message)
{
    json_decref(message->body);
    *message = (struct wire_message){0};
}

char *wire_text(enum wire_type type, const json_t *body, size_t *out_bytes)
{
    AUTO_FREE char *members =
        body ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(17)) : xstrdup("{}");
    assert(members && members[0] == '{'); /* our own objects hold no broken text */

    const char *comma = members[1] == '}' ? "" : ",";
    char *line = xprintf("{\"type\":\"%s\"%s%s\n", wire_names[type], comma, members + 1);
    *out_bytes = strlen(line);
    return line;
}

int wire_encode(enum wire_type type, json_t *body, char **out_line, size_t *out_bytes,
                struct error *err)
{
    size_t bytes;
    char *line = wire_text(type, body, &bytes);
    json_decref(body);
    if (bytes > WIRE_LINE_BYTES) {
        free(line);
        return error_of(err, ERROR_TOO_LARGE, "a line of type \"%s\" has %zu bytes, at most %d fit",
                        wire_names[type], bytes, WIRE_LINE_BYTES);
    }
    *out_line = line;
    *out_bytes = bytes;
    return 0;
}

/* --- metrics without a tree ---------------------------------------------------------------- */

#define METRICS_START "{\"type\":\"metrics\","

/* What is left of a line. */
struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *cursor, const char *text)
{
    const size_t length = strlen(text);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, text, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

static bool take_whole(struct cursor *cursor, int64_t *out)
{
    enum { DIGITS_MAX = 16 }; /* 2^53 has 16 */
    int64_t value = 0;
    int digits = 0;

    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        if (++digits > DIGITS_MAX)
            return false;
        value = 10 * value + (*cursor->at - '0');
    }
    *out = value;
    return digits > 0;
}

/* A finite number as JSON writes it, or null (NaN). */
static bool take_value(struct cursor *cursor, double *out)
{
    enum { NUMBER_BYTES = 40 };
    char text[NUMBER_BYTES];
    size_t length = 0;

    if (skip(cursor, "null")) {
        *out = (double)NAN;
        return true;
    }
    while (cursor->at < cursor->end && *cursor->at && strchr("+-.0123456789eE", *cursor->at)) {
        if (length == NUMBER_BYTES - 1)
            return false;
        text[length++] = *cursor->at++;
    }
    text[length] = '\0';
    char *end;
    *out = strtod(text, &end);
    return length > 0 && *end == '\0' && isfinite(*out);
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool take_name(struct cursor *cursor, const char **out_name, size_t *out_bytes)
{
    const char *from = cursor->at;
    while (cursor->at < cursor->end && is_name_byte(*cursor->at))
        cursor->at++;
    *out_name = from;
    *out_bytes = (size_t)(cursor->at - from);
    return *out_bytes >= 1 && *out_bytes <= WIRE_NAME_BYTES;
}

static bool take_head(struct cursor *cursor, struct wire_metrics *head)
{
    *head = (struct wire_metrics){0};
    if (!skip(cursor, METRICS_START "\"run\":") || !take_whole(cursor, &head->run) ||
        !skip(cursor, ",\"attempt\":") || !take_whole(cursor, &head->attempt) ||
        !skip(cursor, ",\"wall_ms\":") || !take_value(cursor, &head->wall_ms))
        return false;
    head->diverged = skip(cursor, ",\"diverged\":true");
    return skip(cursor, ",\"rows\":[");
}

static int bad_byte(const struct cursor *cursor, const char *line, struct error *err)
{
    return error_of(err, ERROR_MALFORMED, "a metrics line is not as expected at byte %zu",
                    (size_t)(cursor->at - line));
}

int wire_metrics_walk(const char *line, size_t bytes, struct wire_metrics *head, wire_row *row,
                      void *context, struct error *err)
{
    struct cursor cursor = {line, line + bytes};

    if (!take_head(&cursor, head))
        return bad_byte(&cursor, line, err);
    while (!skip(&cursor, "]}")) {
        int64_t step;
        const char *name;
        size_t name_bytes;
        double value;
        if (!skip(&cursor, "[") || !take_whole(&cursor, &step) || !skip(&cursor, ",\"") ||
            !take_name(&cursor, &name, &name_bytes) || !skip(&cursor, "\",") ||
            !take_value(&cursor, &value) || !skip(&cursor, "]"))
            return bad_byte(&cursor, line, err);
        const bool more = skip(&cursor, ",");
        if (more != !(cursor.at < cursor.end && *cursor.at == ']'))
            return bad_byte(&cursor, line, err);
        if (row(context, step, name, name_bytes, value) < 0)
            return error_of(err, ERROR_MALFORMED, "a metrics line was refused at step %" PRId64,
                            step);
    }
    return cursor.at == cursor.end ? 0 : bad_byte(&cursor, line, err);
}

bool wire_is_metrics(const char *line, size_t bytes)
{
    struct cursor cursor = {line, line + bytes};
    return skip(&cursor, METRICS_START);
}

/* --- writing metrics ----------------------------------------------------------------------- */

enum {
    HEAD_BYTES = 192, /* the longest head: three numbers of at most 24 bytes and the words */
    ROW_BYTES = 160,  /* the longest row: step, name, value */
    TAIL_BYTES = 3,   /* ]}\n */
};

void wire_rows_init(struct wire_rows *rows)
{
    *rows = (struct wire_rows){.text = xcalloc(WIRE_ROWS_BYTES + 1, 1)};
}

void wire_rows_release(struct wire_rows *rows)
{
    free(rows->text);
    *rows = (struct wire_rows){0};
}

/* The shortest of 15, 16 or 17 digits that reads back as the same number. */
static void write_value(double value, char *text, size_t bytes)
{
    if (!isfinite(value)) {
        snprintf(text, bytes, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, bytes, "%.*g", digits, value);
        if (digits == 17 || strtod(text, NULL) == value)
            return;
    }
}

bool wire_rows_add(struct wire_rows *rows, int64_t step, const char *name, double value)
{
    if (HEAD_BYTES + rows->used + ROW_BYTES + TAIL_BYTES > WIRE_ROWS_BYTES)
        return false;
    char number[32];
    write_value(value, number, sizeof number);
    char *at = rows->text + HEAD_BYTES + rows->used;
    const int wrote = snprintf(at, ROW_BYTES, "%s[%" PRId64 ",\"%s\",%s]", rows->used ? "," : "",
                               step, name, number);
    assert(wrote > 0 && wrote < ROW_BYTES && strlen(name) <= WIRE_NAME_BYTES);
    rows->used += (size_t)wrote;
    rows->diverged = rows->diverged || !isfinite(value);
    return true;
}

const char *wire_rows_finish(struct wire_rows *rows, int64_t run, int64_t attempt, double wall_ms,
                             size_t *out_bytes)
{
    char head[HEAD_BYTES];
    const int wrote = snprintf(head, sizeof head,
                               METRICS_START "\"run\":%" PRId64 ",\"attempt\":%" PRId64
                                             ",\"wall_ms\":%.3f%s,\"rows\":[",
                               run, attempt, wall_ms, rows->diverged ? ",\"diverged\":true" : "");
    assert(wrote > 0 && wrote < HEAD_BYTES);

    char *start = rows->text + HEAD_BYTES - wrote;
    memcpy(start, head, (size_t)wrote);
    memcpy(rows->text + HEAD_BYTES + rows->used, "]}\n", TAIL_BYTES);
    *out_bytes = (size_t)wrote + rows->used + TAIL_BYTES;
    rows->used = 0;
    rows->diverged = false;
    return start;
}
