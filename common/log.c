#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void log_line(const char *format, ...)
{
    char line[1024];
    struct timespec now;
    struct tm local;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    size_t used = strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S", &local);
    used += (size_t)snprintf(line + used, sizeof line - used, ".%03ld ", now.tv_nsec / 1000000);

    va_list arguments;
    va_start(arguments, format);
    const int wrote = vsnprintf(line + used, sizeof line - used - 1, format, arguments);
    va_end(arguments);
    used += wrote > 0 ? (size_t)wrote : 0;
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    for (size_t i = 0; i < used; i++)
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = ' '; /* what clients sent must not forge lines */
    line[used++] = '\n';
    const ssize_t ignored = write(STDERR_FILENO, line, used); /* one write: lines stay whole */
    (void)ignored;
}
