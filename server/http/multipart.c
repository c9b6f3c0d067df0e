#include "http/multipart.h"

#include "memory.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum state {
    PREAMBLE,     /* before the first boundary: nothing but a boundary is accepted soon */
    AFTER_MARK,   /* behind "--BOUNDARY": "--" ends the body, CRLF begins a part */
    CLOSING_DASH, /* behind "--BOUNDARY-" */
    MARK_CR,      /* behind "--BOUNDARY CR" */
    HEAD,
    DATA,
    EPILOGUE, /* whatever follows the closing boundary is dropped */
};

enum { PREAMBLE_MOST = 1024, MARK_BYTES = 4 /* CR LF - - */ };

struct multipart {
    enum state state;
    const struct multipart_events *events;
    void *context;
    char mark[MARK_BYTES + MULTIPART_BOUNDARY_MOST + 1]; /* CRLF "--" boundary */
    size_t mark_bytes;
    size_t matched; /* bytes of the mark that have just gone by */
    size_t preamble_bytes;
    int part_count;
    char head[MULTIPART_HEAD_MOST];
    size_t head_bytes;
    char name[MULTIPART_NAME_MOST + 1];
    char filename[MULTIPART_NAME_MOST + 1];
    bool has_name, has_filename;
};

/* --- parameters: ; name="value" ------------------------------------------------------------ */

static bool is_token_byte(unsigned char byte)
{
    return isalnum(byte) || (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte));
}

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* In quotes a backslash escapes a quote or itself only: browsers send Windows paths unescaped. */
static const char *read_quoted(const char *at, char *out, size_t most)
{
    size_t count = 0;
    for (at++; *at != '"'; at++) {
        if (at[0] == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        if (*at == '\0' || count == most)
            return NULL;
        out[count++] = *at;
    }
    out[count] = '\0';
    return at + 1;
}

static const char *read_token(const char *at, char *out, size_t most)
{
    size_t count = 0;
    for (; is_token_byte((unsigned char)*at); at++) {
        if (count == most)
            return NULL;
        out[count++] = *at;
    }
    out[count] = '\0';
    return count > 0 ? at : NULL;
}

/* One "; name=value" into the two buffers (sizes name_most + 1, value_most + 1). The place behind
 * it; NULL: malformed or too long. */
static const char *read_parameter(const char *at, char *name, size_t name_most, char *value,
                                  size_t value_most)
{
    at = skip_space(at);
    if (*at != ';')
        return NULL;
    at = read_token(skip_space(at + 1), name, name_most);
    if (!at || *at != '=')
        return NULL;
    at++;
    at = *at == '"' ? read_quoted(at, value, value_most) : read_token(at, value, value_most);
    return at ? skip_space(at) : NULL;
}

/* --- boundary ------------------------------------------------------------------------------ */

static bool is_boundary(const char *text)
{
    const size_t bytes = strlen(text);
    if (bytes == 0 || bytes > MULTIPART_BOUNDARY_MOST || text[bytes - 1] == ' ')
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("'()+_,-./:=? ", text[i]))
            return false;
    return true;
}

int multipart_boundary(const char *content_type, char out[MULTIPART_BOUNDARY_MOST + 1],
                       struct error *err)
{
    enum { OTHER_MOST = 256 };
    char name[32], value[OTHER_MOST + 1];
    const char *at = strchr(content_type, ';');
    while (at && *at) {
        at = read_parameter(at, name, sizeof name - 1, value, OTHER_MOST);
        if (!at || strcasecmp(name, "boundary") != 0)
            continue;
        if (!is_boundary(value))
            return error_of(err, ERROR_MALFORMED,
                            "the boundary of the Content-Type is not 1 to %d of the characters "
                            "RFC 2046 allows",
                            MULTIPART_BOUNDARY_MOST);
        memcpy(out, value, strlen(value) + 1);
        return 0;
    }
    return error_of(err, ERROR_MALFORMED, "the Content-Type names no boundary");
}

struct multipart *multipart_new(const char *boundary, const struct multipart_events *events,
                                void *context)
{
    struct multipart *multipart = xcalloc(1, sizeof *multipart);
    multipart->events = events;
    multipart->context = context;
    memcpy(multipart->mark, "\r\n--", MARK_BYTES);
    const size_t bytes = strnlen(boundary, MULTIPART_BOUNDARY_MOST);
    memcpy(multipart->mark + MARK_BYTES, boundary, bytes);
    multipart->mark_bytes = MARK_BYTES + bytes;
    multipart->matched = 2; /* as if a line had just ended: the body may begin with a boundary */
    return multipart;
}

