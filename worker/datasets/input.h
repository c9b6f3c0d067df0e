/*
 * The bytes of one uploaded file, plain or gzip (told by its first two bytes), read as a stream.
 *
 * Every refusal names the part and the place in the unpacked bytes, so a person finds it: "valid:
 * line 7: …" or "train_labels: byte 4: …".
 */
#ifndef INPUT_H
#define INPUT_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_BYTES_MAX (UINT64_C(32) << 30) /* unpacked */
#define INPUT_LINE_MAX  ((size_t)1 << 20)

struct gunzip;

struct input {
    const char *part; /* static text */
    int fd;
    struct gunzip *gunzip; /* NULL: plain */
    unsigned char *buffer; /* [INPUT_LINE_MAX + 2] */
    size_t begin, end;     /* bytes of it not yet taken */
    uint64_t offset;       /* of buffer[begin] within the unpacked file */
    uint64_t line;         /* of the line input_line() gave last, from 1 */
    bool ended;            /* the file holds nothing behind buffer[end] */
};

int input_open(struct input *input, const char *part, const char *path, struct error *err);
void input_release(struct input *input);

/* Up to `count` bytes; fewer only at the end of the file. */
int input_read(struct input *input, void *bytes, size_t count, size_t *got, struct error *err);

/* Exactly `count` bytes of a file that should be `expected` bytes long at least. */
int input_take(struct input *input, void *bytes, size_t count, uint64_t expected,
               struct error *err);

/* Refuses bytes behind the place reached. */
int input_expect_end(struct input *input, struct error *err);

/* The next line without its "\n" or "\r\n", NUL-ended, writable, valid until the next call; *line
 * is NULL at the end of the file. Refuses lines longer than INPUT_LINE_MAX. */
int input_line(struct input *input, char **line, size_t *bytes, struct error *err);

/* Refuse what stands there; both return -1. Column 0: the line as a whole. */
int input_refuse_byte(const struct input *input, struct error *err, uint64_t byte,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
int input_refuse_line(const struct input *input, struct error *err, size_t column,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
