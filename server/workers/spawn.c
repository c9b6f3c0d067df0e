#include "workers/spawn.h"

#include "environment.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Starts the program with its own process group, no signal blocked, and `fd` as descriptor `as`. */
static int start(const char *program, char *const arguments[], char *const environment[], int fd,
                 int as, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, as);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGINT);
    sigaddset(&usual, SIGTERM);
    sigaddset(&usual, SIGHUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    const int trouble = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return trouble;
}

static void free_environment(char **environment)
{
    for (char **entry = environment; *entry; entry++)
        free(*entry);
    free(environment);
}

/* When memory runs out, a worker goes before the server that could start it again. */
static void offer_to_oom_killer(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        const ssize_t ignored = write(fd, "1000", 4);
        (void)ignored;
    }
}

static void put_down(struct child *child)
{
    char words[96];
    kill(child->pid, SIGKILL);
    spawn_collect(child, words, sizeof words);
}

int spawn_worker(const struct worker_command *command, int threads, bool portable,
                 struct child *child, struct error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, "socketpair");

    char **environment = worker_environment(threads, portable);
    const char *program = command->program;
    AUTO_FREE char *name = xstrdup(program);
    AUTO_FREE char *folder = xprintf("--folder=%s", command->runs);
    AUTO_FREE char *cache = xprintf("--cache=%s", command->cache);
    char fd[] = "--fd=3";
    char *const arguments[] = {name, fd, folder, cache, NULL};
    pid_t pid;
    const int trouble = start(program, arguments, environment, pair[1], 3, &pid);
    free_environment(environment);
    close(pair[1]);
    if (trouble) {
        close(pair[0]);
        errno = trouble;
        return error_errno(err, "start worker \"%s\"", program);
    }
    *child = (struct child){
        .pid = pid,
        .pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
        .fd = pair[0],
    };
    if (child->pidfd < 0) { /* too many open files: nobody would notice its end */
        error_errno(err, "watch worker \"%s\"", program);
        put_down(child);
        close(pair[0]);
        return -1;
    }
    offer_to_oom_killer(pid);
    fcntl(pair[0], F_SETFL, fcntl(pair[0], F_GETFL) | O_NONBLOCK);
    return 0;
}

void spawn_collect(struct child *child, char *words, size_t bytes)
{
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED) < 0 && errno == EINTR)
        continue;
    if (info.si_code == CLD_EXITED)
        snprintf(words, bytes, "exit status %d", info.si_status);
    else
        snprintf(words, bytes, "killed by signal %d (%s)", info.si_status,
                 strsignal(info.si_status));
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int read_all(int fd, int within_ms, char **out_text, struct error *err)
{
    enum { MOST = 4 * 1024 * 1024 };
    const int64_t until_ms = now_ms() + within_ms;
    char *text = xcalloc(MOST + 1, 1);
    size_t used = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0) {
            free(text);
            return error_of(err, ERROR_UNAVAILABLE, "did not end within %d ms", within_ms);
        }
        const ssize_t got = read(fd, text + used, MOST - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
        if (used == MOST) {
            free(text);
            return error_of(err, ERROR_TOO_LARGE, "printed more than %d bytes", MOST);
        }
    }
    *out_text = text;
    return 0;
}

int spawn_output(const char *program, const char *argument, int within_ms, char **out_text,
                 struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, "pipe");

    char **environment = worker_environment(1, false);
    AUTO_FREE char *name = xstrdup(program);
    AUTO_FREE char *option = xstrdup(argument);
    char *const arguments[] = {name, option, NULL};
    struct child child = {.pid = 0};
    const int trouble = start(program, arguments, environment, ends[1], STDOUT_FILENO, &child.pid);
    free_environment(environment);
    close(ends[1]);
    AUTO_CLOSE int from = ends[0];
    if (trouble) {
        errno = trouble;
        return error_errno(err, "start \"%s\"", program);
    }
    char *text = NULL;
    struct error trouble_reading;
    if (read_all(from, within_ms, &text, &trouble_reading) < 0) {
        put_down(&child);
        return error_of(err, trouble_reading.kind, "\"%s %s\" %s", program, argument,
                        trouble_reading.sentence);
    }
    char words[96];
    spawn_collect(&child, words, sizeof words);
    if (strcmp(words, "exit status 0") != 0) {
        free(text);
        return error_of(err, ERROR_INTERNAL, "\"%s %s\" ended with %s", program, argument, words);
    }
    *out_text = text;
    return 0;
}
