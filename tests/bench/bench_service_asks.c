/*
 * Searches for runners outside: how many points 16 clients ask for and tell of in a second, each
 * durable; and what one more ask, the report and the server's memory cost with 100,000 finished
 * runs in one search.
 */
#include "support/check.h"
#include "support/folder.h"
#include "support/http_client.h"
#include "support/server_process.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CLIENTS = 16, PARAMETERS = 10, SECONDS = 4, MANY = 100000, LEFT = 200, ASKS = 50 };

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *values, int count, double q)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count > 0 ? values[(int)(q * (count - 1) + 0.5)] : 0;
}

static void line(const char *what, const char *figure, const char *target, bool met)
{
    printf("| %-58s | %-42s | %-16s | %s |\n", what, figure, target, met ? "yes" : "NO");
    fflush(stdout);
}

static double resident_mib(pid_t pid)
{
    char path[64], text[128];
    double kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    while (status && fgets(text, sizeof text, status))
        sscanf(text, "VmRSS: %lf", &kib);
    if (status)
        fclose(status);
    return kib / 1024;
}

/* --- requests -----------------------------------------------------------------------------------
 */

static json_t *post(struct http_client *client, const char *path, const char *body)
{
    client_send_request(client, "POST", path, "Content-Type: application/json\r\n", body,
                        strlen(body));
    struct http_answer answer = client_read(client);
    json_t *json = answer.body ? json_loads(answer.body, 0, NULL) : NULL;
    if (answer.status / 100 != 2)
        fail_msg("%s: %d %s", path, answer.status, answer.body ? answer.body : "");
    answer_release(&answer);
    return json;
}

static int64_t submit(int port, const char *algorithm)
{
    char body[2048];
    int used = snprintf(body, sizeof body,
                        "{\"kind\":\"search\",\"runner\":\"external\",\"algorithm\":\"%s\","
                        "\"parallel\":%d,\"budget\":{\"runs\":%d},\"space\":{",
                        algorithm, CLIENTS, MANY);
    for (int i = 0; i < PARAMETERS; i++)
        used += snprintf(body + used, sizeof body - (size_t)used,
                         "%s\"x%d\":{\"type\":\"float\",\"low\":0,\"high\":1}", i ? "," : "", i);
    snprintf(body + used, sizeof body - (size_t)used, "}}");
    struct http_client client = client_open(port);
    json_t *job = post(&client, "/api/v1/jobs", body);
    const int64_t id = json_integer_value(json_object_get(job, "id"));
    json_decref(job);
    client_close(&client);
    return id;
}

/* The squared distance from the point where all are 0.3. */
static double bowl(const json_t *parameters)
{
    double sum = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
    {
        const double away = json_number_value(value) - 0.3;
        sum += away * away;
    }
    return sum;
}

static json_t *ask(struct http_client *client, int64_t job, int count)
{
    char path[64], body[64];
    snprintf(path, sizeof path, "/api/v1/jobs/%" PRId64 "/ask", job);
    snprintf(body, sizeof body, "{\"count\":%d}", count);
    return post(client, path, body);
}

static void tell(struct http_client *client, const json_t *run)
{
    char path[64], body[128];
    snprintf(path, sizeof path, "/api/v1/runs/%" PRId64 "/tell",
             (int64_t)json_integer_value(json_object_get(run, "id")));
    snprintf(body, sizeof body, "{\"state\":\"succeeded\",\"values\":[%.17g]}",
             bowl(json_object_get(run, "parameters")));
    json_decref(post(client, path, body));
}

/* --- clients ------------------------------------------------------------------------------------
 */

struct client {
    pthread_t thread;
    int port, at_once, most;
    int64_t job;
    double until_ms;
    int done;
    double *ask_ms; /* [most] */
    int asks;
};

static void work(struct client *self, struct http_client *client)
{
    const double begun = now_ms();
    const int left = self->most - self->done;
    json_t *asked = ask(client, self->job, left < self->at_once ? left : self->at_once);
    const json_t *runs = json_object_get(asked, "runs");
    self->ask_ms[self->asks++] = now_ms() - begun;
    for (size_t i = 0; i < json_array_size(runs); i++, self->done++)
        tell(client, json_array_get(runs, i));
    json_decref(asked);
}

static void *run_client(void *context)
{
    struct client *self = context;
    struct http_client client = client_open(self->port);
    while (now_ms() < self->until_ms && self->done < self->most)
        work(self, &client);
    client_close(&client);
    return NULL;
}

struct outcome {
    double pairs_per_s, ask_ms; /* median */
    int done;
};

