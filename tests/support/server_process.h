/*
 * The real sweepd as a child process on a free port, with its data in a folder of the test's.
 * The programs are named by SWEEPD_PROGRAM and SWEEPD_WORKER, which run-tests.sh sets.
 */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H

#include <sys/types.h>

struct server_process {
    pid_t pid;
    int port;
    int out;       /* what it prints, behind the first line */
    char base[64]; /* "http://127.0.0.1:PORT" */
};

/* Starts it and waits for its first line; fails the test where none comes within 30 s. `more` are
 * further arguments, ending with NULL (NULL: none). */
struct server_process server_start(const char *data, const char *const *more);
/* The same; what it logs is added to a file. */
struct server_process server_start_logging(const char *data, const char *log,
                                           const char *const *more);

/* SIGTERM; answers the exit status, or -1 where it did not end within 12 s (it is killed then).
 * These two do nothing to a server that never started. */
int server_stop(struct server_process *server);

/* SIGKILL, collected. Its workers see their end of file and go by themselves. */
void server_kill(struct server_process *server);

/* Process ids of the workers that are its children now; at most `most`. */
int server_workers(const struct server_process *server, pid_t *pids, int most);

#endif
