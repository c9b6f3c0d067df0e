/*
 * Comma-separated values: a line an example, one column the label, all others numbers. With a
 * header line or without; text may be quoted.
 */
#include "datasets/formats.h"

#include "datasets/number.h"
#include "datasets/record.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct format_part parts[] = {
    {"train", true, "a line for each example to train on"},
    {"valid", false, "the same columns to validate on; absent: some of the training examples"},
    {0},
};

static const char *const part_names[TABLE_PARTS] = {
    [TABLE_TRAIN] = "train", [TABLE_VALID] = "valid"};

static const struct setting settings[] = {
    {.name = "header",
     .type = SETTING_CHOICE,
     .choices = "auto|yes|no",
     .fallback_text = "auto",
     .help = "whether the first line names the columns; auto: where one of its features is not a "
             "number"},
    {.name = "label",
     .type = SETTING_TEXT,
     .nullable = true,
     .high = LABEL_TEXT_MAX,
     .help = "the label's column by its name, or by number: 1 is the first, -1 the last; null: "
             "the last"},
    {.name = "delimiter",
     .type = SETTING_CHOICE,
     .choices = "auto|comma|semicolon|tab|pipe",
     .fallback_text = "auto",
     .help = "what stands between columns; auto: the commonest of these in the first line"},
    FORMAT_TASK,
    FORMAT_SETTINGS,
    {0}};

struct reader {
    const struct upload *upload;
    struct table *table;
    enum table_part part;
    struct input input;
    struct record record;
    char delimiter;
    size_t columns; /* of the first line of the training file */
    size_t label;   /* the label's column */
    char **names;   /* [columns], or NULL without a header */
    float *row;     /* [columns] */
};

static const struct {
    const char *name;
    char delimiter;
} delimiters[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}};

static char find_delimiter(const struct upload *upload, const char *line, size_t bytes)
{
    const char *wanted = json_text_at(upload->settings, "delimiter", "auto");
    for (size_t i = 0; i < COUNT_OF(delimiters); i++)
        if (strcmp(delimiters[i].name, wanted) == 0)
            return delimiters[i].delimiter;
    return record_delimiter(line, bytes);
}

/* The next line that is not blank, without the byte order mark some programs put in front of the
 * first. *line is NULL at the end. */
static int next_line(struct reader *reader, char **line, size_t *bytes, struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    do {
        if (input_line(&reader->input, line, bytes, err) < 0)
            return -1;
        if (!*line)
            return 0;
        if (reader->input.line == 1 && *bytes >= 3 && memcmp(*line, mark, 3) == 0) {
            *line += 3;
            *bytes -= 3;
        }
    } while (strspn(*line, " \t") == *bytes);
    return 0;
}

static bool is_number(const struct field *field)
{
    double number;
    return number_read(field->text, field->bytes, &number);
}

/* Whether `wanted` is a column's number; *column is then its place, which may be past the end. */
static bool column_by_number(const char *wanted, size_t columns, size_t *column)
{
    char *end;
    const long number = strtol(wanted, &end, 10);

    if (*end || end == wanted)
        return false;
    /* Unsigned on purpose: what lies before the first column wraps past the end. */
    *column = number < 0 ? columns + (size_t)number : (size_t)number - 1;
    return true;
}

static bool column_by_name(const struct record *record, const char *wanted, size_t *column)
{
    const size_t length = strlen(wanted);
    for (size_t i = 0; i < record->count; i++) {
        if (record->fields[i].bytes == length &&
            memcmp(record->fields[i].text, wanted, length) == 0) {
            *column = i;
            return true;
        }
    }
    return false;
}

/* By the settings, or by looking: a feature that is not a number can only be a name. */
static bool has_header(const struct reader *reader)
{
    const char *header = json_text_at(reader->upload->settings, "header", "auto");
    const char *label = json_text_at(reader->upload->settings, "label", "-1");
    const struct record *record = &reader->record;
    size_t column = 0;

    if (strcmp(header, "auto") != 0)
        return strcmp(header, "yes") == 0;
    if (!column_by_number(label, record->count, &column))
        return true; /* a name must be found in a header */
    for (size_t i = 0; i < record->count; i++)
        if (i != column && record->fields[i].bytes > 0 && !is_number(&record->fields[i]))
            return true;
    return false;
}

static int find_label(struct reader *reader, bool header, struct error *err)
{
    const char *label = json_text_at(reader->upload->settings, "label", "-1");

    if (header && column_by_name(&reader->record, label, &reader->label))
        return 0;
    if (!column_by_number(label, reader->columns, &reader->label))
        return input_refuse_line(&reader->input, err, 0, "no column is named \"%.64s\"%s", label,
                                 header ? "" : " (the settings say there is no header)");
    if (reader->label >= reader->columns)
        return input_refuse_line(&reader->input, err, 0,
                                 "the label's column is %.64s, but there are %zu columns", label,
                                 reader->columns);
    return 0;
}

