/*
 * An HTTP/1.1 client for tests: ordinary requests in one call, and a bare socket for the others.
 * Its targets, headers and bodies go out as they are given, so that it can be hostile.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct http_answer {
    int status;    /* 0: the connection ended, or nothing came in time */
    char *headers; /* the lines behind the status, each ended by CRLF */
    char *body;    /* NUL-closed, chunks put together */
    size_t body_bytes;
};

void answer_release(struct http_answer *answer);

/* A header's value in a buffer that the next eight calls of this thread do not touch; NULL: absent.
 */
const char *answer_header(const struct http_answer *answer, const char *name);

/* One request on a connection of its own to 127.0.0.1. headers: further lines, each ended by CRLF,
 * or NULL; Host, and Content-Length where there is a body, are added. body: text, or NULL. */
struct http_answer http_request(int port, const char *method, const char *target,
                                const char *headers, const char *body);

/* From now on every request carries that token; NULL: none, as at first. */
void client_use_token(const char *token);

/* --- a connection -------------------------------------------------------------------------- */

struct http_client {
    int fd;
    int port;
    char *bytes; /* received, not yet read */
    size_t count, room;
};

struct http_client client_open(int port);
void client_close(struct http_client *client);

/* Sends as much as the server takes: it may close before the end. */
void client_send(struct http_client *client, const void *bytes, size_t count);
void client_send_text(struct http_client *client, const char *text);
void client_send_request(struct http_client *client, const char *method, const char *target,
                         const char *headers, const void *body, size_t body_bytes);

/* The next answer; with only_head, its body is left for sse_next(). Waits 10 s at most. */
struct http_answer client_read(struct http_client *client);
struct http_answer client_read_head(struct http_client *client);

/* Whether the server closes, or has closed, within that time without sending more. */
bool client_sees_end(struct http_client *client, int within_ms);

/* --- Server-Sent Events -------------------------------------------------------------------- */

struct sse_event {
    char id[32];
    char type[32]; /* "comment" for a comment line, "retry" for that field */
    char *data;    /* never NULL */
};

/* The next event of a chunked stream whose head was read; false: it ended, or none in time. */
bool sse_next(struct http_client *client, struct sse_event *out, int within_ms);
void sse_release(struct sse_event *event);

#endif
