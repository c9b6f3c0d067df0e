/*
 * Data sets are parsed by a worker process, so that a hostile file cannot hurt the server. It takes
 * no slot: people wait for the answer.
 */
#include "workers/inside.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 2 };

struct prepare {
    struct task task;
    struct conductor *conductor;
    int64_t number;
    json_t *line; /* the prepare line, until it is sent */
    char *dataset;
    data_prepared *done;
    void *context;
    struct prepare *next;
};

static int under_way(const struct conductor *conductor)
{
    int count = 0;
    for (const struct prepare *prepare = conductor->prepares; prepare; prepare = prepare->next)
        count += prepare->task.worker != NULL;
    return count;
}

static void finish(struct prepare *prepare, const struct prepared_data *data,
                   const struct error *err)
{
    struct prepare **at = &prepare->conductor->prepares;
    while (*at != prepare)
        at = &(*at)->next;
    *at = prepare->next;
    if (prepare->task.worker)
        prepare->task.worker->task = NULL;
    prepare->done(prepare->context, data, err);
    json_decref(prepare->line);
    free(prepare->dataset);
    free(prepare);
}

static void fail(struct prepare *prepare, enum error_kind kind, const char *pointer,
                 const char *words)
{
    struct error err;
    error_of(&err, kind, "%s", words);
    finish(prepare, &(struct prepared_data){.pointer = pointer}, &err);
}

static void send_if_ready(struct prepare *prepare)
{
    struct worker *worker = prepare->task.worker;
    if (!worker || worker->state != WORKER_READY || !prepare->line)
        return;
    json_t *line = prepare->line;
    prepare->line = NULL;
    worker->heard_ms = clock_ms();
    pool_send(worker, WIRE_PREPARE, line);
}

/* Gives the prepare a worker; -1 where none can be had now. */
static int lend_worker(struct conductor *conductor, struct prepare *prepare)
{
    struct error err;
    struct worker *worker = pool_find(conductor->pool, 1, false);
    if (!worker && pool_start(conductor->pool, 1, false, &worker, &err) < 0)
        return -1;
    worker->task = &prepare->task;
    prepare->task.worker = worker;
    return 0;
}

void prepare_pump(struct conductor *conductor)
{
    for (struct prepare *prepare = conductor->prepares; prepare; prepare = prepare->next) {
        const bool waits = !prepare->task.worker;
        if (waits && (conductor->stopping || under_way(conductor) >= AT_ONCE))
            continue;
        if (waits && lend_worker(conductor, prepare) < 0) {
            pump_later(conductor, conductor->options.retry_ms);
            return;
        }
        send_if_ready(prepare);
    }
}

void prepare_refuse_waiting(struct conductor *conductor)
{
    struct prepare *next;
    for (struct prepare *prepare = conductor->prepares; prepare; prepare = next) {
        next = prepare->next;
        if (!prepare->task.worker)
            fail(prepare, ERROR_UNAVAILABLE, "", "the server is stopping");
    }
}

void conductor_prepare(struct conductor *conductor, const struct prepare_request *request,
                       data_prepared *done, void *context)
{
    struct prepare *prepare = xcalloc(1, sizeof *prepare);
    *prepare = (struct prepare){
        .task.kind = TASK_PREPARE,
        .conductor = conductor,
        .number = ++conductor->prepare_count,
        .dataset = xstrdup(request->dataset),
        .done = done,
        .context = context,
    };
    prepare->line =
        json_pack("{s:I, s:s, s:s, s:o, s:o, s:s}", "request", prepare->number, "dataset",
                  request->dataset, "format", request->format, "settings", request->settings,
                  "parts", request->parts, "cache", conductor->options.cache);
    struct prepare **last = &conductor->prepares;
    while (*last)
        last = &(*last)->next;
    *last = prepare;
    if (conductor->stopping)
        prepare_refuse_waiting(conductor);
    else
        prepare_pump(conductor);
}

void prepare_message(struct conductor *conductor, struct worker *worker,
                     const struct wire_message *message)
{
    struct task *task = worker->task;
    struct prepare *prepare = (struct prepare *)task;
    const int64_t number = json_integer_at(message->body, "request", 0);

    if (!task || task->kind != TASK_PREPARE || prepare->number != number)
        return;
    const char *words = json_text_at(message->body, "message", NULL);
    if (words) {
        fail(prepare, ERROR_INVALID, json_text_at(message->body, "pointer", ""), words);
    } else {
        const struct prepared_data data = {
            .file = json_text_at(message->body, "file", ""),
            .digest = json_text_at(message->body, "digest", ""),
            .summary = json_object_get(message->body, "summary"),
            .pointer = "",
        };
        finish(prepare, &data, NULL);
    }
    prepare_pump(conductor);
}

void prepare_lost(struct conductor *conductor, struct worker *worker, const char *words)
{
    for (struct prepare *prepare = conductor->prepares; prepare; prepare = prepare->next) {
        if (prepare->task.worker != worker)
            continue;
        prepare->task.worker = NULL;
        AUTO_FREE char *sentence = xprintf("the worker that read the files ended: %s", words);
        fail(prepare, conductor->stopping ? ERROR_UNAVAILABLE : ERROR_INTERNAL, "", sentence);
        break;
    }
    prepare_pump(conductor);
}

void prepare_cancel_all(struct conductor *conductor)
{
    while (conductor->prepares) {
        const struct prepare *prepare = conductor->prepares;
        fail(conductor->prepares, ERROR_UNAVAILABLE, "", "the server is stopping");
        assert(conductor->prepares != prepare); /* whoever is finished has left the list */
    }
}