void multipart_free(struct multipart *multipart)
{
    free(multipart);
}

/* --- the head of a part -------------------------------------------------------------------- */

static bool holds_control_bytes(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int read_disposition(struct multipart *multipart, const char *value, struct error *err)
{
    static const char form_data[] = "form-data";
    char name[32], text[MULTIPART_NAME_MOST + 1];
    if (strncasecmp(value, form_data, sizeof form_data - 1) != 0)
        return error_of(err, ERROR_MALFORMED, "part %d is not form-data", multipart->part_count);
    const char *at = skip_space(value + sizeof form_data - 1);
    while (*at) {
        at = read_parameter(at, name, sizeof name - 1, text, MULTIPART_NAME_MOST);
        if (!at || holds_control_bytes(text))
            return error_of(err, ERROR_MALFORMED,
                            "part %d has a malformed Content-Disposition (names may have %d bytes)",
                            multipart->part_count, MULTIPART_NAME_MOST);
        if (strcasecmp(name, "name") == 0) {
            memcpy(multipart->name, text, sizeof text);
            multipart->has_name = true;
        } else if (strcasecmp(name, "filename") == 0) {
            memcpy(multipart->filename, text, sizeof text);
            multipart->has_filename = true;
        }
    }
    return 0;
}

static bool is_plain_encoding(const char *value)
{
    return strcasecmp(value, "7bit") == 0 || strcasecmp(value, "8bit") == 0 ||
           strcasecmp(value, "binary") == 0;
}

static int read_head_line(struct multipart *multipart, char *line, struct error *err)
{
    char *colon = strchr(line, ':');
    if (!colon || colon == line || !is_token_byte((unsigned char)line[0]))
        return error_of(err, ERROR_MALFORMED, "part %d has a malformed header line",
                        multipart->part_count);
    *colon = '\0';
    const char *value = skip_space(colon + 1);
    if (strcasecmp(line, "Content-Disposition") == 0)
        return read_disposition(multipart, value, err);
    if (strcasecmp(line, "Content-Transfer-Encoding") == 0 && !is_plain_encoding(value))
        return error_of(err, ERROR_MALFORMED,
                        "part %d has a Content-Transfer-Encoding, and only binary is read",
                        multipart->part_count);
    return 0;
}

/* The head as it stands in the buffer, closed by an empty line, as NUL-closed lines. */
static int read_head(struct multipart *multipart, struct error *err)
{
    multipart->has_name = multipart->has_filename = false;
    multipart->head[multipart->head_bytes - 2] = '\0'; /* the empty line's CR */
    if (strlen(multipart->head) != multipart->head_bytes - 2)
        return error_of(err, ERROR_MALFORMED, "part %d has a NUL in its head",
                        multipart->part_count);
    char *line = multipart->head;
    while (*line) {
        char *end = strstr(line, "\r\n");
        if (!end)
            return error_of(err, ERROR_MALFORMED, "part %d has a malformed head",
                            multipart->part_count);
        *end = '\0';
        if (read_head_line(multipart, line, err) < 0)
            return -1;
        line = end + 2;
    }
    if (!multipart->has_name || multipart->name[0] == '\0')
        return error_of(err, ERROR_MALFORMED, "part %d has no name", multipart->part_count);
    return multipart->events->part_begins(multipart->context, multipart->name,
                                          multipart->has_filename ? multipart->filename : NULL,
                                          err);
}

static bool head_ends(const struct multipart *multipart)
{
    const char *end = multipart->head + multipart->head_bytes;
    return (multipart->head_bytes == 2 && memcmp(end - 2, "\r\n", 2) == 0) ||
           (multipart->head_bytes >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0);
}

static int push_head(struct multipart *multipart, char byte, struct error *err)
{
    if (multipart->head_bytes == MULTIPART_HEAD_MOST)
        return error_of(err, ERROR_TOO_LARGE, "part %d has a head of more than %d bytes",
                        multipart->part_count, MULTIPART_HEAD_MOST);
    multipart->head[multipart->head_bytes++] = byte;
    if (!head_ends(multipart))
        return 0;
    multipart->state = DATA;
    multipart->matched = 0;
    return read_head(multipart, err);
}

/* --- between and within parts -------------------------------------------------------------- */

static int begin_part(struct multipart *multipart, struct error *err)
{
    if (multipart->part_count == MULTIPART_PARTS_MOST)
        return error_of(err, ERROR_TOO_LARGE, "the form has more than %d parts",
                        MULTIPART_PARTS_MOST);
    multipart->part_count++;
    multipart->head_bytes = 0;
    multipart->state = HEAD;
    return 0;
}

static int push_after_mark(struct multipart *multipart, char byte, struct error *err)
{
    switch (multipart->state) {
    case AFTER_MARK:
        if (byte == ' ' || byte == '\t') /* padding that gateways may add */
            return 0;
        if (byte == '-' || byte == '\r') {
            multipart->state = byte == '-' ? CLOSING_DASH : MARK_CR;
            return 0;
        }
        break;
    case CLOSING_DASH:
        if (byte == '-') {
            multipart->state = EPILOGUE;
            return 0;
        }
        break;
    case MARK_CR:
        if (byte == '\n')
            return begin_part(multipart, err);
        break;
    case PREAMBLE:
    case HEAD:
    case DATA:
    case EPILOGUE:
        break;
    }
    return error_of(err, ERROR_MALFORMED, "a boundary is followed by neither a line end nor --");
}

static int give_bytes(struct multipart *multipart, const char *bytes, size_t count,
                      struct error *err)
{
    if (count == 0)
        return 0;
    if (multipart->state == DATA)
        return multipart->events->part_bytes(multipart->context, bytes, count, err);
    multipart->preamble_bytes += count;
    if (multipart->preamble_bytes > PREAMBLE_MOST)
        return error_of(err, ERROR_MALFORMED, "the body does not begin with its boundary \"%s\"",
                        multipart->mark + 2);
    return 0;
}

static int mark_found(struct multipart *multipart, struct error *err)
{
    const bool was_part = multipart->state == DATA;
    multipart->matched = 0;
    multipart->state = AFTER_MARK;
    return was_part ? multipart->events->part_ends(multipart->context, err) : 0;
}

/* Data up to the next mark or the end of these bytes; *out_used: how many are done with. A CR
 * stands only at the head of the mark, so a match that fails begins anew at the failing byte. */
static int push_data(struct multipart *multipart, const char *bytes, size_t count, size_t *out_used,
                     struct error *err)
{
    size_t at = 0;
    while (at < count && multipart->matched > 0) {
        if (bytes[at] == multipart->mark[multipart->matched]) {
            at++;
            if (++multipart->matched < multipart->mark_bytes)
                continue;
            *out_used = at;
            return mark_found(multipart, err);
        }
        const size_t matched = multipart->matched;
        multipart->matched = 0;
        if (give_bytes(multipart, multipart->mark, matched, err) < 0)
            return -1;
    }
    const char *stop = at < count ? memchr(bytes + at, '\r', count - at) : NULL;
    const size_t plain = (stop ? (size_t)(stop - bytes) : count) - at;
    if (give_bytes(multipart, bytes + at, plain, err) < 0)
        return -1;
    *out_used = at + plain + (stop ? 1 : 0);
    multipart->matched = multipart->matched + (stop ? 1 : 0);
    return 0;
}

int multipart_push(struct multipart *multipart, const char *bytes, size_t count, struct error *err)
{
    size_t at = 0;
    while (at < count && multipart->state != EPILOGUE) {
        size_t used = 1;
        int failed;
        if (multipart->state == DATA || multipart->state == PREAMBLE)
            failed = push_data(multipart, bytes + at, count - at, &used, err);
        else if (multipart->state == HEAD)
            failed = push_head(multipart, bytes[at], err);
        else
            failed = push_after_mark(multipart, bytes[at], err);
        if (failed < 0)
            return -1;
        at += used;
    }
    return 0;
}

int multipart_finish(const struct multipart *multipart, struct error *err)
{
    const char *boundary = multipart->mark + 2;
    switch (multipart->state) {
    case EPILOGUE:
        return 0;
    case PREAMBLE:
        return error_of(err, ERROR_MALFORMED, "the body ends before its first boundary \"%s\"",
                        boundary);
    case HEAD:
        return error_of(err, ERROR_MALFORMED, "the body ends within the head of part %d",
                        multipart->part_count);
    case DATA:
        return error_of(err, ERROR_MALFORMED,
                        "the body ends within part %d, \"%.64s\": the closing boundary \"%s--\" is "
                        "missing",
                        multipart->part_count, multipart->name, boundary);
    case AFTER_MARK:
    case CLOSING_DASH:
    case MARK_CR:
        break;
    }
    return error_of(err, ERROR_MALFORMED,
                    "the body ends behind part %d: the closing boundary "
                    "\"%s--\" is missing",
                    multipart->part_count, boundary);
}
