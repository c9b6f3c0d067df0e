/*
 * The steps that bring a database of any age to the present schema: the files of schema/, embedded,
 * in the order of their numbers. PRAGMA user_version says how many a database has seen.
 */
#ifndef MIGRATIONS_H
#define MIGRATIONS_H

#include "store/sql.h"

extern const int migration_count;
const char *migration_name(int index); /* "0001_first" */
const char *migration_text(int index);

/* Each step that is missing in its own transaction. A database that has seen more steps than this
 * program knows is refused with a sentence and not touched. */
int migrate(struct sql *db, struct error *err);

#endif
