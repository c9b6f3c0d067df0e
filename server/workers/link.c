#include "workers/link.h"

#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNSENT_MOST = 4 * 1024 * 1024, FILLS_PER_TURN = 4 };

struct link {
    struct loop *loop;
    struct loop_watch *watch;
    int fd;
    struct link_owner owner;
    struct wire_reader reader;
    char *unsent; /* malloc'd, unsent_bytes of it waiting */
    size_t unsent_bytes;
    bool held, dead;
};

static loop_ready ready;

/* A far end that is closed is told of whether asked for or not, again and again: while nothing is
 * to be read, only not watching at all is silent. */
static void watch_what_matters(struct link *link)
{
    if (!link->watch)
        link->watch = loop_watch(link->loop, link->fd, 0, ready, link);
    const uint32_t in = link->held ? 0 : EPOLLIN;
    const uint32_t out = link->unsent_bytes ? EPOLLOUT : 0;
    loop_change(link->watch, in | out);
}

static void give_up(struct link *link, const char *broken)
{
    if (link->dead)
        return;
    link->dead = true;
    loop_unwatch(link->watch);
    link->watch = NULL;
    link->owner.closed(link->owner.context, broken);
}

static int take_line(struct link *link, const char *line, size_t bytes, struct error *err)
{
    if (wire_is_metrics(line, bytes)) {
        link->owner.metrics(link->owner.context, line, bytes);
        return 0;
    }
    struct wire_message message;
    if (wire_decode(line, bytes, &message, err) < 0)
        return -1;
    link->owner.message(link->owner.context, &message);
    wire_message_release(&message);
    return 0;
}

/* Hands out every whole line; -1 where the peer broke the protocol. */
static int take_lines(struct link *link, struct error *err)
{
    char *line;
    size_t bytes;
    int more;

    while (!link->dead && (more = wire_next(&link->reader, &line, &bytes, err)) != 0) {
        if (more < 0 || take_line(link, line, bytes, err) < 0)
            return -1;
    }
    return 0;
}

static void read_some(struct link *link)
{
    struct error err;

    for (int i = 0; i < FILLS_PER_TURN && !link->dead && !link->held; i++) {
        const int filled = wire_fill(&link->reader, link->fd, &err);
        if (filled == 0)
            return;
        if (filled < 0)
            give_up(link, NULL);
        else if (take_lines(link, &err) < 0)
            give_up(link, err.sentence);
    }
}

static void write_some(struct link *link)
{
    while (link->unsent_bytes > 0) {
        const ssize_t sent = send(link->fd, link->unsent, link->unsent_bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0) {
            give_up(link, NULL);
            return;
        }
        link->unsent_bytes -= (size_t)sent;
        memmove(link->unsent, link->unsent + sent, link->unsent_bytes);
    }
    watch_what_matters(link);
}

static void ready(void *context, uint32_t events)
{
    struct link *link = context;

    if (link->held && (events & (EPOLLHUP | EPOLLERR))) {
        loop_unwatch(link->watch);
        link->watch = NULL;
        return;
    }
    if (events & EPOLLOUT)
        write_some(link);
    if (!link->dead && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        read_some(link);
}

struct link *link_new(struct loop *loop, int fd, const struct link_owner *owner)
{
    struct link *link = xcalloc(1, sizeof *link);
    link->loop = loop;
    link->fd = fd;
    link->owner = *owner;
    wire_reader_init(&link->reader);
    link->watch = loop_watch(loop, fd, EPOLLIN, ready, link);
    return link;
}

void link_free(struct link *link)
{
    if (!link)
        return;
    loop_unwatch(link->watch);
    wire_reader_release(&link->reader);
    close(link->fd);
    free(link->unsent);
    free(link);
}

void link_send(struct link *link, enum wire_type type, json_t *body)
{
    char *line;
    size_t bytes;
    struct error err;

    if (wire_encode(type, body, &line, &bytes, &err) < 0) {
        give_up(link, err.sentence); /* it would wait for ever */
        return;
    }
    if (!link->dead && link->unsent_bytes + bytes > UNSENT_MOST) {
        give_up(link, "the worker does not read");
    } else if (!link->dead) {
        link->unsent = xrealloc(link->unsent, link->unsent_bytes + bytes, 1);
        memcpy(link->unsent + link->unsent_bytes, line, bytes);
        link->unsent_bytes += bytes;
        write_some(link);
    }
    free(line);
}

void link_hold(struct link *link, bool hold)
{
    if (link->held == hold || link->dead)
        return;
    link->held = hold;
    watch_what_matters(link);
}
