/*
 * A JSON value as people like to read it: compact, members in the order they were put, and each
 * real with the fewest digits that read back as the same double (0.1, not 0.10000000000000001).
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* NUL-closed, *out_count without the NUL. The caller frees it. The value
 * does not change: jansson's iterators only do not say so. */
char *json_as_text(json_t *value, size_t *out_count);

#endif
