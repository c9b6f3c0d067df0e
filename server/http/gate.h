/*
 * The gate: what every request must pass before anything else looks at it. libmicrohttpd's parser
 * is lenient (two Hosts, a length beside chunks, folded lines, control bytes all pass it), and what
 * two parsers read differently is how requests are smuggled (RFC 9112, 11.2). Pure functions over
 * the head of a request.
 */
#ifndef GATE_H
#define GATE_H

#include "http/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GATE_TARGET_MOST = 8192,   /* bytes of path and query */
    GATE_ARGUMENTS_MOST = 128, /* name=value pairs of a query */
    GATE_HEADERS_MOST = 100,
};

/* One of the headers the gate cares about: borrowed, not always closed by a NUL before its end. */
struct gate_field {
    const char *text;
    size_t bytes;
    int count; /* how often it came */
};

struct gate_head {
    const char *method, *target, *version; /* the target as it came, nothing decoded */
    struct gate_field host, origin, length, transfer, encoding, type;
    struct gate_field forwarded_for, forwarded_proto; /* the last ones: of the nearest proxy */
    int header_count;
    bool has_bad_name, has_bad_value;
    bool is_forwarded; /* some header is there that only proxies add */
};

enum gate_method {
    GATE_GET,
    GATE_HEAD,
    GATE_POST,
    GATE_PUT,
    GATE_PATCH,
    GATE_DELETE,
    GATE_OPTIONS,
};

/* What a head that passed says. */
struct gate_pass {
    enum gate_method method;
    size_t path_bytes; /* of the target, before '?' */
    bool is_chunked;
    int64_t length; /* of the body; -1: chunked, not known yet */
};

/* A refusal: what to answer, and why. Static. */
struct gate_refusal {
    int status;
    const char *sentence;
};

void gate_add_header(struct gate_head *head, const char *name, size_t name_bytes, const char *value,
                     size_t value_bytes);

/* hosts: every "name:port" that is ours, ends with NULL. 0: passed; -1: refused, and the
 * connection must be closed, since nobody knows where the next request begins. */
int gate_check(const struct gate_head *head, const char *const *hosts, struct gate_pass *out_pass,
               struct gate_refusal *out_refusal);

/* The body a head announces, against what its route takes: at most `most` bytes of that kind. */
int gate_check_body(const struct gate_head *head, const struct gate_pass *pass, enum body_kind kind,
                    int64_t most, struct gate_refusal *out_refusal);

/* Path and query alone: for who sees the target before the rest of the head. */
int gate_check_target(const char *target, size_t *out_path_bytes, struct gate_refusal *out_refusal);

#endif
