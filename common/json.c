#include "json.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* jansson's own limit is fixed at 2,048, so nesting is counted before it reads. */
static int check_depth(const char *text, size_t bytes, struct error *err)
{
    int depth = 0;
    bool in_string = false;
    int line = 1;
    size_t line_start = 0;

    for (size_t i = 0; i < bytes; i++) {
        const char c = text[i];
        if (c == '\n') {
            line++;
            line_start = i + 1;
        }
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return error_of(err, ERROR_MALFORMED,
                                "JSON nested deeper than %d levels at line %d column %zu",
                                JSON_DEPTH_MAX, line, i - line_start + 1);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return 0;
}

int json_read(const char *text, size_t bytes, json_t **out, struct error *err)
{
    json_error_t trouble;

    if (check_depth(text, bytes, err) < 0)
        return -1;
    json_t *value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &trouble);
    if (!value)
        return error_of(err, ERROR_MALFORMED, "bad JSON at line %d column %d: %s", trouble.line,
                        trouble.column, trouble.text);
    *out = value;
    return 0;
}

int json_read_file(const char *path, size_t most_bytes, json_t **out, struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(err, "open \"%s\"", path);
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > most_bytes)
        return error_of(err, ERROR_TOO_LARGE, "\"%s\" is not a file of at most %zu bytes", path,
                        most_bytes);

    const size_t bytes = (size_t)status.st_size;
    AUTO_FREE char *text = xcalloc(bytes + 1, 1);
    size_t used = 0;
    while (used < bytes) {
        const ssize_t got = read(fd, text + used, bytes - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, "read \"%s\"", path);
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return json_read(text, used, out, err);
}

json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    static const char replacement[3] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD */
    /* Not UTF-8: keep what is ASCII. Messages and file names are for people, not for machines. */
    const size_t length = strlen(text);
    AUTO_FREE char *mended = xcalloc(3 * length + 1, 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x80) {
            mended[used++] = text[i];
        } else {
            memcpy(mended + used, replacement, sizeof replacement);
            used += sizeof replacement;
        }
    }
    return json_stringn(mended, used);
}

json_t *json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static char *dump(const json_t *value, size_t order)
{
    char *text =
        json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17) | order);
    return text ? text : xstrdup("null");
}

char *json_compact(const json_t *value)
{
    return dump(value, JSON_SORT_KEYS);
}

char *json_ordered(const json_t *value)
{
    return dump(value, 0);
}

const char *json_text_at(const json_t *object, const char *key, const char *fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t json_integer_at(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double json_number_at(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool json_flag_at(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
