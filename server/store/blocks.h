/*
 * Blocks of a series: what a reduced read needs of a stretch of its rows, so that long series are
 * read by their blocks and not by their rows. Made as rows are appended, in the same transaction.
 *
 * A block covers the steps after the block before it, up to its own last step, so every step up to
 * the last is covered by exactly one, and a late row has its place too.
 *
 * Full blocks are written a group at a time, to the end of one table for all series: one by one, or
 * in the order of series, they make each commit change a page or more a series. Until then the
 * group stands in the row of the series, which changes anyway.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "store/sql.h"

/* Rows that fill a block, which may get late ones later, and blocks that fill a group. A reduced
 * read costs the groups of the range, and the rows of about one block a bucket; the database grows
 * by 3 bytes a row. */
enum { BLOCK_ROWS = 16, GROUP_BLOCKS = 16 };

/* In the database as in memory, in the byte order of the machine. */
struct block {
    int64_t first_step, last_step; /* of its rows */
    double low, high;              /* of the finite values; NaN: there is none */
    double last;                   /* value of the last row */
    int64_t wall_ms;               /* likewise */
};

struct group {
    int count;
    struct block blocks[GROUP_BLOCKS]; /* by step */
};

/* Takes a row before the last step of the group into the block that covers it. */
void group_insert(struct group *group, int64_t step, double value);

/* As a parameter, until the statement has run; and as a column: -1 where it is not one. */
void put_group(struct statement *statement, const struct group *group);
int row_group(struct statement *statement, int column, struct group *group, struct error *err);

/* A full group of the series; on the writer thread. */
int blocks_add(struct sql *db, int64_t run, uint32_t name, const struct group *group,
               struct error *err);
/* Takes a late row into the block that covers its step. 1: done; 0: no written one does; -1:
 * failed. */
int blocks_insert(struct sql *db, int64_t run, uint32_t name, int64_t step, double value,
                  struct error *err);

/* The groups that end at first_step or later, in order: the statement for blocks_next(). */
struct statement *blocks_read(struct sql *db, int64_t run, uint32_t name, int64_t first_step);
/* As statement_next(). */
int blocks_next(struct statement *read, struct group *group, struct error *err);

#endif
