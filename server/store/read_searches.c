#include "store/searches.h"

#include "memory.h"
#include "store/private.h"

#include <stdio.h>
#include <string.h>

static int read_state(struct sql *db, int64_t job, struct kept_search *search, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT edits, stopped FROM search WHERE job_id = ?");
    put_integer(read, job);
    *search = (struct kept_search){0};
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no search %lld", (long long)job);
    const char *stopped = row_text(read, 1);
    search->edits = (int)row_integer(read, 0);
    snprintf(search->stopped, sizeof search->stopped, "%s", stopped ? stopped : "");
    statement_reset(read);
    return 0;
}

static enum proposal_outcome outcome_of(const char *name)
{
    for (int i = 0; name && i < PROPOSAL_OUTCOMES; i++)
        if (strcmp(proposal_outcome_names[i], name) == 0)
            return (enum proposal_outcome)i;
    return PROPOSAL_FAILED;
}

/* A copy, since a BLOB's bytes need not lie where a double may. */
static const double *numbers_at(struct statement *read, int column, double *room, size_t most,
                                int *out_count)
{
    size_t bytes;
    const void *from = row_bytes(read, column, &bytes);
    *out_count = (int)(bytes / sizeof(double));
    if ((size_t)*out_count > most)
        *out_count = (int)most;
    if (*out_count > 0)
        memcpy(room, from, (size_t)*out_count * sizeof(double));
    return room;
}

static void read_proposal(struct statement *read, struct proposal_rooms *rooms,
                          struct kept_proposal *proposal)
{
    *proposal = (struct kept_proposal){
        .run = row_integer(read, 0),
        .number = (int)row_integer(read, 1),
        .seen = (int)row_integer(read, 2),
        .edits = (int)row_integer(read, 3),
        .how = row_text(read, 4),
        .parent = (int)row_integer(read, 5),
        .lease_ms = row_integer(read, 8),
        .told = (int)row_integer(read, 9),
        .outcome = outcome_of(row_text(read, 10)),
        .step = row_integer(read, 12),
        .late = row_integer(read, 13) != 0,
        .judged = row_integer(read, 14),
        .verdict = row_text(read, 15),
    };
    proposal->point = numbers_at(read, 6, rooms->point, PARAMETERS_MAX, &proposal->point_count);
    proposal->memo = numbers_at(read, 7, rooms->memo, PROPOSAL_MEMO_MAX, &proposal->memo_count);
    proposal->results = numbers_at(read, 11, rooms->results, RESULTS_MAX, &proposal->result_count);
}

#define PROPOSAL_COLUMNS                                                                           \
    "run_id, number, seen, edits, how, coalesce(parent, -1), point, memo, lease_ms,"               \
    " coalesce(told, -1), outcome, result, coalesce(step, -1), late,"                              \
    " coalesce(judged, -1), verdict"

static int read_proposals(struct sql *db, int64_t job,
                          void (*on_proposal)(void *, const struct kept_proposal *), void *context,
                          struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT " PROPOSAL_COLUMNS
                                               " FROM proposal WHERE job_id = ? ORDER BY number");
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    int got;
    put_integer(read, job);
    while ((got = statement_next(read, err)) > 0) {
        struct kept_proposal proposal;
        read_proposal(read, rooms, &proposal);
        on_proposal(context, &proposal);
    }
    return got;
}

int store_read_search(struct reader *reader, int64_t job, struct kept_search *out_search,
                      void (*proposal)(void *, const struct kept_proposal *), void *context,
                      struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    int got = read_state(db, job, out_search, err);
    if (got == 0)
        got = read_proposals(db, job, proposal, context, err);
    reader_end(reader);
    return got;
}

static int find_proposal(struct sql *db, int64_t run, struct proposal_rooms *rooms,
                         struct kept_proposal *out, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT " PROPOSAL_COLUMNS " FROM proposal WHERE run_id = ?");
    put_integer(read, run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "run %lld was never proposed by a search",
                        (long long)run);
    read_proposal(read, rooms, out);
    out->how = out->verdict = NULL;
    statement_reset(read);
    return 0;
}

int store_read_proposal(struct reader *reader, int64_t run, struct proposal_rooms *rooms,
                        struct kept_proposal *out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = find_proposal(db, run, rooms, out, err);
    reader_end(reader);
    return got;
}

int store_load_search(struct store *store, int64_t job, struct kept_search *out_search,
                      void (*proposal)(void *, const struct kept_proposal *), void *context,
                      struct error *err)
{
    struct reader *reader = store_reader_start(store);
    const int got = store_read_search(reader, job, out_search, proposal, context, err);
    store_reader_end(reader);
    return got;
}

static int read_asked(struct sql *db, int64_t job, json_t **out, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT id, kind, state, finished_ms, request FROM job"
                          " JOIN job_text ON job_text.job_id = job.id WHERE job.id = ?");
    put_integer(read, job);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no job %lld", (long long)job);
    *out = json_pack("{so so so so so}", "id", row_json_integer(read, 0), "kind",
                     row_json_text(read, 1), "state", row_json_text(read, 2), "finished_ms",
                     row_json_integer(read, 3), "request", row_document(read, 4));
    statement_reset(read);
    return 0;
}

