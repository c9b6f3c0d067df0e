#include "store/migrations.h"

#include "memory.h"

#include <stdio.h>

/* The text of a file, NUL-ended, in the program's constants. Paths begin at the project's root,
 * where the compiler runs. */
#define EMBED(name)                                                                                \
    extern const char schema_##name[];                                                             \
    __asm__(".pushsection .rodata\n"                                                               \
            ".global schema_" #name "\n"                                                           \
            ".hidden schema_" #name "\n"                                                           \
            "schema_" #name ":\n"                                                                  \
            ".incbin \"schema/" #name ".sql\"\n"                                                   \
            ".byte 0\n"                                                                            \
            ".popsection\n")

EMBED(0001_first);
EMBED(0002_sources);
EMBED(0003_teams);
EMBED(0004_usage);
EMBED(0005_shared_results);
EMBED(0006_looks);
EMBED(0007_timing);
EMBED(0008_team_limits);
EMBED(0009_search);

/* In the order of their numbers. */
static const struct {
    const char *name, *text;
} migrations[] = {
    {"0001_first", schema_0001_first},
    {"0002_sources", schema_0002_sources},
    {"0003_teams", schema_0003_teams},
    {"0004_usage", schema_0004_usage},
    {"0005_shared_results", schema_0005_shared_results},
    {"0006_looks", schema_0006_looks},
    {"0007_timing", schema_0007_timing},
    {"0008_team_limits", schema_0008_team_limits},
    {"0009_search", schema_0009_search},
};

const int migration_count = COUNT_OF(migrations);

const char *migration_name(int index)
{
    return migrations[index].name;
}

const char *migration_text(int index)
{
    return migrations[index].text;
}

static int migrate_once(struct sql *db, int index, struct error *err)
{
    char version[64];
    snprintf(version, sizeof version, "PRAGMA user_version = %d", index + 1);
    if (sql_execute(db, "BEGIN IMMEDIATE", err) < 0)
        return -1;
    if (sql_execute(db, migrations[index].text, err) < 0 || sql_execute(db, version, err) < 0 ||
        sql_execute(db, "COMMIT", err) < 0) {
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
        return -1;
    }
    return 0;
}

int migrate(struct sql *db, struct error *err)
{
    struct statement *version = sql_statement(db, "PRAGMA user_version");
    if (statement_next(version, err) < 0)
        return -1;
    const int64_t seen = row_integer(version, 0);
    statement_reset(version);
    if (seen < 0 || seen > migration_count)
        return error_of(err, ERROR_CONFLICT,
                        "the database was written by a newer sweepd (schema %lld, this program "
                        "knows up to %d): start that one, or restore an older copy",
                        (long long)seen, migration_count);
    for (int i = (int)seen; i < migration_count; i++)
        if (migrate_once(db, i, err) < 0)
            return -1;
    return 0;
}
