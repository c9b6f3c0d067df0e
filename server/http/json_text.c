#include "http/json_text.h"

#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *bytes;
    size_t count, room;
};

static char *reserve(struct text *text, size_t more)
{
    if (text->count + more > text->room) {
        text->room = 2 * text->room > text->count + more ? 2 * text->room : text->count + more;
        text->bytes = xrealloc(text->bytes, text->room, 1);
    }
    return text->bytes + text->count;
}

static void put(struct text *text, const char *bytes, size_t count)
{
    memcpy(reserve(text, count), bytes, count);
    text->count += count;
}

static void put_byte(struct text *text, char byte)
{
    *reserve(text, 1) = byte;
    text->count++;
}

/* Everything passes but quotes, backslashes and control bytes: the string is UTF-8 already. */
static void put_string(struct text *text, const char *string, size_t count)
{
    static const char hex[] = "0123456789abcdef";
    put_byte(text, '"');
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned char byte = (unsigned char)string[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        put(text, string + done, i - done);
        done = i + 1;
        if (byte == '"' || byte == '\\')
            put(text, (const char[]){'\\', (char)byte}, 2);
        else if (byte == '\n')
            put(text, "\\n", 2);
        else
            put(text, (const char[]){'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 6);
    }
    put(text, string + done, count - done);
    put_byte(text, '"');
}

/* A double needs 15 to 17 digits. Without a point or exponent it would read back as an integer. */
static void put_real(struct text *text, double value)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (precision == 17 || strtod(digits, NULL) == value) /* the same bits are wanted */
            break;
    }
    put(text, digits, strlen(digits));
    if (!strpbrk(digits, ".e"))
        put(text, ".0", 2);
}

static void put_value(struct text *text, json_t *value);

static void put_array(struct text *text, json_t *array)
{
    put_byte(text, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            put_byte(text, ',');
        put_value(text, json_array_get(array, i));
    }
    put_byte(text, ']');
}

static void put_object(struct text *text, json_t *object)
{
    put_byte(text, '{');
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        if (text->bytes[text->count - 1] != '{')
            put_byte(text, ',');
        const char *key = json_object_iter_key(at);
        put_string(text, key, strlen(key));
        put_byte(text, ':');
        put_value(text, json_object_iter_value(at));
    }
    put_byte(text, '}');
}

static void put_integer(struct text *text, json_int_t value)
{
    char digits[32];
    const int count = snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, value);
    put(text, digits, (size_t)count);
}

static void put_value(struct text *text, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(text, value);
        break;
    case JSON_ARRAY:
        put_array(text, value);
        break;
    case JSON_STRING:
        put_string(text, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        put_integer(text, json_integer_value(value));
        break;
    case JSON_REAL:
        put_real(text, json_real_value(value));
        break;
    case JSON_TRUE:
        put(text, "true", 4);
        break;
    case JSON_FALSE:
        put(text, "false", 5);
        break;
    case JSON_NULL:
        put(text, "null", 4);
        break;
    }
}

char *json_as_text(json_t *value, size_t *out_count)
{
    struct text text = {.bytes = xcalloc(256, 1), .room = 256};
    put_value(&text, value);
    put_byte(&text, '\0');
    *out_count = text.count - 1;
    return text.bytes;
}
