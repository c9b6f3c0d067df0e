/*
 * Starting a worker process: posix_spawn (a fork beside running threads can hang, and copies a big
 * server's page tables), one end of a socketpair as its descriptor 3, an environment made from
 * nothing, a process group of its own so that Ctrl-C reaches only the server.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include "error.h"
#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    int pidfd; /* readable once the process has ended */
    int fd;    /* our end: non-blocking, close-on-exec */
};

struct worker_command {
    const char *program;      /* path of sweepd-worker */
    const char *runs, *cache; /* the only folders it may write to */
};

int spawn_worker(const struct worker_command *command, int threads, bool portable,
                 struct child *child, struct error *err);

/* Collects the ended process; a sentence such as "exit status 1" or "killed by signal 9". */
void spawn_collect(struct child *child, char *words, size_t bytes);

/* Runs `program argument` to its end and answers what it printed (at most 4 MiB, malloc'd); kills
 * it where that takes longer than within_ms. For start-up only: it waits. */
int spawn_output(const char *program, const char *argument, int within_ms, char **out_text,
                 struct error *err);

#endif
