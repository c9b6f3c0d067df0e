/*
 * The two programs from the outside: options, first line, signals, a second server, training alone.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/program.h"
#include "support/service.h"

#include "json.h"
#include "memory.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;

static struct ran run(const char *variable, const char *const *more)
{
    const char *arguments[16] = {getenv(variable)};
    assert_non_null(arguments[0]);
    for (int i = 0; more[i]; i++)
        arguments[i + 1] = more[i];
    return program_run(&folder, arguments);
}

#define SWEEPD(...) run("SWEEPD_PROGRAM", (const char *const[]){__VA_ARGS__, NULL})
#define WORKER(...) run("SWEEPD_WORKER", (const char *const[]){__VA_ARGS__, NULL})

static int count_lines(const char *text)
{
    int count = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        count++;
    return count;
}

/* --- options ------------------------------------------------------------------------------------
 */

/* Settings from the table in the README, so that both tell of all of them. */
static void the_server_explains_every_setting(void **state)
{
    static const char *const settings[] = {
        "--data",     "--listen",          "--worker",           "--allow-host",
        "--slots",    "--body-most",       "--upload-most",      "--connections",
        "--streams",  "--stream-age",      "--stream-beat",      "--request-deadline",
        "--ring",     "--upload-deadline", "--mailbox",          "--readers",
        "--ballast",  "--lease",           "--stop-grace",       "--demo",
        "--progress", "--quiet",           "--connections-each", "--version"};
    (void)state;
    struct ran help = SWEEPD("--help");
    assert_int_equal(help.status, 0);
    assert_string_equal(help.err, "");
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        assert_says(help.out, settings[i]);
    assert_says(help.out, "default");
    assert_says(help.out, "range");
    ran_release(&help);
}

static void assert_says_each(const char *help, const json_t *entries)
{
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        assert_says(help, api_text(entry, "/name"));
        assert_says(help, api_text(entry, "/help"));
    }
}

static void the_worker_explains_all_that_a_specification_may_say(void **state)
{
    (void)state;
    struct ran help = WORKER("--help");
    struct ran described = WORKER("--describe");
    json_auto_t *catalog = json_loads(described.out, 0, NULL);
    const char *registry;
    json_t *entries;
    assert_int_equal(help.status, 0);
    assert_int_equal(described.status, 0);
    assert_non_null(catalog);
    assert_says_each(help.out, json_object_get(catalog, "spec"));
    json_object_foreach(json_object_get(catalog, "registries"), registry, entries)
    {
        size_t i;
        json_t *entry;
        assert_says_each(help.out, entries);
        json_array_foreach(entries, i, entry)
        {
            assert_says_each(help.out, json_object_get(entry, "settings"));
        }
    }
    assert_says_each(help.out, json_object_get(catalog, "formats"));
    assert_says_each(help.out, json_object_get(catalog, "metrics"));
    ran_release(&help);
    ran_release(&described);
}

/* From the list in the issue: what there is to choose from. */
static void everything_that_was_promised_is_there(void **state)
{
    static const char *const optimizers[] = {"sgd",  "momentum", "nesterov", "adagrad", "rmsprop",
                                             "adam", "adamw",    "signsgd",  "signum",  "lion"};
    static const char *const schedules[] = {
        "constant",     "linear",       "cosine",   "polynomial",      "step",      "exponential",
        "inverse_time", "inverse_sqrt", "wsd",      "cosine_restarts", "one_cycle", "piecewise",
        "power_decay",  "hybrid",       "cyclical", "refined"};
    (void)state;
    struct ran help = WORKER("--help");
    for (size_t i = 0; i < COUNT_OF(optimizers); i++) {
        AUTO_FREE char *title = xprintf("optimizer \"%s\":", optimizers[i]);
        assert_says(help.out, title);
    }
    for (size_t i = 0; i < COUNT_OF(schedules); i++) {
        AUTO_FREE char *title = xprintf("schedule \"%s\":", schedules[i]);
        assert_says(help.out, title);
    }
    ran_release(&help);
}

static void versions_are_told(void **state)
{
    (void)state;
    struct ran server = SWEEPD("--version");
    struct ran worker = WORKER("--version");
    assert_int_equal(server.status, 0);
    assert_int_equal(worker.status, 0);
    assert_true(isdigit((unsigned char)server.out[0]) || strncmp(server.out, "sweepd ", 7) == 0);
    assert_says(worker.out, "protocol");
    ran_release(&server);
    ran_release(&worker);
}

static void check_refused(struct ran ran, int status, const char *says)
{
    assert_int_equal(ran.status, status);
    assert_says(ran.err, says);
    assert_string_equal(ran.out, "");
    ran_release(&ran);
}

