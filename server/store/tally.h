/*
 * The row of a series in the database, and how it changes with each row of metrics: what lists and
 * objectives need of the whole, and the blocks that are not written yet.
 */
#ifndef TALLY_H
#define TALLY_H

#include "store/blocks.h"
#include "store/store.h"

struct tally {
    int64_t count, last_step;      /* the step where count is above 0 */
    double first, last, low, high; /* NaN is NULL; low and high are of the finite values */
    int64_t open_rows;             /* of the last open block */
    struct group open;             /* blocks in no written group yet; none where count is 0 */
};

/* On the writer thread. A series that is not there yet has no rows. */
int tally_read(struct sql *db, int64_t run, uint32_t name, struct tally *tally, struct error *err);
int tally_write(struct sql *db, int64_t run, uint32_t name, const struct tally *tally,
                struct error *err);

/* A row after the last step. Writes the open group first where that is full. */
int tally_append(struct sql *db, int64_t run, struct tally *tally, const struct metric_row *row,
                 int64_t wall_ms, struct error *err);
/* A row before the last step; it is in the database already. */
int tally_insert(struct sql *db, int64_t run, struct tally *tally, const struct metric_row *row,
                 struct error *err);

#endif
