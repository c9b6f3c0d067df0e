/*
 * Lines between worker and server: one JSON object a line, at most WIRE_LINE_BYTES with its "\n",
 * over any byte stream. Unknown fields are ignored, unknown types are an error. Lines about a run
 * carry "run" and "attempt". A number that is not finite travels as null with "diverged": true.
 *
 * From the worker:
 *
 *     hello       protocol, version, name, pid, catalog, numeric (the fingerprint, an object)
 *     ready       (waits for an assign or a prepare)
 *     started     run, attempt, fingerprint (object), resumed (step, 0 = from the start),
 *                 steps (planned)
 *     metrics     run, attempt, wall_ms (training time so far, resumes included),
 *                 diverged (where a value is null), rows [[step, "name", value], …]
 *     log         run, attempt, text
 *     checkpoint  run, attempt, step (the file is in place and synced), bytes (all there is in
 *                 the run's folder)
 *     result      run, attempt, state ("succeeded", "stopped", "failed", "diverged"), message,
 *                 step, metrics {"name": last value, …}, bytes (that stay in the run's folder),
 *                 weights (a list, with --weights only)
 *     heartbeat
 *     prepared    request, file (name within cache), digest, summary (object);
 *                 or request, message, pointer
 *
 * From the server:
 *
 *     welcome     heartbeat_ms
 *     refuse      message
 *     assign      run, attempt, spec (resolved; seed within), folder (of the run, absolute),
 *                 data (path of the data set's cache file, absent for built-ins and problems),
 *                 cache (folder where built-ins are kept), checkpoint (step, absent: from the
 *                 start), steps_seen (no metrics row at or below this step is new), pause_at (the
 *                 fraction of the steps at which to stop, with result "stopped"; absent: nowhere),
 *                 cores (numbers: where all its threads are to run; absent: anywhere)
 *     kept        run, step (on record: older files may go)
 *     stop        run, attempt, reason ("cancelled", "pruned", "preempted", "shutdown",
 *                 "timeout")
 *     prepare     request (number), dataset (name), format, settings, parts {"name": path, …},
 *                 cache (folder); format "built-in": make the built-in of that name
 *     shutdown    (finish up: checkpoint, result "stopped", exit)
 */
#ifndef WIRE_H
#define WIRE_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest lines are hellos, for the catalogue in them. Lines of metrics are kept shorter: each
 * becomes an event for everyone who watches. */
#define WIRE_LINE_BYTES 262144
#define WIRE_ROWS_BYTES 65536

enum wire_type {
    WIRE_HELLO,
    WIRE_WELCOME,
    WIRE_REFUSE,
    WIRE_READY,
    WIRE_ASSIGN,
    WIRE_STARTED,
    WIRE_METRICS,
    WIRE_LOG,
    WIRE_CHECKPOINT,
    WIRE_KEPT,
    WIRE_STOP,
    WIRE_RESULT,
    WIRE_HEARTBEAT,
    WIRE_PREPARE,
    WIRE_PREPARED,
    WIRE_SHUTDOWN,
    WIRE_TYPES,
};

extern const char *const wire_names[WIRE_TYPES];

/* Collects bytes into lines. */
struct wire_reader {
    char *buffer; /* WIRE_LINE_BYTES */
    size_t used;  /* bytes held */
    size_t taken; /* of those, given out as lines already */
};

void wire_reader_init(struct wire_reader *reader);
void wire_reader_release(struct wire_reader *reader);

/* Reads once from fd. 1: something came; 0: nothing now (EAGAIN); -1: end of file or failure, with
 * the sentence. Call wire_next() until it has no more before filling again. */
int wire_fill(struct wire_reader *reader, int fd, struct error *err);

/* 1: *line is the next whole line without its "\n", *bytes long, valid until wire_fill();
 * 0: no whole line yet; -1: a line longer than WIRE_LINE_BYTES. */
int wire_next(struct wire_reader *reader, char **line, size_t *bytes, struct error *err);

struct wire_message {
    enum wire_type type;
    int64_t run; /* 0 where the line is about no run */
    int64_t attempt;
    json_t *body; /* the whole object */
};

/* Reads one line and checks that what its type demands is there and of the right type. */
int wire_decode(const char *line, size_t bytes, struct wire_message *message, struct error *err);
void wire_message_release(struct wire_message *message);

/* Walks the rows of a metrics line without building a tree (they are most of the traffic).
 * `row` is called for each and may end the walk with -1; name (a-z, 0-9, _; at most
 * WIRE_NAME_BYTES) is not NUL-ended; a null value arrives as NaN. The line must be a metrics line
 * as this program's workers write it: no space, "rows" its last member. */
enum { WIRE_NAME_BYTES = 64 };
typedef int wire_row(void *context, int64_t step, const char *name, size_t name_bytes,
                     double value);
struct wire_metrics {
    int64_t run, attempt;
    double wall_ms;
    bool diverged;
};
int wire_metrics_walk(const char *line, size_t bytes, struct wire_metrics *head, wire_row *row,
                      void *context, struct error *err);
/* Whether a line looks like one for wire_metrics_walk(): begins {"type":"metrics", */
bool wire_is_metrics(const char *line, size_t bytes);

/* Collects rows into such a line. */
struct wire_rows {
    char *text;    /* WIRE_ROWS_BYTES; the rows stand behind room for the head */
    size_t used;   /* bytes of rows */
    bool diverged; /* one of them is not finite */
};
void wire_rows_init(struct wire_rows *rows);
void wire_rows_release(struct wire_rows *rows);
/* False: the line is full; finish it and add again. */
bool wire_rows_add(struct wire_rows *rows, int64_t step, const char *name, double value);
/* The line with its "\n", valid until the next add; the rows are then empty again. */
const char *wire_rows_finish(struct wire_rows *rows, int64_t run, int64_t attempt, double wall_ms,
                             size_t *out_bytes);

/* Writes {"type": TYPE, members of body…} and "\n" as malloc'd text; takes the reference to body
 * (NULL: no members). Refuses lines longer than WIRE_LINE_BYTES. */
int wire_encode(enum wire_type type, json_t *body, char **out_line, size_t *out_bytes,
                struct error *err);

/* The same without the limit, for readers that set none; body is borrowed. */
char *wire_text(enum wire_type type, const json_t *body, size_t *out_bytes);

#endif
