/*
 * NPY, NumPy's format for one array (versions 1 to 3 of numpy.lib.format): a magic, the length of
 * the header, the header as the literal of a Python dictionary, then the elements.
 */
#include "datasets/pairs.h"

#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are read as they lie");

enum { MAGIC_BYTES = 6, HEADER_MAX = 65536, CHUNK_ELEMENTS = 4096, WIDEST_BYTES = 8 };

static const unsigned char magic[MAGIC_BYTES] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static double from_u1(const unsigned char *raw)
{
    return raw[0];
}

static double from_f4(const unsigned char *raw)
{
    float value;
    memcpy(&value, raw, sizeof value);
    return (double)value;
}

static double from_f8(const unsigned char *raw)
{
    double value;
    memcpy(&value, raw, sizeof value);
    return value;
}

static double from_i4(const unsigned char *raw)
{
    int32_t value;
    memcpy(&value, raw, sizeof value);
    return value;
}

static double from_i8(const unsigned char *raw)
{
    int64_t value;
    memcpy(&value, raw, sizeof value);
    return (double)value;
}

struct type {
    const char *descr;
    size_t bytes;
    bool whole;
    double (*value)(const unsigned char *raw);
};

static const struct type types[] = {
    {"|u1", 1, true, from_u1}, {"<f4", 4, false, from_f4}, {"<f8", 8, false, from_f8},
    {"<i4", 4, true, from_i4}, {"<i8", 8, true, from_i8},
};

struct header {
    const struct type *type;
    bool fortran;
    int rank;
    uint64_t extent[DATASET_RANK_MAX + 1];
    uint64_t file_bytes;
};

/* The dictionary and how far it has been read; `start` is its first byte in the file. */
struct literal {
    const char *text;
    size_t bytes, at;
    uint64_t start;
    const struct input *input;
    struct error *err;
};

static int refuse(const struct literal *literal, const char *expected)
{
    input_refuse_byte(literal->input, literal->err, literal->start + literal->at,
                      "expected %s in the header of an NPY file", expected);
    return -1;
}

static void skip_spaces(struct literal *literal)
{
    while (literal->at < literal->bytes && strchr(" \n", literal->text[literal->at]) &&
           literal->text[literal->at])
        literal->at++;
}

/* Whether the next thing is `token`, which is then behind us. */
static bool accept(struct literal *literal, const char *token)
{
    const size_t length = strlen(token);

    skip_spaces(literal);
    if (literal->bytes - literal->at < length ||
        memcmp(literal->text + literal->at, token, length) != 0)
        return false;
    literal->at += length;
    return true;
}

static int read_quoted(struct literal *literal, char *word, size_t room)
{
    size_t length = 0;

    if (!accept(literal, "'"))
        return refuse(literal, "a text in single quotes");
    while (literal->at + length < literal->bytes && literal->text[literal->at + length] != '\'')
        length++;
    if (literal->at + length == literal->bytes || length >= room)
        return refuse(literal, "a short text in single quotes");
    memcpy(word, literal->text + literal->at, length);
    word[length] = '\0';
    literal->at += length + 1;
    return 0;
}

static int read_type(struct literal *literal, struct header *header)
{
    char word[8];
    const size_t at = literal->at;

    if (read_quoted(literal, word, sizeof word) == 0) {
        for (size_t i = 0; i < COUNT_OF(types); i++)
            if (strcmp(types[i].descr, word) == 0) {
                header->type = &types[i];
                return 0;
            }
    }
    literal->at = at;
    return refuse(literal, "one of the element types '|u1', '<f4', '<f8', '<i4', '<i8'");
}

static int read_fortran(struct literal *literal, struct header *header)
{
    header->fortran = accept(literal, "True");
    if (header->fortran || accept(literal, "False"))
        return 0;
    return refuse(literal, "True or False");
}

static int read_extent(struct literal *literal, uint64_t *extent)
{
    const size_t first = literal->at;

    for (*extent = 0; literal->at < literal->bytes; literal->at++) {
        const char digit = literal->text[literal->at];
        if (digit < '0' || digit > '9')
            break;
        *extent = *extent * 10 + (uint64_t)(digit - '0');
        if (*extent > UINT32_MAX)
            return refuse(literal, "a dimension below 2^32");
    }
    return literal->at > first && *extent > 0 ? 0 : refuse(literal, "a dimension of at least 1");
}

