/*
 * A multipart/form-data body (RFC 7578, RFC 2046 5.1), read as it comes: bytes in, parts out. Pure;
 * holds at most the head of one part.
 *
 *     --BOUNDARY CRLF head lines CRLF CRLF bytes CRLF --BOUNDARY … CRLF --BOUNDARY--
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include "error.h"
#include <stddef.h>

enum {
    MULTIPART_BOUNDARY_MOST = 70,
    MULTIPART_PARTS_MOST = 32,
    MULTIPART_HEAD_MOST = 4096, /* bytes of one part's head */
    MULTIPART_NAME_MOST = 256,  /* bytes of a name or filename */
};

struct multipart;

/* Each answers 0, or -1 to stop: the push then fails with its error. */
struct multipart_events {
    /* filename: NULL for a form field. Both are NUL-closed text without control bytes. */
    int (*part_begins)(void *context, const char *name, const char *filename, struct error *err);
    int (*part_bytes)(void *context, const char *bytes, size_t count, struct error *err);
    int (*part_ends)(void *context, struct error *err);
};

/* The boundary parameter of a Content-Type, as NUL-closed text. */
int multipart_boundary(const char *content_type, char out[MULTIPART_BOUNDARY_MOST + 1],
                       struct error *err);

/* The boundary as multipart_boundary() gave it; the events must live as long. */
struct multipart *multipart_new(const char *boundary, const struct multipart_events *events,
                                void *context);
void multipart_free(struct multipart *multipart);

/* Nothing may be pushed after a failure. The sentence says what is wrong (ERROR_MALFORMED, or
 * ERROR_TOO_LARGE for a limit). */
int multipart_push(struct multipart *multipart, const char *bytes, size_t count, struct error *err);

/* The body has ended: refuses one that was cut off, and says where. */
int multipart_finish(const struct multipart *multipart, struct error *err);

#endif
