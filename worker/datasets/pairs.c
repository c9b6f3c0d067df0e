#include "datasets/pairs.h"

#include <inttypes.h>

const struct format_part pair_parts[] = {
    {"train_features", true, "examples to train on, the first dimension counts them"},
    {"train_labels", true, "one label for each of them"},
    {"valid_features", false, "examples to validate on; absent: some of the training examples"},
    {"valid_labels", false, "one label for each of them"},
    {0},
};

typedef int read_one(struct input *input, struct table *table, enum table_part part,
                     struct error *err);

static int read_part(const struct upload *upload, struct table *table, const char *name,
                     enum table_part part, read_one *read, struct error *err)
{
    struct input input;
    if (upload_open(upload, name, table, &input, err) < 0)
        return -1;
    const int status = read(&input, table, part, err);
    input_release(&input);
    return status;
}

static int check_both(const struct upload *upload, struct table *table, const char *one,
                      const char *other, struct error *err)
{
    if (!upload_has(upload, one) || upload_has(upload, other))
        return 0;
    table->part = other;
    return error_set(err, "%s: missing, though %s is given", other, one);
}

int pairs_parse(const struct upload *upload, struct table *table, const struct pair_reader *reader,
                struct error *err)
{
    if (check_both(upload, table, "valid_features", "valid_labels", err) < 0 ||
        check_both(upload, table, "valid_labels", "valid_features", err) < 0)
        return -1;
    if (read_part(upload, table, "train_features", TABLE_TRAIN, reader->features, err) < 0 ||
        read_part(upload, table, "train_labels", TABLE_TRAIN, reader->labels, err) < 0)
        return -1;
    if (!upload_has(upload, "valid_features"))
        return 0;
    if (read_part(upload, table, "valid_features", TABLE_VALID, reader->features, err) < 0)
        return -1;
    return read_part(upload, table, "valid_labels", TABLE_VALID, reader->labels, err);
}

int pairs_check_count(const struct input *input, const struct table *table, enum table_part part,
                      uint64_t byte, uint64_t labels, struct error *err)
{
    const uint64_t examples = table_examples(table, part);
    if (labels == examples)
        return 0;
    return input_refuse_byte(input, err, byte,
                             "%" PRIu64 " labels, but %s holds %" PRIu64 " examples", labels,
                             part == TABLE_TRAIN ? "train_features" : "valid_features", examples);
}
