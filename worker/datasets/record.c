#include "datasets/record.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

void record_init(struct record *record)
{
    *record = (struct record){.fields = xrealloc(NULL, RECORD_FIELDS_MAX, sizeof(struct field))};
}

void record_release(struct record *record)
{
    free(record->fields);
    *record = (struct record){0};
}

static bool is_space(char c, char delimiter)
{
    return c == ' ' || (c == '\t' && delimiter != '\t');
}

static char *skip_spaces(char *from, const char *end, char delimiter)
{
    while (from < end && is_space(*from, delimiter))
        from++;
    return from;
}

/* Takes the doubled quotes out in place; NULL where no quote closes the field. */
static char *take_quoted(char *from, const char *end, struct field *field)
{
    char *to = from;
    field->text = from;
    for (; from < end; from++) {
        if (*from == '"') {
            if (from + 1 == end || from[1] != '"')
                break;
            from++;
        }
        *to++ = *from;
    }
    if (from == end)
        return NULL;
    field->bytes = (size_t)(to - field->text);
    return from + 1;
}

static char *take_plain(char *from, char *end, char delimiter, struct field *field)
{
    char *stop = memchr(from, delimiter, (size_t)(end - from));
    if (!stop)
        stop = end;
    char *last = stop;
    while (last > from && is_space(last[-1], delimiter))
        last--;
    *field = (struct field){from, (size_t)(last - from)};
    return stop;
}

int record_split(struct record *record, const struct input *input, char *line, size_t bytes,
                 char delimiter, struct error *err)
{
    char *from = line, *const end = line + bytes;

    for (record->count = 0;;) {
        if (record->count == RECORD_FIELDS_MAX)
            return input_refuse_line(input, err, 0, "more than %d columns", RECORD_FIELDS_MAX);
        struct field *field = &record->fields[record->count++];
        from = skip_spaces(from, end, delimiter);
        if (from < end && *from == '"') {
            from = take_quoted(from + 1, end, field);
            if (!from)
                return input_refuse_line(input, err, record->count,
                                         "the quote is not closed on this line");
            from = skip_spaces(from, end, delimiter);
        } else {
            from = take_plain(from, end, delimiter, field);
        }
        if (from == end)
            return 0;
        if (*from != delimiter)
            return input_refuse_line(input, err, record->count,
                                     "something follows the closing quote");
        from++;
    }
}

char record_delimiter(const char *line, size_t bytes)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[sizeof candidates] = {0};
    bool quoted = false;
    size_t best = 0;

    for (size_t i = 0; i < bytes; i++) {
        quoted = quoted != (line[i] == '"');
        for (size_t k = 0; k < sizeof candidates && !quoted; k++)
            counts[k] += line[i] == candidates[k];
    }
    for (size_t k = 1; k < sizeof candidates; k++)
        best = counts[k] > counts[best] ? k : best;
    return candidates[best];
}
