#include "store/teams.h"

#include "memory.h"
#include "store/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const role_names[ROLES] = {
    [ROLE_VIEWER] = "viewer", [ROLE_MEMBER] = "member", [ROLE_ADMIN] = "admin"};

/* Every command of this file is one of these: small, and never many at once. */
struct change {
    struct command command;
    struct team team; /* to be added */
    struct team_change change;
    struct token token;
    int64_t id;  /* what it is about */
    int64_t old; /* the token that another one replaces */
    int64_t now_ms;
    store_done *done;
    store_id_done *id_done;
    void *context;
};

static void tell(struct command *command, const struct error *err)
{
    const struct change *change = (struct change *)command;
    if (change->done)
        change->done(change->context, err);
    if (change->id_done)
        change->id_done(change->context, err ? 0 : command->made, err);
}

static void send(struct store *store, const struct change *from,
                 int (*work)(struct writer *, struct command *, struct error *),
                 const struct audit_entry *audit)
{
    struct change *change = xcalloc(1, sizeof *change);
    *change = *from;
    change->command = (struct command){.work = work, .tell = tell, .rows = 1};
    store_send_for(store, &change->command, audit);
}

static int need_one(struct sql *db, const char *what, int64_t id, struct error *err)
{
    if (sqlite3_changes(db->handle) > 0)
        return 0;
    return error_of(err, ERROR_NOT_FOUND, "there is no %s %lld", what, (long long)id);
}

/* --- teams ------------------------------------------------------------------------------------ */

static void put_team(struct statement *statement, const struct team *team)
{
    put_text(statement, team->name);
    put_real(statement, team->share);
    put_integer(statement, team->max_running);
    put_integer(statement, team->max_queued);
    put_integer(statement, team->max_bytes);
    put_integer(statement, team->max_streams);
    put_real(statement, team->requests_per_s);
}

/* Of no other team than this one. */
static int check_name(struct sql *db, const char *name, int64_t team, struct error *err)
{
    struct statement *find = sql_statement(db, "SELECT 1 FROM team WHERE name = ? AND id <> ?");
    put_text(find, name);
    put_integer(find, team);
    const int found = statement_next(find, err);
    statement_reset(find);
    return found > 0 ? error_of(err, ERROR_CONFLICT, "there is a team \"%s\" already", name)
                     : found;
}

static int add_team(struct writer *writer, struct command *command, struct error *err)
{
    const struct change *change = (struct change *)command;
    struct sql *db = writer_db(writer);
    if (check_name(db, change->team.name, 0, err) < 0)
        return -1;
    struct statement *insert =
        sql_statement(db, "INSERT INTO team (name, share, max_running, max_queued, max_bytes,"
                          " max_streams, requests_per_s, created_ms)"
                          " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    put_team(insert, &change->team);
    put_integer(insert, change->team.created_ms);
    if (statement_run(insert, err) < 0)
        return -1;
    command->made = sqlite3_last_insert_rowid(db->handle);
    return 0;
}

void store_add_team(struct store *store, const struct team *team, const struct audit_entry *audit,
                    store_id_done *done, void *context)
{
    send(store, &(struct change){.team = *team, .id_done = done, .context = context}, add_team,
         audit);
}

void team_apply(struct team *team, const struct team_change *change)
{
    const struct team *to = &change->to;
    if (change->fields & TEAM_NAME)
        memcpy(team->name, to->name, sizeof team->name);
    if (change->fields & TEAM_SHARE)
        team->share = to->share;
    if (change->fields & TEAM_MAX_RUNNING)
        team->max_running = to->max_running;
    if (change->fields & TEAM_MAX_QUEUED)
        team->max_queued = to->max_queued;
    if (change->fields & TEAM_MAX_BYTES)
        team->max_bytes = to->max_bytes;
    if (change->fields & TEAM_MAX_STREAMS)
        team->max_streams = to->max_streams;
    if (change->fields & TEAM_REQUESTS_PER_S)
        team->requests_per_s = to->requests_per_s;
}

static int check_limit(const char *name, bool changes, int64_t limit, int64_t present,
                       struct error *err)
{
    if (!changes || limit == 0 || limit >= present)
        return 0;
    return error_set(err, "%s %lld is below what the team has at present, %lld", name,
                     (long long)limit, (long long)present);
}

int team_read_stored(struct sql *db, int64_t team, struct team_stored *out, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT (SELECT coalesce(sum(bytes), 0) FROM dataset WHERE team_id = team.id),"
            " run_bytes, metric_rows FROM team WHERE id = ?");
    put_integer(read, team);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    *out = (struct team_stored){0};
    if (found)
        *out = (struct team_stored){.datasets = row_integer(read, 0),
                                    .runs = row_integer(read, 1),
                                    .metrics = METRIC_ROW_BYTES * row_integer(read, 2)};
    statement_reset(read);
    return 0;
}

