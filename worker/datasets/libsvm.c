/*
 * The sparse text of LIBSVM (Chang and Lin, 2011): a line an example, its label, then INDEX:VALUE
 * with rising indices from 1; what is left out is 0. Behind "#" stands a comment.
 *
 * Rows become dense. How many features there are only the largest index tells, so without the
 * setting the files are read twice: a second parse costs less than keeping them in another form.
 */
#include "datasets/formats.h"

#include "datasets/number.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct format_part parts[] = {
    {"train", true, "a line for each example to train on"},
    {"valid", false, "the same to validate on; absent: some of the training examples"},
    {0},
};

static const char *const part_names[TABLE_PARTS] = {
    [TABLE_TRAIN] = "train", [TABLE_VALID] = "valid"};

enum { FEATURES };

static const struct setting settings[] = {
    [FEATURES] = {.name = "features",
                  .type = SETTING_INTEGER,
                  .nullable = true,
                  .low = 1,
                  .high = DATASET_FEATURES_MAX,
                  .help = "how many features an example has; null: the largest index in the files"},
    FORMAT_TASK,
    FORMAT_SETTINGS,
    {0}};

struct reader {
    struct input input;
    struct table *table;
    enum table_part part;
    uint32_t features; /* the largest index accepted */
    uint32_t largest;  /* the largest index seen */
    uint64_t examples[TABLE_PARTS];
    float *row; /* [features], or NULL where only the largest index is wanted */
};

/* A piece of a line between spaces; its end is where `bytes` is 0. */
struct word {
    const char *text;
    size_t bytes, column;
};

static struct word next_word(const char *line, struct word before)
{
    const char *from = before.text + before.bytes;
    from += strspn(from, " \t");
    return (struct word){from, strcspn(from, " \t"), (size_t)(from - line) + 1};
}

static int refuse(const struct reader *reader, const struct word *word, const char *expected,
                  struct error *err)
{
    return input_refuse_line(&reader->input, err, word->column, "\"%.*s\" is not %s",
                             (int)(word->bytes < 64 ? word->bytes : 64), word->text, expected);
}

static int read_index(struct reader *reader, const struct word *word, size_t *digits,
                      uint32_t before, uint32_t *out_index, struct error *err)
{
    uint64_t index = 0;

    for (*digits = 0; *digits < word->bytes; ++*digits) {
        const char digit = word->text[*digits];
        if (digit < '0' || digit > '9')
            break;
        index = index * 10 + (uint64_t)(digit - '0');
        if (index > UINT32_MAX)
            break;
    }
    if (*digits == 0 || *digits == word->bytes || word->text[*digits] != ':')
        return index > reader->features
                   ? refuse(reader, word, "within the largest index accepted", err)
                   : refuse(reader, word, "INDEX:VALUE", err);
    if (index > reader->features)
        return input_refuse_line(&reader->input, err, word->column,
                                 "index %" PRIu64 "; at most %" PRIu32 " is accepted", index,
                                 reader->features);
    if (index == 0)
        return input_refuse_line(&reader->input, err, word->column,
                                 "index 0; indices begin with 1");
    if (index <= before)
        return input_refuse_line(&reader->input, err, word->column,
                                 "index %" PRIu64 " behind %" PRIu32 "; indices must rise", index,
                                 before);
    *out_index = (uint32_t)index;
    return 0;
}

static int read_pair(struct reader *reader, const struct word *word, uint32_t *index,
                     struct error *err)
{
    size_t digits;
    double value;

    if (read_index(reader, word, &digits, *index, index, err) < 0)
        return -1;
    if (!number_read(word->text + digits + 1, word->bytes - digits - 1, &value) ||
        !isfinite((float)value))
        return refuse(reader, word, "INDEX:VALUE with a number as its value", err);
    if (reader->row)
        reader->row[*index - 1] = (float)value;
    return 0;
}

static int add_example(struct reader *reader, const struct word *label, struct error *err)
{
    struct error why;

    if (table_add_floats(reader->table, reader->part, reader->row, reader->features, err) < 0)
        return -1;
    if (table_add_text(reader->table, reader->part, label->text, label->bytes, &why) < 0)
        return input_refuse_line(&reader->input, err, label->column, "%s", why.sentence);
    return 0;
}

