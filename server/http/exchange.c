#include "http/inside.h"

#include "http/reply.h"
#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct exchange *exchange_new(struct connection *connection)
{
    struct exchange *exchange = xcalloc(1, sizeof *exchange);
    exchange->http = connection->http;
    exchange->connection = connection;
    exchange->answer.fd = -1;
    exchange->req.hidden = exchange;
    exchange->req.server = connection->http->options.server;
    exchange->req.remote = connection->remote;
    return exchange;
}

void exchange_reset(struct exchange *exchange)
{
    if (exchange->stage == STAGE_IDLE)
        return;
    if (exchange->is_event_stream)
        exchange->http->stream_count--;
    reply_release(&exchange->answer);
    json_decref(exchange->req.json);
    upload_free(exchange->upload);
    free(exchange->body);
    free(exchange->arguments);
    free(exchange->argument_text);
    *exchange = (struct exchange){
        .req = {.hidden = exchange,
                .server = exchange->req.server,
                .remote = exchange->connection ? exchange->connection->remote : ""},
        .http = exchange->http,
        .connection = exchange->connection,
        .target = exchange->target,
        .target_room = exchange->target_room,
        .text = exchange->text,
        .text_room = exchange->text_room,
        .answer = {.fd = -1}};
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    exchange_reset(exchange);
    free(exchange->target);
    free(exchange->text);
    free(exchange);
}

/* Only from within the access handler or the content reader: libmicrohttpd wants it so. */
void exchange_suspend(struct exchange *exchange)
{
    assert(!exchange->is_suspended);
    exchange->is_suspended = true;
    MHD_suspend_connection(exchange->connection->mhd);
}

void exchange_resume(struct exchange *exchange)
{
    if (!exchange->is_suspended)
        return;
    exchange->is_suspended = false;
    exchange->http->is_due = true;
    MHD_resume_connection(exchange->connection->mhd);
}

void exchange_answer(struct exchange *exchange, struct reply reply)
{
    assert(reply.kind != REPLY_LATER);
    exchange->answer = reply;
    exchange->stage = STAGE_ANSWERED;
    if (reply.hold_ms > 0)
        exchange->held_until_ms = exchange->http->now_ms + reply.hold_ms;
}

/* --- path ---------------------------------------------------------------------------------- */

