/*
 * From a reply to bytes on the socket: headers, conditional answers, the line in the log.
 */
#include "http/inside.h"

#include "http/reply.h"
#include "memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the log ------------------------------------------------------------------------------- */

/* Whatever the client sent must not write lines of its own. */
static char *printable(const char *text)
{
    enum { SHOWN_MOST = 200 };
    char *shown = xstrndup(text, SHOWN_MOST);
    for (char *at = shown; *at; at++)
        if (!isgraph((unsigned char)*at))
            *at = '?';
    return shown;
}

static void log_refusal(const struct exchange *exchange, const struct reply *reply)
{
    const struct http_options *options = &exchange->http->options;
    if (reply->status < 400 || !options->refused)
        return;
    AUTO_FREE char *method = printable(exchange->method ? exchange->method : "?");
    AUTO_FREE char *target = printable(exchange->target);
    AUTO_FREE char *line = xprintf("%s %s: %s", method, target,
                                   reply->reason ? reply->reason : status_title(reply->status));
    options->refused(options->server, exchange->req.remote, reply->status, line);
}

/* --- headers ------------------------------------------------------------------------------- */

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value)
        MHD_add_response_header(response, name, value);
}

static void add_file_name(struct MHD_Response *response, const char *filename)
{
    if (!filename)
        return;
    char *value = xprintf("attachment; filename=\"%s\"", filename);
    for (char *at = strchr(value, '"') + 1; at[1]; at++)
        if (!isalnum((unsigned char)*at) && !strchr("._- ", *at))
            *at = '_';
    add(response, "Content-Disposition", value);
    free(value);
}

static void add_retry(struct MHD_Response *response, int seconds)
{
    char text[16];
    if (seconds <= 0)
        return;
    snprintf(text, sizeof text, "%d", seconds);
    add(response, "Retry-After", text);
}

/* Nothing of ours is to be guessed at, framed, or told to other sites. */
static void add_headers(struct MHD_Response *response, const struct reply *reply, bool must_close)
{
    add(response, "Content-Type", reply->type);
    add(response, "Cache-Control", reply->cache ? reply->cache : "no-store");
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "Location", reply->location);
    add(response, "Allow", reply->allow);
    add(response, "ETag", reply->etag);
    add(response, "WWW-Authenticate", reply->challenge);
    add(response, "Set-Cookie", reply->cookie);
    add(response, "Content-Security-Policy", reply->policy);
    if (reply->policy) {
        add(response, "X-Frame-Options", "DENY");
        add(response, "Referrer-Policy", "no-referrer");
    }
    if (reply->kind == REPLY_STREAM)
        add(response, "X-Accel-Buffering", "no"); /* a proxy must not collect it */
    add_retry(response, reply->retry_after_s);
    add_file_name(response, reply->filename);
    if (must_close)
        add(response, "Connection", "close");
}

/* --- bodies -------------------------------------------------------------------------------- */

static struct MHD_Response *file_response(struct reply *reply)
{
    struct stat status;
    if (fstat(reply->fd, &status) < 0)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_fd64((uint64_t)status.st_size, reply->fd);
    if (response)
        reply->fd = -1; /* closed with the response */
    return response;
}

static struct MHD_Response *bytes_response(struct reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->count, reply->bytes,
        reply->borrowed || !reply->bytes ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
    if (response)
        reply->bytes = NULL;
    return response;
}

static struct MHD_Response *make_response(struct exchange *exchange)
{
    struct reply *reply = &exchange->answer;
    struct MHD_Response *response = NULL;
    switch (reply->kind) {
    case REPLY_BYTES:
        response = bytes_response(reply);
        break;
    case REPLY_FILE:
        response = file_response(reply);
        break;
    case REPLY_STREAM:
        response = stream_response(exchange);
        break;
    case REPLY_LATER:
        break;
    }
    if (response)
        add_headers(response, reply, exchange->must_close);
    return response;
}

/* --- answers that never change --------------------------------------------------------------- */

static bool is_constant(const struct exchange *exchange)
{
    const struct reply *reply = &exchange->answer;
    return reply->borrowed && reply->kind == REPLY_BYTES && !reply->location && !reply->etag &&
           !reply->filename && !reply->allow && !reply->policy && !reply->cache &&
           !reply->retry_after_s && !reply->challenge && !reply->cookie && !exchange->must_close;
}