static void wrong_options_are_refused_with_a_sentence(void **state)
{
    (void)state;
    check_refused(SWEEPD("--colour"), 2, "there is no option --colour");
    check_refused(SWEEPD("serve"), 2, "\"serve\" is not an option");
    check_refused(SWEEPD("--slots"), 2, "--slots needs a value");
    check_refused(SWEEPD("--slots", "many"), 2, "from -1 to 1024");
    check_refused(SWEEPD("--slots=1025"), 2, "from -1 to 1024");
    check_refused(SWEEPD("--demo=yes"), 2, "--demo takes no value");
    check_refused(WORKER("--colour"), 2, "--colour");
    check_refused(WORKER("--version", "--help"), 2, "say one of");
    check_refused(WORKER("--fd", "x"), 2, "whole number from 0 to 1023");
    check_refused(WORKER("--train"), 2, "--train");
}

/* --- starting ------------------------------------------------------------------------------------
 */

static void what_keeps_the_server_from_starting_is_told(void **state)
{
    (void)state;
    folder_write(&folder, "no-worker", "#!/bin/sh\necho '{}'\n", 21);
    AUTO_FREE char *no_worker = xstrdup(folder_path(&folder, "no-worker"));
    check_refused(SWEEPD("--listen", "0.0.0.0:0"), 1, "sweepd admin --data");
    check_refused(SWEEPD("--listen", "[::]:0"), 1, "sweepd admin --data");
    check_refused(SWEEPD("--listen", "localhost.example:0"), 1, "sweepd admin --data");
    check_refused(SWEEPD("--listen", "127.0.0.1"), 1, "not an address to listen on");
    check_refused(SWEEPD("--data", "/proc/nothing"), 1, "/proc/nothing");
    check_refused(SWEEPD("--worker", "/nonexistent"), 1, "start \"/nonexistent\"");
    check_refused(SWEEPD("--worker", "/bin/false"), 1, "exit status 1");
    check_refused(SWEEPD("--worker", "/bin/true"), 1, "printed no catalogue");
    check_refused(SWEEPD("--worker", no_worker), 1, "no-worker");
}

static void one_folder_has_one_server(void **state)
{
    static const char *const idle[] = {"--slots", "0", NULL};
    struct service service;
    (void)state;
    service_start(&service, idle);
    assert_true(service.port > 0);
    AUTO_FREE char *data = xstrdup(folder_path(&service.folder, "data"));
    check_refused(
        SWEEPD("--data", data, "--listen", "127.0.0.1:0", "--worker", getenv("SWEEPD_WORKER")), 1,
        "another sweepd is using");
    AUTO_FREE char *taken = xprintf("127.0.0.1:%d", service.port);
    check_refused(SWEEPD("--data", "other", "--listen", taken, "--worker", getenv("SWEEPD_WORKER")),
                  1, "Address already in use");
    struct http_answer alive = api_ask(service.port, "GET", NULL, NULL, "/healthz");
    api_expect(&alive, 200);
    answer_release(&alive);
    service_end(&service);
}

/* --- stopping ------------------------------------------------------------------------------------
 */

static const char *const one_slot[] = {"--slots", "1", NULL};
static const char *const no_slot[] = {"--slots", "0", NULL};

/* Some seconds of work in which everything that has a state has one: dropout, momentum, shuffles.
 */
#define LONG                                                                                       \
    "{'kind': 'train', 'reuse': false, 'spec': {'dataset': 'spirals', 'epochs': 500, 'seed': 3,"   \
    " 'model': {'type': 'mlp', 'hidden': [64, 32], 'dropout': 0.1}, 'batch_size': 32,"             \
    " 'optimizer': {'type': 'adam', 'lr': 0.003}, 'schedule': {'type': 'cosine', 'warmup': 0.1},"  \
    " 'report_every_steps': 50, 'checkpoint_every_s': 3600}}"

