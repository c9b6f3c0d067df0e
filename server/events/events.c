#include "events/events.h"

#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MOST = 64 * 1024,
    RING_BYTES_MOST = 16 * 1024 * 1024,
    SHIFT_OF_START = 12, /* 4,096 events a millisecond would be needed to meet an earlier life's */
};

static const char reload[] = "reload";

struct subscriber {
    struct events *events;
    int64_t cursor; /* the last id seen, or passed over */
    int64_t job, team;
    loop_due *woken;
    void *context;
    struct event reload;
    bool was_greeted;
    char *rest; /* of an event that did not fit; or NULL */
    size_t rest_at, rest_count;
    struct subscriber *previous, *next;
};

/* The events first_id … last_id, each at ring[id % capacity]. */
struct events {
    struct loop *loop;
    struct event *ring;
    int64_t capacity;
    int64_t first_id, last_id;
    size_t bytes; /* of all texts */
    bool will_wake;
    struct subscriber *subscribers;
    struct subscriber *walking; /* who is woken next: it may be gone by then */
    int64_t (*audience)(void *context, int64_t job);
    void *audience_context;
};

struct events *events_new(struct loop *loop, int capacity)
{
    assert(capacity > 0);
    struct events *events = xcalloc(1, sizeof *events);
    events->loop = loop;
    events->capacity = capacity;
    events->ring = xcalloc((size_t)capacity, sizeof *events->ring);
    events->last_id = wall_ms() << SHIFT_OF_START;
    events->first_id = events->last_id + 1;
    return events;
}

static struct event *at_id(const struct events *events, int64_t id)
{
    return &events->ring[id % events->capacity];
}

static void drop_oldest(struct events *events)
{
    struct event *oldest = at_id(events, events->first_id++);
    events->bytes -= strlen(oldest->text);
    free(oldest->text);
    oldest->text = NULL;
}

static void wake_all(void *context);

void events_free(struct events *events)
{
    if (!events)
        return;
    assert(!events->subscribers);
    while (events->first_id <= events->last_id)
        drop_oldest(events);
    loop_forget(events->loop, wake_all, events);
    free(events->ring);
    free(events);
}

int64_t events_last_id(const struct events *events)
{
    return events->last_id;
}

/* --- publishing ---------------------------------------------------------------------------- */

static void wake_soon(struct events *events)
{
    if (!events->will_wake)
        loop_soon(events->loop, wake_all, events);
    events->will_wake = true;
}

/* One line of JSON: jansson escapes line ends within strings. */
static char *text_of(json_t *data)
{
    char *text = json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(data);
    if (text && strlen(text) <= TEXT_MOST)
        return text;
    free(text);
    return NULL;
}

static void publish(struct events *events, const char *type, int64_t job, int64_t team,
                    json_t *data)
{
    char *text = text_of(data);
    if (!text) { /* too long for a ring: who watches must fetch it */
        type = reload;
        text = xstrdup("{}");
    }
    const size_t bytes = strlen(text);
    while (events->last_id - events->first_id + 1 == events->capacity ||
           (events->bytes + bytes > RING_BYTES_MOST && events->first_id <= events->last_id))
        drop_oldest(events);
    const int64_t id = ++events->last_id;
    *at_id(events, id) =
        (struct event){.id = id, .type = type, .job = job, .team = team, .text = text};
    events->bytes += bytes;
    if (events->subscribers)
        wake_soon(events);
}

void events_publish(struct events *events, const char *type, int64_t job, json_t *data)
{
    const int64_t team =
        job && events->audience ? events->audience(events->audience_context, job) : 0;
    publish(events, type, job, team, data);
}

void events_publish_to(struct events *events, const char *type, int64_t team, json_t *data)
{
    publish(events, type, 0, team, data);
}

void events_set_audience(struct events *events, int64_t (*audience)(void *context, int64_t job),
                         void *context)
{
    events->audience = audience;
    events->audience_context = context;
}

/* --- subscribers --------------------------------------------------------------------------- */

static bool is_for(const struct subscriber *subscriber, const struct event *event)
{
    if (subscriber->team && event->team && event->team != subscriber->team)
        return false;
    return subscriber->job == 0 || event->job == subscriber->job ||
           strcmp(event->type, "queue") == 0 || strcmp(event->type, reload) == 0;
}

