#include "store/private.h"

#include "memory.h"
#include "store/teams.h"

#include <stdlib.h>
#include <string.h>

/* --- add -------------------------------------------------------------------------------------- */

struct add_dataset {
    struct command command;
    char *name, *format, *file, *digest, *summary;
    int64_t bytes, now_ms, team, max_bytes;
    bool for_everyone;
    store_done *done;
    void *context;
};

/* Not one that the team sees already; what other teams keep for themselves is no hindrance. */
static int check_name(const struct add_dataset *add, struct sql *db, struct error *err)
{
    struct statement *find = sql_statement(db, "SELECT " DATASET_FOR("?1", "?2") " IS NOT NULL");
    put_integer(find, add->team);
    put_text(find, add->name);
    if (statement_next(find, err) < 0)
        return -1;
    const bool taken = row_integer(find, 0) != 0;
    statement_reset(find);
    return taken ? error_of(err, ERROR_CONFLICT,
                            "there is a data set \"%s\" already: choose another name or delete it",
                            add->name)
                 : 0;
}

static int add_dataset(struct writer *writer, struct command *command, struct error *err)
{
    const struct add_dataset *add = (struct add_dataset *)command;
    struct sql *db = writer_db(writer);
    if (team_check(db, add->team, err) < 0 || check_name(add, db, err) < 0 ||
        team_check_bytes(db, add->team, add->max_bytes, add->bytes, err) < 0)
        return -1;
    struct statement *insert = sql_statement(
        db, "INSERT INTO dataset (name, format, file, digest, bytes, created_ms, summary, team_id,"
            " visibility) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put_text(insert, add->name);
    put_text(insert, add->format);
    put_text(insert, add->file);
    put_text(insert, add->digest);
    put_integer(insert, add->bytes);
    put_integer(insert, add->now_ms);
    put_text(insert, add->summary);
    put_integer(insert, add->team);
    put_text(insert, visibility_names[add->for_everyone]);
    return statement_run(insert, err);
}

static void tell_added(struct command *command, const struct error *err)
{
    const struct add_dataset *add = (struct add_dataset *)command;
    if (add->done)
        add->done(add->context, err);
}

static void release_add(struct command *command)
{
    struct add_dataset *add = (struct add_dataset *)command;
    free(add->name);
    free(add->format);
    free(add->file);
    free(add->digest);
    free(add->summary);
}

void store_add_dataset(struct store *store, const struct dataset_row *row, store_done *done,
                       void *context)
{
    struct add_dataset *add = xcalloc(1, sizeof *add);
    *add = (struct add_dataset){
        .command = {.work = add_dataset, .tell = tell_added, .release = release_add, .rows = 1},
        .name = xstrdup(row->name),
        .format = xstrdup(row->format),
        .file = xstrdup(row->file),
        .digest = xstrdup(row->digest),
        .summary = xstrdup(row->summary),
        .bytes = row->bytes,
        .now_ms = row->now_ms,
        .team = row->team ? row->team : TEAM_DEFAULT,
        .max_bytes = row->max_bytes,
        .for_everyone = row->for_everyone,
        .done = done,
        .context = context,
    };
    store_send_for(store, &add->command, row->audit);
}

/* --- delete ----------------------------------------------------------------------------------- */

struct delete_dataset {
    struct command command;
    int64_t team, id;
    char *name, *file;
    bool file_unused;
    store_dataset_gone *done;
    void *context;
};

/* A job that is not final holds all data sets of its variants: which of them a waiting run will
 * use is not known yet, and a failed run may be retried. */
static int check_unused(const struct delete_dataset *gone, struct sql *db, struct error *err)
{
    struct statement *find = sql_statement(
        db, "SELECT job.id, job.team_id FROM job WHERE state IN ('queued', 'running', 'paused')"
            " AND EXISTS (SELECT 1 FROM variant WHERE variant.job_id = job.id"
            "   AND variant.dataset = ?1) AND " DATASET_FOR(
                "job.team_id", "?1") " = ?2"
                                     " ORDER BY job.team_id <> ?3 LIMIT 1");
    put_text(find, gone->name);
    put_integer(find, gone->id);
    put_integer(find, gone->team);
    const int found = statement_next(find, err);
    if (found <= 0)
        return found;
    const int64_t job = row_integer(find, 0);
    const bool is_own = row_integer(find, 1) == gone->team;
    statement_reset(find);
    if (!is_own)
        return error_of(err, ERROR_CONFLICT, "data set \"%s\" is used by another team", gone->name);
    return error_of(err, ERROR_CONFLICT,
                    "data set \"%s\" is used by job %lld: cancel it or wait until it is done",
                    gone->name, (long long)job);
}

static int read_file_name(struct delete_dataset *gone, struct sql *db, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT file, NOT EXISTS (SELECT 1 FROM dataset AS other"
            " WHERE other.file = dataset.file AND other.id <> dataset.id),"
            " id FROM dataset WHERE id = " DATASET_FOR("?1", "?2") " AND team_id = ?1");
    put_integer(read, gone->team);
    put_text(read, gone->name);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no data set \"%s\"", gone->name);
    free(gone->file);
    gone->file = xstrdup(row_text(read, 0));
    gone->file_unused = row_integer(read, 1) != 0;
    gone->id = row_integer(read, 2);
    statement_reset(read);
    return 0;
}