static void end_by(struct service *service, int signal_number)
{
    int status = -1;
    pid_t ended = 0;
    int64_t started_ms = 0;
    kill(service->process.pid, signal_number);
    while (ended == 0 && api_wait_on(&started_ms))
        ended = waitpid(service->process.pid, &status, WNOHANG);
    assert_int_equal(ended, service->process.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(service->process.out);
}

static void start_again(struct service *service, const char *const *arguments)
{
    service->arguments = arguments;
    service_launch(service);
}

/* All that a run has stored, but what a clock measured. */
static json_t *curves_of(int port, int64_t run)
{
    json_t *curves = api_get(port, "/api/v1/runs/%lld/metrics?points=0", (long long)run);
    json_t *series = json_object_get(curves, "series");
    for (size_t i = json_array_size(series); i-- > 0;) {
        json_t *entry = json_array_get(series, i);
        json_object_del(entry, "wall_ms");
        if (strcmp(api_text(entry, "/name"), "samples_per_s") == 0)
            json_array_remove(series, i);
    }
    json_object_del(curves, "run");
    return curves;
}

static struct http_answer weights_of(int port, int64_t run)
{
    struct http_answer weights =
        api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/model", (long long)run);
    api_expect(&weights, 200);
    return weights;
}

/* The tensors stand behind the header, which differs by the run's number. */
static void assert_same_tensors(const struct http_answer *a, const struct http_answer *b)
{
    const size_t numbers = (size_t)(64 * 2 + 64 + 32 * 64 + 32 + 2 * 32 + 2) * sizeof(float);
    assert_true(a->body_bytes > numbers && a->body_bytes == b->body_bytes);
    assert_memory_equal(a->body + a->body_bytes - numbers, b->body + b->body_bytes - numbers,
                        numbers);
}

static void a_server_stopped_while_training_goes_on_bit_for_bit(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    struct service service;
    (void)state;
    service_start(&service, one_slot);
    const int64_t calm = api_run_of(service.port, api_submit(service.port, LONG), 0);
    json_decref(api_await_run(service.port, calm, "succeeded"));
    const int64_t job = api_submit(service.port, LONG);
    const int64_t run = api_run_of(service.port, job, 0);

    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        api_await_step(service.port, run, 1000 * ((int64_t)i + 1));
        const time_t before = time(NULL);
        end_by(&service, signals[i]);
        assert_true(time(NULL) - before <= 10);
        start_again(&service, no_slot);
        json_auto_t *waits = api_get(service.port, "/api/v1/runs/%lld", (long long)run);
        json_auto_t *open = api_get(service.port, "/api/v1/jobs/%lld", (long long)job);
        assert_string_equal(api_text(waits, "/state"), "queued");
        assert_true(api_integer(waits, "/checkpoint_step") >= 1000 * ((int64_t)i + 1));
        assert_int_equal(api_integer(open, "/runs/queued"), 1);
        end_by(&service, SIGTERM);
        start_again(&service, one_slot);
    }
    json_auto_t *ended = api_await_run(service.port, run, "succeeded");
    assert_int_equal(api_integer(ended, "/attempt"), 3);
    assert_true(api_integer(ended, "/resumed_step") >= 2000);
    assert_int_equal(api_integer(ended, "/resume_mismatches"), 0);

    json_auto_t *calm_curves = curves_of(service.port, calm);
    json_auto_t *curves = curves_of(service.port, run);
    assert_true(json_equal(calm_curves, curves));
    struct http_answer calm_weights = weights_of(service.port, calm);
    struct http_answer weights = weights_of(service.port, run);
    assert_same_tensors(&calm_weights, &weights);
    answer_release(&calm_weights);
    answer_release(&weights);
    service_end(&service);
}

