/*
 * kill -9 of a worker and of the server in the middle of a run: nothing acknowledged is lost, and
 * the run ends with the same metrics and weights, bit for bit, as one that nobody disturbed.
 */
#include "support/check.h"
#include "support/folder.h"
#include "support/http_client.h"
#include "support/remains.h"
#include "support/server_process.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 60000, POLL_MS = 5 };

/* A checkpoint at every report, so that each kill finds one whatever the machine's speed. */
static const char long_job[] =
    "{\"kind\": \"train\", \"name\": \"to be disturbed\", \"spec\": {"
    " \"dataset\": \"digits\","
    " \"model\": {\"type\": \"mlp\", \"hidden\": [128], \"dropout\": 0.1},"
    " \"optimizer\": {\"type\": \"adam\", \"lr\": 0.002}, \"schedule\": {\"type\": \"cosine\"},"
    " \"epochs\": 24, \"batch_size\": 64, \"report_every_steps\": 20, \"seed\": 7,"
    " \"checkpoint_every_s\": 0}}";

static const char *const one_slot[] = {"--slots", "1", NULL};

/* --- asking --------------------------------------------------------------------------------------
 */

static json_t *get(const struct server_process *server, const char *path)
{
    struct http_answer answer = http_request(server->port, "GET", path, NULL, NULL);
    json_t *json = answer.body ? json_loads(answer.body, 0, NULL) : NULL;
    if (answer.status != 200 || !json)
        fail_msg("GET %s: %d", path, answer.status);
    answer_release(&answer);
    return json;
}

static int64_t submit(const struct server_process *server, const char *job)
{
    struct http_answer answer = http_request(server->port, "POST", "/api/v1/jobs",
                                             "Content-Type: application/json\r\n", job);
    assert_int_equal(answer.status, 201);
    json_t *json = json_loads(answer.body, 0, NULL);
    const int64_t id = json_integer_value(json_object_get(json, "id"));
    json_decref(json);
    answer_release(&answer);
    return id;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

struct look {
    char state[16];
    int64_t step, attempt, resumed, mismatches;
    bool started; /* by its worker, in this attempt */
};

static struct look look_at(const struct server_process *server, int64_t run)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/runs/%" PRId64, run);
    json_t *json = get(server, path);
    struct look look = {
        .attempt = json_integer_value(json_object_get(json, "attempt")),
        .resumed = json_integer_value(json_object_get(json, "resumed_step")),
        .mismatches = json_integer_value(json_object_get(json, "resume_mismatches")),
        .started = json_is_integer(json_object_get(json, "resumed_step")),
    };
    snprintf(look.state, sizeof look.state, "%s",
             json_string_value(json_object_get(json, "state")));
    size_t i;
    json_t *series;
    json_array_foreach(json_object_get(json, "series"), i, series)
    {
        const int64_t last = json_integer_value(json_object_get(series, "last_step"));
        look.step = last > look.step ? last : look.step;
    }
    json_decref(json);
    return look;
}

/* Until the run has a metric beyond the step, or has ended. */
static struct look wait_for_step(const struct server_process *server, int64_t run, int64_t step)
{
    const int64_t until = now_ms() + WAIT_MS;
    struct look look;
    do {
        look = look_at(server, run);
        if (look.step > step || strcmp(look.state, "succeeded") == 0 ||
            strcmp(look.state, "failed") == 0)
            return look;
        usleep(POLL_MS * 1000);
    } while (now_ms() < until);
    fail_msg("run %" PRId64 " did not pass step %" PRId64, run, step);
    return look;
}

static struct look wait_for_end(const struct server_process *server, int64_t run)
{
    const struct look look = wait_for_step(server, run, INT64_MAX - 1);
    assert_string_equal(look.state, "succeeded");
    return look;
}

/* --- what a run leaves behind
 * ----------------------------------------------------------------------- */

static struct folder undisturbed_folder;
static struct remains undisturbed;

static int train_undisturbed(void **state)
{
    (void)state;
    undisturbed_folder = folder_make();
    struct server_process server = server_start(undisturbed_folder.path, one_slot);
    const int64_t run = submit(&server, long_job); /* the first job's only run has the same id */
    wait_for_end(&server, run);
    undisturbed = remains_of(server.port, run);
    return server_stop(&server);
}

static int forget_undisturbed(void **state)
{
    (void)state;
    remains_release(&undisturbed);
    folder_remove(&undisturbed_folder);
    return 0;
}

static void assert_same_bits(const struct server_process *server, int64_t run)
{
    struct remains remains = remains_of(server->port, run);
    assert_same_remains(&remains, &undisturbed);
    remains_release(&remains);
}

/* --- the tests
 * --------------------------------------------------------------------------------------- */

