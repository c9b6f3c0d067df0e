/*
 * The store's own view of SQLite: a connection with its prepared statements, bound and read one
 * after the other. Only server/store includes this header, and nothing outside it sqlite3.h.
 *
 * A connection belongs to one thread at a time. Statements are found by the address of their text,
 * so the text must be a literal: db, "SELECT …" in one place is prepared once a connection.
 */
#ifndef SQL_H
#define SQL_H

#include "error.h"
#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct sql;

struct statement {
    struct sql *db;
    const char *text;
    sqlite3_stmt *handle;
    int bound; /* parameters given since it last ran */
};

enum { STATEMENTS_MAX = 192, SQL_BUSY_MS = 5000 };

struct sql {
    sqlite3 *handle;
    int code; /* SQLite's extended result code of the last failure; the owner may clear it */
    struct statement statements[STATEMENTS_MAX];
    int statement_count;
};

/* Opens the file hardened: no untrusted schema, no writes into the schema's own tables, no strings
 * in double quotes, cells checked. `vfs` may be NULL. Readers open what exists, read-only, and
 * never checkpoint. On failure nothing stays open. */
int sql_open(struct sql *db, const char *path, const char *vfs, bool writes, struct error *err);
void sql_close(struct sql *db); /* accepts one that never opened */

/* Statements without results, outside of the cache: pragmas, BEGIN, migrations. */
int sql_execute(struct sql *db, const char *text, struct error *err);

/* Fills err from the connection's last failure: a full disk is ERROR_UNAVAILABLE, all else
 * ERROR_INTERNAL; `doing` follows "cannot ". Answers -1. */
int sql_error(struct sql *db, const char *doing, struct error *err);

/* Ready for its first parameter; never NULL, a failure to prepare shows when it runs. */
struct statement *sql_statement(struct sql *db, const char *literal);

/* The next parameter. Text is not copied: it must live until the statement has run. */
void put_integer(struct statement *statement, int64_t value);
void put_real(struct statement *statement, double value);     /* NaN and infinities: NULL */
void put_text(struct statement *statement, const char *text); /* NULL: NULL */
void put_bytes(struct statement *statement, const void *data, size_t bytes); /* likewise */
void put_null(struct statement *statement);
void put_time(struct statement *statement, int64_t ms); /* 0: NULL */

/* 1: a row is there; 0: no more, and the statement is reset; -1: failed, likewise reset. */
int statement_next(struct statement *statement, struct error *err);
/* For statements that answer no rows. */
int statement_run(struct statement *statement, struct error *err);
/* Needed only where rows were left unread. */
void statement_reset(struct statement *statement);

int64_t row_integer(struct statement *statement, int column);  /* NULL: 0 */
double row_real(struct statement *statement, int column);      /* NULL: NaN */
const char *row_text(struct statement *statement, int column); /* NULL: NULL; until the next row */
/* Until the next row; NULL: NULL, or no bytes. */
const void *row_bytes(struct statement *statement, int column, size_t *out_bytes);
bool row_is_null(struct statement *statement, int column);

/* The column as JSON, null where it is NULL. row_document() reads text that is JSON. */
json_t *row_json_integer(struct statement *statement, int column);
json_t *row_json_real(struct statement *statement, int column);
json_t *row_json_text(struct statement *statement, int column);
json_t *row_document(struct statement *statement, int column);

#endif
