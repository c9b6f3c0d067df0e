#include "store/private.h"
#include "store/teams.h"

#include "json.h"

#include <string.h>

static void copy_text(char *into, size_t bytes, const char *text)
{
    snprintf(into, bytes, "%s", text ? text : "");
}

/* --- teams and tokens, at the start ----------------------------------------------------------- */

static int load_teams(struct sql *db, void (*on_team)(void *, const struct team *), void *context,
                      struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT id, share, max_running, max_queued, max_bytes, max_streams,"
                          " requests_per_s, created_ms, name FROM team ORDER BY id");
    int got;
    while ((got = statement_next(read, err)) > 0) {
        struct team team = {
            .id = row_integer(read, 0),
            .share = row_real(read, 1),
            .max_running = row_integer(read, 2),
            .max_queued = row_integer(read, 3),
            .max_bytes = row_integer(read, 4),
            .max_streams = row_integer(read, 5),
            .requests_per_s = row_real(read, 6),
            .created_ms = row_integer(read, 7),
        };
        copy_text(team.name, sizeof team.name, row_text(read, 8));
        on_team(context, &team);
    }
    return got;
}

/* An unknown role is the least there is. */
static enum role role_of(const char *name)
{
    for (int role = 0; name && role < ROLES; role++)
        if (strcmp(role_names[role], name) == 0)
            return (enum role)role;
    return ROLE_VIEWER;
}

static int load_tokens(struct sql *db, void (*on_token)(void *, const struct token *),
                       void *context, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT id, team_id, role, created_ms, expires_ms, used_ms, revoked_ms,"
                          " name, prefix, hash FROM token ORDER BY id");
    int got;
    while ((got = statement_next(read, err)) > 0) {
        struct token token = {
            .id = row_integer(read, 0),
            .team = row_integer(read, 1),
            .role = role_of(row_text(read, 2)),
            .created_ms = row_integer(read, 3),
            .expires_ms = row_integer(read, 4),
            .used_ms = row_integer(read, 5),
            .revoked_ms = row_integer(read, 6),
        };
        size_t bytes;
        const void *hash = row_bytes(read, 9, &bytes);
        if (bytes != sizeof token.hash) {
            statement_reset(read);
            return error_of(err, ERROR_INTERNAL, "the database has a bad token, number %lld",
                            (long long)token.id);
        }
        memcpy(token.hash, hash, sizeof token.hash);
        copy_text(token.name, sizeof token.name, row_text(read, 7));
        copy_text(token.prefix, sizeof token.prefix, row_text(read, 8));
        on_token(context, &token);
    }
    return got;
}

int store_load_teams(struct store *store, void (*team)(void *, const struct team *),
                     void (*token)(void *, const struct token *), void *context, struct error *err)
{
    struct reader *reader = store_reader_start(store);
    struct sql *db = reader_begin(reader, err);
    int got = -1;
    if (db) {
        got = load_teams(db, team, context, err);
        if (got == 0)
            got = load_tokens(db, token, context, err);
        reader_end(reader);
    }
    store_reader_end(reader);
    return got;
}

int store_read_stored(struct reader *reader, int64_t team, struct team_stored *out,
                      struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = team_read_stored(db, team, out, err);
    reader_end(reader);
    return got;
}

/* --- who owns what ---------------------------------------------------------------------------- */

static int load_owners(struct sql *db, void (*on_job)(void *, const struct owned_job *),
                       void *context, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT id, team_id, (SELECT min(run.id) FROM run WHERE run.job_id = job.id),"
            " waiting + queued + running + succeeded + pruned + cancelled + failed,"
            " visibility = 'everyone' FROM job ORDER BY id");
    int got;
    while ((got = statement_next(read, err)) > 0)
        on_job(context, &(struct owned_job){
                            .id = row_integer(read, 0),
                            .team = row_integer(read, 1),
                            .first_run = row_integer(read, 2),
                            .run_count = (int)row_integer(read, 3),
                            .for_everyone = row_integer(read, 4) != 0,
                        });
    return got;
}

/* Ids and numbers rise together; where ids have left some out, another part begins. The first part
 * is the job's own. */
static int load_more_runs(struct sql *db, void (*more)(void *, int64_t, int64_t, int),
                          void *context, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT run.job_id, min(run.id) AS first, count(*) FROM search"
            " CROSS JOIN run ON run.job_id = search.job_id"
            " GROUP BY run.job_id, run.id - run.number HAVING min(run.number) > 0 ORDER BY first");
    int got;
    while ((got = statement_next(read, err)) > 0)
        more(context, row_integer(read, 0), row_integer(read, 1), (int)row_integer(read, 2));
    return got;
}

int store_load_owners(struct store *store, void (*job)(void *, const struct owned_job *),
                      void (*more)(void *, int64_t, int64_t, int), void *context, struct error *err)
{
    struct reader *reader = store_reader_start(store);
    struct sql *db = reader_begin(reader, err);
    int got = -1;
    if (db) {
        got = load_owners(db, job, context, err);
        if (got == 0)
            got = load_more_runs(db, more, context, err);
        reader_end(reader);
    }
    store_reader_end(reader);
    return got;
}