static int delete_dataset(struct writer *writer, struct command *command, struct error *err)
{
    struct delete_dataset *gone = (struct delete_dataset *)command;
    struct sql *db = writer_db(writer);
    if (read_file_name(gone, db, err) < 0 || check_unused(gone, db, err) < 0)
        return -1;
    struct statement *delete = sql_statement(db, "DELETE FROM dataset WHERE id = ?");
    put_integer(delete, gone->id);
    return statement_run(delete, err);
}

static void tell_gone(struct command *command, const struct error *err)
{
    const struct delete_dataset *gone = (struct delete_dataset *)command;
    if (gone->done)
        gone->done(gone->context, err ? NULL : gone->file, !err && gone->file_unused, err);
}

static void release_gone(struct command *command)
{
    struct delete_dataset *gone = (struct delete_dataset *)command;
    free(gone->name);
    free(gone->file);
}

void store_delete_dataset(struct store *store, int64_t team, const char *name,
                          const struct audit_entry *audit, store_dataset_gone *done, void *context)
{
    struct delete_dataset *gone = xcalloc(1, sizeof *gone);
    *gone = (struct delete_dataset){
        .command = {.work = delete_dataset, .tell = tell_gone, .release = release_gone, .rows = 1},
        .team = team,
        .name = xstrdup(name),
        .done = done,
        .context = context,
    };
    store_send_for(store, &gone->command, audit);
}

/* --- read ------------------------------------------------------------------------------------- */

static json_t *dataset_json(struct statement *row)
{
    const char *format = row_text(row, 1);
    return json_pack("{so so so so sb sb so so so}", "name", row_json_text(row, 0), "team",
                     row_json_text(row, 5), "visibility", row_json_text(row, 6), "format",
                     row_json_text(row, 1), "built_in", format && strcmp(format, "built-in") == 0,
                     "ready", 1, "bytes", row_json_integer(row, 2), "created_ms",
                     row_json_integer(row, 3), "summary", row_document(row, 4));
}

#define DATASET_COLUMNS                                                                            \
    "name, format, bytes, created_ms, summary,"                                                    \
    " (SELECT team.name FROM team WHERE team.id = dataset.team_id), visibility"

/* One for everyone is left out where the team has its own of that name: it would not get it. */
static int list_datasets(struct sql *db, int64_t team, json_t *list, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT " DATASET_COLUMNS " FROM dataset"
                          " WHERE id = " DATASET_FOR("?1", "dataset.name") " ORDER BY name");
    put_integer(read, team);
    int got;
    while ((got = statement_next(read, err)) > 0)
        json_array_append_new(list, dataset_json(read));
    return got;
}

int store_read_datasets(struct reader *reader, int64_t team, json_t **out, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *list = json_array();
    const int got = list_datasets(db, team, list, err);
    reader_end(reader);
    if (got < 0) {
        json_decref(list);
        return -1;
    }
    *out = json_pack("{so}", "datasets", list);
    return 0;
}

static int read_dataset(struct sql *db, int64_t team, const char *name, json_t **out,
                        struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT " DATASET_COLUMNS " FROM dataset"
                                               " WHERE id = " DATASET_FOR("?1", "?2"));
    put_integer(read, team);
    put_text(read, name);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no data set \"%s\"", name);
    *out = dataset_json(read);
    statement_reset(read);
    return 0;
}

int store_read_dataset(struct reader *reader, int64_t team, const char *name, json_t **out,
                       struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = read_dataset(db, team, name, out, err);
    reader_end(reader);
    return got;
}
