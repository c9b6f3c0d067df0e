#include "jobs/fields.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fields_unknown_word(const char *pointer, const char *key, const char *what, const char *word,
                         const char *const *names, int count, struct problems *problems)
{
    const char *nearest = nearest_name(word, names, count);
    char all[320];

    names_joined(names, count, all, sizeof all);
    if (nearest)
        problems_add(problems, pointer, key, "unknown %s \"%.64s\"; did you mean \"%s\"? (%s)",
                     what, word, nearest, all);
    else
        problems_add(problems, pointer, key, "unknown %s \"%.64s\"; accepted: %s", what, word, all);
}

static bool is_one_of(const char *word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, names[i]) == 0)
            return true;
    }
    return false;
}

void fields_refuse_unknown(const json_t *object, const char *pointer, const char *const *known,
                           int count, struct problems *problems)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!is_one_of(key, known, count))
            fields_unknown_word(pointer, key, "field", key, known, count, problems);
    }
}

/* Control characters would end up in logs, CSV files and terminals. */
static bool is_plain_text(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    }
    return true;
}

const char *fields_text(const json_t *object, const char *pointer, const char *key, int most,
                        bool required, struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    if (!value && !required)
        return NULL;
    const size_t bytes = json_string_length(value); /* 0 for what is no string */
    if (bytes >= 1 && bytes <= (size_t)most && is_plain_text(json_string_value(value)) &&
        strlen(json_string_value(value)) == bytes)
        return json_string_value(value);
    problems_add(problems, pointer, key, "%s text of 1 to %d bytes without control characters",
                 value ? "must be" : "is missing:", most);
    return NULL;
}

int fields_choice(const json_t *object, const char *pointer, const char *key,
                  const char *const *names, int count, struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    char all[320];

    for (int i = 0; i < count && json_is_string(value); i++) {
        if (strcmp(json_string_value(value), names[i]) == 0)
            return i;
    }
    names_joined(names, count, all, sizeof all);
    if (json_is_string(value))
        fields_unknown_word(pointer, key, key, json_string_value(value), names, count, problems);
    else if (value)
        problems_add(problems, pointer, key, "must be one of %s", all);
    return -1;
}

bool fields_is_whole(const json_t *value, int64_t low, int64_t high, int64_t *out)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || number != floor(number) || number < (double)low ||
        number > (double)high)
        return false;
    *out = json_is_integer(value) ? json_integer_value(value) : (int64_t)number;
    return *out >= low && *out <= high; /* 2^53 + 1 is not seen above */
}

int64_t fields_integer(const json_t *object, const char *pointer, const char *key, int64_t low,
                       int64_t high, int64_t fallback, struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    int64_t number = fallback;
    if (value && !fields_is_whole(value, low, high, &number))
        problems_add(problems, pointer, key,
                     "must be a whole number, at least %lld and at most %lld", (long long)low,
                     (long long)high);
    return number;
}
