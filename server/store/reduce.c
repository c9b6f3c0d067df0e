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
    uint64_t bucket;  /* of the last entry */
    int64_t from;     /* all steps before are laid; where not at_end */
    bool passed_over; /* a block since `from` */
    bool at_end;      /* of the span */
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

/* Between blocks there are no rows, so rows are read only where a block was passed over, all such
 * in a row at once. */
static int lay_block(struct filling *filling, const struct block *block, struct error *err)
{
    if (block->first_step < filling->from ||
        bucket_of(filling, block->first_step) != bucket_of(filling, block->last_step)) {
        filling->passed_over = true;
        return 0;
    }
    if (filling->passed_over && lay_rows(filling, filling->from, block->first_step - 1, err) < 0)
        return -1;
    lay(filling, block);
    filling->passed_over = false;
    filling->at_end = block->last_step == filling->span->last_step;
    if (!filling->at_end)
        filling->from = block->last_step + 1;
    return 0;
}

static int lay_group(struct filling *filling, const struct group *group, struct error *err)
{
    for (int i = 0; i < group->count && !filling->at_end; i++) {
        const struct block *block = &group->blocks[i];
        if (block->last_step >= filling->from && block->last_step <= filling->span->last_step &&
            lay_block(filling, block, err) < 0)
            return -1;
    }
    return 0;
}

/* What the written groups do not cover, at most a group and its late rows, is read as rows. */
static int lay_blocks(struct filling *filling, struct error *err)
{
    const struct span *span = filling->span;
    struct statement *read = blocks_read(filling->db, span->run, span->name, span->first_step);
    struct group group;
    int got;
    while ((got = blocks_next(read, &group, err)) > 0) {
        if (filling->at_end || group.blocks[0].first_step > span->last_step)
            break;
        if (lay_group(filling, &group, err) < 0) {
            statement_reset(read);
            return -1;
        }
    }
    if (got < 0)
        return -1;
    statement_reset(read);
    return filling->at_end ? 0 : lay_rows(filling, filling->from, span->last_step, err);
}

int reduce_series(struct sql *db, const struct span *span, const struct grid *grid,
                  struct series *series, struct error *err)
{
    struct filling filling = {
        .db = db, .span = span, .grid = grid, .series = series, .from = span->first_step};
    return series->reduced ? lay_blocks(&filling, err)
                           : lay_rows(&filling, span->first_step, span->last_step, err);
}
