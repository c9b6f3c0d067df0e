#include "store/private.h"

#include "memory.h"
#include "store/tally.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct add_metrics {
    struct command command;
    int64_t run, wall_ms;
    int attempt, count;
    struct metric_row *rows;
    int mismatches;
    store_rows_added *done;
    void *context;
};

/* 1: the attempt is the run's present one; 0: it is an older one, and what it brings is dropped. */
static int check_attempt(struct sql *db, int64_t run, int attempt, struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT attempt FROM run WHERE id = ?");
    put_integer(read, run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no run %lld", (long long)run);
    const bool present = row_integer(read, 0) == attempt;
    statement_reset(read);
    return present;
}

/* --- rows ------------------------------------------------------------------------------------- */

static int insert_row(struct sql *db, const struct add_metrics *add, const struct metric_row *row,
                      struct error *err)
{
    struct statement *insert =
        sql_statement(db, "INSERT INTO metric (run_id, name_id, step, value, wall_ms)"
                          " VALUES (?, ?, ?, ?, ?)");
    put_integer(insert, add->run);
    put_integer(insert, row->name);
    put_integer(insert, row->step);
    put_real(insert, row->value);
    put_integer(insert, add->wall_ms);
    return statement_run(insert, err);
}

/* All values that are not finite are stored as the same NULL. */
static bool same_bits(double a, double b)
{
    if (!isfinite(a) || !isfinite(b))
        return !isfinite(a) && !isfinite(b);
    uint64_t one, other;
    memcpy(&one, &a, sizeof one);
    memcpy(&other, &b, sizeof other);
    return one == other;
}

static void compare_again(struct writer *writer, struct add_metrics *add,
                          const struct metric_row *row, double stored)
{
    const struct metric_name *name = names_entry(writer_names(writer), row->name);
    add->mismatches += name->repeats && !same_bits(row->value, stored);
}

/* A row at or before the last known step: sent again after a resume, or late. */
static int add_early_row(struct writer *writer, struct add_metrics *add,
                         const struct metric_row *row, struct tally *tally, struct error *err)
{
    struct sql *db = writer_db(writer);
    struct statement *read =
        sql_statement(db, "SELECT value FROM metric WHERE run_id = ? AND name_id = ? AND step = ?");
    put_integer(read, add->run);
    put_integer(read, row->name);
    put_integer(read, row->step);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (found) {
        const double stored = row_real(read, 0);
        statement_reset(read);
        compare_again(writer, add, row, stored);
        return 0;
    }
    return insert_row(db, add, row, err) < 0 ? -1 : tally_insert(db, add->run, tally, row, err);
}

static int add_row(struct writer *writer, struct add_metrics *add, const struct metric_row *row,
                   struct tally *tally, struct error *err)
{
    struct sql *db = writer_db(writer);
    if (tally->count > 0 && row->step <= tally->last_step)
        return add_early_row(writer, add, row, tally, err);
    if (insert_row(db, add, row, err) < 0)
        return -1;
    return tally_append(db, add->run, tally, row, add->wall_ms, err);
}

/* The rows of one name, in the order of their steps; answers how many there were. */
static int add_series(struct writer *writer, struct add_metrics *add, int at, struct error *err)
{
    struct sql *db = writer_db(writer);
    const struct metric_row *rows = add->rows;
    const uint32_t name = rows[at].name;
    struct tally tally;
    int end = at;

    if (writer_keep_name(writer, name, err) < 0 || tally_read(db, add->run, name, &tally, err) < 0)
        return -1;
    const int64_t before = tally.count;
    for (; end < add->count && rows[end].name == name; end++)
        if (add_row(writer, add, &rows[end], &tally, err) < 0)
            return -1;
    writer_counts(writer)->metric_rows += tally.count - before;
    if (tally.count > before && tally_write(db, add->run, name, &tally, err) < 0)
        return -1;
    return end - at;
}

/* For max_bytes of the team whose run it is. */
static int count_rows(struct sql *db, int64_t run, int64_t rows, struct error *err)
{
    if (rows == 0)
        return 0;
    struct statement *update = sql_statement(
        db, "UPDATE team SET metric_rows = metric_rows + ? WHERE id = (SELECT team_id FROM job"
            " WHERE id = (SELECT job_id FROM run WHERE id = ?))");
    put_integer(update, rows);
    put_integer(update, run);
    return statement_run(update, err);
}

static int count_mismatches(struct writer *writer, const struct add_metrics *add, struct error *err)
{
    if (add->mismatches == 0)
        return 0;
    struct statement *update = sql_statement(
        writer_db(writer), "UPDATE run SET resume_mismatches = resume_mismatches + ? WHERE id = ?");
    put_integer(update, add->mismatches);
    put_integer(update, add->run);
    writer_counts(writer)->mismatches += add->mismatches;
    return statement_run(update, err);
}

struct placed_row {
    struct metric_row row;
    int place;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed_row *one = a, *other = b;
    if (one->row.name != other->row.name)
        return one->row.name < other->row.name ? -1 : 1;
    if (one->row.step != other->row.step)
        return one->row.step < other->row.step ? -1 : 1;
    return one->place - other->place;
}

/* By name, then step, as the table has them; rows of the same step stay in the order they came.
 * Values become what the table can hold: one NULL for all that is not finite, one zero. */
static void sort_rows(struct metric_row *rows, int count)
{
    AUTO_FREE struct placed_row *placed = xcalloc((size_t)count, sizeof *placed);
    for (int i = 0; i < count; i++)
        placed[i] = (struct placed_row){rows[i], i};
    qsort(placed, (size_t)count, sizeof *placed, compare_placed);
    for (int i = 0; i < count; i++) {
        rows[i] = placed[i].row;
        if (!isfinite(rows[i].value))
            rows[i].value = (double)NAN;
        else if (fpclassify(rows[i].value) == FP_ZERO)
            rows[i].value = 0;
    }
}

static int add_metrics(struct writer *writer, struct command *command, struct error *err)
{
    struct add_metrics *add = (struct add_metrics *)command;
    sort_rows(add->rows, add->count);
    add->mismatches = 0;
    const int present = check_attempt(writer_db(writer), add->run, add->attempt, err);
    if (present <= 0) {
        writer_counts(writer)->stale_rows += present == 0 ? add->count : 0;
        return present;
    }
    const int64_t before = writer_counts(writer)->metric_rows;
    for (int at = 0; at < add->count;) {
        const int added = add_series(writer, add, at, err);
        if (added < 0)
            return -1;
        at += added;
    }
    if (count_rows(writer_db(writer), add->run, writer_counts(writer)->metric_rows - before, err) <
        0)
        return -1;
    return count_mismatches(writer, add, err);
}

static void tell_rows(struct command *command, const struct error *err)
{
    const struct add_metrics *add = (struct add_metrics *)command;
    if (add->done)
        add->done(add->context, add->mismatches, err);
}

static void release_rows(struct command *command)
{
    free(((struct add_metrics *)command)->rows);
}

void store_add_metrics(struct store *store, int64_t run, int attempt, int64_t wall_ms,
                       struct metric_row *rows, int count, store_rows_added *done, void *context)
{
    struct add_metrics *add = xcalloc(1, sizeof *add);
    *add = (struct add_metrics){
        .command = {.work = add_metrics, .tell = tell_rows, .release = release_rows, .rows = count},
        .run = run,
        .wall_ms = wall_ms,
        .attempt = attempt,
        .count = count,
        .rows = rows,
        .done = done,
        .context = context,
    };
    store_send(store, &add->command);
}

/* --- the log ---------------------------------------------------------------------------------- */

struct add_log {
    struct command command;
    int64_t run, now_ms;
    int attempt;
    char *text;
    store_done *done;
    void *context;
};

static int add_log(struct writer *writer, struct command *command, struct error *err)
{
    const struct add_log *add = (struct add_log *)command;
    struct sql *db = writer_db(writer);
    const int present = check_attempt(db, add->run, add->attempt, err);
    if (present <= 0)
        return present;
    struct statement *insert =
        sql_statement(db, "INSERT INTO log (run_id, attempt, wall_ms, text) VALUES (?, ?, ?, ?)");
    put_integer(insert, add->run);
    put_integer(insert, add->attempt);
    put_integer(insert, add->now_ms);
    put_text(insert, add->text);
    return statement_run(insert, err);
}

static void tell_logged(struct command *command, const struct error *err)
{
    const struct add_log *add = (struct add_log *)command;
    if (add->done)
        add->done(add->context, err);
}

static void release_log(struct command *command)
{
    free(((struct add_log *)command)->text);
}

void store_add_log(struct store *store, int64_t run, int attempt, const char *text, int64_t now_ms,
                   store_done *done, void *context)
{
    struct add_log *add = xcalloc(1, sizeof *add);
    *add = (struct add_log){
        .command = {.work = add_log, .tell = tell_logged, .release = release_log, .rows = 1},
        .run = run,
        .now_ms = now_ms,
        .attempt = attempt,
        .text = xstrdup(text),
        .done = done,
        .context = context,
    };
    store_send(store, &add->command);
}