static struct outcome run_clients(int port, int64_t job, int at_once, int most, double seconds)
{
    struct client clients[CLIENTS];
    struct outcome outcome = {0};
    double *all = calloc((size_t)CLIENTS * (size_t)most, sizeof *all);
    int asks = 0;
    const double begun = now_ms();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.port = port,
                                     .at_once = at_once,
                                     .most = most,
                                     .job = job,
                                     .until_ms = begun + seconds * 1e3,
                                     .ask_ms = calloc((size_t)most, sizeof(double))};
        pthread_create(&clients[i].thread, NULL, run_client, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        outcome.done += clients[i].done;
        memcpy(all + asks, clients[i].ask_ms, (size_t)clients[i].asks * sizeof *all);
        asks += clients[i].asks;
        free(clients[i].ask_ms);
    }
    outcome.pairs_per_s = outcome.done / (now_ms() - begun) * 1e3;
    outcome.ask_ms = quantile(all, asks, 0.5);
    free(all);
    return outcome;
}

/* --- the tables ---------------------------------------------------------------------------------
 */

static void bench_rate(int port, const char *algorithm)
{
    char what[96], figure[96];
    const int64_t job = submit(port, algorithm);
    const struct outcome outcome = run_clients(port, job, 1, MANY / CLIENTS, SECONDS);
    snprintf(what, sizeof what, "%s: asked and told by %d clients, durable", algorithm, CLIENTS);
    snprintf(figure, sizeof figure, "%.0f runs/s, ask %.1f ms", outcome.pairs_per_s,
             outcome.ask_ms);
    line(what, figure, "1,000 /s", outcome.pairs_per_s >= 1000);
}

/* Points are told as they come; those that are left are asked for one by one. */
static void fill(int port, int64_t job)
{
    const int most = (MANY - LEFT) / CLIENTS;
    const struct outcome outcome = run_clients(port, job, 50, most, 600);
    assert_int_equal(outcome.done, CLIENTS * most);
}

static void bench_asks(int port, int64_t job, const char *algorithm)
{
    struct http_client client = client_open(port);
    double ms[ASKS];
    char what[96], figure[96];
    for (int i = 0; i < ASKS; i++) {
        const double begun = now_ms();
        json_t *asked = ask(&client, job, 1);
        ms[i] = now_ms() - begun;
        tell(&client, json_array_get(json_object_get(asked, "runs"), 0));
        json_decref(asked);
    }
    client_close(&client);
    const double median = quantile(ms, ASKS, 0.5), worst = quantile(ms, ASKS, 1);
    snprintf(what, sizeof what, "%s: an ask with %d finished runs", algorithm, MANY - LEFT);
    snprintf(figure, sizeof figure, "median %.1f ms, worst %.1f ms", median, worst);
    line(what, figure, "< 20 ms", worst < 20);
}

static void bench_report(int port, int64_t job)
{
    enum { TIMES = 5 };
    char path[64], figure[96];
    double ms[TIMES], bytes = 0;
    snprintf(path, sizeof path, "/api/v1/jobs/%" PRId64 "/report", job);
    for (int i = 0; i < TIMES; i++) {
        const double begun = now_ms();
        struct http_answer answer = http_request(port, "GET", path, NULL, NULL);
        ms[i] = now_ms() - begun;
        bytes = (double)answer.body_bytes;
        assert_int_equal(answer.status, 200);
        answer_release(&answer);
    }
    const double worst = quantile(ms, TIMES, 1);
    snprintf(figure, sizeof figure, "median %.0f ms, worst %.0f ms, %.0f KiB",
             quantile(ms, TIMES, 0.5), worst, bytes / 1024);
    line("  its report", figure, "< 500 ms", worst < 500);
}

static void bench_many(const struct folder *folder, const char *algorithm)
{
    static const char *const more[] = {"--slots", "0", NULL};
    struct server_process server = server_start(folder_path(folder, algorithm), more);
    char figure[96];
    const int64_t job = submit(server.port, algorithm);
    fill(server.port, job);
    bench_asks(server.port, job, algorithm);
    bench_report(server.port, job);
    const double mib = resident_mib(server.pid);
    snprintf(figure, sizeof figure, "%.0f MiB", mib);
    line("  the server's memory", figure, "< 500 MiB", mib < 500);
    assert_int_equal(server_stop(&server), 0);

    const double begun = now_ms();
    server = server_start(folder_path(folder, algorithm), more);
    struct http_client client = client_open(server.port);
    json_decref(ask(&client, job, 1));
    snprintf(figure, sizeof figure, "%.1f s", (now_ms() - begun) / 1e3);
    line("  from a restart to the first ask", figure, "", true);
    client_close(&client);
    assert_int_equal(server_stop(&server), 0);
}

static void searches_for_runners_outside(void **state)
{
    static const char *const more[] = {"--slots", "0", NULL};
    struct folder folder = folder_make();
    (void)state;
    struct server_process server = server_start(folder_path(&folder, "rate"), more);
    bench_rate(server.port, "random");
    bench_rate(server.port, "tpe");
    bench_rate(server.port, "auto");
    assert_int_equal(server_stop(&server), 0);
    bench_many(&folder, "random");
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(searches_for_runners_outside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
