/* The stream of events, as Server-Sent Events. */
#include "api/api.h"

#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct watcher {
    struct request *req;
    struct subscriber *subscriber;
    const struct world *world;
    int64_t team;
    char *text; /* of the event being written */
    size_t bytes, written;
};

static void woken(void *context)
{
    struct watcher *watcher = context;
    http_wake(watcher->req);
}

static void closed(void *context)
{
    struct watcher *watcher = context;
    events_unsubscribe(watcher->subscriber);
    access_stream_ends(watcher->world, watcher->team);
    free(watcher->text);
    free(watcher);
}

static bool next_event(struct watcher *watcher)
{
    const struct event *event = events_next(watcher->subscriber);
    if (!event)
        return false;
    free(watcher->text);
    watcher->text = xprintf("id: %lld\nevent: %s\ndata: %s\n\n", (long long)event->id, event->type,
                            event->text);
    watcher->bytes = strlen(watcher->text);
    watcher->written = 0;
    return true;
}

/* As many events as fit; a long one continues in the next call. */
static long fill(void *context, char *bytes, size_t most)
{
    struct watcher *watcher = context;
    size_t used = 0;

    if (!access_lasts(watcher->req))
        return -1;

    while (used < most) {
        if (watcher->written == watcher->bytes && !next_event(watcher))
            break;
        size_t count = watcher->bytes - watcher->written;
        if (count > most - used)
            count = most - used;
        memcpy(bytes + used, watcher->text + watcher->written, count);
        watcher->written += count;
        used += count;
    }
    return (long)used;
}

/* Where the client left off: Last-Event-ID of a browser that reconnects, or ?after=. */
static int last_seen(const struct request *req, int64_t *out, struct error *err)
{
    const char *header = request_header(req, "Last-Event-ID");
    if (!header)
        return request_query_integer(req, "after", 0, INT64_MAX, 0, out, err);
    char *end;
    errno = 0;
    *out = strtoll(header, &end, 10);
    if (errno || *end || end == header || *out < 0)
        return error_set(err, "Last-Event-ID must be the id of an event");
    return 0;
}

static struct reply watch_events(struct request *req)
{
    struct error err;
    struct reply refusal;
    int64_t after, job;

    if (last_seen(req, &after, &err) < 0 ||
        request_query_integer(req, "job", 0, INT64_MAX, 0, &job, &err) < 0)
        return reply_error(&err);
    if (!access_stream_begins(req, &refusal))
        return refusal;
    struct watcher *watcher = xcalloc(1, sizeof *watcher);
    watcher->req = req;
    watcher->world = world_of(req);
    watcher->team = team_of(req);
    watcher->text = xstrdup("retry: 1000\n\n");
    watcher->bytes = strlen(watcher->text);
    watcher->subscriber = events_subscribe(world_of(req)->events, after, job, woken, watcher);
    events_only_for(watcher->subscriber, team_of(req));
    return reply_stream("text/event-stream",
                        (struct stream_source){.fill = fill, .closed = closed, .context = watcher});
}

const struct route event_routes[] = {
    {METHOD_GET, "/api/v1/events", watch_events, BODY_NONE, 0, FOR_VIEWERS},
    {0},
};
