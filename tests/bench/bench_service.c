/*
 * The whole service, timed from outside: durable POSTs beside GETs, the way from POST to the first
 * metric, MNIST through the service and without it, rows from workers, a full store's memory and
 * reads, and how well the queue foretells when runs start. Ratios are taken within this run. Needs
 * wrk; MNIST from $SWEEPD_TEST_DATA.
 */
#include "support/check.h"
#include "support/folder.h"
#include "support/http_client.h"
#include "support/server_process.h"
#include "support/team.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
    const int at = (int)(q * (count - 1) + 0.5);
    return values[at];
}

static void line(const char *what, const char *figure, const char *target, bool met)
{
    printf("| %-58s | %-34s | %-16s | %s |\n", what, figure, target, met ? "yes" : "NO");
    fflush(stdout);
}

static json_t *ask(int port, const char *method, const char *path, const char *body)
{
    struct http_answer answer =
        http_request(port, method, path, body ? "Content-Type: application/json\r\n" : NULL, body);
    json_t *json = answer.body ? json_loads(answer.body, 0, NULL) : NULL;
    if (answer.status / 100 != 2)
        fail_msg("%s %s: %d %s", method, path, answer.status, answer.body ? answer.body : "");
    answer_release(&answer);
    return json;
}

static int64_t submit(int port, const char *body)
{
    json_t *json = ask(port, "POST", "/api/v1/jobs", body);
    const int64_t id = json_integer_value(json_object_get(json, "id"));
    json_decref(json);
    return id;
}

static json_t *wait_for_job(int port, int64_t id)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/jobs/%" PRId64, id);
    for (;;) {
        json_t *job = ask(port, "GET", path, NULL);
        if (json_is_integer(json_object_get(job, "finished_ms")))
            return job;
        json_decref(job);
        usleep(2000);
    }
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

/* --- durable POSTs beside GETs -------------------------------------------------------------------
 */

/* Requests a second of a wrk run, and its 99th percentile in ms. */
static double wrk(const char *arguments, double *p99_ms)
{
    char command[512], text[256], unit[8] = "ms";
    double rate = 0, p99 = 0;
    snprintf(command, sizeof command, "wrk -t1 -c64 -d3s --latency %s", arguments);
    FILE *out = popen(command, "re");
    while (out && fgets(text, sizeof text, out)) {
        sscanf(text, "Requests/sec: %lf", &rate);
        sscanf(text, " 99%% %lf%7s", &p99, unit);
    }
    if (!out || pclose(out) != 0)
        fail_msg("wrk did not run: %s", command);
    *p99_ms = strcmp(unit, "us") == 0 ? p99 / 1e3 : strcmp(unit, "s") == 0 ? p99 * 1e3 : p99;
    return rate;
}

struct beside {
    int port;
    volatile bool stop;
    double latency_ms[20000];
    int count;
};

/* One GET every 2 ms on a kept connection, while somebody else loads the server. */
static void *get_beside(void *context)
{
    struct beside *beside = context;
    struct http_client client = client_open(beside->port);
    while (!beside->stop && beside->count < 20000) {
        const double begun = now_ms();
        client_send_request(&client, "GET", "/healthz", NULL, NULL, 0);
        struct http_answer answer = client_read(&client);
        beside->latency_ms[beside->count++] = now_ms() - begun;
        answer_release(&answer);
        usleep(2000);
    }
    client_close(&client);
    return NULL;
}

