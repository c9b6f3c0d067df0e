/*
 * The worker's half of the protocol, in a child process at the other end of a socket pair; the test
 * is the server. No test waits for a time to pass: it reads until the line it wants has come.
 */
#include "support/folder.h"
#include "worker/resolved.h"

#include "memory.h"
#include "session.h"
#include "version.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

struct worker {
    pid_t pid;
    int fd;
    struct wire_reader reader;
};

static struct folder folder;

static int make_folder(void **state)
{
    (void)state;
    folder = folder_make();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

/* --- the server's side --------------------------------------------------------------------- */

static struct worker worker_start(void)
{
    struct worker worker;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    fflush(NULL);
    worker.pid = fork();
    assert_true(worker.pid >= 0);
    if (worker.pid == 0) {
        struct error err;
        close(ends[0]);
        setenv("SWEEPD_NUMERIC", "native,1", 1);
        signal(SIGPIPE, SIG_IGN);
        exit((int)session_serve(ends[1], &err) + 10); /* not _exit(): leaks are looked for there */
    }
    close(ends[1]);
    worker.fd = ends[0];
    wire_reader_init(&worker.reader);
    return worker;
}

/* Closes the connection and answers the exit status: 10 + enum session_end, or the worker's own. */
static int worker_end(struct worker *worker)
{
    int status = 0;
    if (worker->fd >= 0)
        close(worker->fd);
    wire_reader_release(&worker->reader);
    assert_int_equal(waitpid(worker->pid, &status, 0), worker->pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void tell_text(struct worker *worker, const char *text)
{
    assert_int_equal(write(worker->fd, text, strlen(text)), strlen(text));
}

static void tell(struct worker *worker, enum wire_type type, json_t *body)
{
    AUTO_FREE char *line = NULL;
    size_t bytes;
    assert_int_equal(wire_encode(type, body, &line, &bytes, NULL), 0);
    assert_int_equal(write(worker->fd, line, bytes), bytes);
}

static struct wire_message next_message(struct worker *worker)
{
    struct wire_message message = {0};
    struct error err;
    char *line;
    size_t bytes;

    while (wire_next(&worker->reader, &line, &bytes, &err) == 0) {
        struct pollfd ready = {.fd = worker->fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
        if (wire_fill(&worker->reader, worker->fd, &err) < 0)
            fail_msg("%s", err.sentence);
    }
    if (wire_decode(line, bytes, &message, &err) < 0)
        fail_msg("%s", err.sentence);
    return message;
}

/* Reads on until a message of this type; the caller releases it. */
static struct wire_message await(struct worker *worker, enum wire_type type)
{
    struct wire_message message = next_message(worker);
    while (message.type != type) {
        wire_message_release(&message);
        message = next_message(worker);
    }
    return message;
}

static void await_and_forget(struct worker *worker, enum wire_type type)
{
    struct wire_message message = await(worker, type);
    wire_message_release(&message);
}

static struct worker worker_welcomed(int heartbeat_ms)
{
    struct worker worker = worker_start();
    await_and_forget(&worker, WIRE_HELLO);
    tell(&worker, WIRE_WELCOME, json_pack("{s:i}", "heartbeat_ms", heartbeat_ms));
    await_and_forget(&worker, WIRE_READY);
    return worker;
}

static char *run_folder(int run)
{
    AUTO_FREE char *name = xprintf("run-%d", run);
    const char *path = folder_path(&folder, name);
    mkdir(path, 0755);
    return xstrdup(path);
}

static void assign(struct worker *worker, int run, const char *spec, int64_t checkpoint)
{
    AUTO_FREE char *path = run_folder(run);
    json_t *body = json_pack("{s:i, s:i, s:o, s:s, s:s}", "run", run, "attempt", 1, "spec",
                             resolved(spec), "folder", path, "cache", folder.path);
    if (checkpoint > 0)
        json_object_set_new(body, "checkpoint", json_integer(checkpoint));
    tell(worker, WIRE_ASSIGN, body);
}

/* The result line's state is this one; the message and step are for the caller. */
static struct wire_message await_result(struct worker *worker, const char *wanted)
{
    struct wire_message message = await(worker, WIRE_RESULT);
    assert_string_equal(json_text_at(message.body, "state", ""), wanted);
    return message;
}

static void expect_result(struct worker *worker, const char *wanted, const char *piece)
{
    struct wire_message message = await_result(worker, wanted);
    assert_says(json_text_at(message.body, "message", ""), piece);
    wire_message_release(&message);
}

#define BOWL "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4], \"noise\": 0.1}"
#define SHORT                                                                                      \
    "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 100,"                  \
    " \"report_every_steps\": 10}"
/* Weeks of steps: it ends only when it is told to. */
#define ENDLESS                                                                                    \
    "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 1000000000000,"        \
    " \"report_every_steps\": 100000}"

/* --- hello --------------------------------------------------------------------------------- */

static void hello_brings_version_and_catalogue(void **state)
{
    struct worker worker = worker_start();
    (void)state;
    struct wire_message hello = next_message(&worker);
    assert_int_equal(hello.type, WIRE_HELLO);
    assert_int_equal(json_integer_at(hello.body, "protocol", 0), SWEEPD_PROTOCOL);
    assert_int_equal(json_integer_at(hello.body, "pid", 0), worker.pid);
    const json_t *catalog = json_object_get(hello.body, "catalog");
    assert_non_null(catalog_find(catalog, "optimizer", "nesterov"));
    assert_non_null(catalog_find(catalog, "problem", "rosenbrock"));
    assert_non_null(json_object_get(json_object_get(hello.body, "numeric"), "core"));
    wire_message_release(&hello);
    tell(&worker, WIRE_WELCOME, json_pack("{s:i}", "heartbeat_ms", 1000));
    await_and_forget(&worker, WIRE_READY);
    tell(&worker, WIRE_SHUTDOWN, NULL);
    assert_int_equal(worker_end(&worker), 10 + SESSION_SHUTDOWN);
}

/* A server that stops while its workers start. */
static void a_worker_that_is_sent_away_before_it_is_welcomed_leaves_in_order(void **state)
{
    struct worker worker = worker_start();
    (void)state;
    await_and_forget(&worker, WIRE_HELLO);
    tell(&worker, WIRE_SHUTDOWN, NULL);
    assert_int_equal(worker_end(&worker), 10 + SESSION_SHUTDOWN);
}

static void a_refused_worker_leaves(void **state)
{
    struct worker worker = worker_start();
    (void)state;
    await_and_forget(&worker, WIRE_HELLO);
    tell(&worker, WIRE_REFUSE, json_pack("{s:s}", "message", "another protocol"));
    assert_int_equal(worker_end(&worker), 10 + SESSION_REFUSED);
}

static void a_line_that_no_server_sends_ends_the_session(void **state)
{
    static const char *const lines[] = {"{\"type\":\"metricks\"}\n", "hello\n",
                                        "{\"type\":\"ready\"}\n", "{\"type\":\"assign\"}\n"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct worker worker = worker_welcomed(1000);
        tell_text(&worker, lines[i]);
        assert_int_equal(worker_end(&worker), 10 + SESSION_BAD_LINE);
    }
}

static void an_idle_worker_leaves_when_the_server_is_gone(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

static void an_idle_worker_gives_signs_of_life(void **state)
{
    struct worker worker = worker_welcomed(20);
    (void)state;
    await_and_forget(&worker, WIRE_HEARTBEAT);
    await_and_forget(&worker, WIRE_HEARTBEAT);
    tell(&worker, WIRE_SHUTDOWN, NULL);
    assert_int_equal(worker_end(&worker), 10 + SESSION_SHUTDOWN);
}

/* --- runs ---------------------------------------------------------------------------------- */

struct seen {
    int rows;
    int64_t last_step;
};

static int count_row(void *context, int64_t step, const char *name, size_t name_bytes, double value)
{
    struct seen *seen = context;
    (void)name;
    (void)name_bytes;
    (void)value;
    seen->rows++;
    seen->last_step = step;
    return 0;
}

/* Metrics lines have the form that the server walks without building a tree. */
static void count_rows_until_result(struct worker *worker, struct seen *seen)
{
    struct error err;
    for (;;) {
        char *line;
        size_t bytes;
        while (wire_next(&worker->reader, &line, &bytes, &err) == 0)
            assert_int_equal(wire_fill(&worker->reader, worker->fd, &err), 1);
        struct wire_metrics head;
        if (!wire_is_metrics(line, bytes)) {
            struct wire_message message;
            assert_int_equal(wire_decode(line, bytes, &message, &err), 0);
            const bool over = message.type == WIRE_RESULT;
            wire_message_release(&message);
            if (over)
                return;
            continue;
        }
        assert_int_equal(wire_metrics_walk(line, bytes, &head, count_row, seen, &err), 0);
        assert_int_equal(head.run, 1);
        assert_int_equal(head.attempt, 1);
    }
}

static void a_run_starts_reports_and_succeeds(void **state)
{
    struct worker worker = worker_welcomed(1000);
    struct seen seen = {0};
    (void)state;

    assign(&worker, 1, SHORT, 0);
    struct wire_message started = await(&worker, WIRE_STARTED);
    assert_int_equal(started.run, 1);
    assert_int_equal(json_integer_at(started.body, "resumed", -1), 0);
    assert_int_equal(json_integer_at(started.body, "steps", -1), 100);
    wire_message_release(&started);
    count_rows_until_result(&worker, &seen);
    /* train_loss, lr, two gradient norms, update_norm; loss_average behind half the steps */
    assert_int_equal(seen.rows, 10 * 5 + 5);
    assert_int_equal(seen.last_step, 100);
    await_and_forget(&worker, WIRE_READY);
    assert_int_equal(access(folder_path(&folder, "run-1/model.safetensors"), F_OK), 0);
    tell(&worker, WIRE_SHUTDOWN, NULL);
    assert_int_equal(worker_end(&worker), 10 + SESSION_SHUTDOWN);
}

static int64_t size_of(const char *name)
{
    struct stat status;
    assert_int_equal(stat(folder_path(&folder, name), &status), 0);
    return status.st_size;
}

static void a_stopped_run_leaves_a_checkpoint_and_goes_on_from_it(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;

    assign(&worker, 2, ENDLESS, 0);
    await_and_forget(&worker, WIRE_METRICS);
    tell(&worker, WIRE_STOP,
         json_pack("{s:i, s:i, s:s}", "run", 2, "attempt", 1, "reason", "preempted"));
    struct wire_message kept = await(&worker, WIRE_CHECKPOINT);
    const int64_t step = json_integer_at(kept.body, "step", -1);
    const int64_t bytes = json_integer_at(kept.body, "bytes", -1);
    wire_message_release(&kept);
    assert_true(step > 0);
    struct wire_message result = await_result(&worker, "stopped");
    assert_int_equal(json_integer_at(result.body, "step", -1), step);
    AUTO_FREE char *file = xprintf("run-2/checkpoint-%" PRId64, step);
    assert_int_equal(bytes, size_of(file));
    assert_int_equal(json_integer_at(result.body, "bytes", -1), bytes);
    wire_message_release(&result);
    await_and_forget(&worker, WIRE_READY);

    assign(&worker, 2, ENDLESS, step);
    struct wire_message started = await(&worker, WIRE_STARTED);
    assert_int_equal(json_integer_at(started.body, "resumed", -1), step);
    wire_message_release(&started);
    tell(&worker, WIRE_SHUTDOWN, NULL); /* also stops the run, with a checkpoint */
    expect_result(&worker, "stopped", "");
    assert_int_equal(worker_end(&worker), 10 + SESSION_SHUTDOWN);
}

static void a_stop_for_an_older_attempt_or_another_run_is_no_stop(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    assign(&worker, 3, ENDLESS, 0);
    await_and_forget(&worker, WIRE_METRICS);
    tell(&worker, WIRE_STOP,
         json_pack("{s:i, s:i, s:s}", "run", 3, "attempt", 0, "reason", "cancelled"));
    tell(&worker, WIRE_STOP,
         json_pack("{s:i, s:i, s:s}", "run", 4, "attempt", 1, "reason", "cancelled"));
    for (int i = 0; i < 5; i++) { /* it goes on reporting */
        struct wire_message message = next_message(&worker);
        assert_int_equal(message.type, WIRE_METRICS);
        wire_message_release(&message);
    }
    tell(&worker, WIRE_STOP,
         json_pack("{s:i, s:i, s:s}", "run", 3, "attempt", 1, "reason", "cancelled"));
    expect_result(&worker, "stopped", "");
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

static void a_stop_that_comes_too_late_is_ignored(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    assign(&worker, 5, SHORT, 0);
    await_and_forget(&worker, WIRE_READY);
    tell(&worker, WIRE_STOP,
         json_pack("{s:i, s:i, s:s}", "run", 5, "attempt", 1, "reason", "cancelled"));
    assign(&worker, 6, SHORT, 0);
    expect_result(&worker, "succeeded", "");
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

static void a_worker_ends_at_once_when_the_server_is_gone(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    assign(&worker, 7, ENDLESS, 0);
    await_and_forget(&worker, WIRE_METRICS);
    assert_int_equal(worker_end(&worker), SESSION_EXIT_LOST);
    assert_int_equal(access(folder_path(&folder, "run-7/model.safetensors"), F_OK), -1);
}

static void a_busy_worker_gives_signs_of_life_between_far_reports(void **state)
{
    struct worker worker = worker_welcomed(20);
    (void)state;
    assign(&worker, 8,
           "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 1000000000000,"
           " \"report_every_steps\": 1000000000}",
           0);
    await_and_forget(&worker, WIRE_STARTED);
    await_and_forget(&worker, WIRE_HEARTBEAT);
    await_and_forget(&worker, WIRE_HEARTBEAT);
    assert_int_equal(worker_end(&worker), SESSION_EXIT_LOST);
}

static void after_a_failed_run_the_worker_is_as_good_as_new(void **state)
{
    struct worker worker = worker_welcomed(1000);
    AUTO_FREE char *path = run_folder(9);
    (void)state;

    json_t *spec = resolved(SHORT);
    json_object_set_new(json_object_get(spec, "problem"), "type", json_string("cubic"));
    tell(&worker, WIRE_ASSIGN,
         json_pack("{s:i, s:i, s:o, s:s, s:s}", "run", 9, "attempt", 1, "spec", spec, "folder",
                   path, "cache", folder.path));
    expect_result(&worker, "failed", "\"cubic\"");
    await_and_forget(&worker, WIRE_READY);
    assign(&worker, 9, SHORT, 0);
    expect_result(&worker, "succeeded", "");
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

static void a_folder_that_is_not_there_fails_the_run(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    tell(&worker, WIRE_ASSIGN,
         json_pack("{s:i, s:i, s:o, s:s, s:s}", "run", 10, "attempt", 1, "spec", resolved(SHORT),
                   "folder", "/no/such/folder", "cache", folder.path));
    expect_result(&worker, "failed", "/no/such/folder");
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

static void a_run_for_another_environment_is_refused(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    assign(&worker, 11,
           "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"threads\": 3}", 0);
    expect_result(&worker, "failed", "not started for 3 threads with native kernels");
    assign(&worker, 11,
           "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1},"
           " \"numeric\": \"portable\"}",
           0);
    expect_result(&worker, "failed", "not started for 1 thread with portable kernels");
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

/* While an earlier attempt lives, the next one waits, and still answers; it goes on when the lock
 * is free. */
static void the_lock_keeps_the_next_attempt_waiting(void **state)
{
    struct worker worker = worker_welcomed(20);
    AUTO_FREE char *path = run_folder(12);
    (void)state;

    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assign(&worker, 12, SHORT, 0);
    for (int i = 0; i < 3; i++) {
        struct wire_message message = next_message(&worker);
        assert_int_equal(message.type, WIRE_HEARTBEAT);
        wire_message_release(&message);
    }
    close(fd);
    expect_result(&worker, "succeeded", "");
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

static void a_worker_that_trains_holds_the_lock(void **state)
{
    struct worker worker = worker_welcomed(1000);
    AUTO_FREE char *path = run_folder(13);
    (void)state;

    assign(&worker, 13, ENDLESS, 0);
    await_and_forget(&worker, WIRE_METRICS);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    assert_int_equal(worker_end(&worker), SESSION_EXIT_LOST);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
}

static void checkpoints_of_a_run_that_succeeded_go_with_the_next_assignment(void **state)
{
    struct worker worker = worker_welcomed(1000);
    (void)state;
    assign(&worker, 14,
           "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 30,"
           " \"report_every_steps\": 10, \"checkpoint_every_s\": 0}",
           0);
    struct wire_message result = await_result(&worker, "succeeded");
    assert_int_equal(access(folder_path(&folder, "run-14/checkpoint-20"), F_OK), 0);
    assert_int_equal(json_integer_at(result.body, "bytes", -1),
                     size_of("run-14/model.safetensors")); /* that stays */
    wire_message_release(&result);
    assign(&worker, 15, SHORT, 0);
    expect_result(&worker, "succeeded", "");
    assert_int_equal(access(folder_path(&folder, "run-14/checkpoint-20"), F_OK), -1);
    assert_int_equal(access(folder_path(&folder, "run-14/model.safetensors"), F_OK), 0);
    assert_int_equal(worker_end(&worker), 10 + SESSION_LOST);
}

/* --- data sets ----------------------------------------------------------------------------- */

static struct wire_message prepare(struct worker *worker, const char *file)
{
    tell(worker, WIRE_PREPARE,
         json_pack("{s:i, s:s, s:{s:s}, s:{s:s}, s:s}", "request", 77, "format", "csv", "settings",
                   "label", "kind", "parts", "train", folder_path(&folder, file), "cache",
                   folder.path));
    struct wire_message message = await(worker, WIRE_PREPARED);
    assert_int_equal(json_integer_at(message.body, "request", 0), 77);
    return message;
}

static void a_data_set_is_prepared_or_refused(void **state)
{
    static const char table[] = "x,y,kind\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n9,10,a\n1,0,b\n2,2,a\n"
                                "3,1,b\n4,4,a\n5,0,b\n";
    struct worker worker = worker_welcomed(1000);
    (void)state;

    folder_write(&folder, "good.csv", table, sizeof table - 1);
    folder_write(&folder, "bad.csv", "x,y,kind\n1,2\n", 13);
    struct wire_message good = prepare(&worker, "good.csv");
    assert_null(json_object_get(good.body, "message"));
    assert_int_equal(json_integer_at(json_object_get(good.body, "summary"), "classes", 0), 2);
    assert_int_equal(access(folder_path(&folder, json_text_at(good.body, "file", "none")), F_OK),
                     0);
    wire_message_release(&good);
    await_and_forget(&worker, WIRE_READY);

    struct wire_message bad = prepare(&worker, "bad.csv");
    assert_string_equal(json_text_at(bad.body, "pointer", ""), "/train");
    assert_says(json_text_at(bad.body, "message", ""), "line 2");
    wire_message_release(&bad);
    await_and_forget(&worker, WIRE_READY);
    tell(&worker, WIRE_SHUTDOWN, NULL);
    assert_int_equal(worker_end(&worker), 10 + SESSION_SHUTDOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_brings_version_and_catalogue),
        cmocka_unit_test(a_worker_that_is_sent_away_before_it_is_welcomed_leaves_in_order),
        cmocka_unit_test(a_refused_worker_leaves),
        cmocka_unit_test(a_line_that_no_server_sends_ends_the_session),
        cmocka_unit_test(an_idle_worker_leaves_when_the_server_is_gone),
        cmocka_unit_test(an_idle_worker_gives_signs_of_life),
        cmocka_unit_test(a_run_starts_reports_and_succeeds),
        cmocka_unit_test(a_stopped_run_leaves_a_checkpoint_and_goes_on_from_it),
        cmocka_unit_test(a_stop_for_an_older_attempt_or_another_run_is_no_stop),
        cmocka_unit_test(a_stop_that_comes_too_late_is_ignored),
        cmocka_unit_test(a_worker_ends_at_once_when_the_server_is_gone),
        cmocka_unit_test(a_busy_worker_gives_signs_of_life_between_far_reports),
        cmocka_unit_test(after_a_failed_run_the_worker_is_as_good_as_new),
        cmocka_unit_test(a_folder_that_is_not_there_fails_the_run),
        cmocka_unit_test(a_run_for_another_environment_is_refused),
        cmocka_unit_test(the_lock_keeps_the_next_attempt_waiting),
        cmocka_unit_test(a_worker_that_trains_holds_the_lock),
        cmocka_unit_test(checkpoints_of_a_run_that_succeeded_go_with_the_next_assignment),
        cmocka_unit_test(a_data_set_is_prepared_or_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
