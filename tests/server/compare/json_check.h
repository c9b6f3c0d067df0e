/*
 * Looking into a report, for the tests of what makes one.
 */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include "support/check.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>

/* The value at a JSON pointer; fails where there is none. */
static inline const json_t *json_there(const json_t *document, const char *pointer)
{
    const json_t *value = json_pointer_get(document, pointer);
    if (!value)
        fail_msg("there is no %s", pointer);
    return value;
}

/* It is this, as compact JSON. */
static inline void assert_json(const json_t *document, const char *pointer, const char *wanted)
{
    AUTO_FREE char *got = json_compact(json_there(document, pointer));
    if (strcmp(got, wanted) != 0)
        fail_msg("%s is %s, not %s", pointer, got, wanted);
}

static inline double number(const json_t *document, const char *pointer)
{
    const json_t *value = json_there(document, pointer);
    if (!json_is_number(value))
        fail_msg("%s is no number", pointer);
    return json_number_value(value);
}

/* How many of the document's warnings hold a piece of text. */
static inline int warnings_with(const json_t *document, const char *piece)
{
    int count = 0;
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(document, "warnings"), i, warning)
    {
        count += strstr(json_string_value(warning), piece) != NULL;
    }
    return count;
}

#endif
