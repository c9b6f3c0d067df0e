#include "support/server_process.h"

#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { START_MS = 30000, STOP_MS = 12000, ARGUMENTS_MOST = 32, LINE_BYTES = 256 };

static void read_first_line(struct server_process *server, char *line)
{
    size_t used = 0;
    struct pollfd ready = {.fd = server->out, .events = POLLIN};

    while (used + 1 < LINE_BYTES && (used == 0 || line[used - 1] != '\n')) {
        if (poll(&ready, 1, START_MS) <= 0)
            fail_msg("sweepd printed no first line within %d ms", START_MS);
        const ssize_t got = read(server->out, line + used, 1);
        if (got <= 0)
            fail_msg("sweepd ended before its first line");
        used++;
    }
    line[used] = '\0';
}

struct server_process server_start(const char *data, const char *const *more)
{
    return server_start_logging(data, NULL, more);
}

struct server_process server_start_logging(const char *data, const char *log,
                                           const char *const *more)
{
    const char *program = getenv("SWEEPD_PROGRAM");
    const char *worker = getenv("SWEEPD_WORKER");
    if (!program || !worker)
        fail_msg("SWEEPD_PROGRAM and SWEEPD_WORKER must name the programs");

    /* setpriv becomes the server, which then dies with the test: a failed assertion leaves none. */
    const char *const fixed[] = {"setpriv", "--pdeathsig", "KILL",        program,    "--data",
                                 data,      "--listen",    "127.0.0.1:0", "--worker", worker};
    char *arguments[ARGUMENTS_MOST] = {NULL};
    int count = 0;
    for (; count < (int)(sizeof fixed / sizeof fixed[0]); count++)
        arguments[count] = strdup(fixed[count]);
    for (; more && *more && count + 1 < ARGUMENTS_MOST; more++)
        arguments[count++] = strdup(*more);

    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (log)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
                                         O_WRONLY | O_CREAT | O_APPEND, 0644);

    struct server_process server = {.out = ends[0]};
    assert_int_equal(posix_spawnp(&server.pid, "setpriv", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    for (int i = 0; i < count; i++)
        free(arguments[i]);

    char line[LINE_BYTES];
    read_first_line(&server, line);
    if (sscanf(line, "listening on http://127.0.0.1:%d", &server.port) != 1)
        fail_msg("the first line was: %s", line);
    snprintf(server.base, sizeof server.base, "http://127.0.0.1:%d", server.port);
    return server;
}

static int collect(struct server_process *server)
{
    int status;
    while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(server->out);
    server->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int server_stop(struct server_process *server)
{
    if (server->pid <= 0) /* kill() would take it for the test's whole group */
        return -1;
    const int pidfd = (int)syscall(SYS_pidfd_open, server->pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};

    kill(server->pid, SIGTERM);
    const bool in_time = poll(&ended, 1, STOP_MS) > 0;
    close(pidfd);
    if (!in_time)
        kill(server->pid, SIGKILL);
    const int status = collect(server);
    return in_time ? status : -1;
}

void server_kill(struct server_process *server)
{
    if (server->pid <= 0)
        return;
    kill(server->pid, SIGKILL);
    collect(server);
}

int server_workers(const struct server_process *server, pid_t *pids, int most)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)server->pid, (int)server->pid);
    FILE *children = fopen(path, "re");
    int pid;
    while (children && count < most && fscanf(children, "%d", &pid) == 1)
        pids[count++] = pid;
    if (children)
        fclose(children);
    return count;
}
