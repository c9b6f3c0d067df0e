/* JSON Pointer (RFC 6901) and Merge Patch (RFC 7396); the words are in json.h. */
#include "json.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *json_pointer_join(const char *pointer, const char *key)
{
    char *joined = xcalloc(strlen(pointer) + 2 * strlen(key) + 2, 1);
    char *end = stpcpy(joined, pointer);
    *end++ = '/';
    for (; *key; key++) {
        if (*key == '~' || *key == '/') {
            *end++ = '~';
            *end++ = *key == '~' ? '0' : '1';
        } else {
            *end++ = *key;
        }
    }
    return joined;
}

/* Takes one step off *pointer, unescaped; NULL at the end or where the pointer is malformed. */
static char *next_step(const char **pointer)
{
    if (**pointer != '/')
        return NULL;
    const char *from = *pointer + 1;
    const size_t length = strcspn(from, "/");
    char *step = xcalloc(length + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (from[i] != '~') {
            step[used++] = from[i];
        } else if (i + 1 < length && (from[i + 1] == '0' || from[i + 1] == '1')) {
            step[used++] = from[++i] == '0' ? '~' : '/';
        } else {
            free(step);
            return NULL;
        }
    }
    *pointer = from + length;
    return step;
}

/* An array index as RFC 6901 writes it: no sign, no leading zero; -1 for anything else. */
static long array_index(const char *step)
{
    if (!*step || strlen(step) > 9 || (step[0] == '0' && step[1]))
        return -1;
    if (strspn(step, "0123456789") != strlen(step))
        return -1;
    return strtol(step, NULL, 10);
}

static json_t *child_of(const json_t *parent, const char *step)
{
    if (json_is_object(parent))
        return json_object_get(parent, step);
    const long index = array_index(step);
    return json_is_array(parent) && index >= 0 ? json_array_get(parent, (size_t)index) : NULL;
}

json_t *json_pointer_get(const json_t *document, const char *pointer)
{
    json_t *value = (json_t *)(uintptr_t)document; /* borrowed, as jansson's own getters do */

    while (value && *pointer) {
        AUTO_FREE char *step = next_step(&pointer);
        if (!step)
            return NULL;
        value = child_of(value, step);
    }
    return value;
}

static int put_child(json_t *parent, const char *step, json_t *value)
{
    if (json_is_object(parent))
        return json_object_set_new(parent, step, value);
    const size_t size = json_array_size(parent);
    const long index = strcmp(step, "-") == 0 ? (long)size : array_index(step);
    if (json_is_array(parent) && index >= 0 && (size_t)index < size)
        return json_array_set_new(parent, (size_t)index, value);
    if (json_is_array(parent) && index >= 0 && (size_t)index == size)
        return json_array_append_new(parent, value);
    json_decref(value);
    return -1;
}

int json_pointer_set(json_t *document, const char *pointer, json_t *value, struct error *err)
{
    const char *rest = pointer;
    json_t *parent = document;

    for (;;) {
        AUTO_FREE char *step = next_step(&rest);
        if (!step) {
            json_decref(value);
            return error_set(err, "\"%s\" is not a JSON pointer such as /optimizer/lr", pointer);
        }
        if (!*rest) {
            if (put_child(parent, step, value) < 0)
                return error_set(err, "\"%s\" does not lead into an object or array", pointer);
            return 0;
        }
        json_t *child = child_of(parent, step);
        if (!child) {
            child = json_object();
            if (put_child(parent, step, child) < 0) {
                json_decref(value);
                return error_set(err, "\"%s\" does not lead into an object or array", pointer);
            }
        }
        parent = child;
    }
}

json_t *json_merge_patch(const json_t *target, const json_t *patch)
{
    if (!json_is_object(patch))
        return json_deep_copy(patch);

    json_t *merged = json_is_object(target) ? json_deep_copy(target) : json_object();
    const char *key;
    json_t *change;
    json_object_foreach((json_t *)(uintptr_t)patch, key, change)
    {
        if (json_is_null(change))
            json_object_del(merged, key);
        else
            json_object_set_new(merged, key,
                                json_merge_patch(json_object_get(merged, key), change));
    }
    return merged;
}
