#include "support/service.h"

#include "support/check.h"

#include "memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void service_launch(struct service *service)
{
    AUTO_FREE char *log = xstrdup(folder_path(&service->folder, "log"));
    service->process =
        server_start_logging(folder_path(&service->folder, "data"), log, service->arguments);
    service->port = service->process.port;
}

void service_start(struct service *service, const char *const *more)
{
    *service = (struct service){.folder = folder_make(), .arguments = more};
    service_launch(service);
}

static void stop(struct service *service)
{
    const int status = server_stop(&service->process);
    if (status != 0) {
        AUTO_FREE char *log = service_log(service);
        fputs(log, stderr);
        fail_msg("sweepd ended with %d; it logged the lines above", status);
    }
}

void service_end(struct service *service)
{
    stop(service);
    folder_remove(&service->folder);
}

void service_restart(struct service *service)
{
    stop(service);
    service_launch(service);
}

void service_kill_and_restart(struct service *service)
{
    server_kill(&service->process);
    service_launch(service);
}

char *service_log(const struct service *service)
{
    char *text = xcalloc(1, 1);
    size_t bytes = 0;
    AUTO_CLOSE int log = open(folder_path(&service->folder, "log"), O_RDONLY | O_CLOEXEC);
    for (ssize_t got = 1; log >= 0 && got > 0;) {
        text = xrealloc(text, bytes + 65536 + 1, 1);
        got = read(log, text + bytes, 65536);
        bytes += got > 0 ? (size_t)got : 0;
        text[bytes] = '\0';
    }
    return text;
}