/* Ids of an earlier life, or of a clock that was set back, are as good as fallen out. */
static bool fell_out(const struct subscriber *subscriber)
{
    const struct events *events = subscriber->events;
    return subscriber->cursor < events->first_id - 1 || subscriber->cursor > events->last_id;
}

/* Passes over what is not for this subscriber, so that no event is looked at twice. */
static bool has_more(struct subscriber *subscriber)
{
    const struct events *events = subscriber->events;
    if (fell_out(subscriber))
        return true;
    while (subscriber->cursor < events->last_id &&
           !is_for(subscriber, at_id(events, subscriber->cursor + 1)))
        subscriber->cursor++;
    return subscriber->cursor < events->last_id;
}

static void wake_all(void *context)
{
    struct events *events = context;
    events->will_wake = false;
    events->walking = events->subscribers;
    while (events->walking) {
        struct subscriber *subscriber = events->walking;
        events->walking = subscriber->next;
        if (has_more(subscriber))
            subscriber->woken(subscriber->context);
    }
}

struct subscriber *events_subscribe(struct events *events, int64_t after, int64_t job,
                                    loop_due *woken, void *context)
{
    struct subscriber *subscriber = xcalloc(1, sizeof *subscriber);
    *subscriber = (struct subscriber){.events = events,
                                      .cursor = after > 0 ? after : events->last_id,
                                      .job = job,
                                      .woken = woken,
                                      .context = context,
                                      .next = events->subscribers};
    if (subscriber->next)
        subscriber->next->previous = subscriber;
    events->subscribers = subscriber;
    if (has_more(subscriber))
        wake_soon(events);
    return subscriber;
}

void events_only_for(struct subscriber *subscriber, int64_t team)
{
    subscriber->team = team;
}

void events_unsubscribe(struct subscriber *subscriber)
{
    if (!subscriber)
        return;
    struct events *events = subscriber->events;
    if (events->walking == subscriber)
        events->walking = subscriber->next;
    if (subscriber->previous)
        subscriber->previous->next = subscriber->next;
    else
        events->subscribers = subscriber->next;
    if (subscriber->next)
        subscriber->next->previous = subscriber->previous;
    free(subscriber->rest);
    free(subscriber);
}

const struct event *events_next(struct subscriber *subscriber)
{
    static char nothing[] = "{}";
    const struct events *events = subscriber->events;
    if (!has_more(subscriber))
        return NULL;
    if (fell_out(subscriber)) {
        subscriber->cursor = events->last_id;
        subscriber->reload = (struct event){.id = events->last_id, .type = reload, .text = nothing};
        return &subscriber->reload;
    }
    return at_id(events, ++subscriber->cursor);
}

/* --- as text ------------------------------------------------------------------------------- */

char *event_text(const struct event *event, size_t *out_count)
{
    char *text =
        xprintf("id: %" PRId64 "\nevent: %s\ndata: %s\n\n", event->id, event->type, event->text);
    *out_count = strlen(text);
    return text;
}

static size_t put_rest(struct subscriber *subscriber, char *bytes, size_t most)
{
    const size_t left = subscriber->rest_count - subscriber->rest_at;
    const size_t count = left < most ? left : most;
    memcpy(bytes, subscriber->rest + subscriber->rest_at, count);
    subscriber->rest_at += count;
    if (count == left) {
        free(subscriber->rest);
        subscriber->rest = NULL;
    }
    return count;
}

/* The next text to send, into rest; false: none. */
static bool next_text(struct subscriber *subscriber)
{
    static const char greeting[] = "retry: 2000\n\n";
    subscriber->rest_at = 0;
    if (!subscriber->was_greeted) {
        subscriber->was_greeted = true;
        subscriber->rest = xstrdup(greeting);
        subscriber->rest_count = sizeof greeting - 1;
        return true;
    }
    const struct event *event = events_next(subscriber);
    if (event)
        subscriber->rest = event_text(event, &subscriber->rest_count);
    return event != NULL;
}

long events_fill(struct subscriber *subscriber, char *bytes, size_t most)
{
    size_t count = 0;
    while (count < most && (subscriber->rest || next_text(subscriber)))
        count += put_rest(subscriber, bytes + count, most - count);
    return (long)count;
}
