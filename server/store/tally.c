#include "store/tally.h"

#include "store/blocks.h"

#include <math.h>

int tally_read(struct sql *db, int64_t run, uint32_t name, struct tally *tally, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT count, last_step, first, last, best_low, best_high, open_count,"
                          " open_step, open_low, open_high FROM series"
                          " WHERE run_id = ? AND name_id = ?");
    put_integer(read, run);
    put_integer(read, name);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    const double none = (double)NAN;
    *tally = (struct tally){0, INT64_MIN, none, none, none, none, {0, 0, none, none}};
    if (found) {
        *tally = (struct tally){
            row_integer(read, 0),
            row_integer(read, 1),
            row_real(read, 2),
            row_real(read, 3),
            row_real(read, 4),
            row_real(read, 5),
            {row_integer(read, 6), row_integer(read, 7), row_real(read, 8), row_real(read, 9)}};
        statement_reset(read);
    }
    return 0;
}

int tally_write(struct sql *db, int64_t run, uint32_t name, const struct tally *tally,
                struct error *err)
{
    struct statement *write = sql_statement(
        db, "INSERT OR REPLACE INTO series (run_id, name_id, count, last_step, first, last,"
            " best_low, best_high, open_count, open_step, open_low, open_high)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put_integer(write, run);
    put_integer(write, name);
    put_integer(write, tally->count);
    put_integer(write, tally->last_step);
    put_real(write, tally->first);
    put_real(write, tally->last);
    put_real(write, tally->low);
    put_real(write, tally->high);
    put_integer(write, tally->open.count);
    put_integer(write, tally->open.first_step);
    put_real(write, tally->open.low);
    put_real(write, tally->open.high);
    return statement_run(write, err);
}

/* fmin() and fmax() pass over a NaN, so that a diverged value spoils no best one. */
static void count_open(struct tally *tally, const struct metric_row *row)
{
    if (tally->open.count == 0 || row->step < tally->open.first_step)
        tally->open.first_step = row->step;
    tally->open.low = fmin(tally->open.low, row->value);
    tally->open.high = fmax(tally->open.high, row->value);
    tally->open.count++;
}

static void count_row(struct tally *tally, const struct metric_row *row)
{
    tally->low = fmin(tally->low, row->value);
    tally->high = fmax(tally->high, row->value);
    tally->count++;
}

static int close_block(struct sql *db, int64_t run, uint32_t name, struct tally *tally,
                       int64_t wall_ms, struct error *err)
{
    const struct block block = {tally->open.first_step, tally->last_step, tally->open.low,
                                tally->open.high,       tally->last,      wall_ms};
    tally->open.count = 0;
    tally->open.low = (double)NAN;
    tally->open.high = (double)NAN;
    return block_add(db, run, name, &block, err);
}

int tally_append(struct sql *db, int64_t run, struct tally *tally, const struct metric_row *row,
                 int64_t wall_ms, struct error *err)
{
    if (tally->count == 0)
        tally->first = row->value;
    tally->last_step = row->step;
    tally->last = row->value;
    count_row(tally, row);
    count_open(tally, row);
    return tally->open.count < BLOCK_ROWS ? 0
                                          : close_block(db, run, row->name, tally, wall_ms, err);
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
    const int covered = block_widen(db, run, row->name, row->step, row->value, err);
    if (covered < 0)
        return -1;
    if (!covered)
        count_open(tally, row);
    count_row(tally, row);
    return read_first(db, run, row->name, tally, err);
}
