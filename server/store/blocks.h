/*
 * Blocks of a series: what a reduced read needs of a stretch of its rows, so that long series are
 * read by their blocks and not by their rows. Closed as rows are appended, in the same transaction.
 *
 * A block covers the steps after the block before it, up to its own last step; what comes after the
 * last block is open. Every step belongs to exactly one, so a late row has its place too.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "store/sql.h"

/* How many rows close a block; it may get late ones later. A reduced read costs the blocks of the
 * range and the rows of about one block a bucket. For 200,000 rows in 1,000 buckets 32 is nearly
 * the least of that sum, and it is one row more to write for 32. */
enum { BLOCK_ROWS = 32 };

struct block {
    int64_t first_step, last_step; /* of its rows */
    double low, high;              /* of the finite values; NaN: there is none */
    double last;                   /* value of the last row */
    int64_t wall_ms;               /* likewise */
};

/* On the writer thread. */
int block_add(struct sql *db, int64_t run, uint32_t name, const struct block *block,
              struct error *err);
/* Takes a late row into the block that covers its step. 1: done; 0: no block does; -1: failed. The
 * step is not the last of a block, so the block's last row stays. */
int block_widen(struct sql *db, int64_t run, uint32_t name, int64_t step, double value,
                struct error *err);

/* The blocks that end within first_step … last_step, in order: the statement for block_next(). */
struct statement *blocks_read(struct sql *db, int64_t run, uint32_t name, int64_t first_step,
                              int64_t last_step);
/* As statement_next(). */
int block_next(struct statement *read, struct block *block, struct error *err);

#endif