static void bench_posts(const struct folder *folder)
{
    static const char script[] =
        "wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\n"
        "wrk.body = "
        "'{\"kind\":\"train\",\"reuse\":false,\"spec\":{\"dataset\":\"digits\",\"model\":{\"type\":"
        "\"mlp\","
        "\"hidden\":[128]},\"optimizer\":{\"type\":\"nesterov\",\"lr\":0.05},\"epochs\":5}}'\n";
    static const char *const more[] = {"--slots", "0", NULL};
    struct server_process server = server_start(folder_path(folder, "posts"), more);
    double gets[3], posts[3], p99 = 0, post_p99[3];
    static struct beside beside;
    char arguments[400], figure[64];
    pthread_t thread;

    folder_write(folder, "post.lua", script, sizeof script - 1);
    beside = (struct beside){.port = server.port};
    for (int i = 0; i < 3; i++) {
        snprintf(arguments, sizeof arguments, "%s/healthz", server.base);
        gets[i] = wrk(arguments, &p99);
        beside.stop = false;
        pthread_create(&thread, NULL, get_beside, &beside);
        snprintf(arguments, sizeof arguments, "-s %s %s/api/v1/jobs",
                 folder_path(folder, "post.lua"), server.base);
        posts[i] = wrk(arguments, &post_p99[i]);
        beside.stop = true;
        pthread_join(thread, NULL);
    }
    const double get_rate = quantile(gets, 3, 0.5), post_rate = quantile(posts, 3, 0.5);
    snprintf(figure, sizeof figure, "%.0f /s", get_rate);
    line("GET /healthz, 64 connections", figure, "50,000 there", true);
    snprintf(figure, sizeof figure, "%.0f /s, p99 %.1f ms", post_rate, quantile(post_p99, 3, 0.5));
    line("durable POST of a train job, 64 connections", figure, "10,000 /s", post_rate >= 10000);
    snprintf(figure, sizeof figure, "%.2f", post_rate / get_rate);
    line("  ratio to the GETs", figure, ">= 0.2", post_rate / get_rate >= 0.2);
    const double beside_p99 = quantile(beside.latency_ms, beside.count, 0.99);
    snprintf(figure, sizeof figure, "p99 %.2f ms of %d", beside_p99, beside.count);
    line("  a GET beside them", figure, "< 5 ms", beside_p99 < 5);
    assert_int_equal(server_stop(&server), 0);
}

/* --- from POST to the first metric
 * ------------------------------------------------------------------ */