static int hex_value(char digit)
{
    return digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* The gate has checked every escape. The place behind the closing NUL. */
static char *decode(char *out, const char *text, size_t bytes, bool plus_is_space)
{
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '%') {
            *out++ = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            *out++ = plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    *out++ = '\0';
    return out;
}

void exchange_set_path(struct exchange *exchange, const struct span *params)
{
    const size_t path_bytes = exchange->pass.path_bytes;
    const size_t need = 2 * path_bytes + REQUEST_PARAMS_MAX + 1; /* decoding never lengthens */
    if (exchange->text_room < need) {
        exchange->text = xrealloc(exchange->text, need, 1);
        exchange->text_room = need;
    }
    memcpy(exchange->text, exchange->target, path_bytes);
    exchange->text[path_bytes] = '\0';
    exchange->req.path = exchange->text;
    char *at = exchange->text + path_bytes + 1;
    for (int i = 0; i < REQUEST_PARAMS_MAX && params[i].text; i++) {
        exchange->req.param[i] = at;
        at = decode(at, params[i].text, params[i].bytes, false);
    }
}

/* --- what a handler may ask ---------------------------------------------------------------- */

static struct exchange *exchange_of(const struct request *req)
{
    return req->hidden;
}

static void read_arguments(struct exchange *exchange)
{
    const char *at = exchange->target + exchange->pass.path_bytes;
    at += *at == '?';
    exchange->arguments = xcalloc(ARGUMENTS_MOST, sizeof *exchange->arguments);
    exchange->argument_text = xcalloc(strlen(at) + 2 * ARGUMENTS_MOST, 1);
    char *out = exchange->argument_text;
    while (*at && exchange->argument_count < ARGUMENTS_MOST) {
        const size_t bytes = strcspn(at, "&");
        const char *equals = memchr(at, '=', bytes);
        const size_t name_bytes = equals ? (size_t)(equals - at) : bytes;
        const size_t value_at = equals ? name_bytes + 1 : bytes;
        struct argument *argument = &exchange->arguments[exchange->argument_count++];
        argument->name = out;
        out = decode(out, at, name_bytes, true);
        argument->value = out;
        out = decode(out, at + value_at, bytes - value_at, true);
        at += bytes + (at[bytes] == '&');
    }
}

const char *request_query(const struct request *req, const char *name)
{
    struct exchange *exchange = exchange_of(req);
    if (!exchange->arguments)
        read_arguments(exchange);
    for (int i = 0; i < exchange->argument_count; i++)
        if (strcmp(exchange->arguments[i].name, name) == 0)
            return exchange->arguments[i].value;
    return NULL;
}

const char *request_header(const struct request *req, const char *name)
{
    const struct exchange *exchange = exchange_of(req);
    if (!exchange->connection)
        return NULL;
    return MHD_lookup_connection_value(exchange->connection->mhd, MHD_HEADER_KIND, name);
}

const char *request_cookie(const struct request *req, const char *name)
{
    const struct exchange *exchange = exchange_of(req);
    if (!exchange->connection)
        return NULL;
    return MHD_lookup_connection_value(exchange->connection->mhd, MHD_COOKIE_KIND, name);
}

/* Digits only, no more than an int64_t surely holds. */
static bool read_digits(const char *text, int64_t *out)
{
    enum { DIGITS_MOST = 18 };
    const size_t count = strspn(text, "0123456789");
    if (count == 0 || count > DIGITS_MOST || text[count] != '\0')
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

int request_id(const struct request *req, int param, int64_t *out, struct error *err)
{
    static const int64_t most = INT64_C(1) << 53;
    int64_t id;
    assert(param < REQUEST_PARAMS_MAX && req->param[param]);
    if (!read_digits(req->param[param], &id) || id < 1 || id > most)
        return error_of(err, ERROR_NOT_FOUND, "\"%.64s\" is no id: ids are whole numbers from 1",
                        req->param[param]);
    *out = id;
    return 0;
}

int request_query_integer(const struct request *req, const char *name, int64_t low, int64_t high,
                          int64_t fallback, int64_t *out, struct error *err)
{
    const char *text = request_query(req, name);
    if (!text) {
        *out = fallback;
        return 0;
    }
    int64_t value;
    const bool is_negative = text[0] == '-';
    if (!read_digits(text + is_negative, &value) || (is_negative ? -value : value) < low ||
        (is_negative ? -value : value) > high)
        return error_of(err, ERROR_INVALID,
                        "the query's \"%s\" must be a whole number from %" PRId64 " to %" PRId64,
                        name, low, high);
    *out = is_negative ? -value : value;
    return 0;
}

/* --- answering later ----------------------------------------------------------------------- */

static void forget_orphan(struct exchange *orphan)
{
    if (orphan->previous)
        orphan->previous->next = orphan->next;
    else
        orphan->http->orphans = orphan->next;
    if (orphan->next)
        orphan->next->previous = orphan->previous;
}

void request_answer(struct request *req, struct reply reply)
{
    struct exchange *exchange = exchange_of(req);
    assert(exchange->stage == STAGE_PARKED); /* answered twice, or not parked */
    if (!exchange->connection) {
        forget_orphan(exchange);
        reply_release(&reply);
        exchange_free(exchange);
        return;
    }
    exchange_answer(exchange, reply);
    exchange_resume(exchange);
}

void http_wake(struct request *req)
{
    struct exchange *exchange = exchange_of(req);
    exchange->was_woken = true;
    if (exchange->stage == STAGE_SENT)
        exchange_resume(exchange);
}