int store_read_asked(struct reader *reader, int64_t job, json_t **out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = read_asked(db, job, out, err);
    reader_end(reader);
    return got;
}

static enum run_state state_of(const char *name)
{
    for (int i = 0; name && i < RUN_STATES; i++)
        if (strcmp(run_state_names[i], name) == 0)
            return (enum run_state)i;
    return RUN_FAILED;
}

int store_read_proposed(struct reader *reader, int64_t job,
                        void (*run)(void *, const struct proposed_run *), void *context,
                        struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    int got;
    if (!db)
        return -1;
    struct statement *read =
        sql_statement(db, "SELECT id, state, attempt, started_ms, finished_ms FROM run"
                          " WHERE job_id = ? AND variant_id IS NOT NULL ORDER BY id");
    put_integer(read, job);
    while ((got = statement_next(read, err)) > 0)
        run(context, &(struct proposed_run){.id = row_integer(read, 0),
                                            .state = state_of(row_text(read, 1)),
                                            .attempt = (int)row_integer(read, 2),
                                            .started_ms = row_integer(read, 3),
                                            .finished_ms = row_integer(read, 4)});
    reader_end(reader);
    return got;
}

int store_read_pruned(struct reader *reader, int64_t job, int seeds,
                      void (*pruned)(void *, int64_t, int64_t), void *context, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    int got;
    if (!db)
        return -1;
    struct statement *read = sql_statement(
        db, "SELECT id, coalesce(nullif(steps, 0), (SELECT steps FROM run AS first"
            " WHERE first.job_id = run.job_id AND first.number = run.number - run.number % ?2), 0)"
            " FROM run WHERE job_id = ?1 AND state = 'pruned'");
    put_integer(read, job);
    put_integer(read, seeds);
    while ((got = statement_next(read, err)) > 0)
        pruned(context, row_integer(read, 0), row_integer(read, 1));
    reader_end(reader);
    return got;
}

/* Few requests have the word, and only those are read as JSON. */
static struct statement *confirmations_statement(struct sql *db, int64_t search, int64_t team,
                                                 int most)
{
    struct statement *read =
        sql_statement(db, "SELECT job.id FROM job JOIN job_text ON job_text.job_id = job.id"
                          " WHERE job.id > ?1 AND job.kind = 'compare'"
                          " AND job.team_id = (SELECT team_id FROM job WHERE id = ?1)"
                          " AND (job.team_id = ?2 OR job.visibility = 'everyone')"
                          " AND CASE WHEN instr(request, '\"from_search\"') > 0"
                          " THEN json_extract(request, '$.from_search') = ?1 ELSE 0 END"
                          " ORDER BY job.id DESC LIMIT ?3");
    put_integer(read, search);
    put_integer(read, team);
    put_integer(read, most);
    return read;
}

int store_read_confirmations(struct reader *reader, int64_t search, int64_t team, int most,
                             int64_t *out_jobs, int *out_count, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    int count = 0, got;
    if (!db)
        return -1;
    struct statement *read = confirmations_statement(db, search, team, most);
    while ((got = statement_next(read, err)) > 0)
        out_jobs[count++] = row_integer(read, 0);
    *out_count = count;
    reader_end(reader);
    return got;
}

/* Of all runs of a job, or of one. */
#define CURVES                                                                                     \
    "SELECT run.id, metric.step, value FROM run"                                                   \
    " JOIN metric ON metric.run_id = " RUN_ROWS                                                    \
    " AND name_id = (SELECT id FROM metric_name WHERE name = ?)"

static int read_curves(struct statement *read, int64_t id, const char *metric,
                       void (*on_point)(void *, int64_t, int64_t, double), void *context,
                       struct error *err)
{
    int got;
    put_text(read, metric);
    put_integer(read, id);
    while ((got = statement_next(read, err)) > 0)
        on_point(context, row_integer(read, 0), row_integer(read, 1), row_real(read, 2));
    return got;
}

static int load_curves(struct store *store, const char *query, int64_t id, const char *metric,
                       void (*point)(void *, int64_t, int64_t, double), void *context,
                       struct error *err)
{
    struct reader *reader = store_reader_start(store);
    struct sql *db = reader_begin(reader, err);
    int got = -1;
    if (db) {
        got = read_curves(sql_statement(db, query), id, metric, point, context, err);
        reader_end(reader);
    }
    store_reader_end(reader);
    return got;
}

int store_load_curves(struct store *store, int64_t job, const char *metric,
                      void (*point)(void *, int64_t, int64_t, double), void *context,
                      struct error *err)
{
    return load_curves(store, CURVES " WHERE job_id = ? ORDER BY run.id, metric.step", job, metric,
                       point, context, err);
}

int store_load_curve(struct store *store, int64_t run, const char *metric,
                     void (*point)(void *, int64_t, int64_t, double), void *context,
                     struct error *err)
{
    return load_curves(store, CURVES " WHERE run.id = ? ORDER BY metric.step", run, metric, point,
                       context, err);
}
