/*
 * What idx and npy share: features in one file, labels in another, for training and maybe for
 * validation.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include "datasets/formats.h"

struct pair_reader {
    /* Header, table_set_shape(), all rows, nothing behind them. */
    int (*features)(struct input *input, struct table *table, enum table_part part,
                    struct error *err);
    /* As many labels as the part has examples; pairs_check_count() says so where not. */
    int (*labels)(struct input *input, struct table *table, enum table_part part,
                  struct error *err);
};

extern const struct format_part pair_parts[];

int pairs_parse(const struct upload *upload, struct table *table, const struct pair_reader *reader,
                struct error *err);

/* Refuses a count of labels, read at `byte`, that is not that of the examples. */
int pairs_check_count(const struct input *input, const struct table *table, enum table_part part,
                      uint64_t byte, uint64_t labels, struct error *err);

#endif
