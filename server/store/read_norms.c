#include "store/private.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* A run of more rows than this is read in buckets: its schedule is smoother than that anyway. */
enum { MEAN_ROWS_MAX = 1000000 };

/* --- means over runs -------------------------------------------------------------------------- */

struct mean {
    int64_t step;
    double sum;
    int count;
};

struct means {
    struct mean *list; /* by rising step */
    size_t count;
};

/* One more run's rows, merged in by their steps. */
static void add_series(struct means *means, const struct series *series)
{
    struct mean *list = xcalloc(means->count + (size_t)series->count + 1, sizeof *list);
    size_t from = 0, used = 0;

    for (int i = 0; i < series->count; i++) {
        if (!isfinite(series->value[i]))
            continue;
        while (from < means->count && means->list[from].step < series->step[i])
            list[used++] = means->list[from++];
        struct mean mean = {.step = series->step[i]};
        if (from < means->count && means->list[from].step == series->step[i])
            mean = means->list[from++];
        mean.sum += series->value[i];
        mean.count++;
        list[used++] = mean;
    }
    while (from < means->count)
        list[used++] = means->list[from++];
    free(means->list);
    *means = (struct means){list, used};
}

static int add_run(struct reader *reader, int64_t run, const char *name, struct means *means,
                   struct error *err)
{
    struct series *series = NULL;
    int count = 0;
    if (store_read_series(reader, run, name, 0, INT64_MAX, MEAN_ROWS_MAX, &series, &count, err) < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        add_series(means, &series[i]);
        series_release(&series[i]);
    }
    free(series);
    return 0;
}

int store_read_means(struct reader *reader, const int64_t *runs, int count, const char *name,
                     double **out, size_t *out_count, struct error *err)
{
    struct means means = {0};
    for (int i = 0; i < count; i++) {
        if (add_run(reader, runs[i], name, &means, err) < 0) {
            free(means.list);
            return -1;
        }
    }
    *out_count = means.count;
    *out = means.count ? xcalloc(means.count, sizeof **out) : NULL;
    for (size_t i = 0; i < means.count; i++)
        (*out)[i] = means.list[i].sum / means.list[i].count;
    free(means.list);
    return 0;
}

/* --- specifications ----------------------------------------------------------------------------
 */

static int read_variant(struct sql *db, int64_t variant, char **out_spec, struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT spec FROM variant WHERE id = ?");
    put_integer(read, variant);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no variant %lld", (long long)variant);
    *out_spec = xstrdup(row_text(read, 0));
    statement_reset(read);
    return 0;
}

int store_read_variant(struct reader *reader, int64_t variant, char **out_spec, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = read_variant(db, variant, out_spec, err);
    reader_end(reader);
    return got;
}

/* The point of the grid that an arm reports on comes behind its first one, and so counts. */
static int read_refined(struct sql *db, int64_t job, json_t *schedules, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT arm, json_extract(spec, '$.schedule') FROM variant WHERE job_id = ?1"
            " AND arm >= 0 AND (point = 0 OR id IN (SELECT variant_id FROM run WHERE job_id = ?1"
            "   AND phase = 'report' AND variant_id IS NOT NULL))"
            " AND json_extract(spec, '$.schedule.type') = 'refined' ORDER BY arm, point");
    put_integer(read, job);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        char arm[24];
        snprintf(arm, sizeof arm, "%lld", (long long)row_integer(read, 0));
        json_object_set_new(schedules, arm, row_document(read, 1));
    }
    return got;
}

int store_read_refined(struct reader *reader, int64_t job, json_t **out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *schedules = json_object();
    const int got = read_refined(db, job, schedules, err);
    reader_end(reader);
    if (got < 0)
        json_decref(schedules);
    else
        *out = schedules;
    return got;
}
