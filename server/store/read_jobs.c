#include "store/private.h"

#include "json.h"

#include <string.h>

#define JOB_COLUMNS                                                                                \
    "job.id, job.kind, job.name, job.state, job.priority, job.paused, job.created_ms,"             \
    " job.started_ms, job.finished_ms, job.waiting, job.queued, job.running, job.succeeded,"       \
    " job.pruned, job.cancelled, job.failed, job.visibility,"                                      \
    " (SELECT team.name FROM team WHERE team.id = job.team_id)"
enum {
    COLUMN_FIRST_COUNT = 9,
    COLUMN_VISIBILITY = COLUMN_FIRST_COUNT + RUN_STATES,
    COLUMN_TEAM,
    JOB_COLUMN_COUNT,
};

/* The columns stand in the order of enum run_state. */
static json_t *run_counts(struct statement *row)
{
    json_t *counts = json_object();
    json_int_t total = 0;
    json_object_set_new(counts, "total", json_null()); /* keeps its place in front */
    for (int state = 0; state < RUN_STATES; state++) {
        const int64_t count = row_integer(row, COLUMN_FIRST_COUNT + state);
        json_object_set_new(counts, run_state_names[state], json_integer(count));
        total += count;
    }
    json_object_set_new(counts, "total", json_integer(total));
    return counts;
}

static json_t *job_json(struct statement *row)
{
    return json_pack("{so so so so so so so sb so so so so}", "id", row_json_integer(row, 0),
                     "kind", row_json_text(row, 1), "name", row_json_text(row, 2), "team",
                     row_json_text(row, COLUMN_TEAM), "visibility",
                     row_json_text(row, COLUMN_VISIBILITY), "state", row_json_text(row, 3),
                     "priority", row_json_integer(row, 4), "paused", row_integer(row, 5) != 0,
                     "created_ms", row_json_integer(row, 6), "started_ms", row_json_integer(row, 7),
                     "finished_ms", row_json_integer(row, 8), "runs", run_counts(row));
}

/* Both halves go down an index and stop early, however many jobs others have. */
#define JOBS_SEEN_WHERE(more)                                                                      \
    "SELECT " JOB_COLUMNS " FROM job WHERE id IN (SELECT id FROM (SELECT id FROM job"              \
    " WHERE team_id = ?1 AND id < ?2" more " ORDER BY id DESC LIMIT ?3) UNION"                     \
    " SELECT id FROM (SELECT id FROM job WHERE visibility = 'everyone' AND id < ?2" more           \
    " ORDER BY id DESC LIMIT ?3)) ORDER BY id DESC LIMIT ?3"

static struct statement *seen_jobs_statement(struct sql *db, const struct page *page)
{
    struct statement *list = page->state ? sql_statement(db, JOBS_SEEN_WHERE(" AND state = ?4"))
                                         : sql_statement(db, JOBS_SEEN_WHERE(""));
    put_integer(list, page->team);
    put_integer(list, page->after > 0 ? page->after : INT64_MAX);
    put_integer(list, page->limit + 1);
    if (page->state)
        put_text(list, page->state);
    return list;
}

/* Two texts, so that each is planned for its own index. */
static struct statement *jobs_statement(struct sql *db, const struct page *page)
{
    struct statement *list;
    if (page->team)
        return seen_jobs_statement(db, page);
    if (page->state) {
        list = sql_statement(db, "SELECT " JOB_COLUMNS " FROM job WHERE id < ? AND state = ?"
                                 " ORDER BY id DESC LIMIT ?");
    } else {
        list = sql_statement(db, "SELECT " JOB_COLUMNS " FROM job WHERE id < ?"
                                 " ORDER BY id DESC LIMIT ?");
    }
    put_integer(list, page->after > 0 ? page->after : INT64_MAX);
    if (page->state)
        put_text(list, page->state);
    put_integer(list, page->limit + 1); /* one more says whether there is a next page */
    return list;
}

