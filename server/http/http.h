/*
 * The doorway to libmicrohttpd. Requests arrive checked by the gate (gate.h) and routed; a handler
 * answers at once, or later on the loop's thread. Everything here is of the loop.
 */
#ifndef HTTP_H
#define HTTP_H

#include "loop/helper.h"
#include "loop/loop.h"
#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct request;
struct route;

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHODS };

/* --- replies ------------------------------------------------------------------------------- */

/* One endless answer, written as it comes. `fill` puts up to `most` bytes and answers how many; 0:
 * nothing now, wake me by http_wake(); -1: the end. `closed` is called once, whatever happened. */
struct stream_source {
    long (*fill)(void *context, char *bytes, size_t most);
    void (*closed)(void *context);
    void *context;
};

enum reply_kind { REPLY_BYTES, REPLY_FILE, REPLY_STREAM, REPLY_LATER };

struct reply {
    enum reply_kind kind;
    int status;
    const char *type; /* media type, static */
    char *bytes;      /* malloc'd, the reply frees it */
    size_t count;
    bool borrowed;         /* bytes are static: not freed */
    int fd;                /* REPLY_FILE: closed by the reply */
    char *location;        /* or NULL; malloc'd */
    const char *allow;     /* of a 405, or NULL; static */
    char *etag;            /* with the quotes, or NULL; malloc'd */
    int retry_after_s;     /* 0: none */
    const char *cache;     /* Cache-Control, static; NULL: no-store */
    char *filename;        /* Content-Disposition: attachment, or NULL; malloc'd */
    const char *policy;    /* Content-Security-Policy, static, or NULL */
    char *reason;          /* of a refusal, for the log, or NULL; malloc'd */
    const char *challenge; /* WWW-Authenticate, static, or NULL */
    char *cookie;          /* Set-Cookie, or NULL; malloc'd */
    int hold_ms;           /* how long it waits before it goes out, a quarter second sharp */
    struct stream_source source;
};

