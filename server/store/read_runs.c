#include "store/private.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define RUN_COLUMNS                                                                                \
    "run.id, run.job_id, run.number, run.arm, run.phase, run.seed, run.state, run.reason,"         \
    " run.message, run.attempt, run.objective, run.step, run.steps, run.queued_ms,"                \
    " run.started_ms, run.finished_ms, variant.tuned, run.reused_from"
#define RUN_TABLES " FROM run LEFT JOIN variant ON variant.id = run.variant_id"
enum { RUN_COLUMN_COUNT = 18 };

static json_t *run_json(struct statement *row, const json_t *arms)
{
    const int64_t arm = row_integer(row, 3);
    json_t *name = arm < 0 ? NULL : json_array_get(arms, (size_t)arm);
    json_t *run = json_pack("{so so so sO? so so so so so}", "id", row_json_integer(row, 0), "job",
                            row_json_integer(row, 1), "number", row_json_integer(row, 2), "arm",
                            name, "phase", row_json_text(row, 4), "seed", row_json_integer(row, 5),
                            "state", row_json_text(row, 6), "reason", row_json_text(row, 7),
                            "message", row_json_text(row, 8));
    if (!name)
        json_object_set_new(run, "arm", json_null());
    json_t *rest =
        json_pack("{so so so so so so so so so s{}}", "attempt", row_json_integer(row, 9),
                  "objective", row_json_real(row, 10), "step", row_json_integer(row, 11), "steps",
                  row_json_integer(row, 12), "reused_from", row_json_integer(row, 17), "queued_ms",
                  row_json_integer(row, 13), "started_ms", row_json_integer(row, 14), "finished_ms",
                  row_json_integer(row, 15), "tuned", row_document(row, 16), "metrics");
    json_object_update_missing_new(run, rest);
    return run;
}

/* While it runs, the last step with a metric is the last step that is known to be done. */
static void raise_step(json_t *run, int64_t step)
{
    if (step > json_integer_at(run, "step", -1))
        json_object_set_new(run, "step", json_integer(step));
}

/* --- a page of a job's runs ------------------------------------------------------------------- */

static int read_arms(struct sql *db, int64_t job, json_t **out_arms, struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT arms FROM job_text WHERE job_id = ?");
    put_integer(read, job);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no job %lld", (long long)job);
    *out_arms = row_document(read, 0);
    statement_reset(read);
    return 0;
}

/* What a search has not proposed yet is only a place: there is nothing to say of it. */
#define PROPOSED " AND (run.variant_id IS NOT NULL OR run.phase <> 'search')"

static struct statement *runs_statement(struct sql *db, int64_t job, const struct page *page)
{
    struct statement *list;
    if (page->state) {
        list = sql_statement(db, "SELECT " RUN_COLUMNS RUN_TABLES
                                 " WHERE run.job_id = ? AND run.state = ? AND run.id > ?" PROPOSED
                                 " ORDER BY run.id LIMIT ?");
    } else {
        list = sql_statement(db, "SELECT " RUN_COLUMNS RUN_TABLES
                                 " WHERE run.job_id = ? AND run.id > ?" PROPOSED
                                 " ORDER BY run.id LIMIT ?");
    }
    put_integer(list, job);
    if (page->state)
        put_text(list, page->state);
    put_integer(list, page->after);
    put_integer(list, page->limit + 1);
    return list;
}

static int list_runs(struct sql *db, int64_t job, const struct page *page, const json_t *arms,
                     json_t *runs, bool *more, struct error *err)
{
    struct statement *list = runs_statement(db, job, page);
    int got = 0;
    *more = false;
    while (!*more && (got = statement_next(list, err)) > 0) {
        *more = json_array_size(runs) == (size_t)page->limit;
        if (!*more)
            json_array_append_new(runs, run_json(list, arms));
    }
    statement_reset(list);
    return got < 0 ? -1 : 0;
}

static char *ids_text(const json_t *runs)
{
    json_auto_t *ids = json_array();
    for (size_t i = 0; i < json_array_size(runs); i++)
        json_array_append(ids, json_object_get(json_array_get(runs, i), "id"));
    return json_compact(ids);
}

/* The last values of the whole page by one statement. Both sides are in the order of ids. */
static int list_last_values(struct sql *db, json_t *runs, struct error *err)
{
    AUTO_FREE char *ids = ids_text(runs);
    struct statement *read =
        sql_statement(db, "SELECT run.id, metric_name.name, series.last, series.last_step"
                          " FROM json_each(?) AS id CROSS JOIN run ON run.id = id.value"
                          " CROSS JOIN series ON series.run_id = " RUN_ROWS
                          " CROSS JOIN metric_name ON metric_name.id = series.name_id"
                          " ORDER BY id.key, series.name_id");
    put_text(read, ids);
    size_t at = 0;
    int got;
    while ((got = statement_next(read, err)) > 0) {
        const int64_t id = row_integer(read, 0);
        json_t *run = json_array_get(runs, at);
        while (run && json_integer_at(run, "id", 0) != id)
            run = json_array_get(runs, ++at);
        json_object_set_new(json_object_get(run, "metrics"), row_text(read, 1),
                            row_json_real(read, 2));
        raise_step(run, row_integer(read, 3));
    }
    return got;
}

