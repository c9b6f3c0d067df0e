/*
 * Rows of a series laid into the buckets of a grid. Where a block lies within one bucket it stands
 * for its rows; only the blocks that cross a bucket's end are read row by row. The answer is the
 * same as that from all rows.
 */
#ifndef REDUCE_H
#define REDUCE_H

#include "store/sql.h"
#include "store/store.h"

/* Buckets shared by all series of one answer: bucket = (step - low) / width. */
struct grid {
    int64_t low;
    uint64_t width; /* 0: every row is its own */
};

/* The rows to read. */
struct span {
    int64_t run;
    uint32_t name;
    int64_t first_step, last_step; /* there are rows of these steps, or of none between */
};

/* Appends to `series`, whose name, run and `reduced` are set, and no entries. */
int reduce_series(struct sql *db, const struct span *span, const struct grid *grid,
                  struct series *series, struct error *err);

#endif
