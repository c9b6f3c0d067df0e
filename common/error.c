#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static int fill(struct error *err, enum error_kind kind,
                                                      const char *format, va_list arguments)
{
    if (err) {
        err->kind = kind;
        vsnprintf(err->sentence, sizeof err->sentence, format, arguments);
    }
    return -1;
}

int error_set(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, ERROR_INVALID, format, arguments);
    va_end(arguments);
    return -1;
}

int error_of(struct error *err, enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, kind, format, arguments);
    va_end(arguments);
    return -1;
}

int error_errno(struct error *err, const char *format, ...)
{
    const int number = errno;
    va_list arguments;
    va_start(arguments, format);
    fill(err, ERROR_INTERNAL, format, arguments);
    va_end(arguments);
    if (err) {
        const size_t used = strlen(err->sentence);
        snprintf(err->sentence + used, sizeof err->sentence - used, ": %s", strerror(number));
    }
    return -1;
}
