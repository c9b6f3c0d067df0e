/*
 * What the files of http/ share and nobody else sees. A connection lives as long as its socket, and
 * has one exchange (a request and its answer) at a time, whose memory the next request uses again.
 */
#ifndef HTTP_INSIDE_H
#define HTTP_INSIDE_H

#include "http/forwarded.h"
#include "http/gate.h"
#include "http/http.h"
#include "http/router.h"
#include "http/upload.h"

#include <microhttpd.h>

enum {
    SWEEP_MS = 250,            /* how exactly deadlines are kept */
    KEEP_ALIVE_MS = 60000,     /* an idle connection may stay that long */
    DRAIN_MOST = 1024 * 1024,  /* bytes of a refused body that are read to answer in order */
    STREAM_BLOCK = 16 * 1024,  /* bytes a stream writes at once */
    CONNECTION_MEMORY = 65536, /* of libmicrohttpd: head of a request, buffers */
    CONSTANTS_MOST = 32,       /* answers kept ready */
    ARGUMENTS_MOST = GATE_ARGUMENTS_MOST,
};

/* The stages of an exchange, in order; bodies may be skipped. */
enum stage {
    STAGE_IDLE,     /* between requests */
    STAGE_HEAD,     /* the request line is known */
    STAGE_BODY,     /* the body is being read */
    STAGE_PARKED,   /* the handler will answer later */
    STAGE_ANSWERED, /* the answer is known but not yet queued: a body may have to be drained */
    STAGE_SENT,     /* queued in libmicrohttpd */
};

struct argument {
    const char *name, *value;
};

struct exchange {
    struct request req;
    struct http *http;
    struct connection *connection; /* NULL: the door closed before the handler answered */
    enum stage stage;
    bool is_suspended;
    bool must_close; /* after the answer */
    struct gate_pass pass;
    const struct route *route;

    const char *method; /* as it came; NULL before the head is complete */
    char *target;       /* as it came */
    size_t target_room;
    char *text; /* the path, then the decoded parameters, each NUL-closed */
    size_t text_room;
    struct argument *arguments; /* of the query; made when first asked for */
    int argument_count;
    char *argument_text;

    char *body;
    size_t body_count, body_room;
    int64_t drained;
    struct upload *upload;

    struct reply answer;
    struct MHD_Response *ready; /* instead of an answer, with its status: an asset */
    int ready_status;

    bool is_event_stream, is_over, wants_beat, was_woken;
    int64_t stream_until_ms, last_written_ms;
    int64_t held_until_ms;      /* the answer waits until then */
    char client[ADDRESS_BYTES]; /* of the request, where a proxy tells */

    struct exchange *previous, *next; /* among the orphans */
};

struct connection {
    struct http *http;
    struct MHD_Connection *mhd;
    int fd;
    char remote[ADDRESS_BYTES];
    int64_t deadline_ms; /* cut off then; INT64_MAX: never */
    bool is_at_end;      /* at the last sweep the client had hung up */
    struct exchange *exchange;
    struct connection *previous, *next;
};

struct served_asset {
    const char *path;
    char *etag;
    struct MHD_Response *full, *unchanged;
};

/* An answer that is always the same, ready to be queued. */
struct constant {
    const char *bytes, *type;
    size_t count;
    int status;
    struct MHD_Response *response;
};

struct http {
    struct loop *loop;
    struct helpers *helpers;
    struct http_options options;
    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_timer *sweep;
    int port;
    char **names;
    struct router *router;
    struct served_asset *assets;
    struct constant constants[CONSTANTS_MOST];
    int constant_count;
    struct connection *connections;
    struct exchange *orphans;
    int connection_count, stream_count;
    uint64_t upload_count;
    int64_t now_ms;      /* as of this turn */
    int64_t next_run_ms; /* libmicrohttpd wants to run then; INT64_MAX: when something happens */
    bool is_due;         /* … or now */
    bool is_closing;
};

/* exchange.c */
struct exchange *exchange_new(struct connection *connection);
void exchange_reset(struct exchange *exchange); /* the request is over */
void exchange_free(struct exchange *exchange);
void exchange_suspend(struct exchange *exchange);
void exchange_resume(struct exchange *exchange);
/* Keeps the answer until libmicrohttpd asks again. */
void exchange_answer(struct exchange *exchange, struct reply reply);
void exchange_set_path(struct exchange *exchange, const struct span *params);

/* respond.c */
enum MHD_Result respond(struct exchange *exchange);
/* The answer straight into the socket, where libmicrohttpd takes none (amid a body); then the end.
 */
void respond_raw(struct connection *connection, const struct reply *reply);
void respond_forget(struct http *http);

/* stream.c */
struct MHD_Response *stream_response(struct exchange *exchange);
void stream_sweep(struct exchange *exchange);
void stream_end(struct exchange *exchange);

/* assets.c */
void assets_open(struct http *http);
void assets_close(struct http *http);
/* Whether there is one: then the exchange is answered. */
bool assets_answer(struct exchange *exchange, const char *path);

/* body.c: from the head's end to the handler */
enum MHD_Result body_begin(struct exchange *exchange, const struct gate_head *head);
enum MHD_Result body_take(struct exchange *exchange, const char *bytes, size_t count);
enum MHD_Result body_end(struct exchange *exchange);
/* Amid the head: an answer that waits for the end of a small body, and closes before a big one. */
enum MHD_Result body_refuse(struct exchange *exchange, struct reply reply);

#endif
