#include "store/private.h"

#include "memory.h"
#include "store/reduce.h"

#include <stdlib.h>
#include <string.h>

/* Fewer points a run where a job has very many runs, so that an answer stays within 100 MB. */
enum { JOB_POINTS_MAX = 2000000, JOB_POINTS_LEAST = 20 };

/* A series that will be read. */
struct wanted {
    struct span span; /* of the rows within the range, which may be another run's */
    int64_t run;      /* that shows them */
    char text[64];
    int64_t count; /* of those; exact up to the limit */
};

struct wanted_list {
    struct wanted *list;
    int count;
};

static struct wanted *want(struct wanted_list *wanted)
{
    if ((wanted->count & (wanted->count - 1)) == 0) /* grows by doubling */
        wanted->list = xrealloc(wanted->list, 2 * (size_t)wanted->count + 1, sizeof *wanted->list);
    struct wanted *one = &wanted->list[wanted->count++];
    memset(one, 0, sizeof *one);
    return one;
}

static void take_name(struct wanted *wanted, const char *text)
{
    strncpy(wanted->text, text, sizeof wanted->text - 1);
}

/* --- the range -------------------------------------------------------------------------------- */

/* Counts the rows from first_step to last_step, as far as `most` and one more, and finds the first
 * and last of them. */
static int measure_range(struct sql *db, struct wanted *wanted, int64_t first_step,
                         int64_t last_step, int64_t most, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT (SELECT count(*) FROM (SELECT 1 FROM metric WHERE run_id = ?1 AND name_id = ?2"
            "   AND step BETWEEN ?3 AND ?4 LIMIT ?5)),"
            " (SELECT min(step) FROM metric WHERE run_id = ?1 AND name_id = ?2 AND step >= ?3),"
            " (SELECT max(step) FROM metric WHERE run_id = ?1 AND name_id = ?2 AND step <= ?4)");
    put_integer(read, wanted->span.run);
    put_integer(read, wanted->span.name);
    put_integer(read, first_step);
    put_integer(read, last_step);
    put_integer(read, most + 1);
    if (statement_next(read, err) < 0)
        return -1;
    wanted->count = row_integer(read, 0);
    wanted->span.first_step = row_integer(read, 1);
    wanted->span.last_step = row_integer(read, 2);
    statement_reset(read);
    return 0;
}

static struct grid make_grid(const struct wanted_list *wanted, int points)
{
    bool longer = false;
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (int i = 0; i < wanted->count; i++) {
        const struct wanted *one = &wanted->list[i];
        if (one->count == 0)
            continue;
        longer |= points > 0 && one->count > points;
        low = one->span.first_step < low ? one->span.first_step : low;
        high = one->span.last_step > high ? one->span.last_step : high;
    }
    if (!longer)
        return (struct grid){0, 0};
    return (struct grid){low, ((uint64_t)high - (uint64_t)low) / (uint64_t)points + 1};
}

/* --- together -------------------------------------------------------------------------------- */

void series_release(struct series *series)
{
    free(series->step);
    free(series->value);
    free(series->low);
    free(series->high);
    free(series->wall_ms);
    memset(series, 0, sizeof *series);
}

/* `alike`: all on the grid where one is, so that they can be laid over each other. */
static int read_all(struct sql *db, const struct wanted_list *wanted, int points, bool alike,
                    struct series **out, struct error *err)
{
    const struct grid grid = make_grid(wanted, points);
    struct series *list = xcalloc((size_t)wanted->count, sizeof *list);
    for (int i = 0; i < wanted->count; i++) {
        memcpy(list[i].name, wanted->list[i].text, sizeof list[i].name);
        list[i].run = wanted->list[i].run;
        list[i].rows = wanted->list[i].count;
        list[i].reduced = grid.width > 0 && (alike || wanted->list[i].count > points);
        if (wanted->list[i].count > 0 &&
            reduce_series(db, &wanted->list[i].span, &grid, &list[i], err) < 0) {
            while (i >= 0)
                series_release(&list[i--]);
            free(list);
            return -1;
        }
    }
    *out = list;
    return 0;
}

/* --- of a run --------------------------------------------------------------------------------- */

static int check_run(struct sql *db, int64_t run, struct error *err)
{
    struct statement *find = sql_statement(db, "SELECT 1 FROM run WHERE id = ?");
    put_integer(find, run);
    const int found = statement_next(find, err);
    statement_reset(find);
    if (found == 0)
        return error_of(err, ERROR_NOT_FOUND, "there is no run %lld", (long long)run);
    return found < 0 ? -1 : 0;
}

/* The run's series of that name, or of all names, in the order of names. */
static int list_wanted(struct sql *db, int64_t run, const char *name, struct wanted_list *wanted,
                       struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT name_id, name, count, last_step, run_id FROM series"
                          " JOIN metric_name ON metric_name.id = series.name_id WHERE run_id ="
                          " (SELECT " RUN_ROWS " FROM run WHERE run.id = ?1)"
                          " AND (?2 IS NULL OR name = ?2) ORDER BY name");
    put_integer(read, run);
    put_text(read, name);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        struct wanted *one = want(wanted);
        one->run = run;
        one->span.run = row_integer(read, 4);
        one->span.name = (uint32_t)row_integer(read, 0);
        take_name(one, row_text(read, 1));
        one->count = row_integer(read, 2);
        one->span.last_step = row_integer(read, 3);
    }
    return got;
}

