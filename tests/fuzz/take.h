/* For targets whose bytes are steps to take: numbers, spaces and settings out of them. */
#ifndef TAKE_H
#define TAKE_H

#include "jobs/space.h"
#include "json.h"
#include "memory.h"
#include "settings.h"
#include "spec.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

struct bytes {
    const uint8_t *at;
    size_t left;
};

/* 0 once there are none left. */
static inline int take(struct bytes *bytes, int below)
{
    if (bytes->left == 0)
        return 0;
    bytes->left--;
    return *bytes->at++ % below;
}

/* An everyday number, one at the edges, or any at all. */
static inline double take_number(struct bytes *bytes)
{
    static const double edges[] = {0,       -0.0,    1,        -1,   1e-300,           -1e-300,
                                   DBL_MIN, DBL_MAX, -DBL_MAX, 1e16, (double)INFINITY, (double)NAN};
    const int kind = take(bytes, 256);
    double number = (kind - 100) / 16.0;
    if (kind >= 240 && bytes->left >= sizeof number) {
        memcpy(&number, bytes->at, sizeof number);
        bytes->at += sizeof number;
        bytes->left -= sizeof number;
    } else if (kind >= 200) {
        number = edges[(size_t)kind % COUNT_OF(edges)];
    }
    return number;
}

static inline struct space take_space(struct bytes *bytes)
{
    static const char *const spaces[] = {
        "{'x': {'type': 'float', 'low': 0, 'high': 1}}",
        "{'x': {'type': 'float', 'low': 1e-9, 'high': 1e9, 'scale': 'log'},"
        " 'y': {'type': 'float', 'low': -1e300, 'high': 1e300}}",
        "{'x': {'type': 'float', 'low': 0, 'high': 1, 'step': 0.1},"
        " 'n': {'type': 'int', 'low': 1, 'high': 1000, 'scale': 'log'}}",
        "{'c': {'type': 'choice', 'values': ['a', 'b', {'d': 1}]},"
        " 'o': {'type': 'choice', 'values': [1, 2, 4], 'ordered': true}}",
        "{'c': {'type': 'choice', 'values': ['a', 'b']},"
        " 'x': {'type': 'float', 'low': -5, 'high': 5, 'when': {'c': ['a']}},"
        " 'y': {'type': 'float', 'low': 0, 'high': 5, 'when': {'x': {'at_least': 0}}},"
        " 'n': {'type': 'int', 'low': 0, 'high': 3, 'when': {'c': ['b']}}}",
        "{'x': {'type': 'float', 'low': 0, 'high': 1}, 'one': {'type': 'int', 'low': 3, 'high': "
        "3}, 'y': {'type': 'float', 'low': 0, 'high': 1}, 'z': {'type': 'float', 'low': 0, 'high': "
        "1}}",
        "{'c': {'type': 'choice', 'values': [null, true]}}",
    };
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *text = xstrdup(spaces[take(bytes, (int)COUNT_OF(spaces))]);
    struct space space;
    for (char *c = text; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_auto_t *object = json_loads(text, 0, NULL);
    space_read(object, "", &space, &problems);
    assert(problems.found == 0);
    return space;
}

/* {"type": NAME} with every default; numbers of it within their range, where bytes say so. */
static inline json_t *take_settings(struct bytes *bytes, const char *name,
                                    const struct setting *settings)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *described = settings_describe(settings), *given = json_object();
    size_t i;
    json_t *setting;
    json_array_foreach(described, i, setting)
    {
        const json_t *low = json_object_get(setting, "low"),
                     *high = json_object_get(setting, "high");
        const int part = take(bytes, 256);
        const double share = (part - 128) / 127.0;
        const bool whole = strcmp(json_text_at(setting, "type", ""), "integer") == 0;
        if (part < 128 || !low || !high)
            continue;
        const double least = json_number_value(low), most = fmin(json_number_value(high), 1000);
        const double value = least + (most - least) * share;
        json_object_set_new(given, json_text_at(setting, "name", ""),
                            whole ? json_integer((json_int_t)value) : json_real(value));
    }
    json_t *resolved = settings_resolve(NULL, described, given, "", &problems);
    if (problems.found > 0) { /* an open end, or what does not go together: the defaults */
        problems_release(&problems);
        json_decref(resolved);
        json_object_clear(given);
        resolved = settings_resolve(NULL, described, given, "", &problems);
    }
    assert(problems.found == 0);
    json_object_set_new(resolved, "type", json_string(name));
    return resolved;
}

#endif