static int read_example(struct reader *reader, const char *line, struct error *err)
{
    const struct word label = next_word(line, (struct word){.text = line});
    double number;
    uint32_t index = 0;

    if (label.bytes == 0)
        return 0; /* a blank line, or only a comment */
    if (!number_read(label.text, label.bytes, &number))
        return refuse(reader, &label, "a number, as a label is", err);
    if (reader->row)
        memset(reader->row, 0, reader->features * sizeof *reader->row);
    for (struct word word = next_word(line, label); word.bytes; word = next_word(line, word))
        if (read_pair(reader, &word, &index, err) < 0)
            return -1;
    if (index > reader->largest)
        reader->largest = index;
    reader->examples[reader->part]++;
    return reader->row ? add_example(reader, &label, err) : 0;
}

static int read_lines(struct reader *reader, struct error *err)
{
    char *line;
    size_t bytes;

    for (;;) {
        if (input_line(&reader->input, &line, &bytes, err) < 0)
            return -1;
        if (!line)
            return 0;
        if (strlen(line) != bytes)
            return input_refuse_line(&reader->input, err, strlen(line) + 1, "a NUL byte");
        line[strcspn(line, "#")] = '\0';
        if (read_example(reader, line, err) < 0)
            return -1;
    }
}

static int read_part(const struct upload *upload, struct reader *reader, enum table_part part,
                     struct error *err)
{
    if (!upload_has(upload, part_names[part]))
        return 0;
    if (upload_open(upload, part_names[part], reader->table, &reader->input, err) < 0)
        return -1;
    reader->part = part;
    const int status = read_lines(reader, err);
    input_release(&reader->input);
    if (status == 0 && reader->row && table_examples(reader->table, part) == 0)
        return error_set(err, "%s: the file holds no examples", part_names[part]);
    return status;
}

static int read_parts(const struct upload *upload, struct reader *reader, struct error *err)
{
    for (int part = 0; part < TABLE_PARTS; part++)
        if (read_part(upload, reader, (enum table_part)part, err) < 0)
            return -1;
    return 0;
}

/* Before anything is written: how large the dense rows become. */
static int set_shape(struct table *table, uint32_t features, const uint64_t *examples,
                     struct error *err)
{
    for (int part = 0; part < TABLE_PARTS; part++) {
        struct error why;
        table->part = part_names[part];
        if (table_set_shape(table, ELEMENT_FLOAT, 1, &features, examples[part], &why) < 0)
            return upload_refuse(table, &why, err);
    }
    return 0;
}

static int find_shape(const struct upload *upload, struct table *table, uint32_t *features,
                      struct error *err)
{
    struct reader reader = {.table = table, .features = DATASET_FEATURES_MAX};

    *features = (uint32_t)json_integer_at(upload->settings, "features", 0);
    if (*features > 0)
        return set_shape(table, *features, reader.examples, err);
    if (read_parts(upload, &reader, err) < 0)
        return -1;
    table->part = part_names[TABLE_TRAIN];
    if (reader.largest == 0)
        return error_set(err, "%s: no example with a feature, such as \"+1 1:0.5 3:2\"",
                         table->part);
    *features = reader.largest;
    return set_shape(table, *features, reader.examples, err);
}

static int parse(const struct upload *upload, struct table *table, struct error *err)
{
    uint32_t features = 0;

    table->task = upload_task(upload);
    if (find_shape(upload, table, &features, err) < 0)
        return -1;
    AUTO_FREE float *row = aligned_block(features, sizeof *row);
    if (!row)
        return error_of(err, ERROR_INTERNAL, "no memory for %" PRIu32 " features", features);
    struct reader reader = {.table = table, .features = features, .row = row};
    return read_parts(upload, &reader, err);
}

const struct format libsvm_format = {
    .name = "libsvm",
    .help = "LIBSVM's sparse text, LABEL INDEX:VALUE …, made dense; plain or gzip",
    .parts = parts,
    .settings = settings,
    .parse = parse,
};
