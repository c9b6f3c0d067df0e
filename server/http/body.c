/*
 * Bodies, by what their route takes, and the handler once one is complete.
 */
#include "http/inside.h"

#include "http/multipart.h"
#include "json.h"
#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int64_t most_bytes(const struct exchange *exchange)
{
    const struct http_options *options = &exchange->http->options;
    if (exchange->route->body_most > 0)
        return exchange->route->body_most;
    return exchange->route->body == BODY_FORM ? options->upload_most : options->body_most;
}

static struct reply too_large(const struct exchange *exchange)
{
    return reply_problem(413, "the body is larger than the %" PRId64 " bytes this path takes",
                         most_bytes(exchange));
}

enum MHD_Result body_refuse(struct exchange *exchange, struct reply reply)
{
    exchange_answer(exchange, reply);
    const bool waits_for_permission = request_header(&exchange->req, MHD_HTTP_HEADER_EXPECT);
    if (exchange->pass.length <= DRAIN_MOST && !waits_for_permission)
        return MHD_YES; /* what is left of it is read, then the answer goes out in order */
    exchange->must_close = true;
    return respond(exchange);
}

/* --- beginning ----------------------------------------------------------------------------- */

static void disk_has_it(void *context)
{
    exchange_resume(context);
}

static int begin_form(struct exchange *exchange, struct error *err)
{
    struct http *http = exchange->http;
    char boundary[MULTIPART_BOUNDARY_MOST + 1];
    const char *type = request_header(&exchange->req, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (multipart_boundary(type ? type : "", boundary, err) < 0)
        return -1;
    char *folder = xprintf("%s/%" PRIu64, http->options.upload_folder, ++http->upload_count);
    exchange->upload = upload_new(http->helpers, folder, boundary, disk_has_it, exchange);
    exchange->connection->deadline_ms =
        http->now_ms + INT64_C(1000) * http->options.upload_deadline_s;
    return 0;
}

enum MHD_Result body_begin(struct exchange *exchange, const struct gate_head *head)
{
    struct gate_refusal refusal;
    struct error err;
    exchange->stage = STAGE_BODY;
    if (gate_check_body(head, &exchange->pass, exchange->route->body, most_bytes(exchange),
                        &refusal) < 0)
        return body_refuse(exchange, refusal.status == 413
                                         ? too_large(exchange)
                                         : reply_problem(refusal.status, "%s", refusal.sentence));
    if (exchange->route->body == BODY_FORM && begin_form(exchange, &err) < 0)
        return body_refuse(exchange, reply_error(&err));
    return MHD_YES;
}

/* --- taking -------------------------------------------------------------------------------- */

static void take_json(struct exchange *exchange, const char *bytes, size_t count)
{
    enum { FIRST_ROOM = 1024 };
    const size_t need = exchange->body_count + count + 1;
    if (need > exchange->body_room) {
        exchange->body_room = 2 * need > FIRST_ROOM ? 2 * need : FIRST_ROOM;
        exchange->body = xrealloc(exchange->body, exchange->body_room, 1);
    }
    memcpy(exchange->body + exchange->body_count, bytes, count);
    exchange->body[exchange->body_count + count] = '\0';
}

/* True: there is nothing to write; the form goes on. Else it is answered, or suspended. */
static bool write_form(struct exchange *exchange, bool at_end)
{
    struct error err;
    const int status = upload_failure(exchange->upload, &err);
    if (status) {
        exchange_answer(exchange, reply_problem(status, "%s", err.sentence));
        return false;
    }
    if (!upload_wants_write(exchange->upload, at_end))
        return true;
    if (upload_write(exchange->upload))
        exchange_suspend(exchange);
    else
        exchange_answer(exchange, reply_problem(503, "too many uploads are being written"));
    return false;
}

static void take_form(struct exchange *exchange, const char *bytes, size_t count)
{
    struct error err;
    const int status = upload_failure(exchange->upload, &err);
    if (status)
        exchange_answer(exchange, reply_problem(status, "%s", err.sentence));
    else if (upload_push(exchange->upload, bytes, count, &err) < 0)
        exchange_answer(exchange, reply_error(&err));
    else
        write_form(exchange, false);
}

/* The answer is known, the client still talks. In a body libmicrohttpd takes no answer. */
static enum MHD_Result drain(struct exchange *exchange, size_t count)
{
    exchange->drained += (int64_t)count;
    if (exchange->drained <= DRAIN_MOST)
        return MHD_YES;
    respond_raw(exchange->connection, &exchange->answer);
    return MHD_NO;
}

enum MHD_Result body_take(struct exchange *exchange, const char *bytes, size_t count)
{
    if (exchange->stage == STAGE_ANSWERED)
        return drain(exchange, count);
    assert(exchange->stage == STAGE_BODY);
    if (exchange->route->body == BODY_NONE) {
        exchange_answer(exchange, reply_problem(400, "this request takes no body"));
        return MHD_YES;
    }
    if ((int64_t)(exchange->body_count + count) > most_bytes(exchange)) {
        exchange_answer(exchange, too_large(exchange));
        return MHD_YES;
    }
    if (exchange->route->body == BODY_FORM)
        take_form(exchange, bytes, count);
    else
        take_json(exchange, bytes, count);
    exchange->body_count += count;
    return MHD_YES;
}

/* --- ending -------------------------------------------------------------------------------- */

/* The gate has let nothing else pass. */
static bool is_csv(const struct exchange *exchange)
{
    const char *type = request_header(&exchange->req, MHD_HTTP_HEADER_CONTENT_TYPE);
    return type && strncasecmp(type, "text/csv", strlen("text/csv")) == 0;
}

static int end_json(struct exchange *exchange, struct error *err)
{
    if (exchange->body_count == 0)
        return 0;
    exchange->req.body = exchange->body;
    exchange->req.body_bytes = exchange->body_count;
    if (exchange->route->body == BODY_TABLE && is_csv(exchange))
        return 0;
    return json_read(exchange->body, exchange->body_count, &exchange->req.json, err);
}

static enum MHD_Result call_handler(struct exchange *exchange)
{
    const struct http_options *options = &exchange->http->options;
    exchange->connection->deadline_ms = INT64_MAX; /* from here on it is our time, not theirs */
    exchange->stage = STAGE_PARKED;
    struct reply reply;
    if (options->inspect && !options->inspect(&exchange->req, exchange->route, &reply)) {
        exchange_answer(exchange, reply);
        return respond(exchange);
    }
    reply = exchange->route->handle(&exchange->req);
    if (reply.kind != REPLY_LATER)
        exchange_answer(exchange, reply);
    if (exchange->stage == STAGE_ANSWERED) /* perhaps by request_answer() already */
        return respond(exchange);
    exchange_suspend(exchange);
    return MHD_YES;
}

/* -1: answered already, or waiting for the disk: then this is called again. */
static int end_form(struct exchange *exchange, struct error *err)
{
    if (upload_finish(exchange->upload, err) < 0) {
        exchange_answer(exchange, reply_error(err));
        return -1;
    }
    if (!write_form(exchange, true))
        return -1;
    exchange->req.parts = upload_parts(exchange->upload, &exchange->req.part_count);
    exchange->req.upload_folder = upload_folder(exchange->upload);
    return 0;
}

enum MHD_Result body_end(struct exchange *exchange)
{
    struct error err;
    assert(exchange->stage == STAGE_BODY);
    if (exchange->route->body == BODY_FORM && end_form(exchange, &err) < 0)
        return exchange->stage == STAGE_ANSWERED ? respond(exchange) : MHD_YES;
    if ((exchange->route->body == BODY_JSON || exchange->route->body == BODY_TABLE) &&
        end_json(exchange, &err) < 0) {
        exchange_answer(exchange, reply_error(&err));
        return respond(exchange);
    }
    return call_handler(exchange);
}
