#include "datasets/input.h"

#include "datasets/gunzip.h"
#include "memory.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GZIP_MAGIC_BYTES = 2, ROOM_FOR_END = 2 };

static int named(const struct input *input, const struct error *why, struct error *err)
{
    return error_of(err, why->kind, "%s: %.400s", input->part, why->sentence);
}

int input_open(struct input *input, const char *part, const char *path, struct error *err)
{
    struct error why;
    struct stat status;

    *input = (struct input){.part = part, .fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (input->fd < 0 || fstat(input->fd, &status) < 0) {
        error_errno(err, "%s: open its file", part);
        input_release(input);
        return -1;
    }
    input->buffer = xrealloc(NULL, INPUT_LINE_MAX + ROOM_FOR_END, 1);
    while (input->end < GZIP_MAGIC_BYTES && !input->ended) {
        size_t got;
        if (read_some(input->fd, input->buffer + input->end, GZIP_MAGIC_BYTES - input->end, &got,
                      &why) < 0) {
            input_release(input);
            return named(input, &why, err);
        }
        input->end += got;
        input->ended = got == 0;
    }
    if (input->end == GZIP_MAGIC_BYTES && input->buffer[0] == 0x1f && input->buffer[1] == 0x8b) {
        input->gunzip = gunzip_new(input->fd, input->buffer, input->end);
        input->end = 0;
    }
    return 0;
}

void input_release(struct input *input)
{
    gunzip_free(input->gunzip);
    free(input->buffer);
    if (input->fd >= 0)
        close(input->fd);
    *input = (struct input){.part = input->part, .fd = -1};
}

static int refuse_size(const struct input *input, struct error *err)
{
    return error_of(err, ERROR_TOO_LARGE, "%s: more than %" PRIu64 " GiB when unpacked",
                    input->part, INPUT_BYTES_MAX >> 30);
}

static int read_unpacked(struct input *input, void *bytes, size_t count, size_t *got,
                         struct error *err)
{
    struct error why;
    const int status = input->gunzip ? gunzip_read(input->gunzip, bytes, count, got, &why)
                                     : read_some(input->fd, bytes, count, got, &why);
    if (status < 0)
        return named(input, &why, err);
    input->ended = *got == 0;
    return 0;
}

/* Moves what is left to the front and reads more behind it. */
static int fill(struct input *input, struct error *err)
{
    size_t got = 0;

    memmove(input->buffer, input->buffer + input->begin, input->end - input->begin);
    input->end -= input->begin;
    input->begin = 0;
    assert(input->end <= INPUT_LINE_MAX);
    if (read_unpacked(input, input->buffer + input->end, INPUT_LINE_MAX + 1 - input->end, &got,
                      err) < 0)
        return -1;
    input->end += got;
    return input->offset + input->end > INPUT_BYTES_MAX ? refuse_size(input, err) : 0;
}

int input_read(struct input *input, void *bytes, size_t count, size_t *got, struct error *err)
{
    *got = 0;
    while (*got < count) {
        if (input->begin == input->end && !input->ended && fill(input, err) < 0)
            return -1;
        const size_t left = input->end - input->begin;
        const size_t now = count - *got < left ? count - *got : left;
        if (now == 0)
            break;
        memcpy((char *)bytes + *got, input->buffer + input->begin, now);
        input->begin += now;
        input->offset += now;
        *got += now;
    }
    return 0;
}

int input_take(struct input *input, void *bytes, size_t count, uint64_t expected, struct error *err)
{
    size_t got = 0;
    if (input_read(input, bytes, count, &got, err) < 0)
        return -1;
    if (got < count)
        return error_of(err, ERROR_MALFORMED,
                        "%s: the file ends at byte %" PRIu64 "; expected %" PRIu64 " bytes",
                        input->part, input->offset, expected);
    return 0;
}

int input_expect_end(struct input *input, struct error *err)
{
    unsigned char byte;
    size_t got = 0;
    const uint64_t expected = input->offset;

    if (input_read(input, &byte, 1, &got, err) < 0)
        return -1;
    if (got != 0)
        return input_refuse_byte(input, err, expected,
                                 "more bytes follow where the file should end");
    return 0;
}

int input_line(struct input *input, char **line, size_t *bytes, struct error *err)
{
    unsigned char *newline;
    size_t seen = 0;

    input->line++;
    for (;;) {
        unsigned char *from = input->buffer + input->begin;
        const size_t left = input->end - input->begin;
        newline = left > seen ? memchr(from + seen, '\n', left - seen) : NULL;
        if (newline || input->ended)
            break;
        if (left > INPUT_LINE_MAX)
            return input_refuse_line(input, err, 0, "longer than %zu bytes", INPUT_LINE_MAX);
        seen = left;
        if (fill(input, err) < 0)
            return -1;
    }
    char *text = (char *)input->buffer + input->begin;
    const size_t left = input->end - input->begin;
    const size_t whole = newline ? (size_t)((char *)newline - text) : left;

    if (!newline && left == 0) {
        *line = NULL;
        *bytes = 0;
        return 0;
    }
    if (whole > INPUT_LINE_MAX)
        return input_refuse_line(input, err, 0, "longer than %zu bytes", INPUT_LINE_MAX);
    const size_t taken = whole + (newline != NULL);
    input->begin += taken;
    input->offset += taken;
    *bytes = whole > 0 && text[whole - 1] == '\r' ? whole - 1 : whole;
    text[*bytes] = '\0'; /* over the newline, or in the room kept behind the buffer's end */
    *line = text;
    return 0;
}

int input_refuse_byte(const struct input *input, struct error *err, uint64_t byte,
                      const char *format, ...)
{
    char what[ERROR_SENTENCE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return error_of(err, ERROR_MALFORMED, "%s: byte %" PRIu64 ": %.440s", input->part, byte, what);
}

int input_refuse_line(const struct input *input, struct error *err, size_t column,
                      const char *format, ...)
{
    char what[ERROR_SENTENCE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (column > 0)
        return error_of(err, ERROR_MALFORMED, "%s: line %" PRIu64 ", column %zu: %.420s",
                        input->part, input->line, column, what);
    return error_of(err, ERROR_MALFORMED, "%s: line %" PRIu64 ": %.440s", input->part, input->line,
                    what);
}
