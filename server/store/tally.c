#include "store/tally.h"

#include <math.h>

int tally_read(struct sql *db, int64_t run, uint32_t name, struct tally *tally, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT count, last_step, first, last, best_low, best_high, open_rows,"
                          " open_blocks FROM series WHERE run_id = ? AND name_id = ?");
    put_integer(read, run);
    put_integer(read, name);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    const double none = (double)NAN;
    *tally = (struct tally){0, 0, none, none, none, none, 0, {0}};
    if (found) {
        tally->count = row_integer(read, 0);
        tally->last_step = row_integer(read, 1);
        tally->first = row_real(read, 2);
        tally->last = row_real(read, 3);
        tally->low = row_real(read, 4);
        tally->high = row_real(read, 5);
        tally->open_rows = row_integer(read, 6);
        if (row_group(read, 7, &tally->open, err) < 0)
            return -1;
        statement_reset(read);
    }
    return 0;
}

int tally_write(struct sql *db, int64_t run, uint32_t name, const struct tally *tally,
                struct error *err)
{
    struct statement *write = sql_statement(
        db, "INSERT OR REPLACE INTO series (run_id, name_id, count, last_step, first, last,"
            " best_low, best_high, open_rows, open_blocks)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put_integer(write, run);
    put_integer(write, name);
    put_integer(write, tally->count);
    put_integer(write, tally->last_step);
    put_real(write, tally->first);
    put_real(write, tally->last);
    put_real(write, tally->low);
    put_real(write, tally->high);
    put_integer(write, tally->open_rows);
    put_group(write, &tally->open);
    return statement_run(write, err);
}

/* fmin() and fmax() pass over a NaN, so that a diverged value spoils no best one. */
static void count_row(struct tally *tally, const struct metric_row *row)
{
    tally->low = fmin(tally->low, row->value);
    tally->high = fmax(tally->high, row->value);
    tally->count++;
}

static int begin_block(struct sql *db, int64_t run, struct tally *tally,
                       const struct metric_row *row, struct error *err)
{
    struct group *open = &tally->open;
    if (open->count == GROUP_BLOCKS) {
        if (blocks_add(db, run, row->name, open, err) < 0)
            return -1;
        open->count = 0;
    }
    const double none = (double)NAN;
    open->blocks[open->count++] =
        (struct block){.first_step = row->step, .low = none, .high = none};
    tally->open_rows = 0;
    return 0;
}

static void extend_block(struct tally *tally, const struct metric_row *row, int64_t wall_ms)
{
    struct block *block = &tally->open.blocks[tally->open.count - 1];
    block->last_step = row->step;
    block->low = fmin(block->low, row->value);
    block->high = fmax(block->high, row->value);
    block->last = row->value;
    block->wall_ms = wall_ms;
    tally->open_rows++;
}

int tally_append(struct sql *db, int64_t run, struct tally *tally, const struct metric_row *row,
                 int64_t wall_ms, struct error *err)
{
    if (tally->count == 0)
        tally->first = row->value;
    tally->last_step = row->step;
    tally->last = row->value;
    count_row(tally, row);
    if ((tally->open.count == 0 || tally->open_rows == BLOCK_ROWS) &&
        begin_block(db, run, tally, row, err) < 0)
        return -1;
    extend_block(tally, row, wall_ms);
    return 0;
}

/* The first value of a series that got a row in front of or between others. */
static int read_first(struct sql *db, int64_t run, uint32_t name, struct tally *tally,
                      struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT value FROM metric WHERE run_id = ? AND name_id = ? ORDER BY step LIMIT 1");
    put_integer(read, run);
    put_integer(read, name);
    if (statement_next(read, err) <= 0)
        return -1;
    tally->first = row_real(read, 0);
    statement_reset(read);
    return 0;
}

int tally_insert(struct sql *db, int64_t run, struct tally *tally, const struct metric_row *row,
                 struct error *err)
{
    const int covered = blocks_insert(db, run, row->name, row->step, row->value, err);
    if (covered < 0)
        return -1;
    if (!covered)
        group_insert(&tally->open, row->step, row->value);
    count_row(tally, row);
    return read_first(db, run, row->name, tally, err);
}
