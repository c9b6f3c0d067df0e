#include "support/program.h"

#include "support/check.h"

#include "memory.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WITHIN_MS = 240000, ARGUMENTS_MOST = 32 };

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t bytes = 0;
    assert_non_null(file);
    FILE *copy = open_memstream(&text, &bytes);
    for (int byte; (byte = fgetc(file)) != EOF;)
        fputc(byte, copy);
    fclose(copy);
    fclose(file);
    return text;
}

static int collect(pid_t pid)
{
    const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    const int in_time = poll(&ended, 1, WITHIN_MS);
    int status = 0;
    close(pidfd);
    if (in_time <= 0)
        kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (in_time <= 0)
        fail_msg("the program did not end within %d ms", WITHIN_MS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct ran program_run(const struct folder *folder, const char *const *arguments)
{
    char *copies[ARGUMENTS_MOST] = {NULL};
    int count = 0;
    for (; arguments[count] && count + 1 < ARGUMENTS_MOST; count++)
        copies[count] = xstrdup(arguments[count]);
    AUTO_FREE char *out = xstrdup(folder_path(folder, "program.out"));
    AUTO_FREE char *err = xstrdup(folder_path(folder, "program.err"));

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const int how = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, how, 0644);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err, how, 0644);
    posix_spawn_file_actions_addchdir_np(&actions, folder->path);
    pid_t pid;
    assert_int_equal(posix_spawnp(&pid, copies[0], &actions, NULL, copies, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < count; i++)
        free(copies[i]);

    struct ran ran = {.status = collect(pid)};
    ran.out = read_whole(out);
    ran.err = read_whole(err);
    return ran;
}

void ran_release(struct ran *ran)
{
    free(ran->out);
    free(ran->err);
    *ran = (struct ran){0};
}
