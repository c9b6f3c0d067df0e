#include "http/reply.h"

#include "http/json_text.h"
#include "json.h"
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_RETRY_S = 30 }; /* for what has to finish first */

static const char json_media[] = "application/json";
static const char problem_media[] = "application/problem+json";

const char *status_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < COUNT_OF(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Unknown";
}

/* --- making them --------------------------------------------------------------------------- */

struct reply reply_bytes(int status, const char *type, char *bytes, size_t count)
{
    return (struct reply){.kind = REPLY_BYTES,
                          .status = status,
                          .type = type,
                          .bytes = bytes,
                          .count = count,
                          .fd = -1};
}

struct reply reply_json(int status, json_t *body)
{
    size_t count;
    char *text = json_as_text(body, &count);
    json_decref(body);
    return reply_bytes(status, json_media, text, count);
}

struct reply reply_created(char *location, json_t *body)
{
    struct reply reply = reply_json(201, body);
    reply.location = location;
    return reply;
}

struct reply reply_file(const char *type, int fd)
{
    return (struct reply){.kind = REPLY_FILE, .status = 200, .type = type, .fd = fd};
}

struct reply reply_stream(const char *type, struct stream_source source)
{
    return (struct reply){
        .kind = REPLY_STREAM, .status = 200, .type = type, .fd = -1, .source = source};
}

struct reply reply_later(void)
{
    return (struct reply){.kind = REPLY_LATER, .fd = -1};
}

/* --- problems: RFC 9457 -------------------------------------------------------------------- */

static struct reply make_problem(int status, const char *detail, json_t *errors)
{
    json_t *body = json_pack("{s:s, s:s, s:i, s:o}", "type", "about:blank", "title",
                             status_title(status), "status", status, "detail", json_text(detail));
    if (errors)
        json_object_set_new(body, "errors", errors);
    struct reply reply = reply_json(status, body);
    reply.type = problem_media;
    reply.reason = xstrdup(detail);
    if (status == 503)
        reply.retry_after_s = 1;
    if (status == 429)
        reply.retry_after_s = LIMIT_RETRY_S;
    return reply;
}

struct reply reply_problem(int status, const char *format, ...)
{
    char detail[ERROR_SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    return make_problem(status, detail, NULL);
}

static int status_of(enum error_kind kind)
{
    switch (kind) {
    case ERROR_INVALID:
        return 422;
    case ERROR_MALFORMED:
        return 400;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_CONFLICT:
        return 409;
    case ERROR_TOO_LARGE:
        return 413;
    case ERROR_UNAVAILABLE:
        return 503;
    case ERROR_FORBIDDEN:
        return 403;
    case ERROR_LIMIT:
        return 429;
    case ERROR_INTERNAL:
        break;
    }
    return 500;
}

struct reply reply_error(const struct error *err)
{
    return make_problem(status_of(err->kind), err->sentence, NULL);
}

struct reply reply_problems(struct problems *problems)
{
    struct error err = {.kind = ERROR_INVALID};
    problems_check(problems, &err);
    struct reply reply = make_problem(422, err.sentence, problems_json(problems));
    problems_release(problems);
    return reply;
}

void reply_release(struct reply *reply)
{
    if (reply->kind == REPLY_STREAM && reply->source.closed)
        reply->source.closed(reply->source.context);
    if (reply->kind == REPLY_FILE && reply->fd >= 0)
        close(reply->fd);
    if (!reply->borrowed)
        free(reply->bytes);
    free(reply->location);
    free(reply->etag);
    free(reply->filename);
    free(reply->reason);
    free(reply->cookie);
    *reply = (struct reply){.fd = -1};
}

/* --- entity tags --------------------------------------------------------------------------- */

static const char *without_weak(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

bool etag_matches(const char *if_none_match, const char *etag)
{
    const char *wanted = without_weak(etag);
    const size_t bytes = strlen(wanted);
    const char *at = if_none_match + strspn(if_none_match, " \t");
    if (at[0] == '*')
        return true;
    while (*at) {
        at = without_weak(at);
        if (strncmp(at, wanted, bytes) == 0)
            return true;
        const char *open = at[0] == '"' ? strchr(at + 1, '"') : NULL;
        at = strchr(open ? open : at, ',');
        if (!at)
            return false;
        at += strspn(at, ", \t");
    }
    return false;
}
