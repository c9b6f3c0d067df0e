#include "store/blocks.h"

int block_add(struct sql *db, int64_t run, uint32_t name, const struct block *block,
              struct error *err)
{
    struct statement *insert = sql_statement(
        db, "INSERT INTO metric_block (run_id, name_id, last_step, first_step, low, high, last,"
            " last_wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    put_integer(insert, run);
    put_integer(insert, name);
    put_integer(insert, block->last_step);
    put_integer(insert, block->first_step);
    put_real(insert, block->low);
    put_real(insert, block->high);
    put_real(insert, block->last);
    put_integer(insert, block->wall_ms);
    return statement_run(insert, err);
}

/* 1: some block covers the step; its last step. */
static int find_cover(struct sql *db, int64_t run, uint32_t name, int64_t step, int64_t *last_step,
                      struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT last_step FROM metric_block WHERE run_id = ? AND name_id = ?"
                          " AND last_step >= ? ORDER BY last_step LIMIT 1");
    put_integer(read, run);
    put_integer(read, name);
    put_integer(read, step);
    const int found = statement_next(read, err);
    if (found > 0) {
        *last_step = row_integer(read, 0);
        statement_reset(read);
    }
    return found;
}

int block_widen(struct sql *db, int64_t run, uint32_t name, int64_t step, double value,
                struct error *err)
{
    int64_t last_step;
    const int found = find_cover(db, run, name, step, &last_step, err);
    if (found <= 0)
        return found;
    /* min() and max() of a NULL are NULL: then what is there stays, or else comes in. */
    struct statement *widen =
        sql_statement(db, "UPDATE metric_block SET first_step = min(first_step, ?1),"
                          " low = coalesce(min(low, ?2), low, ?2),"
                          " high = coalesce(max(high, ?2), high, ?2)"
                          " WHERE run_id = ?3 AND name_id = ?4 AND last_step = ?5");
    put_integer(widen, step);
    put_real(widen, value);
    put_integer(widen, run);
    put_integer(widen, name);
    put_integer(widen, last_step);
    return statement_run(widen, err) < 0 ? -1 : 1;
}

struct statement *blocks_read(struct sql *db, int64_t run, uint32_t name, int64_t first_step,
                              int64_t last_step)
{
    struct statement *read = sql_statement(
        db, "SELECT first_step, last_step, low, high, last, last_wall_ms FROM metric_block"
            " WHERE run_id = ? AND name_id = ? AND last_step BETWEEN ? AND ?");
    put_integer(read, run);
    put_integer(read, name);
    put_integer(read, first_step);
    put_integer(read, last_step);
    return read;
}

int block_next(struct statement *read, struct block *block, struct error *err)
{
    const int got = statement_next(read, err);
    if (got > 0)
        *block = (struct block){row_integer(read, 0), row_integer(read, 1), row_real(read, 2),
                                row_real(read, 3),    row_real(read, 4),    row_integer(read, 5)};
    return got;
}
