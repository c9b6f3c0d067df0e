#include "store/blocks.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(sizeof(struct block) == 48, "blocks are stored without padding");

/* --- in memory -------------------------------------------------------------------------------- */

/* fmin() and fmax() pass over NaN. The row is not the block's last: a row of that step is there. */
void group_insert(struct group *group, int64_t step, double value)
{
    int at = 0;
    while (at + 1 < group->count && group->blocks[at].last_step < step)
        at++;
    struct block *block = &group->blocks[at];
    if (step < block->first_step)
        block->first_step = step;
    block->low = fmin(block->low, value);
    block->high = fmax(block->high, value);
}

void put_group(struct statement *statement, const struct group *group)
{
    put_bytes(statement, group->blocks, (size_t)group->count * sizeof *group->blocks);
}

int row_group(struct statement *statement, int column, struct group *group, struct error *err)
{
    size_t bytes;
    const void *data = row_bytes(statement, column, &bytes);
    if (bytes > sizeof group->blocks || bytes % sizeof *group->blocks != 0) {
        statement_reset(statement);
        return error_of(err, ERROR_INTERNAL, "the database has a bad group of blocks");
    }
    if (bytes > 0)
        memcpy(group->blocks, data, bytes);
    group->count = (int)(bytes / sizeof *group->blocks);
    return 0;
}

/* --- in the database -------------------------------------------------------------------------- */

int blocks_add(struct sql *db, int64_t run, uint32_t name, const struct group *group,
               struct error *err)
{
    struct statement *insert = sql_statement(
        db, "INSERT INTO metric_blocks (run_id, name_id, last_step, blocks) VALUES (?, ?, ?, ?)");
    put_integer(insert, run);
    put_integer(insert, name);
    put_integer(insert, group->blocks[group->count - 1].last_step);
    put_group(insert, group);
    return statement_run(insert, err);
}

static int rewrite(struct sql *db, int64_t run, uint32_t name, const struct group *group,
                   struct error *err)
{
    struct statement *update = sql_statement(
        db,
        "UPDATE metric_blocks SET blocks = ? WHERE run_id = ? AND name_id = ? AND last_step = ?");
    put_group(update, group);
    put_integer(update, run);
    put_integer(update, name);
    put_integer(update, group->blocks[group->count - 1].last_step);
    return statement_run(update, err);
}

int blocks_insert(struct sql *db, int64_t run, uint32_t name, int64_t step, double value,
                  struct error *err)
{
    struct statement *read = blocks_read(db, run, name, step);
    struct group group = {0};
    const int found = blocks_next(read, &group, err);
    if (found <= 0)
        return found;
    statement_reset(read);
    group_insert(&group, step, value);
    return rewrite(db, run, name, &group, err) < 0 ? -1 : 1;
}

struct statement *blocks_read(struct sql *db, int64_t run, uint32_t name, int64_t first_step)
{
    struct statement *read = sql_statement(
        db, "SELECT blocks FROM metric_blocks"
            " WHERE run_id = ? AND name_id = ? AND last_step >= ? ORDER BY last_step");
    put_integer(read, run);
    put_integer(read, name);
    put_integer(read, first_step);
    return read;
}

int blocks_next(struct statement *read, struct group *group, struct error *err)
{
    const int got = statement_next(read, err);
    if (got <= 0)
        return got;
    if (row_group(read, 0, group, err) < 0)
        return -1;
    if (group->count > 0)
        return 1;
    statement_reset(read);
    return error_of(err, ERROR_INTERNAL, "the database has an empty group of blocks");
}
