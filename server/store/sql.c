#include "store/sql.h"

#include "json.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Each connection stays on one thread and nobody reads SQLite's own memory counts, whose lock all
 * threads would share. Fails harmlessly where something used SQLite before. */
static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
}

static int harden(struct sql *db, struct error *err)
{
    const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},     {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        sqlite3_db_config(db->handle, options[i].option, options[i].value, NULL);
    return sql_execute(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;", err);
}

int sql_open(struct sql *db, const char *path, const char *vfs, bool writes, struct error *err)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure_library);

    memset(db, 0, sizeof *db);
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    db->code = sqlite3_open_v2(path, &db->handle, flags, vfs);
    if (db->code != SQLITE_OK) {
        error_of(err, ERROR_INTERNAL, "cannot open the database \"%s\": %s", path,
                 db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(db->code));
        sql_close(db);
        return -1;
    }
    /* Only recovery after a crash, and a reader's look at it, ever hold a lock that matters. */
    sqlite3_busy_timeout(db->handle, SQL_BUSY_MS);
    if (!writes)
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_wal_autocheckpoint(db->handle, 0);
    if (harden(db, err) < 0) {
        sql_close(db);
        return -1;
    }
    return 0;
}

void sql_close(struct sql *db)
{
    for (int i = 0; i < db->statement_count; i++)
        sqlite3_finalize(db->statements[i].handle);
    db->statement_count = 0;
    const int code = sqlite3_close(db->handle);
    assert(code == SQLITE_OK); /* no statement is open elsewhere */
    (void)code;
    db->handle = NULL;
}

int sql_error(struct sql *db, const char *doing, struct error *err)
{
    if ((db->code & 0xff) == SQLITE_FULL)
        return error_of(err, ERROR_UNAVAILABLE, "cannot %s: the disk is full", doing);
    return error_of(err, ERROR_INTERNAL, "cannot %s: %s", doing, sqlite3_errmsg(db->handle));
}

int sql_execute(struct sql *db, const char *text, struct error *err)
{
    const int code = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return 0;
    db->code = code;
    return sql_error(db, "change the database", err);
}

struct statement *sql_statement(struct sql *db, const char *literal)
{
    for (int i = 0; i < db->statement_count; i++)
        if (db->statements[i].text == literal && db->statements[i].handle) {
            db->statements[i].bound = 0;
            return &db->statements[i];
        }
    assert(db->statement_count < STATEMENTS_MAX);
    struct statement *statement = &db->statements[db->statement_count++];
    *statement = (struct statement){.db = db, .text = literal};
    db->code = sqlite3_prepare_v3(db->handle, literal, -1, SQLITE_PREPARE_PERSISTENT,
                                  &statement->handle, NULL);
    if (!statement->handle)
        db->statement_count--; /* the slot stays readable for statement_next(), and is used again */
    return statement;
}

static int next_place(struct statement *statement)
{
    return ++statement->bound;
}

void put_integer(struct statement *statement, int64_t value)
{
    sqlite3_bind_int64(statement->handle, next_place(statement), value);
}

void put_real(struct statement *statement, double value)
{
    if (isfinite(value))
        sqlite3_bind_double(statement->handle, next_place(statement), value);
    else
        put_null(statement);
}

void put_text(struct statement *statement, const char *text)
{
    sqlite3_bind_text(statement->handle, next_place(statement), text, -1, SQLITE_STATIC);
}

void put_bytes(struct statement *statement, const void *data, size_t bytes)
{
    sqlite3_bind_blob64(statement->handle, next_place(statement), data, bytes, SQLITE_STATIC);
}

void put_null(struct statement *statement)
{
    sqlite3_bind_null(statement->handle, next_place(statement));
}

void put_time(struct statement *statement, int64_t ms)
{
    if (ms)
        put_integer(statement, ms);
    else
        put_null(statement);
}

int statement_next(struct statement *statement, struct error *err)
{
    if (!statement->handle)
        return sql_error(statement->db, "prepare a statement", err);
    const int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        return 1;
    if (code == SQLITE_DONE) {
        sqlite3_reset(statement->handle);
        return 0;
    }
    statement->db->code = code;
    sql_error(statement->db, "use the database", err);
    sqlite3_reset(statement->handle);
    return -1;
}

int statement_run(struct statement *statement, struct error *err)
{
    const int got = statement_next(statement, err);
    assert(got <= 0);
    return got;
}

void statement_reset(struct statement *statement)
{
    sqlite3_reset(statement->handle);
}

int64_t row_integer(struct statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

double row_real(struct statement *statement, int column)
{
    return row_is_null(statement, column) ? (double)NAN
                                          : sqlite3_column_double(statement->handle, column);
}

const char *row_text(struct statement *statement, int column)
{
    return (const char *)sqlite3_column_text(statement->handle, column);
}

const void *row_bytes(struct statement *statement, int column, size_t *out_bytes)
{
    const void *data = sqlite3_column_blob(statement->handle, column);
    *out_bytes = (size_t)sqlite3_column_bytes(statement->handle, column);
    return data;
}

bool row_is_null(struct statement *statement, int column)
{
    return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

json_t *row_json_integer(struct statement *statement, int column)
{
    return row_is_null(statement, column) ? json_null()
                                          : json_integer(row_integer(statement, column));
}

json_t *row_json_real(struct statement *statement, int column)
{
    return json_number(row_real(statement, column));
}

json_t *row_json_text(struct statement *statement, int column)
{
    const char *text = row_text(statement, column);
    return text ? json_text(text) : json_null();
}

/* What the store wrote itself; a value that does not read any more is shown as text. */
json_t *row_document(struct statement *statement, int column)
{
    const char *text = row_text(statement, column);
    if (!text)
        return json_null();
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_text(text);
}
