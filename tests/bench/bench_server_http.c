/*
 * Requests a second through the doorway alone, without a store behind it: a constant answer, JSON
 * made for each request, and one parked for a turn of the loop. Needs wrk.
 */
#include "http/http.h"
#include "memory.h"
#include "support/folder.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct loop *loop;
static int port, stop_fd;
static sem_t started;
static struct folder folder;

static struct reply say_ok(struct request *req)
{
    static char ok[] = "ok\n";
    (void)req;
    return (struct reply){.kind = REPLY_BYTES,
                          .status = 200,
                          .type = "text/plain; charset=utf-8",
                          .bytes = ok,
                          .count = sizeof ok - 1,
                          .borrowed = true};
}

static struct reply make_json(struct request *req)
{
    return reply_json(200, json_pack("{s:s, s:i, s:f}", "path", req->path, "id", 7, "value", 0.1));
}

static void answer(void *context)
{
    request_answer(context, make_json(context));
}

static struct reply park(struct request *req)
{
    loop_soon(loop, answer, req);
    return reply_later();
}

static const struct route routes[] = {
    {METHOD_GET, "/healthz", say_ok, BODY_NONE, 0, 0},
    {METHOD_GET, "/json", make_json, BODY_NONE, 0, 0},
    {METHOD_GET, "/parked", park, BODY_NONE, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static void stop(void *context, uint32_t epoll_events)
{
    (void)context;
    (void)epoll_events;
    loop_stop(loop);
}

static void *serve(void *context)
{
    struct error err;
    struct helpers *helpers;
    struct http *http;
    const struct http_options options = {
        .listen = "127.0.0.1:0",
        .tables = tables,
        .body_most = 1 << 20,
        .upload_folder = folder_path(&folder, "uploads"),
        .connections_most = 1024,
        .connections_each_most = 1024,
        .request_deadline_s = 30,
        .upload_deadline_s = 60,
    };
    (void)context;
    if (loop_new(&loop, &err) < 0 || helpers_new(loop, 1, NULL, NULL, NULL, &helpers, &err) < 0 ||
        http_open(loop, helpers, &options, &http, &err) < 0) {
        fprintf(stderr, "%s\n", err.sentence);
        exit(1);
    }
    port = http_port(http);
    struct loop_watch *watch = loop_watch(loop, stop_fd, EPOLLIN, stop, NULL);
    sem_post(&started);
    loop_run(loop);
    loop_unwatch(watch);
    http_free(http);
    helpers_free(helpers);
    loop_free(loop);
    return NULL;
}

/* Requests a second with 64 connections. */
static double measure(const char *path)
{
    char command[160], line[256];
    double rate = 0;
    snprintf(command, sizeof command, "wrk -t1 -c64 -d3s http://127.0.0.1:%d%s", port, path);
    FILE *in = popen(command, "re");
    while (in && fgets(line, sizeof line, in))
        sscanf(line, "Requests/sec: %lf", &rate);
    if (in)
        pclose(in);
    return rate;
}

int main(void)
{
    pthread_t thread;
    json_object_seed(0);
    folder = folder_make();
    stop_fd = eventfd(0, EFD_CLOEXEC);
    sem_init(&started, 0, 0);
    pthread_create(&thread, NULL, serve, NULL);
    sem_wait(&started);

    const double plain = measure("/healthz");
    printf("%-40s %12s %8s\n", "64 connections", "requests/s", "ratio");
    printf("%-40s %12.0f %8.2f\n", "a constant answer", plain, 1.0);
    for (size_t i = 1; routes[i].path; i++) {
        const double rate = measure(routes[i].path);
        printf("%-40s %12.0f %8.2f\n", routes[i].path, rate, plain > 0 ? rate / plain : 0);
    }
    const uint64_t one = 1;
    const ssize_t written = write(stop_fd, &one, sizeof one);
    pthread_join(thread, NULL);
    close(stop_fd);
    folder_remove(&folder);
    return written == sizeof one && plain > 0 ? 0 : 1;
}