static void bench_first_metric(const struct folder *folder)
{
    enum { TIMES = 40 };
    static const char body[] =
        "{\"kind\":\"train\",\"reuse\":false,\"spec\":{\"dataset\":\"digits\",\"model\":{\"type\":"
        "\"mlp\","
        "\"hidden\":[128]},\"optimizer\":{\"type\":\"nesterov\",\"lr\":0.05},\"steps\":40}}";
    struct server_process server = server_start(folder_path(folder, "first"), NULL);
    double ms[TIMES];
    char figure[64];

    json_decref(wait_for_job(server.port, submit(server.port, body))); /* makes the data set */
    struct http_client watcher = client_open(server.port);
    client_send_request(&watcher, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer head = client_read_head(&watcher);
    answer_release(&head);
    for (int i = 0; i < TIMES; i++) {
        const double begun = now_ms();
        const int64_t id = submit(server.port, body);
        struct sse_event event;
        bool metrics = false;
        while (!metrics && sse_next(&watcher, &event, 5000)) {
            metrics = strcmp(event.type, "metrics") == 0;
            sse_release(&event);
        }
        ms[i] = now_ms() - begun;
        json_decref(wait_for_job(server.port, id));
        while (sse_next(&watcher, &event, 20))
            sse_release(&event);
    }
    client_close(&watcher);
    const double median = quantile(ms, TIMES, 0.5);
    snprintf(figure, sizeof figure, "median %.1f ms, worst %.1f ms", median,
             quantile(ms, TIMES, 1));
    line("POST to the first metric on a watcher's stream, idle", figure, "< 50 ms", median < 50);
    assert_int_equal(server_stop(&server), 0);
}

/* --- MNIST with and without the service
 * ------------------------------------------------------------- */

static bool upload_mnist(int port, const char *data)
{
    char command[2048];
    snprintf(
        command, sizeof command,
        "cd '%s/mnist' 2>/dev/null && curl -sf -o /dev/null "
        "http://127.0.0.1:%d/api/v1/datasets/mnist -F format=idx "
        "-F train_features=@train-images-idx3-ubyte.gz -F train_labels=@train-labels-idx1-ubyte.gz "
        "-F valid_features=@t10k-images-idx3-ubyte.gz -F valid_labels=@t10k-labels-idx1-ubyte.gz",
        data, port);
    return system(command) == 0;
}

#define SOFTMAX                                                                                    \
    "\"model\":{\"type\":\"softmax\"},\"optimizer\":{\"type\":\"sgd\",\"lr\":0.05},"               \
    "\"epochs\":10,\"report_every_steps\":20"

static double train_alone(const struct folder *folder, const char *cache_file)
{
    char command[1024];
    snprintf(command, sizeof command, "%s --train %s --data %s --folder %s > /dev/null 2>&1",
             getenv("SWEEPD_WORKER"), folder_path(folder, "spec.json"), cache_file,
             folder_path(folder, "alone"));
    const double begun = now_ms();
    if (system(command) != 0)
        fail_msg("failed: %s", command);
    return now_ms() - begun;
}

static void bench_mnist(const struct folder *folder)
{
    enum { PAIRS = 5 };
    const char *data = getenv("SWEEPD_TEST_DATA");
    static const char spec[] = "{\"dataset\":\"mnist\"," SOFTMAX "}";
    static const char body[] =
        "{\"kind\":\"train\",\"reuse\":false,\"spec\":{\"dataset\":\"mnist\"," SOFTMAX "}}";
    struct server_process server = server_start(folder_path(folder, "mnist"), NULL);
    double through[PAIRS], alone[PAIRS], ratio[PAIRS];
    char figure[64], file[512];

    if (!data || !upload_mnist(server.port, data)) {
        printf("| MNIST through the service: skipped, no MNIST in $SWEEPD_TEST_DATA |\n");
        assert_int_equal(server_stop(&server), 0);
        return;
    }
    snprintf(file, sizeof file, "ls %s/datasets/????????????????*.data",
             folder_path(folder, "mnist"));
    FILE *list = popen(file, "re");
    if (!list || !fgets(file, sizeof file, list))
        fail_msg("no cache file");
    pclose(list);
    file[strcspn(file, "\n")] = '\0';
    folder_write(folder, "spec.json", spec, sizeof spec - 1);
    for (int i = 0; i < PAIRS; i++) {
        const double begun = now_ms();
        json_decref(wait_for_job(server.port, submit(server.port, body)));
        through[i] = now_ms() - begun;
        alone[i] = train_alone(folder, file);
        ratio[i] = through[i] / alone[i];
    }
    const double median = quantile(ratio, PAIRS, 0.5);
    snprintf(figure, sizeof figure, "%.2f (%.0f ms, %.0f ms)", median,
             quantile(through, PAIRS, 0.5), quantile(alone, PAIRS, 0.5));
    line("softmax, MNIST, 10 epochs: service / --train", figure, "<= 1.25", median <= 1.25);
    assert_int_equal(server_stop(&server), 0);
}

/* --- rows, memory, reads
 * -------------------------------------------------------------------------------- */

static double median_get_ms(int port, const char *path)
{
    enum { TIMES = 21 };
    double ms[TIMES];
    for (int i = 0; i < TIMES; i++) {
        const double begun = now_ms();
        struct http_answer answer = http_request(port, "GET", path, NULL, NULL);
        ms[i] = now_ms() - begun;
        assert_int_equal(answer.status, 200);
        answer_release(&answer);
    }
    return quantile(ms, TIMES, 0.5);
}

static double rows_stored(int port)
{
    json_t *health = ask(port, "GET", "/api/v1/health", NULL);
    const double rows = (double)json_integer_value(
        json_object_get(json_object_get(health, "store"), "metric_rows"));
    json_decref(health);
    return rows;
}

static void queue_ten_thousand(int port)
{
    char *body = malloc(200000);
    char *end = body;
    end += sprintf(
        end,
        "{\"kind\":\"compare\",\"reuse\":false,\"priority\":-5,\"base\":{\"problem\":{\"type\":"
        "\"quadratic\",\"eigenvalues\":[1],\"start\":[1]},\"optimizer\":{\"type\":"
        "\"sgd\",\"lr\":0.1},\"steps\":20},\"arms\":[{\"name\":\"a\",\"patch\":{}},"
        "{\"name\":\"b\",\"patch\":{}}],\"seeds\":[");
    for (int i = 0; i < 5000; i++)
        end += sprintf(end, "%s%d", i ? "," : "", i + 1);
    sprintf(end, "]}");
    const int64_t id = submit(port, body);
    free(body);
    json_decref(wait_for_job(port, id));
}

static void bench_rows(const struct folder *folder)
{
    static const char body[] =
        "{\"kind\":\"train\",\"reuse\":false,\"spec\":{\"problem\":{\"type\":\"quadratic\","
        "\"eigenvalues\":[1,4],"
        "\"start\":[1,-2]},\"optimizer\":{\"type\":\"sgd\",\"lr\":0.001},\"steps\":200000,"
        "\"report_every_steps\":1}}";
    struct server_process server = server_start(folder_path(folder, "rows"), NULL);
    char figure[64];

    const double begun = now_ms();
    const int64_t first = submit(server.port, body), second = submit(server.port, body);
    json_decref(wait_for_job(server.port, first));
    json_decref(wait_for_job(server.port, second));
    const double rate = rows_stored(server.port) / (now_ms() - begun) * 1e3;
    snprintf(figure, sizeof figure, "%.0f /s", rate);
    line("metric rows from two workers, stored", figure, "150,000 /s", rate >= 150000);

    queue_ten_thousand(server.port);
    const double rows = rows_stored(server.port), mib = resident_mib(server.pid);
    snprintf(figure, sizeof figure, "%.0f MiB (%.1f M rows)", mib, rows / 1e6);
    line("the server's memory with 10,000 runs more", figure, "< 200 MiB", mib < 200);
    const double list_ms = median_get_ms(server.port, "/api/v1/jobs/3/runs?limit=100&after=5000");
    snprintf(figure, sizeof figure, "%.1f ms", list_ms);
    line("listing runs there", figure, "< 20 ms", list_ms < 20);
    const double series_ms =
        median_get_ms(server.port, "/api/v1/runs/1/metrics?name=train_loss&points=1000");
    snprintf(figure, sizeof figure, "%.1f ms", series_ms);
    line("a series of 200,000 reduced to 1,000 points there", figure, "< 20 ms", series_ms < 20);
    assert_int_equal(server_stop(&server), 0);
}

/* --- previews of schedules
 * ------------------------------------------------------------------------
 */

/* Ten schedules of 100,000 steps: all of them drawn and bounded. */
static void bench_preview(const struct folder *folder)
{
    static const char body[] =
        "{\"steps\": 100000, \"schedules\": [\"constant\", \"linear\", \"cosine\","
        " {\"type\": \"polynomial\", \"power\": 1.5}, \"exponential\", \"inverse_sqrt\", \"wsd\","
        " \"cosine_restarts\", \"one_cycle\", {\"type\": \"hybrid\", \"fit\": \"imagenet\"}]}";
    enum { TIMES = 41 };
    struct server_process server = server_start(folder_path(folder, "preview"), NULL);
    double took_ms[TIMES];
    char figure[64];

    for (int i = 0; i < TIMES; i++) {
        const double start_ms = now_ms();
        json_decref(ask(server.port, "POST", "/api/v1/schedules/preview", body));
        took_ms[i] = now_ms() - start_ms;
    }
    const double median_ms = quantile(took_ms, TIMES, 0.5);
    snprintf(figure, sizeof figure, "%.1f ms", median_ms);
    line("a preview of 10 schedules of 100,000 steps, median of 41", figure, "< 20 ms",
         median_ms < 20.0);
    assert_int_equal(server_stop(&server), 0);
}

/* --- the report of a large comparison ---------------------------------------------------- */

/* 64 arms that differ in their rate, 50 seeds: 3,200 runs of 200 rows, 2,016 pairs. */
static int64_t submit_arms(int port)
{
    char *body = malloc(20000);
    char *end = body;
    end +=
        sprintf(end, "{\"kind\":\"compare\",\"base\":{\"problem\":{\"type\":\"quadratic\","
                     "\"eigenvalues\":[1,4],\"start\":[1,-2],\"noise\":1},\"optimizer\":{\"type\":"
                     "\"sgd\",\"lr\":0.1},\"steps\":200,\"report_every_steps\":1},\"arms\":[");
    for (int i = 0; i < 64; i++)
        end += sprintf(end, "%s{\"name\":\"arm %d\",\"patch\":{\"optimizer\":{\"lr\":%.3f}}}",
                       i ? "," : "", i, 0.01 + 0.002 * i);
    end += sprintf(end, "],\"equivalent_within\":0.1,\"target\":0.5,\"seeds\":[");
    for (int i = 1; i <= 50; i++)
        end += sprintf(end, "%s%d", i > 1 ? "," : "", i);
    sprintf(end, "]}");
    const int64_t id = submit(port, body);
    free(body);
    return id;
}

static void bench_report(const struct folder *folder)
{
    struct server_process server = server_start(folder_path(folder, "report"), NULL);
    const int64_t job = submit_arms(server.port);
    char path[64], figure[64];

    json_decref(wait_for_job(server.port, job));
    snprintf(path, sizeof path, "/api/v1/jobs/%" PRId64 "/report", job);
    const double report_ms = median_get_ms(server.port, path);
    snprintf(figure, sizeof figure, "%.0f ms", report_ms);
    line("a report with all pairs of 64 arms, 50 seeds each", figure, "< 1 s", report_ms < 1000);
    assert_int_equal(server_stop(&server), 0);
}

/* --- what the queue foretells --------------------------------------------------------------------
 */

enum { STARTS_MOST = 64, SHORT_STEPS = 1000000, LONG_STEPS = 3000000 };

static int64_t submit_bowl(int port, int steps)
{
    char body[400];
    snprintf(body, sizeof body,
             "{\"kind\":\"train\",\"reuse\":false,\"spec\":{\"problem\":{\"type\":\"quadratic\","
             "\"eigenvalues\":[1],\"start\":[1]},\"optimizer\":{\"type\":\"sgd\",\"lr\":0.1},"
             "\"steps\":%d,\"report_every_steps\":%d}}",
             steps, steps / 20);
    return submit(port, body);
}

static int64_t integer_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

struct foretold {
    int64_t job, start_ms, asked_ms;
};

/* When the jobs in line that whoever asks may see are expected to start. */
static int foretell(int port, struct foretold *out)
{
    json_t *queue = ask(port, "GET", "/api/v1/queue?limit=1000", NULL);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t i;
    json_t *job;
    json_array_foreach(json_object_get(queue, "waiting"), i, job)
    {
        out[i] = (struct foretold){.job = integer_at(job, "job"),
                                   .start_ms = integer_at(job, "expected_start_ms"),
                                   .asked_ms = now.tv_sec * 1000 + now.tv_nsec / 1000000};
        if (out[i].start_ms == 0)
            fail_msg("nothing is known about the start of job %" PRId64, out[i].job);
    }
    json_decref(queue);
    return (int)i;
}

/* Parts of the time from being told until the start. */
static int measure_errors(int port, const struct foretold *list, int count, double *errors)
{
    for (int i = 0; i < count; i++) {
        json_t *job = wait_for_job(port, list[i].job);
        const double waited = (double)(integer_at(job, "started_ms") - list[i].asked_ms);
        const double expected = (double)(list[i].start_ms - list[i].asked_ms);
        errors[i] = waited > 0 ? fabs(expected - waited) / waited : 0;
        json_decref(job);
    }
    return count;
}

static void tell_errors(const char *what, double *errors, int count)
{
    char figure[64];
    const double median = quantile(errors, count, 0.5), ninth = quantile(errors, count, 0.9);
    snprintf(figure, sizeof figure, "median %.1f %%, 9 of 10 < %.1f %%", 100 * median, 100 * ninth);
    line(what, figure, "median < 20 %", median < 0.2);
}

/* Forty like runs in line, asked once the first three have ended. */
static void bench_starts(const struct folder *folder)
{
    enum { RUNS = 40 };
    struct server_process server = server_start(folder_path(folder, "starts"), NULL);
    struct foretold list[STARTS_MOST];
    double errors[STARTS_MOST];
    int64_t jobs[RUNS];
    for (int i = 0; i < RUNS; i++)
        jobs[i] = submit_bowl(server.port, SHORT_STEPS);
    json_decref(wait_for_job(server.port, jobs[2]));
    const int count = foretell(server.port, list);
    tell_errors("expected starts of 35 like runs: error of the wait", errors,
                measure_errors(server.port, list, count, errors));
    assert_int_equal(server_stop(&server), 0);
}

/* Three teams with shares 2, 1, 1; every other run takes three times as long, which nobody knows
 * before it runs. Asked once a third of them is over: before that the short ones, which end first,
 * are taken for all. */
static void bench_starts_of_teams(const struct folder *folder)
{
    enum { TEAMS = 3, RUNS = 14 };
    static const char *const names[TEAMS] = {"vision", "speech", "text"};
    struct server_process server = server_start(folder_path(folder, "shares"), NULL);
    char admin[TEAM_TOKEN_BYTES], tokens[TEAMS][TEAM_TOKEN_BYTES];
    struct foretold list[TEAMS][STARTS_MOST];
    double errors[TEAMS * STARTS_MOST];
    int counts[TEAMS], total = 0;
    int64_t asked_after = 0;
    team_admin(server.port, admin);
    for (int i = 0; i < TEAMS; i++)
        team_add(server.port, names[i], i == 0 ? ", 'share': 2" : "", tokens[i]);
    for (int i = 0; i < TEAMS; i++) {
        client_use_token(tokens[i]);
        for (int run = 0; run < RUNS; run++) {
            const int64_t job = submit_bowl(server.port, run % 2 ? LONG_STEPS : SHORT_STEPS);
            asked_after = run == RUNS / 3 ? job : asked_after;
        }
    }
    json_decref(wait_for_job(server.port, asked_after));
    for (int i = 0; i < TEAMS; i++) {
        client_use_token(tokens[i]);
        counts[i] = foretell(server.port, list[i]);
    }
    for (int i = 0; i < TEAMS; i++) {
        client_use_token(tokens[i]);
        total += measure_errors(server.port, list[i], counts[i], errors + total);
    }
    client_use_token(NULL);
    tell_errors("the same for three teams, long and short runs by turns", errors, total);
    assert_int_equal(server_stop(&server), 0);
}

int main(void)
{
    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    struct folder folder = folder_make();
    printf("| %-58s | %-34s | %-16s | met |\n| --- | --- | --- | --- |\n", "service", "measured",
           "target");
    bench_posts(&folder);
    bench_first_metric(&folder);
    bench_preview(&folder);
    bench_mnist(&folder);
    bench_rows(&folder);
    bench_report(&folder);
    bench_starts(&folder);
    bench_starts_of_teams(&folder);
    folder_remove(&folder);
    return 0;
}