static int settle_columns(struct reader *reader, bool header, struct error *err)
{
    const struct record *record = &reader->record;

    reader->columns = record->count;
    if (reader->columns < 2)
        return input_refuse_line(&reader->input, err, 0,
                                 "one column; expected features and a label (is the delimiter "
                                 "right?)");
    if (find_label(reader, header, err) < 0)
        return -1;
    reader->row = xcalloc(reader->columns, sizeof *reader->row);
    if (header) {
        reader->names = xcalloc(reader->columns, sizeof *reader->names);
        for (size_t i = 0; i < reader->columns; i++)
            reader->names[i] = xstrndup(record->fields[i].text, record->fields[i].bytes);
    }
    const uint32_t features = (uint32_t)(reader->columns - 1);
    return table_set_shape(reader->table, ELEMENT_FLOAT, 1, &features, 0, err);
}

static int check_columns(const struct reader *reader, struct error *err)
{
    if (reader->record.count == reader->columns)
        return 0;
    return input_refuse_line(&reader->input, err, 0, "%zu columns, expected %zu",
                             reader->record.count, reader->columns);
}

/* The header of the validation file names the same columns in the same order. */
static int check_names(const struct reader *reader, struct error *err)
{
    if (check_columns(reader, err) < 0)
        return -1;
    for (size_t i = 0; reader->names && i < reader->columns; i++) {
        const struct field *field = &reader->record.fields[i];
        if (strlen(reader->names[i]) != field->bytes ||
            memcmp(reader->names[i], field->text, field->bytes) != 0)
            return input_refuse_line(
                &reader->input, err, i + 1, "\"%.*s\", but in train the column is \"%.64s\"",
                (int)(field->bytes < 64 ? field->bytes : 64), field->text, reader->names[i]);
    }
    return 0;
}

static int refuse_field(const struct reader *reader, size_t column, struct error *err)
{
    const struct field *field = &reader->record.fields[column];
    if (field->bytes == 0)
        return input_refuse_line(&reader->input, err, column + 1, "empty; expected a number");
    return input_refuse_line(&reader->input, err, column + 1, "\"%.*s\" is not a number",
                             (int)(field->bytes < 64 ? field->bytes : 64), field->text);
}

static int read_example(struct reader *reader, struct error *err)
{
    const struct field *label = &reader->record.fields[reader->label];
    struct error why;
    size_t features = 0;

    if (check_columns(reader, err) < 0)
        return -1;
    for (size_t i = 0; i < reader->columns; i++) {
        const struct field *field = &reader->record.fields[i];
        double number;
        if (i == reader->label)
            continue;
        if (!number_read(field->text, field->bytes, &number) || !isfinite((float)number))
            return refuse_field(reader, i, err);
        reader->row[features++] = (float)number;
    }
    if (table_add_floats(reader->table, reader->part, reader->row, features, err) < 0)
        return -1;
    if (table_add_text(reader->table, reader->part, label->text, label->bytes, &why) < 0)
        return input_refuse_line(&reader->input, err, reader->label + 1, "%s", why.sentence);
    return 0;
}

static int split(struct reader *reader, char *line, size_t bytes, struct error *err)
{
    return record_split(&reader->record, &reader->input, line, bytes, reader->delimiter, err);
}

/* The first line of a file: the names of the columns, or an example already. */
static int read_first(struct reader *reader, char *line, size_t bytes, struct error *err)
{
    if (reader->part == TABLE_TRAIN)
        reader->delimiter = find_delimiter(reader->upload, line, bytes);
    if (split(reader, line, bytes, err) < 0)
        return -1;
    const bool header = has_header(reader);
    if (reader->part == TABLE_TRAIN && settle_columns(reader, header, err) < 0)
        return -1;
    return header ? check_names(reader, err) : read_example(reader, err);
}

static int read_lines(struct reader *reader, struct error *err)
{
    char *line;
    size_t bytes;
    bool first = true;

    for (;;) {
        if (next_line(reader, &line, &bytes, err) < 0)
            return -1;
        if (!line)
            break;
        const int status = first ? read_first(reader, line, bytes, err)
                           : split(reader, line, bytes, err) < 0 ? -1
                                                                 : read_example(reader, err);
        if (status < 0)
            return -1;
        first = false;
    }
    if (reader->columns == 0 || table_examples(reader->table, reader->part) == 0)
        return error_set(err, "%s: the file holds no examples", reader->input.part);
    return 0;
}

static int read_part(struct reader *reader, enum table_part part, struct error *err)
{
    if (!upload_has(reader->upload, part_names[part]))
        return 0;
    if (upload_open(reader->upload, part_names[part], reader->table, &reader->input, err) < 0)
        return -1;
    reader->part = part;
    const int status = read_lines(reader, err);
    input_release(&reader->input);
    return status;
}

static void release(struct reader *reader)
{
    for (size_t i = 0; reader->names && i < reader->columns; i++)
        free(reader->names[i]);
    free(reader->names);
    free(reader->row);
    record_release(&reader->record);
}

static int parse(const struct upload *upload, struct table *table, struct error *err)
{
    struct reader reader = {.upload = upload, .table = table};

    table->task = upload_task(upload);
    record_init(&reader.record);
    int status = read_part(&reader, TABLE_TRAIN, err);
    if (status == 0)
        status = read_part(&reader, TABLE_VALID, err);
    release(&reader);
    return status;
}

const struct format csv_format = {
    .name = "csv",
    .help = "comma-separated values (or ; tab |), one column the label; plain or gzip",
    .parts = parts,
    .settings = settings,
    .parse = parse,
};