static int read_run(struct sql *db, int64_t run, const char *name, int64_t first_step,
                    int64_t last_step, int points, struct wanted_list *wanted, struct series **out,
                    struct error *err)
{
    if (check_run(db, run, err) < 0 || list_wanted(db, run, name, wanted, err) < 0)
        return -1;
    for (int i = 0; i < wanted->count; i++)
        if (measure_range(db, &wanted->list[i], first_step, last_step,
                          points > 0 ? points : INT32_MAX, err) < 0)
            return -1;
    return read_all(db, wanted, points, false, out, err);
}

int store_read_series(struct reader *reader, int64_t run, const char *name, int64_t first_step,
                      int64_t last_step, int points, struct series **out, int *out_count,
                      struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    struct wanted_list wanted = {0};
    const int got = read_run(db, run, name, first_step, last_step, points, &wanted, out, err);
    reader_end(reader);
    *out_count = got < 0 ? 0 : wanted.count;
    free(wanted.list);
    return got;
}

/* --- of a job --------------------------------------------------------------------------------- */

static int check_job(struct sql *db, int64_t job, struct error *err)
{
    struct statement *find = sql_statement(db, "SELECT 1 FROM job WHERE id = ?");
    put_integer(find, job);
    const int found = statement_next(find, err);
    statement_reset(find);
    if (found == 0)
        return error_of(err, ERROR_NOT_FOUND, "there is no job %lld", (long long)job);
    return found < 0 ? -1 : 0;
}

static int list_job_wanted(struct sql *db, int64_t job, const char *name, int phase,
                           struct wanted_list *wanted, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT run.id, series.name_id, series.count, series.last_step,"
            " (SELECT min(step) FROM metric WHERE run_id = series.run_id"
            "   AND name_id = series.name_id), series.run_id"
            " FROM run JOIN series ON series.run_id = " RUN_ROWS
            " AND series.name_id = (SELECT id FROM metric_name WHERE name = ?)"
            " WHERE run.job_id = ? AND run.phase = coalesce(?, run.phase) ORDER BY run.id");
    put_text(read, name);
    put_integer(read, job);
    put_text(read, phase < 0 ? NULL : run_phase_names[phase]);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        struct wanted *one = want(wanted);
        one->run = row_integer(read, 0);
        one->span.run = row_integer(read, 5);
        one->span.name = (uint32_t)row_integer(read, 1);
        take_name(one, name);
        one->count = row_integer(read, 2);
        one->span.last_step = row_integer(read, 3);
        one->span.first_step = row_integer(read, 4);
    }
    return got;
}

static int read_job(struct sql *db, int64_t job, const char *name, int phase, int points,
                    struct wanted_list *wanted, struct series **out, struct error *err)
{
    if (check_job(db, job, err) < 0 || list_job_wanted(db, job, name, phase, wanted, err) < 0)
        return -1;
    const int most = wanted->count > 0 ? JOB_POINTS_MAX / wanted->count : JOB_POINTS_MAX;
    if (points <= 0 || points > most)
        points = most > JOB_POINTS_LEAST ? most : JOB_POINTS_LEAST;
    return read_all(db, wanted, points, true, out, err);
}