static int list_jobs(struct sql *db, const struct page *page, json_t *jobs, bool *more,
                     struct error *err)
{
    struct statement *list = jobs_statement(db, page);
    int got = 0;
    *more = false;
    while (!*more && (got = statement_next(list, err)) > 0) {
        *more = json_array_size(jobs) == (size_t)page->limit;
        if (!*more)
            json_array_append_new(jobs, job_json(list));
    }
    statement_reset(list);
    return got < 0 ? -1 : 0;
}

int store_read_jobs(struct reader *reader, const struct page *page, json_t **out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *jobs = json_array();
    bool more;
    const int got = list_jobs(db, page, jobs, &more, err);
    reader_end(reader);
    if (got < 0) {
        json_decref(jobs);
        return -1;
    }
    *out = page_json("jobs", jobs, more);
    return 0;
}

json_t *page_json(const char *plural, json_t *items, bool more)
{
    const size_t count = json_array_size(items);
    const json_t *last = count ? json_array_get(items, count - 1) : NULL;
    json_t *next = more ? json_integer(json_integer_at(last, "id", 0)) : json_null();
    return json_pack("{so so}", plural, items, "next", next);
}

/* --- one job ---------------------------------------------------------------------------------- */

static void add_details(struct statement *row, json_t *job)
{
    enum { REQUEST = JOB_COLUMN_COUNT, ARMS, METRIC_NAME, METRIC_GOAL, METRIC_AT, BASELINE };
    json_t *arms = row_document(row, ARMS);
    const bool has_baseline = !row_is_null(row, BASELINE);
    json_t *baseline =
        has_baseline ? json_array_get(arms, (size_t)row_integer(row, BASELINE)) : NULL;
    json_t *metric =
        json_pack("{so so so}", "name", row_json_text(row, METRIC_NAME), "goal",
                  row_json_text(row, METRIC_GOAL), "at", row_json_text(row, METRIC_AT));

    json_t *request = row_document(row, REQUEST);
    json_t *after = json_object_get(request, "after");
    json_object_set_new(job, "after", after ? json_incref(after) : json_array());
    json_object_set_new(job, "request", request);
    json_object_set_new(job, "metric", metric);
    json_object_set_new(job, "baseline", baseline ? json_incref(baseline) : json_null());
    json_object_set_new(job, "arms", arms);
}

static int read_job(struct sql *db, int64_t job, json_t **out, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT " JOB_COLUMNS ", request, arms, metric_name, metric_goal, metric_at, baseline"
            " FROM job JOIN job_text ON job_text.job_id = job.id WHERE job.id = ?");
    put_integer(read, job);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no job %lld", (long long)job);
    *out = job_json(read);
    add_details(read, *out);
    statement_reset(read);
    return 0;
}

/* The last result may be on its way to the disk: a search has ended once all of them count. */
static void hold_end(const json_t *search, json_t *job)
{
    const bool all_count =
        json_integer_at(search, "told", 0) >= json_integer_at(search, "proposed", 0);
    if (all_count || strcmp(json_text_at(job, "state", ""), "succeeded") != 0)
        return;
    json_object_set_new(job, "state", json_string("running"));
    json_object_set_new(job, "finished_ms", json_null());
}

static int add_search(struct sql *db, int64_t id, json_t *job, struct error *err)
{
    json_t *search;
    if (strcmp(json_text_at(job, "kind", ""), job_kind_names[JOB_SEARCH]) != 0)
        return 0;
    if (search_state_read(db, id, json_object_get(job, "request"), &search, err) < 0)
        return -1;
    hold_end(search, job);
    json_object_set_new(job, "search", search);
    return 0;
}

int store_read_job(struct reader *reader, int64_t job, json_t **out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *object = NULL;
    int got = read_job(db, job, &object, err);
    if (got == 0)
        got = add_search(db, job, object, err);
    reader_end(reader);
    if (got < 0)
        json_decref(object);
    else
        *out = object;
    return got;
}