struct reply reply_json(int status, json_t *body /* taken */);
struct reply reply_created(char *location /* taken */, json_t *body /* taken */);
struct reply reply_bytes(int status, const char *type, char *bytes /* taken */, size_t count);
struct reply reply_file(const char *type, int fd /* taken */);
struct reply reply_stream(const char *type, struct stream_source source);
struct reply reply_later(void);
/* application/problem+json (RFC 9457): the status follows the kind of the error. */
struct reply reply_error(const struct error *err);
struct reply reply_problem(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* 422 with every problem as errors: [{pointer, detail}]; releases them. */
struct reply reply_problems(struct problems *problems);
/* For a reply that is not sent after all: what http does itself once one was. */
void reply_release(struct reply *reply);

/* --- requests ------------------------------------------------------------------------------ */

/* One part of a multipart body: a form value, or a file already on disk. */
struct upload_part {
    char *name;
    char *value;    /* of a form field (at most 64 KiB), else NULL */
    char *path;     /* of a file in the request's upload folder, else NULL */
    char *filename; /* as the client said, or NULL */
    int64_t bytes;
};

enum body_kind {
    BODY_NONE,  /* a body is refused */
    BODY_JSON,  /* Content-Type application/json (or absent), kept in memory, parsed before the
                   handler */
    BODY_FORM,  /* multipart/form-data, files streamed to disk by helper threads */
    BODY_TABLE, /* as BODY_JSON, or Content-Type text/csv, which is not parsed: json is NULL */
};

enum { REQUEST_PARAMS_MAX = 4 };

/* Who asks, as admit() found out; what the numbers mean is its business. */
struct caller {
    int64_t team, token;
    int role;
};

struct request {
    void *server; /* what http_open() was given: the API's world */
    enum method method;
    const char *path;                      /* without the query */
    const char *param[REQUEST_PARAMS_MAX]; /* the {…} of the route in order, decoded */
    const char *remote; /* address of the client as text; behind a trusted proxy, whom it names */
    bool is_secure;     /* it came to the trusted proxy by TLS */
    bool is_proxied;    /* it came through a trusted proxy */
    bool is_forwarded;  /* it looks as if it came through one, trusted or not */
    const struct route *route; /* that it takes; NULL before one is found */
    struct caller caller;
    json_t *json;     /* BODY_JSON: the value, owned by the request; or NULL */
    const char *body; /* BODY_JSON: its bytes, and a 0 behind them */
    size_t body_bytes;
    struct upload_part *parts; /* BODY_FORM */
    int part_count;
    const char *upload_folder; /* BODY_FORM: the handler may move files out of it */
    void *hidden;              /* of http/ */
};

const char *request_query(const struct request *req, const char *name);  /* NULL: absent */
const char *request_header(const struct request *req, const char *name); /* NULL: absent */
const char *request_cookie(const struct request *req, const char *name); /* NULL: absent */
/* A whole number of the path (1 … 2^53), or a 404 sentence. */
int request_id(const struct request *req, int param, int64_t *out, struct error *err);
/* A whole number of the query within low … high; absent: fallback. */
int request_query_integer(const struct request *req, const char *name, int64_t low, int64_t high,
                          int64_t fallback, int64_t *out, struct error *err);

/* Answers a request whose handler said reply_later(); exactly once, on the loop, before
 * http_free(). The client may be gone by then, or http_close_door() have answered: nothing to do
 * about it. The request is not to be touched afterwards. */
void request_answer(struct request *req, struct reply reply);

/* Tells the stream that answered `req` that there is more; any time until `closed`. */
void http_wake(struct request *req);

/* --- routes -------------------------------------------------------------------------------- */

typedef struct reply handler(struct request *req);

struct route {
    enum method method;
    const char *path; /* "/api/v1/jobs/{id}/cancel" */
    handler *handle;
    enum body_kind body;
    int64_t body_most; /* bytes; 0: the configured default */
    int access;        /* for admit(): whom it is for, and what the {…} of its path names */
};

struct asset {
    const char *path; /* "/", "/assets/page.js" */
    const char *type;
    const unsigned char *bytes;
    size_t count;
};

struct http_options {
    const char *listen;                /* "127.0.0.1:8080", port 0: any */
    const struct route *const *tables; /* ends with NULL; each table ends with a NULL path */
    const struct asset *assets;        /* ends with a NULL path; ETag is made from their content */
    const char *assets_policy;         /* Content-Security-Policy of HTML */
    const char *const *hosts;  /* further names accepted in Host and Origin, ends with NULL */
    int64_t body_most;         /* bytes of a JSON body */
    int64_t upload_most;       /* bytes of a multipart body */
    const char *upload_folder; /* made where absent, emptied at the start */
    int connections_most, streams_most, connections_each_most;
    int request_deadline_s; /* head and body complete */
    int upload_deadline_s;
    int stream_age_s;  /* streams end after this; clients come back */
    int stream_beat_s; /* a comment line to find out who is gone */
    void *server;
    const char *const *proxies; /* addresses whose X-Forwarded-For and -Proto are believed, ends
                                   with NULL; or NULL */
    /* Before the body is read, and once it is complete: false with an answer, and the handler is
     * not called. NULL: all may do all. */
    bool (*admit)(struct request *req, const struct route *route, struct reply *out_refusal);
    bool (*inspect)(struct request *req, const struct route *route, struct reply *out_refusal);
    /* One line for the log about every answer of 400 and more, e.g. "POST /api/v1/jobs: …"; may be
     * NULL. */
    void (*refused)(void *server, const char *remote, int status, const char *line);
};

int http_open(struct loop *loop, struct helpers *helpers, const struct http_options *options,
              struct http **out_http, struct error *err);
int http_port(const struct http *http);
/* Takes no new connection, ends streams, answers what is parked with 503, and lets what is on its
 * way finish: that takes some turns of the loop. */
void http_close_door(struct http *http);
int http_connection_count(const struct http *http);
/* After the last request_answer(), hence after helpers_stop() and the store's last callback, but
 * before helpers_free(). Whoever is still connected is cut off. */
void http_free(struct http *http);

#endif