static int read_shape(struct literal *literal, struct header *header)
{
    if (!accept(literal, "("))
        return refuse(literal, "a shape such as (60000, 28, 28)");
    for (header->rank = 0; !accept(literal, ")");) {
        if (header->rank > DATASET_RANK_MAX)
            return refuse(literal, "at most 9 dimensions");
        if (read_extent(literal, &header->extent[header->rank++]) < 0)
            return -1;
        if (!accept(literal, ",") && !accept(literal, ")"))
            return refuse(literal, "a comma or a closing parenthesis");
        if (literal->text[literal->at - 1] == ')')
            break;
    }
    return header->rank > 0 ? 0 : refuse(literal, "at least one dimension");
}

static int read_member(struct literal *literal, struct header *header)
{
    char key[16];

    if (read_quoted(literal, key, sizeof key) < 0)
        return -1;
    if (!accept(literal, ":"))
        return refuse(literal, "a colon");
    skip_spaces(literal);
    if (strcmp(key, "descr") == 0)
        return read_type(literal, header);
    if (strcmp(key, "fortran_order") == 0)
        return read_fortran(literal, header);
    if (strcmp(key, "shape") == 0)
        return read_shape(literal, header);
    return refuse(literal, "descr, fortran_order or shape");
}

static int read_literal(struct literal *literal, struct header *header)
{
    if (!accept(literal, "{"))
        return refuse(literal, "a dictionary");
    while (!accept(literal, "}")) {
        if (read_member(literal, header) < 0)
            return -1;
        if (!accept(literal, ",") && literal->at < literal->bytes &&
            literal->text[literal->at] != '}')
            return refuse(literal, "a comma or a closing brace");
    }
    if (!header->type || header->rank == 0)
        return refuse(literal, "descr and shape");
    if (header->fortran && header->rank > 1)
        return refuse(literal, "'fortran_order': False (numpy.ascontiguousarray makes it so)");
    return 0;
}

static int read_header_length(struct input *input, size_t *length, struct error *err)
{
    unsigned char head[MAGIC_BYTES + 2], raw[4] = {0};

    if (input_take(input, head, sizeof head, sizeof head + 2, err) < 0)
        return -1;
    if (memcmp(head, magic, sizeof magic) != 0)
        return input_refuse_byte(input, err, 0,
                                 "wrong magic: %02x %02x %02x %02x; an NPY file begins with "
                                 "93 4e 55 4d 50 59",
                                 head[0], head[1], head[2], head[3]);
    const int version = head[MAGIC_BYTES];
    if (version < 1 || version > 3)
        return input_refuse_byte(input, err, MAGIC_BYTES, "version %d; 1 to 3 are accepted",
                                 version);
    const size_t width = version == 1 ? 2 : 4;
    if (input_take(input, raw, width, sizeof head + width, err) < 0)
        return -1;
    *length = (size_t)raw[0] | (size_t)raw[1] << 8 | (size_t)raw[2] << 16 | (size_t)raw[3] << 24;
    if (*length > HEADER_MAX)
        return input_refuse_byte(input, err, sizeof head,
                                 "a header of %zu bytes; at most %d are accepted", *length,
                                 HEADER_MAX);
    return 0;
}

static int read_header(struct input *input, struct header *header, struct error *err)
{
    size_t length = 0;
    *header = (struct header){0};
    if (read_header_length(input, &length, err) < 0)
        return -1;

    AUTO_FREE char *text = xcalloc(length + 1, 1);
    struct literal literal = {
        .text = text, .bytes = length, .start = input->offset, .input = input, .err = err};
    if (input_take(input, text, length, input->offset + length, err) < 0)
        return -1;
    return read_literal(&literal, header);
}

typedef int take_elements(struct table *table, enum table_part part, const struct type *type,
                          const unsigned char *raw, size_t count, struct error *err);

/* Hands on `count` elements, as many at once as `at_once` has room for. */
static int walk(struct input *input, struct table *table, enum table_part part,
                const struct header *header, uint64_t count, size_t at_once, take_elements *take,
                struct error *err)
{
    const size_t width = header->type->bytes;
    const uint64_t end = input->offset + count * width;
    AUTO_FREE unsigned char *raw = xcalloc(at_once, WIDEST_BYTES);

    while (count > 0) {
        const size_t now = count < at_once ? (size_t)count : at_once;
        const uint64_t from = input->offset;
        struct error why = {0};
        if (input_take(input, raw, now * width, end, err) < 0)
            return -1;
        for (size_t i = 0; i < now; i++) {
            const float value = (float)header->type->value(raw + i * width);
            if (!isfinite(value))
                return input_refuse_byte(input, err, from + i * width,
                                         "not a finite number that a float holds");
        }
        if (take(table, part, header->type, raw, now, &why) < 0)
            return input_refuse_byte(input, err, from, "%s", why.sentence);
        count -= now;
    }
    return input_expect_end(input, err);
}

