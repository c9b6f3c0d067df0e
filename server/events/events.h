/*
 * What just happened, for everyone who watches: a ring of recent events with rising ids. A
 * subscriber is a cursor into it, so a slow one costs nothing and a gone one is forgotten. Events
 * are published only after their commit.
 *
 * As Server-Sent Events:  id: 17\nevent: metrics\ndata: {…}\n\n
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "loop/loop.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct events;
struct subscriber;

struct event {
    int64_t id;
    const char *type; /* static: "job", "run", "metrics", "log", "dataset", "queue", "reload" */
    int64_t job;      /* 0: about no job */
    int64_t team;     /* 0: for everyone */
    char *text;       /* the data: one line of JSON */
};

/* Ids go on rising across restarts: they start at wall-clock ms << 12. Keeps at most `capacity`
 * events and 16 MiB of text; one of more than 64 KiB becomes a "reload". */
struct events *events_new(struct loop *loop, int capacity);
void events_free(struct events *events); /* its subscribers must be gone */

void events_publish(struct events *events, const char *type, int64_t job, json_t *data /* taken */);
/* About no job, for one team (0: everyone). */
void events_publish_to(struct events *events, const char *type, int64_t team,
                       json_t *data /* taken */);
/* Says which team an event about a job is for, when it is published (0: everyone). Without it, all
 * are for everyone. */
void events_set_audience(struct events *events, int64_t (*audience)(void *context, int64_t job),
                         void *context);
int64_t events_last_id(const struct events *events);

/* Wakes `woken` (on the loop, at most once a turn) whenever there is something past the cursor.
 * after: the last id seen; 0: from now on. job: only events about this job and "queue"; 0: all. */
struct subscriber *events_subscribe(struct events *events, int64_t after, int64_t job,
                                    loop_due *woken, void *context);
/* From now on only what is for that team, or for everyone; 0: all, as at first. */
void events_only_for(struct subscriber *subscriber, int64_t team);
void events_unsubscribe(struct subscriber *subscriber); /* accepts NULL */

/* The next event for this subscriber, borrowed until the next events_publish(); NULL: none now.
 * Where the cursor fell out of the ring the answer is one event of type "reload". */
const struct event *events_next(struct subscriber *subscriber);

/* The same as Server-Sent Events, in the manner of a stream_source's `fill`: up to `most` bytes of
 * what is new to the subscriber, beginning with the browser's time to reconnect. Answers how many;
 * 0: nothing now. An event that does not fit goes on with the next call, so any `most` above 0
 * will do. Not to be mixed with events_next(). */
long events_fill(struct subscriber *subscriber, char *bytes, size_t most);

/* One event as text, "id: …\nevent: …\ndata: …\n\n", NUL-closed; *out_count without the NUL. The
 * caller frees it. */
char *event_text(const struct event *event, size_t *out_count);

#endif
