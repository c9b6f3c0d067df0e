/*
 * A server with a folder of its own, for a test or a whole group; what it logs goes into a file.
 */
#ifndef SUPPORT_SERVICE_H
#define SUPPORT_SERVICE_H

#include "support/folder.h"
#include "support/server_process.h"

struct service {
    struct folder folder;
    struct server_process process;
    int port;
    const char *const *arguments;
};

/* `more`: further arguments of sweepd, ending with NULL, kept by reference (NULL: none). */
void service_start(struct service *service, const char *const *more);
/* Stops it; fails unless it ends with status 0 in time. Its folder goes. */
void service_end(struct service *service);
/* Stops it in good order, or by SIGKILL, and starts it again in the same folder. */
void service_restart(struct service *service);
void service_kill_and_restart(struct service *service);

/* Starts it again in its folder, with service->arguments: for tests that ended it themselves. */
void service_launch(struct service *service);

/* Everything it has logged so far; the caller frees it. */
char *service_log(const struct service *service);

#endif