int team_check_bytes(struct sql *db, int64_t team, int64_t max_bytes, int64_t more,
                     struct error *err)
{
    struct team_stored stored;
    if (max_bytes == 0)
        return 0;
    if (team_read_stored(db, team, &stored, err) < 0)
        return -1;
    if (stored.datasets + stored.runs + stored.metrics + more <= max_bytes)
        return 0;
    return error_of(err, ERROR_FORBIDDEN,
                    "the team may keep %lld bytes: its data sets have %lld, the files of its runs "
                    "%lld, their metrics about %lld, and this would be more",
                    (long long)max_bytes, (long long)stored.datasets, (long long)stored.runs,
                    (long long)stored.metrics);
}

/* The threads of running runs are the slots they hold. */
static int check_limits(struct sql *db, const struct team_change *change, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT (SELECT coalesce(sum(threads), 0) FROM job JOIN run ON run.job_id = job.id"
            "   JOIN variant ON variant.id = run.variant_id WHERE job.team_id = ?1"
            "   AND job.running > 0 AND run.state = 'running'),"
            " (SELECT coalesce(sum(waiting + queued), 0) FROM job WHERE team_id = ?1)");
    struct team_stored stored;
    put_integer(read, change->team);
    if (statement_next(read, err) < 0)
        return -1;
    const int64_t running = row_integer(read, 0), queued = row_integer(read, 1);
    const unsigned fields = change->fields;
    const struct team *to = &change->to;
    statement_reset(read);
    if (team_read_stored(db, change->team, &stored, err) < 0 ||
        check_limit("max_running", fields & TEAM_MAX_RUNNING, to->max_running, running, err) < 0 ||
        check_limit("max_queued", fields & TEAM_MAX_QUEUED, to->max_queued, queued, err) < 0)
        return -1;
    return check_limit("max_bytes", fields & TEAM_MAX_BYTES, to->max_bytes,
                       stored.datasets + stored.runs + stored.metrics, err);
}

static void put_limit(struct statement *update, bool changes, int64_t limit)
{
    if (changes)
        put_integer(update, limit);
    else
        put_null(update);
}

/* NULL leaves a member as it is. */
static void put_change(struct statement *update, const struct team_change *change)
{
    const struct team *to = &change->to;
    const unsigned fields = change->fields;
    put_text(update, fields & TEAM_NAME ? to->name : NULL);
    put_real(update, fields & TEAM_SHARE ? to->share : (double)NAN);
    put_limit(update, fields & TEAM_MAX_RUNNING, to->max_running);
    put_limit(update, fields & TEAM_MAX_QUEUED, to->max_queued);
    put_limit(update, fields & TEAM_MAX_BYTES, to->max_bytes);
    put_limit(update, fields & TEAM_MAX_STREAMS, to->max_streams);
    put_real(update, fields & TEAM_REQUESTS_PER_S ? to->requests_per_s : (double)NAN);
    put_integer(update, change->team);
}

static int change_team(struct writer *writer, struct command *command, struct error *err)
{
    const struct team_change *change = &((struct change *)command)->change;
    struct sql *db = writer_db(writer);
    if (((change->fields & TEAM_NAME) && check_name(db, change->to.name, change->team, err) < 0) ||
        check_limits(db, change, err) < 0)
        return -1;
    struct statement *update = sql_statement(
        db, "UPDATE team SET name = coalesce(?, name), share = coalesce(?, share),"
            " max_running = coalesce(?, max_running), max_queued = coalesce(?, max_queued),"
            " max_bytes = coalesce(?, max_bytes), max_streams = coalesce(?, max_streams),"
            " requests_per_s = coalesce(?, requests_per_s)"
            " WHERE id = ?");
    put_change(update, change);
    if (statement_run(update, err) < 0)
        return -1;
    return need_one(db, "team", change->team, err);
}

void store_change_team(struct store *store, const struct team_change *change,
                       const struct audit_entry *audit, store_done *done, void *context)
{
    send(store, &(struct change){.change = *change, .done = done, .context = context}, change_team,
         audit);
}

static int check_owns_nothing(struct sql *db, int64_t team, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT (SELECT count(*) FROM job WHERE team_id = ?1),"
                          " (SELECT count(*) FROM dataset WHERE team_id = ?1)");
    put_integer(read, team);
    if (statement_next(read, err) < 0)
        return -1;
    const long long jobs = row_integer(read, 0), datasets = row_integer(read, 1);
    statement_reset(read);
    if (jobs == 0 && datasets == 0)
        return 0;
    return error_of(err, ERROR_CONFLICT,
                    "the team owns %lld jobs and %lld data sets: revoke its tokens instead", jobs,
                    datasets);
}