/* A moment after a cancel, with a watcher and a long read open. */
static void a_busy_server_stops_in_good_order(void **state)
{
    struct service service;
    (void)state;
    service_start(&service, one_slot);
    const int64_t job = api_submit(service.port, LONG), other = api_submit(service.port, LONG);
    json_decref(api_await_run(service.port, api_run_of(service.port, job, 0), "running"));
    struct http_client watcher = client_open(service.port);
    client_send_request(&watcher, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer head = client_read_head(&watcher);
    api_expect(&head, 200);
    answer_release(&head);
    json_decref(
        api_change(service.port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    struct http_client half = client_open(service.port);
    client_send_text(&half, "POST /api/v1/jobs HTTP/1.1\r\nHost: ");
    end_by(&service, SIGTERM);
    client_close(&watcher);
    client_close(&half);

    start_again(&service, no_slot);
    json_auto_t *waits = api_get(service.port, "/api/v1/jobs/%lld", (long long)other);
    assert_string_equal(api_text(waits, "/state"), "queued");
    service_end(&service);
}

/* --- training alone ------------------------------------------------------------------------------
 */

#define BOWL                                                                                       \
    "{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4], \"start\": [1, -2]},"        \
    " \"steps\": 60, \"optimizer\": {\"type\": \"sgd\", \"lr\": %s}}"

static void write_spec(const char *text)
{
    folder_write(&folder, "spec.json", text, strlen(text));
}

static json_t *last_line(const char *out)
{
    AUTO_FREE char *copy = xstrdup(out);
    assert_true(*copy && copy[strlen(copy) - 1] == '\n');
    copy[strlen(copy) - 1] = '\0';
    const char *line = strrchr(copy, '\n');
    json_t *json = json_loads(line ? line + 1 : copy, 0, NULL);
    assert_non_null(json);
    return json;
}

static void each_line_is_of_the_wire(const char *out)
{
    while (*out) {
        const size_t bytes = strcspn(out, "\n");
        json_auto_t *line = json_loadb(out, bytes, 0, NULL);
        assert_non_null(line);
        assert_int_equal(api_integer(line, "/run"), 1);
        assert_true(*api_text(line, "/type") != '\0');
        out += bytes + 1;
    }
}

static void the_worker_trains_alone(void **state)
{
    (void)state;
    AUTO_FREE char *spec = xprintf(BOWL, "0.1");
    write_spec(spec);
    struct ran ran = WORKER("--train", "spec.json", "--weights");
    assert_int_equal(ran.status, 0);
    each_line_is_of_the_wire(ran.out);
    json_auto_t *result = last_line(ran.out);
    assert_string_equal(api_text(result, "/type"), "result");
    assert_string_equal(api_text(result, "/state"), "succeeded");
    assert_int_equal(api_integer(result, "/step"), 60);
    /* By hand: 0.9^60 and -2 * 0.6^60. */
    assert_int_equal(api_size(result, "/weights"), 2);
    assert_near(api_number(result, "/weights/0"), pow(0.9, 60), 1e-4);
    assert_near(api_number(result, "/weights/1"), -2 * pow(0.6, 60), 1e-4);
    ran_release(&ran);

    struct ran without = WORKER("--train", "spec.json");
    json_auto_t *bare = last_line(without.out);
    assert_null(json_object_get(bare, "weights"));
    ran_release(&without);
}

static void a_worker_alone_that_diverges_ends_with_1(void **state)
{
    (void)state;
    AUTO_FREE char *spec = xprintf(BOWL, "100");
    write_spec(spec);
    struct ran ran = WORKER("--train", "spec.json");
    json_auto_t *result = last_line(ran.out);
    assert_int_equal(ran.status, 1);
    assert_string_equal(api_text(result, "/state"), "diverged");
    ran_release(&ran);
}

static void a_bad_specification_ends_with_2_and_a_line_for_each_problem(void **state)
{
    (void)state;
    write_spec("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1]}, \"stepz\": 5,"
               " \"seed\": -1, \"optimizer\": {\"type\": \"sdg\", \"lr\": 1}}");
    struct ran ran = WORKER("--train", "spec.json");
    assert_int_equal(ran.status, 2);
    assert_string_equal(ran.out, "");
    assert_int_equal(count_lines(ran.err), 3);
    assert_says(ran.err, "/stepz: unknown field");
    assert_says(ran.err, "/seed: must be");
    assert_says(ran.err, "/optimizer/type: unknown optimizer \"sdg\"; did you mean \"sgd\"?");
    ran_release(&ran);

    write_spec("{\"problem\": \n nonsense}");
    struct ran broken = WORKER("--train", "spec.json");
    assert_int_equal(broken.status, 2);
    assert_says(broken.err, "line 2 column");
    ran_release(&broken);
    check_refused(WORKER("--train", "absent.json"), 2, "absent.json");
}

static void a_folder_keeps_the_weights_of_a_worker_alone(void **state)
{
    (void)state;
    write_spec("{\"dataset\": \"gaussians\", \"model\": {\"type\": \"softmax\"}, \"epochs\": 1,"
               " \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}}");
    struct ran ran = WORKER("--train", "spec.json", "--cache", "cache", "--folder", "kept");
    assert_int_equal(ran.status, 0);
    assert_int_equal(access(folder_path(&folder, "kept/model.safetensors"), R_OK), 0);
    ran_release(&ran);
}

static int start(void **state)
{
    (void)state;
    folder = folder_make();
    return 0;
}

static int end(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_explains_every_setting),
        cmocka_unit_test(the_worker_explains_all_that_a_specification_may_say),
        cmocka_unit_test(everything_that_was_promised_is_there),
        cmocka_unit_test(versions_are_told),
        cmocka_unit_test(wrong_options_are_refused_with_a_sentence),
        cmocka_unit_test(what_keeps_the_server_from_starting_is_told),
        cmocka_unit_test(one_folder_has_one_server),
        cmocka_unit_test(a_server_stopped_while_training_goes_on_bit_for_bit),
        cmocka_unit_test(a_busy_server_stops_in_good_order),
        cmocka_unit_test(the_worker_trains_alone),
        cmocka_unit_test(a_worker_alone_that_diverges_ends_with_1),
        cmocka_unit_test(a_bad_specification_ends_with_2_and_a_line_for_each_problem),
        cmocka_unit_test(a_folder_keeps_the_weights_of_a_worker_alone),
    };
    return cmocka_run_group_tests(tests, start, end);
}