static int read_runs(struct sql *db, int64_t job, const struct page *page, json_t *runs, bool *more,
                     struct error *err)
{
    json_auto_t *arms = NULL;
    if (read_arms(db, job, &arms, err) < 0 || list_runs(db, job, page, arms, runs, more, err) < 0)
        return -1;
    return list_last_values(db, runs, err);
}

int store_read_runs(struct reader *reader, int64_t job, const struct page *page, json_t **out,
                    struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *runs = json_array();
    bool more;
    const int got = read_runs(db, job, page, runs, &more, err);
    reader_end(reader);
    if (got < 0) {
        json_decref(runs);
        return -1;
    }
    *out = page_json("runs", runs, more);
    return 0;
}

/* --- one run ---------------------------------------------------------------------------------- */

static void add_details(struct statement *row, json_t *run)
{
    enum {
        SPEC = RUN_COLUMN_COUNT,
        FINGERPRINT,
        CHECKPOINT_STEP,
        RESUMED_STEP,
        MISMATCHES,
        WORKER,
    };
    json_t *details = json_pack(
        "{so so so so so so}", "spec", row_document(row, SPEC), "fingerprint",
        row_document(row, FINGERPRINT), "checkpoint_step", row_json_integer(row, CHECKPOINT_STEP),
        "resumed_step", row_json_integer(row, RESUMED_STEP), "resume_mismatches",
        row_json_integer(row, MISMATCHES), "worker", row_json_text(row, WORKER));
    json_object_update_new(run, details);
}

static int list_series(struct sql *db, int64_t id, json_t *run, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT name, count, first, last, best_low, best_high, last_step FROM series"
            " JOIN metric_name ON metric_name.id = series.name_id"
            " WHERE run_id = (SELECT " RUN_ROWS " FROM run WHERE run.id = ?) ORDER BY name_id");
    put_integer(read, id);
    json_t *list = json_array();
    json_t *metrics = json_object_get(run, "metrics");
    int got;
    while ((got = statement_next(read, err)) > 0) {
        json_array_append_new(
            list, json_pack("{so so so so so so so}", "name", row_json_text(read, 0), "count",
                            row_json_integer(read, 1), "first", row_json_real(read, 2), "last",
                            row_json_real(read, 3), "best_low", row_json_real(read, 4), "best_high",
                            row_json_real(read, 5), "last_step", row_json_integer(read, 6)));
        json_object_set_new(metrics, row_text(read, 0), row_json_real(read, 3));
        raise_step(run, row_integer(read, 6));
    }
    json_object_set_new(run, "series", list);
    return got;
}

static int read_row(struct sql *db, int64_t run, json_t **out, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT " RUN_COLUMNS ", " RUN_SPEC ", run.fingerprint,"
            " run.checkpoint_step, run.resumed_step, run.resume_mismatches, run.worker" RUN_TABLES
            " WHERE run.id = ?");
    put_integer(read, run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no run %lld", (long long)run);
    json_auto_t *arms = NULL;
    if (read_arms(db, row_integer(read, 1), &arms, err) < 0) {
        statement_reset(read);
        return -1;
    }
    *out = run_json(read, arms);
    add_details(read, *out);
    statement_reset(read);
    return 0;
}

static int add_proposal(struct sql *db, int64_t id, json_t *run, struct error *err)
{
    json_t *proposal;
    if (strcmp(json_text_at(run, "phase", ""), run_phase_names[PHASE_SEARCH]) != 0)
        return 0;
    if (proposal_read(db, id, &proposal, err) < 0)
        return -1;
    json_object_set_new(run, "proposal", proposal);
    return 0;
}

int store_read_run(struct reader *reader, int64_t run, json_t **out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *object = NULL;
    int got = read_row(db, run, &object, err);
    if (got == 0)
        got = list_series(db, run, object, err);
    if (got == 0)
        got = add_proposal(db, run, object, err);
    reader_end(reader);
    if (got < 0)
        json_decref(object);
    else
        *out = object;
    return got;
}

/* --- its log ---------------------------------------------------------------------------------- */

static json_t *line_json(struct statement *row)
{
    return json_pack("{so so so so}", "id", row_json_integer(row, 0), "attempt",
                     row_json_integer(row, 1), "wall_ms", row_json_integer(row, 2), "text",
                     row_json_text(row, 3));
}

static int list_lines(struct sql *db, int64_t run, const struct page *page, json_t *lines,
                      bool *more, struct error *err)
{
    struct statement *list =
        sql_statement(db, "SELECT id, attempt, wall_ms, text FROM log WHERE run_id = ? AND id > ?"
                          " ORDER BY id LIMIT ?");
    put_integer(list, run);
    put_integer(list, page->after);
    put_integer(list, page->limit + 1);
    int got = 0;
    *more = false;
    while (!*more && (got = statement_next(list, err)) > 0) {
        *more = json_array_size(lines) == (size_t)page->limit;
        if (!*more)
            json_array_append_new(lines, line_json(list));
    }
    statement_reset(list);
    return got < 0 ? -1 : 0;
}

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

int store_read_log(struct reader *reader, int64_t run, const struct page *page, json_t **out,
                   struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *lines = json_array();
    bool more = false;
    int got = check_run(db, run, err);
    if (got == 0)
        got = list_lines(db, run, page, lines, &more, err);
    reader_end(reader);
    if (got < 0) {
        json_decref(lines);
        return -1;
    }
    *out = page_json("lines", lines, more);
    return 0;
}