int store_read_job_series(struct reader *reader, int64_t job, const char *name, int phase,
                          int points, struct series **out, int *out_count, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    struct wanted_list wanted = {0};
    const int got = read_job(db, job, name, phase, points, &wanted, out, err);
    reader_end(reader);
    *out_count = got < 0 ? 0 : wanted.count;
    free(wanted.list);
    return got;
}

/* Appends; the list grows by doubling. */
static void take_last(struct statement *row, struct last_value **list, int *count)
{
    if ((*count & (*count - 1)) == 0)
        *list = xrealloc(*list, 2 * (size_t)*count + 1, sizeof **list);
    (*list)[(*count)++] = (struct last_value){row_integer(row, 0), row_real(row, 1)};
}

int store_read_job_last(struct reader *reader, int64_t job, const char *name, int phase,
                        struct last_value **out, int *out_count, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    struct statement *read = sql_statement(
        db, "SELECT run.id, series.last FROM run JOIN series ON series.run_id = " RUN_ROWS
            " AND series.name_id = (SELECT id FROM metric_name WHERE name = ?)"
            " WHERE run.job_id = ? AND run.phase = coalesce(?, run.phase) ORDER BY run.id");
    put_text(read, name);
    put_integer(read, job);
    put_text(read, phase < 0 ? NULL : run_phase_names[phase]);
    *out = NULL;
    *out_count = 0;
    int got;
    while ((got = statement_next(read, err)) > 0)
        take_last(read, out, out_count);
    reader_end(reader);
    return got;
}

/* --- every row -------------------------------------------------------------------------------- */

enum { CHUNK_ROWS = 4096 };

struct raw_row {
    int64_t step, wall_ms;
    double value;
};

/* The next rows of a series; how many, less than CHUNK_ROWS where there are no more. */
static int read_chunk(struct reader *reader, const struct wanted *wanted, int64_t from,
                      struct raw_row *rows, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    struct statement *read =
        sql_statement(db, "SELECT step, value, wall_ms FROM metric WHERE run_id = ?"
                          " AND name_id = ? AND step >= ? ORDER BY step LIMIT ?");
    put_integer(read, wanted->span.run);
    put_integer(read, wanted->span.name);
    put_integer(read, from);
    put_integer(read, CHUNK_ROWS);
    int count = 0;
    int got;
    while ((got = statement_next(read, err)) > 0)
        rows[count++] =
            (struct raw_row){row_integer(read, 0), row_integer(read, 2), row_real(read, 1)};
    reader_end(reader);
    return got < 0 ? -1 : count;
}

/* 1: all given; 0: the receiver has enough; -1: failed. The receiver may be slow, and the log could
 * not start over behind an open read, so none is open while it is called. */
static int give_series(struct reader *reader, const struct wanted *wanted, struct raw_row *rows,
                       int (*row)(void *, const char *, int64_t, double, int64_t), void *context,
                       struct error *err)
{
    int64_t from = INT64_MIN;
    int count;
    do {
        count = read_chunk(reader, wanted, from, rows, err);
        if (count < 0)
            return -1;
        for (int i = 0; i < count; i++)
            if (row(context, wanted->text, rows[i].step, rows[i].value, rows[i].wall_ms) != 0)
                return 0;
        from = count > 0 ? rows[count - 1].step : INT64_MAX;
    } while (count == CHUNK_ROWS && from++ < INT64_MAX);
    return 1;
}

int store_each_row(struct reader *reader, int64_t run, const char *name,
                   int (*row)(void *context, const char *name, int64_t step, double value,
                              int64_t wall_ms),
                   void *context, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    struct wanted_list wanted = {0};
    int got = check_run(db, run, err);
    if (got == 0)
        got = list_wanted(db, run, name, &wanted, err);
    reader_end(reader);

    AUTO_FREE struct raw_row *rows = xcalloc(CHUNK_ROWS, sizeof *rows);
    int more = 1;
    for (int i = 0; got == 0 && more > 0 && i < wanted.count; i++)
        more = give_series(reader, &wanted.list[i], rows, row, context, err);
    free(wanted.list);
    return got < 0 || more < 0 ? -1 : 0;
}