static int remove_team(struct writer *writer, struct command *command, struct error *err)
{
    struct change *change = (struct change *)command;
    struct sql *db = writer_db(writer);
    if (check_owns_nothing(db, change->id, err) < 0)
        return -1;
    struct statement *revoke = sql_statement(
        db, "UPDATE token SET revoked_ms = coalesce(revoked_ms, ?) WHERE team_id = ?");
    put_integer(revoke, change->now_ms);
    put_integer(revoke, change->id);
    if (statement_run(revoke, err) < 0)
        return -1;
    struct statement *remove = sql_statement(db, "DELETE FROM team WHERE id = ?");
    put_integer(remove, change->id);
    if (statement_run(remove, err) < 0)
        return -1;
    return need_one(db, "team", change->id, err);
}

void store_remove_team(struct store *store, int64_t team, int64_t now_ms,
                       const struct audit_entry *audit, store_done *done, void *context)
{
    send(store, &(struct change){.id = team, .now_ms = now_ms, .done = done, .context = context},
         remove_team, audit);
}

/* --- tokens ----------------------------------------------------------------------------------- */

int team_check(struct sql *db, int64_t team, struct error *err)
{
    struct statement *find = sql_statement(db, "SELECT 1 FROM team WHERE id = ?");
    put_integer(find, team);
    const int found = statement_next(find, err);
    statement_reset(find);
    return found == 0 ? error_of(err, ERROR_CONFLICT, "the team was just removed")
                      : (found < 0 ? -1 : 0);
}

static int insert_token(struct change *change, struct sql *db, struct error *err)
{
    const struct token *token = &change->token;
    if (team_check(db, token->team, err) < 0)
        return -1;
    struct statement *insert =
        sql_statement(db, "INSERT INTO token (team_id, role, name, prefix, hash, created_ms,"
                          " expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?)");
    put_integer(insert, token->team);
    put_text(insert, role_names[token->role]);
    put_text(insert, token->name);
    put_text(insert, token->prefix);
    put_bytes(insert, token->hash, sizeof token->hash);
    put_integer(insert, token->created_ms);
    put_time(insert, token->expires_ms);
    if (statement_run(insert, err) < 0)
        return -1;
    change->command.made = sqlite3_last_insert_rowid(db->handle);
    return 0;
}

static int add_token(struct writer *writer, struct command *command, struct error *err)
{
    return insert_token((struct change *)command, writer_db(writer), err);
}

void store_add_token(struct store *store, const struct token *token,
                     const struct audit_entry *audit, store_id_done *done, void *context)
{
    send(store, &(struct change){.token = *token, .id_done = done, .context = context}, add_token,
         audit);
}

static int revoke(struct sql *db, int64_t token, int64_t now_ms, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE token SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL");
    put_integer(update, now_ms);
    put_integer(update, token);
    if (statement_run(update, err) < 0)
        return -1;
    if (sqlite3_changes(db->handle) == 0)
        return error_of(err, ERROR_CONFLICT, "token %lld is revoked already", (long long)token);
    return 0;
}

static int revoke_token(struct writer *writer, struct command *command, struct error *err)
{
    const struct change *change = (struct change *)command;
    return revoke(writer_db(writer), change->id, change->now_ms, err);
}

void store_revoke_token(struct store *store, int64_t token, int64_t now_ms,
                        const struct audit_entry *audit, store_done *done, void *context)
{
    send(store, &(struct change){.id = token, .now_ms = now_ms, .done = done, .context = context},
         revoke_token, audit);
}

static int replace_token(struct writer *writer, struct command *command, struct error *err)
{
    struct change *change = (struct change *)command;
    struct sql *db = writer_db(writer);
    if (revoke(db, change->old, change->token.created_ms, err) < 0)
        return -1;
    return insert_token(change, db, err);
}

void store_replace_token(struct store *store, int64_t old, const struct token *token,
                         const struct audit_entry *audit, store_id_done *done, void *context)
{
    send(store, &(struct change){.token = *token, .old = old, .id_done = done, .context = context},
         replace_token, audit);
}

static int note_token(struct writer *writer, struct command *command, struct error *err)
{
    const struct change *change = (struct change *)command;
    struct statement *update =
        sql_statement(writer_db(writer), "UPDATE token SET used_ms = ? WHERE id = ?");
    put_integer(update, change->now_ms);
    put_integer(update, change->id);
    return statement_run(update, err);
}

void store_note_token(struct store *store, int64_t token, int64_t used_ms)
{
    send(store, &(struct change){.id = token, .now_ms = used_ms}, note_token, NULL);
}
