/*
 * Trainers of one's own: the examples in Python and shell work through a search together, while one
 * of them is killed twice in the middle of a run.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/program.h"
#include "support/service.h"

#include "json.h"
#include "memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { RUNS = 50, KILLS = 2 };

static const char python[] = "tests/examples/ask_tell.py", shell[] = "tests/examples/ask_tell.sh";

/* --- clients ------------------------------------------------------------------------------------
 */

/* Dies with the test; what it says goes into a file of the service's folder. */
static pid_t start_client(const struct service *service, const char *interpreter,
                          const char *example, int64_t job, const char *name)
{
    AUTO_FREE char *number = xprintf("%" PRId64, job);
    const char *const arguments[] = {"setpriv",   "--pdeathsig", "KILL",
                                     interpreter, example,       service->process.base,
                                     number,      name,          NULL};
    char *copies[COUNT_OF(arguments)] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    for (size_t i = 0; arguments[i]; i++)
        copies[i] = xstrdup(arguments[i]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, folder_path(&service->folder, name),
                                     O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    assert_int_equal(posix_spawnp(&pid, copies[0], &actions, NULL, copies, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; i < COUNT_OF(copies); i++)
        free(copies[i]);
    return pid;
}

static void await_client(const struct service *service, pid_t pid, const char *name)
{
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status == 0)
        return;
    struct ran said = program_run(&service->folder, (const char *const[]){"cat", name, NULL});
    fail_msg("%s ended with %d: %s", name, status, said.out);
}

/* --- in the middle of a run ---------------------------------------------------------------------
 */

static bool has_run(int port, int64_t run, const char *name)
{
    json_auto_t *shown = api_get(port, "/api/v1/runs/%" PRId64, run);
    return strcmp(json_text_at(shown, "state", ""), "running") == 0 &&
           strcmp(json_text_at(shown, "worker", ""), name) == 0;
}

/* The run that the client of that name has now; 0: none. */
static int64_t run_of(int port, int64_t job, const char *name)
{
    json_auto_t *list = api_get(port, "/api/v1/jobs/%" PRId64 "/runs?state=running", job);
    const json_t *runs = json_object_get(list, "runs");
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const int64_t run = json_integer_at(json_array_get(runs, i), "id", 0);
        if (has_run(port, run, name))
            return run;
    }
    return 0;
}

/* Stopped first, so that it cannot tell of its run between the look and the kill. */
static int64_t kill_in_a_run(int port, int64_t job, pid_t pid, const char *name)
{
    int64_t started_ms = 0, run = 0;
    do {
        kill(pid, SIGCONT);
        run = run_of(port, job, name);
        kill(pid, SIGSTOP);
        usleep(20000); /* what it has sent before has arrived, however slow the machine is: the
                          look behind it decides */
    } while ((run == 0 || !has_run(port, run, name)) && api_wait_on(&started_ms));
    assert_true(run > 0);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return run;
}

/* --- what comes of it ---------------------------------------------------------------------------
 */

static double square(double x)
{
    return x * x;
}

static void check_run(const json_t *run, json_t *places, json_t *points)
{
    const json_t *point = api_at(run, "/tuned");
    const double want =
        square(api_number(point, "/x") - 0.3) + square(api_number(point, "/y") - 0.7) + 0.1;
    AUTO_FREE char *place = xprintf("%" PRId64, api_integer(run, "/proposal/told"));
    AUTO_FREE char *text = json_compact(point);
    assert_string_equal(api_text(run, "/state"), "succeeded");
    assert_near(api_number(run, "/objective"), want, 1e-12);
    json_object_set_new(places, place, json_true());
    json_object_set_new(points, text, json_true());
}

/* Each run has succeeded once, with what belongs to its own point. */
static void check_runs(int port, int64_t job)
{
    json_auto_t *runs = api_runs(port, job), *places = json_object(), *points = json_object();
    size_t i;
    json_t *run;
    assert_int_equal(json_array_size(runs), RUNS);
    json_array_foreach(runs, i, run)
    {
        json_auto_t *whole = api_get(port, "/api/v1/runs/%" PRId64, api_integer(run, "/id"));
        check_run(whole, places, points);
    }
    assert_int_equal(json_object_size(places), RUNS);
    assert_int_equal(json_object_size(points), RUNS);
}

static void a_search_survives_clients_that_are_killed(void **state)
{
    struct service service;
    int64_t lost[KILLS];
    (void)state;
    service_start(&service, (const char *const[]){"--slots", "0", NULL});
    const int port = service.port;
    const int64_t job = api_submit(
        port, "{'kind': 'search', 'runner': 'external', 'space': {'x': {'type': 'float', 'low': 0, "
              "'high': 1}, 'y': {'type': 'float', 'low': 0, 'high': 1}}, 'budget': {'runs': 50}}");
    const pid_t steady = start_client(&service, "python3", python, job, "steady"),
                curl = start_client(&service, "sh", shell, job, "shell");
    pid_t victim = start_client(&service, "python3", python, job, "victim");
    for (int i = 0; i < KILLS; i++) {
        lost[i] = kill_in_a_run(port, job, victim, "victim");
        victim = start_client(&service, "python3", python, job, "victim");
    }
    await_client(&service, steady, "steady");
    await_client(&service, curl, "shell");
    await_client(&service, victim, "victim");

    json_decref(api_await_job(port, job, "succeeded"));
    check_runs(port, job);
    for (int i = 0; i < KILLS; i++) {
        json_auto_t *run = api_get(port, "/api/v1/runs/%" PRId64, lost[i]);
        assert_true(api_integer(run, "/attempt") >= 2);
    }
    service_end(&service);
}

/* --- README -------------------------------------------------------------------------------------
 */

static char *text_of(const char *path)
{
    struct folder folder = folder_make();
    AUTO_FREE char *whole = realpath(path, NULL);
    assert_non_null(whole);
    struct ran ran = program_run(&folder, (const char *const[]){"cat", whole, NULL});
    char *text = xstrdup(ran.out);
    ran_release(&ran);
    folder_remove(&folder);
    return text;
}

static void the_readme_shows_the_examples_as_they_are(void **state)
{
    AUTO_FREE char *readme = text_of("README.md"), *in_python = text_of(python),
                   *in_shell = text_of(shell);
    (void)state;
    assert_non_null(strstr(readme, in_python));
    assert_non_null(strstr(readme, in_shell));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_survives_clients_that_are_killed),
        cmocka_unit_test(the_readme_shows_the_examples_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
