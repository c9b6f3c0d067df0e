/*
 * A real HTTP server of the test's own, on a free port, its loop in a thread. What belongs to the
 * loop is touched by serving_call() only.
 */
#ifndef SERVING_H
#define SERVING_H

#include "http/http.h"
#include "loop/mailbox.h"
#include "memory.h"
#include "support/check.h"
#include "support/folder.h"
#include "support/http_client.h"

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct serving {
    struct http_options options; /* change what the test needs before serving_start() */
    struct loop *loop;
    struct helpers *helpers;
    struct http *http;
    int port;
    struct folder folder;
    char upload_folder[300];
    char log[8192]; /* the lines of refusals: status, space, line, newline */
    struct mailbox *calls;
    pthread_t thread;
    sem_t started;
};

struct serving_call {
    loop_due *call;
    void *context;
    sem_t done;
};

static inline void serving_log(void *server, const char *remote, int status, const char *line)
{
    struct serving *serving = server;
    const size_t used = strlen(serving->log);
    assert_string_equal(remote, "127.0.0.1");
    snprintf(serving->log + used, sizeof serving->log - used, "%d %s\n", status, line);
}

static inline void serving_take_calls(void *context, uint32_t epoll_events)
{
    struct serving *serving = context;
    void *message;
    (void)epoll_events;
    while (mailbox_take(serving->calls, &message, 1) > 0) {
        struct serving_call *call = message;
        call->call(call->context);
        sem_post(&call->done);
    }
}

static inline void *serving_run(void *context)
{
    struct serving *serving = context;
    struct error err;
    if (loop_new(&serving->loop, &err) < 0 || mailbox_new(16, &serving->calls, &err) < 0 ||
        helpers_new(serving->loop, 2, NULL, NULL, NULL, &serving->helpers, &err) < 0 ||
        http_open(serving->loop, serving->helpers, &serving->options, &serving->http, &err) < 0) {
        fprintf(stderr, "%s\n", err.sentence);
        abort();
    }
    serving->port = http_port(serving->http);
    struct loop_watch *watch = loop_watch(serving->loop, mailbox_descriptor(serving->calls),
                                          EPOLLIN, serving_take_calls, serving);
    sem_post(&serving->started);
    loop_run(serving->loop);
    helpers_stop(serving->helpers);
    http_free(serving->http);
    loop_unwatch(watch);
    helpers_free(serving->helpers);
    mailbox_free(serving->calls);
    loop_free(serving->loop);
    return NULL;
}

/* Ordinary limits; `tables` as in http_options. */
static inline struct serving *serving_new(const struct route *const *tables)
{
    struct serving *serving = xcalloc(1, sizeof *serving);
    serving->folder = folder_make();
    snprintf(serving->upload_folder, sizeof serving->upload_folder, "%s/uploads",
             serving->folder.path);
    serving->options = (struct http_options){
        .listen = "127.0.0.1:0",
        .tables = tables,
        .body_most = 100000,
        .upload_most = 8 * 1024 * 1024,
        .upload_folder = serving->upload_folder,
        .connections_most = 1000,
        .streams_most = 100,
        .connections_each_most = 1000,
        .request_deadline_s = 30,
        .upload_deadline_s = 60,
        .stream_age_s = 60,
        .stream_beat_s = 30,
        .server = serving,
        .refused = serving_log,
    };
    return serving;
}

static inline void serving_start(struct serving *serving)
{
    sem_init(&serving->started, 0, 0);
    pthread_create(&serving->thread, NULL, serving_run, serving);
    sem_wait(&serving->started);
}

/* Runs a function on the loop, and waits until it has run. */
static inline void serving_call(struct serving *serving, loop_due *call, void *context)
{
    struct serving_call message = {.call = call, .context = context};
    sem_init(&message.done, 0, 0);
    while (!mailbox_post(serving->calls, &message))
        sched_yield();
    sem_wait(&message.done);
    sem_destroy(&message.done);
}

static inline void serving_stop_loop(void *context)
{
    const struct serving *serving = context;
    loop_stop(serving->loop);
}

static inline void serving_free(struct serving *serving)
{
    serving_call(serving, serving_stop_loop, serving);
    pthread_join(serving->thread, NULL);
    folder_remove(&serving->folder);
    sem_destroy(&serving->started);
    free(serving);
}

static inline void serving_do_nothing(void *context)
{
    (void)context;
}

/* The log as the loop has left it. */
static inline const char *serving_read_log(struct serving *serving)
{
    serving_call(serving, serving_do_nothing, NULL);
    return serving->log;
}

#define assert_status(answer, expected)                                                            \
    do {                                                                                           \
        if ((answer).status != (expected))                                                         \
            fail_msg("status %d, expected %d: %s", (answer).status, (expected),                    \
                     (answer).body ? (answer).body : "no answer");                                 \
    } while (0)

/* The status of one request, and a piece its body must hold (NULL: anything). */
static inline void assert_request(const struct serving *serving, const char *method,
                                  const char *target, const char *headers, const char *body,
                                  int status, const char *piece)
{
    struct http_answer answer = http_request(serving->port, method, target, headers, body);
    const char *text = answer.body ? answer.body : "";
    assert_status(answer, status);
    if (piece && !strstr(text, piece))
        fail_msg("\"%s\" does not say \"%s\"", text, piece);
    answer_release(&answer);
}

#endif
