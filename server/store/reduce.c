#include "store/reduce.h"

#include "memory.h"
#include "store/blocks.h"

#include <math.h>

/* A series as it fills. */
struct filling {
    struct sql *db;
    const struct span *span;
    const struct grid *grid;
    struct series *series;
    uint64_t bucket; /* of the last entry */
};

/* --- entries ---------------------------------------------------------------------------------- */

static void grow(struct series *series, size_t capacity)
{
    series->step = xrealloc(series->step, capacity, sizeof *series->step);
    series->value = xrealloc(series->value, capacity, sizeof *series->value);
    series->wall_ms = xrealloc(series->wall_ms, capacity, sizeof *series->wall_ms);
    if (series->reduced) {
        series->low = xrealloc(series->low, capacity, sizeof *series->low);
        series->high = xrealloc(series->high, capacity, sizeof *series->high);
    }
}

static void begin_entry(struct series *series, double low, double high)
{
    if ((series->count & (series->count - 1)) == 0) /* grows by doubling */
        grow(series, 2 * (size_t)series->count + 1);
    const int at = series->count++;
    if (series->reduced) {
        series->low[at] = low;
        series->high[at] = high;
    }
}

static uint64_t bucket_of(const struct filling *filling, int64_t step)
{
    const uint64_t offset = (uint64_t)step - (uint64_t)filling->grid->low;
    return filling->series->reduced ? offset / filling->grid->width : offset;
}

/* The block, or the row as a block of one. fmin() and fmax() pass over NaN. */
static void lay(struct filling *filling, const struct block *block)
{
    struct series *series = filling->series;
    const uint64_t bucket = bucket_of(filling, block->last_step);
    if (series->count == 0 || bucket != filling->bucket)
        begin_entry(series, block->low, block->high);
    filling->bucket = bucket;

    const int at = series->count - 1;
    series->step[at] = block->last_step;
    series->value[at] = block->last;
    series->wall_ms[at] = block->wall_ms;
    if (series->reduced) {
        series->low[at] = fmin(series->low[at], block->low);
        series->high[at] = fmax(series->high[at], block->high);
    }
}

/* --- rows and blocks -------------------------------------------------------------------------- */

static int lay_rows(struct filling *filling, int64_t first_step, int64_t last_step,
                    struct error *err)
{
    struct statement *read =
        sql_statement(filling->db, "SELECT step, value, wall_ms FROM metric WHERE run_id = ?"
                                   " AND name_id = ? AND step BETWEEN ? AND ?");
    put_integer(read, filling->span->run);
    put_integer(read, filling->span->name);
    put_integer(read, first_step);
    put_integer(read, last_step);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        const int64_t step = row_integer(read, 0);
        const double value = row_real(read, 1);
        lay(filling, &(struct block){step, step, value, value, value, row_integer(read, 2)});
    }
    return got;
}

/* Between blocks that stand for their rows there are none. So rows are read only where a block was
 * passed over, all such in a row at once, and at the end. */
static int lay_blocks(struct filling *filling, struct error *err)
{
    const struct span *span = filling->span;
    struct statement *read =
        blocks_read(filling->db, span->run, span->name, span->first_step, span->last_step);
    int64_t from = span->first_step; /* all before is laid */
    bool passed_over = false;
    struct block block;
    int got;
    while ((got = block_next(read, &block, err)) > 0) {
        if (block.first_step < from ||
            bucket_of(filling, block.first_step) != bucket_of(filling, block.last_step)) {
            passed_over = true;
            continue;
        }
        if (passed_over && lay_rows(filling, from, block.first_step - 1, err) < 0) {
            statement_reset(read);
            return -1;
        }
        lay(filling, &block);
        if (block.last_step == span->last_step) {
            statement_reset(read);
            return 0;
        }
        from = block.last_step + 1;
        passed_over = false;
    }
    return got < 0 ? -1 : lay_rows(filling, from, span->last_step, err);
}

int reduce_series(struct sql *db, const struct span *span, const struct grid *grid,
                  struct series *series, struct error *err)
{
    struct filling filling = {.db = db, .span = span, .grid = grid, .series = series};
    return series->reduced ? lay_blocks(&filling, err)
                           : lay_rows(&filling, span->first_step, span->last_step, err);
}