/* Borrowed; NULL: not one of them, or no place left. */
static struct MHD_Response *constant_response(struct exchange *exchange)
{
    struct http *http = exchange->http;
    const struct reply *reply = &exchange->answer;
    if (!is_constant(exchange))
        return NULL;
    for (int i = 0; i < http->constant_count; i++) {
        const struct constant *known = &http->constants[i];
        if (known->bytes == reply->bytes && known->count == reply->count &&
            known->type == reply->type && known->status == reply->status)
            return known->response;
    }
    if (http->constant_count == CONSTANTS_MOST)
        return NULL;
    const struct constant constant = {.bytes = reply->bytes,
                                      .count = reply->count,
                                      .type = reply->type,
                                      .status = reply->status,
                                      .response = make_response(exchange)};
    if (constant.response)
        http->constants[http->constant_count++] = constant;
    return constant.response;
}

void respond_forget(struct http *http)
{
    for (int i = 0; i < http->constant_count; i++)
        MHD_destroy_response(http->constants[i].response);
    http->constant_count = 0;
}

/* --- queueing ------------------------------------------------------------------------------ */

/* 304: the client has it already. */
static void drop_if_unchanged(struct exchange *exchange)
{
    struct reply *reply = &exchange->answer;
    if (!reply->etag || reply->status != 200 || reply->kind == REPLY_STREAM)
        return;
    const char *known = request_header(&exchange->req, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (!known || !etag_matches(known, reply->etag))
        return;
    const struct reply unchanged = {.kind = REPLY_BYTES,
                                    .status = 304,
                                    .fd = -1,
                                    .etag = xstrdup(reply->etag),
                                    .cache = reply->cache};
    reply_release(reply);
    *reply = unchanged;
}

static void refuse_stream_above_limit(struct exchange *exchange)
{
    const struct http *http = exchange->http;
    if (exchange->answer.kind != REPLY_STREAM || http->stream_count < http->options.streams_most)
        return;
    reply_release(&exchange->answer);
    exchange->answer =
        reply_problem(503, "%d event streams are open, and no more are served", http->stream_count);
}

static void set_deadline_of_answer(struct exchange *exchange)
{
    const struct http *http = exchange->http;
    exchange->connection->deadline_ms =
        exchange->is_event_stream
            ? exchange->stream_until_ms + INT64_C(1000) * http->options.request_deadline_s
            : http->now_ms + INT64_C(1000) * http->options.upload_deadline_s;
}

enum MHD_Result respond(struct exchange *exchange)
{
    struct MHD_Connection *mhd = exchange->connection->mhd;
    if (exchange->http->now_ms < exchange->held_until_ms && !exchange->http->is_closing) {
        exchange_suspend(exchange); /* the sweep wakes it */
        return MHD_YES;
    }
    exchange->stage = STAGE_SENT;
    if (exchange->http->is_closing)
        exchange->must_close = true;
    if (exchange->ready) {
        set_deadline_of_answer(exchange);
        return MHD_queue_response(mhd, (unsigned)exchange->ready_status, exchange->ready);
    }
    refuse_stream_above_limit(exchange);
    drop_if_unchanged(exchange);
    log_refusal(exchange, &exchange->answer);

    struct MHD_Response *constant = constant_response(exchange);
    struct MHD_Response *response = constant ? constant : make_response(exchange);
    set_deadline_of_answer(exchange);
    if (!response)
        return MHD_NO;
    const enum MHD_Result queued =
        MHD_queue_response(mhd, (unsigned)exchange->answer.status, response);
    if (!constant)
        MHD_destroy_response(response); /* the connection keeps its own hold */
    return queued;
}

void respond_raw(struct connection *connection, const struct reply *reply)
{
    char head[256];
    const int head_bytes =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                 "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                 reply->status, status_title(reply->status), reply->type, reply->count);
    if (connection->exchange)
        log_refusal(connection->exchange, reply);
    struct iovec parts[] = {{head, (size_t)head_bytes}, {reply->bytes, reply->count}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT); /* as good as it gets */
    shutdown(connection->fd, SHUT_WR);
}
