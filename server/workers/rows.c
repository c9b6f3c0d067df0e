/*
 * Metrics: rows off a worker's line, onto the disk, and only then to whoever watches.
 */
#include "workers/search_prune.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVENT_ROWS_MOST = 64,
    ROWS_MOST = 65536, /* that wait for the disk: a quarter of a second */
};

struct rows {
    struct conductor *conductor;
    struct run *run;
    int attempt;
    struct metric_row *list;
    int count, room;
    json_t *shown;          /* what the event will hold */
    struct seen_rows *seen; /* what a pruner looks at */
    int64_t last_step;
};

/* Whether a resumed run gives this metric again bit for bit: all but what a clock measured. */
static bool repeats(const struct conductor *conductor, const char *name, size_t bytes)
{
    size_t i;
    json_t *metric;
    json_array_foreach(conductor->unrepeatable, i, metric)
    {
        if (json_string_length(metric) == bytes &&
            memcmp(json_string_value(metric), name, bytes) == 0)
            return false;
    }
    return true;
}

uint32_t name_metric(struct conductor *conductor, const char *name, size_t bytes)
{
    return store_metric_name(conductor->store, name, bytes, repeats(conductor, name, bytes));
}

static int add_row(void *context, int64_t step, const char *name, size_t name_bytes, double value)
{
    struct rows *rows = context;
    const uint32_t number = name_metric(rows->conductor, name, name_bytes);

    if (number == 0)
        return 0; /* too many names, or a bad one: the row is dropped */
    if (rows->count == rows->room) {
        rows->room = rows->room ? 2 * rows->room : 64;
        rows->list = xrealloc(rows->list, (size_t)rows->room, sizeof *rows->list);
    }
    rows->list[rows->count++] = (struct metric_row){.step = step, .value = value, .name = number};
    rows->last_step = step;
    if (json_array_size(rows->shown) == EVENT_ROWS_MOST)
        json_array_remove(rows->shown, 0); /* the newest are what a watcher misses most */
    json_t *row = json_array();
    json_array_append_new(row, json_integer(step));
    json_array_append_new(row, json_stringn(name, name_bytes));
    json_array_append_new(row, json_number(value));
    json_array_append_new(rows->shown, row);
    return 0;
}

/* Rows that come faster than the disk takes them slow the workers down, which block on their
 * sockets until the writer has caught up. What people ask waits behind these rows, so they must be
 * few. */
static void hold_or_release(struct conductor *conductor)
{
    const int most = conductor->held ? ROWS_MOST / 2 : ROWS_MOST;
    const bool hold = conductor->store_is_full || conductor->rows_under_way > most;
    if (hold == conductor->held)
        return;
    conductor->held = hold;
    pool_hold(conductor->pool, hold);
    if (!hold)
        wake_pump(conductor);
}

static void relieved(void *context)
{
    struct conductor *conductor = context;
    conductor->store_is_full = false;
    hold_or_release(conductor);
}

static void count_rows(struct conductor *conductor, int change)
{
    conductor->rows_under_way += change;
    if (!conductor->store_is_full && store_is_full(conductor->store)) {
        conductor->store_is_full = true;
        store_when_relieved(conductor->store, relieved, conductor);
    }
    hold_or_release(conductor);
}

static void rows_added(void *context, int mismatches, const struct error *err)
{
    struct rows *rows = context;
    struct run *run = rows->run;
    struct conductor *conductor = rows->conductor;

    count_rows(conductor, -rows->count);
    if (mismatches > 0)
        log_line("run %" PRId64 ": %d rows sent again differ from those stored", run->id,
                 mismatches);
    if (err && run->task.worker && run->position.attempt == rows->attempt) {
        /* Rows must not be missing from a curve: the run goes back to its last checkpoint. */
        log_line("run %" PRId64 ": metrics not stored: %s", run->id, err->sentence);
        run->stopping = run->stopping ? run->stopping : "preempted";
        pool_kill(run->task.worker, "its metrics could not be stored");
        pump_later(conductor, conductor->options.retry_ms);
    } else if (!err) {
        events_publish(
            conductor->events, "metrics", run->job->id,
            json_pack("{s:I, s:I, s:O}", "run", run->id, "job", run->job->id, "rows", rows->shown));
        search_rows_written(run, rows->seen);
        rows->seen = NULL;
    }
    seen_rows_free(rows->seen);
    json_decref(rows->shown);
    drop_job(conductor, run->job);
    free(rows);
}

void run_metrics(struct conductor *conductor, struct worker *worker, const char *line, size_t bytes)
{
    struct wire_metrics head;
    struct error err;
    struct rows *rows = xcalloc(1, sizeof *rows);

    rows->conductor = conductor;
    rows->shown = json_array();
    if (wire_metrics_walk(line, bytes, &head, add_row, rows, &err) < 0) {
        log_line("worker %s: %s", worker->name, err.sentence);
        pool_kill(worker, "sent a metrics line that cannot be read");
    } else {
        rows->run = run_of(conductor, worker, head.run, head.attempt);
    }
    if (!rows->run || rows->count == 0) {
        free(rows->list);
        json_decref(rows->shown);
        free(rows);
        return;
    }
    rows->attempt = rows->run->position.attempt;
    rows->run->step = rows->last_step;
    run_progresses(conductor, rows->run);
    hold_job(rows->run->job);
    struct metric_row *list = rows->list;
    rows->list = NULL; /* the store's now */
    rows->seen = search_rows_seen(rows->run, list, rows->count);
    store_add_metrics(conductor->store, rows->run->id, rows->attempt, (int64_t)head.wall_ms, list,
                      rows->count, rows_added, rows);
    count_rows(conductor, rows->count);
}
