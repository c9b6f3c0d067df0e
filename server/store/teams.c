#include "store/teams.h"

#include "memory.h"
#include "store/private.h"

#include <stdlib.h>
#include <string.h>

const char *const role_names[ROLES] = {
    [ROLE_VIEWER] = "viewer", [ROLE_MEMBER] = "member", [ROLE_ADMIN] = "admin"};

/* Every command of this file is one of these: small, and never many at once. */
struct change {
    struct command command;
    struct team team;
    struct token token;
    int64_t id;  /* what it is about, and then what it made */
    int64_t old; /* the token that another one replaces */
    int64_t now_ms;
    char *what, *subject, *origin; /* of the audit */
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
        change->id_done(change->context, err ? 0 : change->id, err);
}

static void release(struct command *command)
{
    struct change *change = (struct change *)command;
    free(change->what);
    free(change->subject);
    free(change->origin);
}

static void send(struct store *store, const struct change *from,
                 int (*work)(struct writer *, struct command *, struct error *))
{
    struct change *change = xcalloc(1, sizeof *change);
    *change = *from;
    change->command = (struct command){.work = work, .tell = tell, .release = release, .rows = 1};
    store_send(store, &change->command);
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
    put_real(statement, team->requests_per_s);
}

static int check_name(struct sql *db, const struct team *team, struct error *err)
{
    struct statement *find = sql_statement(db, "SELECT 1 FROM team WHERE name = ? AND id <> ?");
    put_text(find, team->name);
    put_integer(find, team->id);
    const int found = statement_next(find, err);
    statement_reset(find);
    return found > 0 ? error_of(err, ERROR_CONFLICT, "there is a team \"%s\" already", team->name)
                     : found;
}

static int add_team(struct writer *writer, struct command *command, struct error *err)
{
    struct change *change = (struct change *)command;
    struct sql *db = writer_db(writer);
    if (check_name(db, &change->team, err) < 0)
        return -1;
    struct statement *insert =
        sql_statement(db, "INSERT INTO team (name, share, max_running, max_queued, max_bytes,"
                          " requests_per_s, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)");
    put_team(insert, &change->team);
    put_integer(insert, change->team.created_ms);
    if (statement_run(insert, err) < 0)
        return -1;
    change->id = sqlite3_last_insert_rowid(db->handle);
    return 0;
}

void store_add_team(struct store *store, const struct team *team, store_id_done *done,
                    void *context)
{
    send(store, &(struct change){.team = *team, .id_done = done, .context = context}, add_team);
}

static int check_limit(const char *name, int64_t limit, int64_t present, struct error *err)
{
    if (limit == 0 || limit >= present)
        return 0;
    return error_set(err, "%s %lld is below what the team has at present, %lld", name,
                     (long long)limit, (long long)present);
}

/* The threads of running runs are the slots they hold. */
static int check_limits(struct sql *db, const struct team *team, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT (SELECT coalesce(sum(threads), 0) FROM job JOIN run ON run.job_id = job.id"
            "   JOIN variant ON variant.id = run.variant_id WHERE job.team_id = ?1"
            "   AND job.running > 0 AND run.state = 'running'),"
            " (SELECT coalesce(sum(waiting + queued), 0) FROM job WHERE team_id = ?1),"
            " (SELECT coalesce(sum(bytes), 0) FROM dataset WHERE team_id = ?1)");
    put_integer(read, team->id);
    if (statement_next(read, err) < 0)
        return -1;
    const int64_t running = row_integer(read, 0), queued = row_integer(read, 1);
    const int64_t bytes = row_integer(read, 2);
    statement_reset(read);
    if (check_limit("max_running", team->max_running, running, err) < 0 ||
        check_limit("max_queued", team->max_queued, queued, err) < 0)
        return -1;
    return check_limit("max_bytes", team->max_bytes, bytes, err);
}

static int change_team(struct writer *writer, struct command *command, struct error *err)
{
    struct change *change = (struct change *)command;
    struct sql *db = writer_db(writer);
    if (check_name(db, &change->team, err) < 0 || check_limits(db, &change->team, err) < 0)
        return -1;
    struct statement *update = sql_statement(
        db, "UPDATE team SET name = ?, share = ?, max_running = ?, max_queued = ?, max_bytes = ?,"
            " requests_per_s = ? WHERE id = ?");
    put_team(update, &change->team);
    put_integer(update, change->team.id);
    if (statement_run(update, err) < 0)
        return -1;
    return need_one(db, "team", change->team.id, err);
}

void store_change_team(struct store *store, const struct team *team, store_done *done,
                       void *context)
{
    send(store, &(struct change){.team = *team, .done = done, .context = context}, change_team);
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

void store_remove_team(struct store *store, int64_t team, int64_t now_ms, store_done *done,
                       void *context)
{
    send(store, &(struct change){.id = team, .now_ms = now_ms, .done = done, .context = context},
         remove_team);
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
    change->id = sqlite3_last_insert_rowid(db->handle);
    return 0;
}

static int add_token(struct writer *writer, struct command *command, struct error *err)
{
    return insert_token((struct change *)command, writer_db(writer), err);
}

void store_add_token(struct store *store, const struct token *token, store_id_done *done,
                     void *context)
{
    send(store, &(struct change){.token = *token, .id_done = done, .context = context}, add_token);
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

void store_revoke_token(struct store *store, int64_t token, int64_t now_ms, store_done *done,
                        void *context)
{
    send(store, &(struct change){.id = token, .now_ms = now_ms, .done = done, .context = context},
         revoke_token);
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
                         store_id_done *done, void *context)
{
    send(store, &(struct change){.token = *token, .old = old, .id_done = done, .context = context},
         replace_token);
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
    send(store, &(struct change){.id = token, .now_ms = used_ms}, note_token);
}

/* --- the audit -------------------------------------------------------------------------------- */

static int add_audit(struct writer *writer, struct command *command, struct error *err)
{
    const struct change *change = (struct change *)command;
    struct statement *insert = sql_statement(
        writer_db(writer), "INSERT INTO audit (at_ms, team_id, token_id, what, subject, origin)"
                           " VALUES (?, ?, ?, ?, ?, ?)");
    put_integer(insert, change->now_ms);
    put_integer(insert, change->team.id);
    put_integer(insert, change->token.id);
    put_text(insert, change->what);
    put_text(insert, change->subject);
    put_text(insert, change->origin);
    return statement_run(insert, err);
}

void store_add_audit(struct store *store, const struct audit_entry *entry)
{
    send(store,
         &(struct change){.now_ms = entry->at_ms,
                          .team.id = entry->team,
                          .token.id = entry->token,
                          .what = xstrdup(entry->what),
                          .subject = xstrdup(entry->subject),
                          .origin = xstrdup(entry->origin)},
         add_audit);
}