static int take_features(struct table *table, enum table_part part, const struct type *type,
                         const unsigned char *raw, size_t count, struct error *err)
{
    float floats[CHUNK_ELEMENTS];

    if (table->form.element == ELEMENT_BYTE)
        return table_add_bytes(table, part, raw, count, err);
    for (size_t i = 0; i < count; i++)
        floats[i] = (float)type->value(raw + i * type->bytes);
    return table_add_floats(table, part, floats, count, err);
}

static int read_features(struct input *input, struct table *table, enum table_part part,
                         struct error *err)
{
    struct header header;
    struct error why;
    uint32_t shape[DATASET_RANK_MAX];

    if (read_header(input, &header, err) < 0)
        return -1;
    if (header.rank == 1)
        return input_refuse_byte(input, err, 0,
                                 "an array of rank 1 is a list of labels; features have rank 2 or "
                                 "more, (examples, …)");
    for (int i = 1; i < header.rank; i++)
        shape[i - 1] = (uint32_t)header.extent[i];
    const enum element element = header.type->bytes == 1 ? ELEMENT_BYTE : ELEMENT_FLOAT;
    if (table_set_shape(table, element, header.rank - 1, shape, header.extent[0], &why) < 0)
        return input_refuse_byte(input, err, 0, "%s", why.sentence);
    return walk(input, table, part, &header, header.extent[0] * table->form.feature_count,
                CHUNK_ELEMENTS, take_features, err);
}

static int take_labels(struct table *table, enum table_part part, const struct type *type,
                       const unsigned char *raw, size_t count, struct error *err)
{
    const double exact = 9007199254740992.0; /* 2^53: above, different labels become one */

    for (size_t i = 0; i < count; i++) {
        const double label = type->value(raw + i * type->bytes);
        if (fabs(label) >= exact)
            return error_set(err, "a label of 2^53 or more");
        if (table_add_number(table, part, label, err) < 0)
            return -1;
    }
    return 0;
}

static int take_targets(struct table *table, enum table_part part, const struct type *type,
                        const unsigned char *raw, size_t count, struct error *err)
{
    AUTO_FREE float *targets = xcalloc(table->target_count, sizeof *targets);

    for (size_t i = 0; i < count; i++)
        targets[i % table->target_count] = (float)type->value(raw + i * type->bytes);
    return table_add_targets(table, part, targets, err);
}

/* Floats are numbers to predict and whole numbers are classes, unless the settings say which. */
static int settle_task(struct input *input, struct table *table, enum table_part part,
                       const struct header *header, struct error *err)
{
    const uint64_t columns = header->rank == 2 ? header->extent[1] : 1;

    if (header->rank > 2)
        return input_refuse_byte(input, err, 0,
                                 "an array of rank %d, but labels have rank 1, or 2 for several "
                                 "targets (is this a features file?)",
                                 header->rank);
    if (table->task == TASK_AUTO)
        table->task = header->type->whole ? TASK_CLASS : TASK_REGRESSION;
    if (columns > 1 && table->task == TASK_CLASS)
        return input_refuse_byte(input, err, 0, "%" PRIu64 " labels an example; classes have one",
                                 columns);
    if (columns > DATASET_TARGETS_MAX)
        return input_refuse_byte(input, err, 0,
                                 "%" PRIu64 " targets an example; at most %d are accepted", columns,
                                 DATASET_TARGETS_MAX);
    if (part == TABLE_TRAIN)
        table->target_count = (uint32_t)columns;
    if (table->target_count != columns)
        return input_refuse_byte(input, err, 0,
                                 "%" PRIu64 " targets an example, but train_labels has %" PRIu32,
                                 columns, table->target_count);
    return 0;
}

static int read_labels(struct input *input, struct table *table, enum table_part part,
                       struct error *err)
{
    struct header header;

    if (read_header(input, &header, err) < 0 || settle_task(input, table, part, &header, err) < 0 ||
        pairs_check_count(input, table, part, 0, header.extent[0], err) < 0)
        return -1;
    if (table->target_count == 1)
        return walk(input, table, part, &header, header.extent[0], CHUNK_ELEMENTS, take_labels,
                    err);
    return walk(input, table, part, &header, header.extent[0] * table->target_count,
                table->target_count, take_targets, err);
}

static int parse(const struct upload *upload, struct table *table, struct error *err)
{
    static const struct pair_reader reader = {read_features, read_labels};
    table->task = upload_task(upload);
    return pairs_parse(upload, table, &reader, err);
}

static const struct setting settings[] = {FORMAT_TASK, FORMAT_SETTINGS, {0}};

const struct format npy_format = {
    .name = "npy",
    .help = "NumPy arrays of u1, f4, f8, i4 or i8 in C order; plain or gzip",
    .parts = pair_parts,
    .settings = settings,
    .parse = parse,
};
