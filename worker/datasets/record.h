/*
 * One line of comma-separated values cut into its fields (RFC 4180, but a quoted field ends on its
 * line; other delimiters are accepted). Spaces round a field are not part of it.
 */
#ifndef RECORD_H
#define RECORD_H

#include "datasets/input.h"

enum { RECORD_FIELDS_MAX = 65536 };

struct field {
    const char *text; /* within the line, not NUL-ended */
    size_t bytes;
};

struct record {
    struct field *fields; /* [RECORD_FIELDS_MAX] */
    size_t count;
};

void record_init(struct record *record);
void record_release(struct record *record);

/* Cuts the line in place. A refusal names the line of the input and the column. */
int record_split(struct record *record, const struct input *input, char *line, size_t bytes,
                 char delimiter, struct error *err);

/* Which of , ; tab | stands outside quotes most often; the comma where none does. */
char record_delimiter(const char *line, size_t bytes);

#endif