static bool holds_a_run(pid_t worker)
{
    char name[64], link[512];
    bool holds = false;
    snprintf(name, sizeof name, "/proc/%d/fd", (int)worker);
    DIR *descriptors = opendir(name);
    for (const struct dirent *entry; descriptors && (entry = readdir(descriptors)) != NULL;) {
        const ssize_t bytes = readlinkat(dirfd(descriptors), entry->d_name, link, sizeof link - 1);
        link[bytes > 0 ? bytes : 0] = '\0';
        holds = holds || strstr(link, "/runs/") != NULL;
    }
    if (descriptors)
        closedir(descriptors);
    return holds;
}

/* The one that trains. An idle one that died with it might be given the run on its way out,
 * which would count as one more loss. */
static void kill_the_worker(const struct server_process *server)
{
    const int64_t until = now_ms() + WAIT_MS;
    do {
        pid_t workers[8];
        const int count = server_workers(server, workers, 8);
        for (int i = 0; i < count; i++) {
            if (holds_a_run(workers[i])) {
                kill(workers[i], SIGKILL);
                return;
            }
        }
    } while (now_ms() < until);
    fail_msg("no worker holds a run");
}

static void a_killed_worker_costs_nothing_but_time(void **state)
{
    (void)state;
    struct folder folder = folder_make();
    struct server_process server = server_start(folder.path, one_slot);
    const int64_t run = submit(&server, long_job);
    int64_t resumed = 0;

    for (int kills = 0; kills < 2; kills++) {
        const struct look look = wait_for_step(&server, run, 400 + 1200 * kills);
        assert_string_equal(look.state, "running");
        kill_the_worker(&server);
        const struct look after = wait_for_step(&server, run, look.step + 100);
        resumed += after.resumed;
        assert_true(after.attempt >= kills + 2); /* more where the next worker died unused */
    }
    const struct look end = wait_for_end(&server, run);
    assert_true(resumed > 0); /* from checkpoints, not from the start */
    assert_int_equal(end.mismatches, 0);
    assert_same_bits(&server, run);
    assert_int_equal(server_stop(&server), 0);
    folder_remove(&folder);
}

static void a_killed_server_costs_nothing_but_time(void **state)
{
    (void)state;
    struct folder folder = folder_make();
    struct server_process server = server_start(folder.path, one_slot);
    const int64_t run = submit(&server, long_job);
    int64_t resumed = 0;

    for (int kills = 0; kills < 4; kills++) { /* more than the attempts a lost worker has */
        const struct look look = wait_for_step(&server, run, 400 + 700 * kills);
        assert_string_equal(look.state, "running");
        server_kill(&server);
        server = server_start(folder.path, one_slot);
        const struct look after = look_at(&server, run);
        assert_true(after.step >= look.step); /* no committed metric is gone */
        resumed += after.resumed;
    }
    const struct look end = wait_for_end(&server, run);
    assert_true(resumed + end.resumed > 0);
    assert_int_equal(end.mismatches, 0);
    assert_same_bits(&server, run);
    assert_int_equal(server_stop(&server), 0);
    folder_remove(&folder);
}

static void every_acknowledged_job_is_there_after_kill_9(void **state)
{
    (void)state;
    static const char *const no_slots[] = {"--slots", "0", NULL};
    enum { ROUNDS = 5, JOBS = 40 };
    struct folder folder = folder_make();
    struct server_process server = server_start(folder.path, no_slots);
    int64_t acknowledged = 0;

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < JOBS; i++)
            acknowledged = submit(&server, long_job);
        server_kill(&server);
        server = server_start(folder.path, no_slots);
        json_t *queue = get(&server, "/api/v1/queue");
        assert_int_equal(json_integer_value(json_object_get(queue, "waiting_runs")), acknowledged);
        json_decref(queue);
    }
    assert_int_equal(acknowledged, ROUNDS * JOBS);
    assert_int_equal(server_stop(&server), 0);
    folder_remove(&folder);
}

static void a_worker_that_dies_each_time_fails_its_run_after_three_attempts(void **state)
{
    (void)state;
    struct folder folder = folder_make();
    struct server_process server = server_start(folder.path, one_slot);
    const int64_t run = submit(&server, long_job);
    struct look look = {0};

    for (int kills = 0; kills < 3; kills++) {
        const int64_t until = now_ms() + WAIT_MS;
        do {
            look = look_at(&server, run);
        } while ((look.attempt <= kills || !look.started || strcmp(look.state, "running") != 0) &&
                 now_ms() < until);
        kill_the_worker(&server);
    }
    look = wait_for_step(&server, run, INT64_MAX - 1);
    assert_string_equal(look.state, "failed");
    assert_int_equal(look.attempt, 3);
    assert_int_equal(server_stop(&server), 0);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_worker_costs_nothing_but_time),
        cmocka_unit_test(a_killed_server_costs_nothing_but_time),
        cmocka_unit_test(every_acknowledged_job_is_there_after_kill_9),
        cmocka_unit_test(a_worker_that_dies_each_time_fails_its_run_after_three_attempts),
    };
    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, train_undisturbed, forget_undisturbed);
}
