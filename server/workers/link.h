/*
 * One worker's lines: bytes in, messages out; lines in, bytes out when the socket takes them.
 */
#ifndef LINK_H
#define LINK_H

#include "loop/loop.h"
#include "wire.h"

struct link;

struct link_owner {
    /* A line. Metrics lines come raw, for wire_metrics_walk(); the others decoded, body borrowed.
     */
    void (*metrics)(void *context, const char *line, size_t bytes);
    void (*message)(void *context, const struct wire_message *message);
    /* Nothing comes after this; the owner frees the link later, not from within. `broken` says how
     * the peer broke the protocol, NULL: its end of the stream is closed. */
    void (*closed)(void *context, const char *broken);
    void *context;
};

/* Takes over the non-blocking descriptor. */
struct link *link_new(struct loop *loop, int fd, const struct link_owner *owner);
void link_free(struct link *link); /* accepts NULL */

/* Sends a line; takes the reference to body. At most 4 MiB may wait for a worker that does not
 * read; then, and where a line is too long for the wire, the link is closed. */
void link_send(struct link *link, enum wire_type type, json_t *body);

/* Stops and starts reading: how a full store slows the workers down. */
void link_hold(struct link *link, bool hold);

#endif
