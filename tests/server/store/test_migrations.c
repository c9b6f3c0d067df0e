#include "server/store/kit.h"

#include "store/migrations.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>

static int open_folder(void **state)
{
    struct folder *folder = xcalloc(1, sizeof *folder);
    *folder = folder_make();
    *state = folder;
    return 0;
}

static int remove_folder(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static void change_file(const struct folder *folder, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(folder_path(folder, "sweepd.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int64_t ask_file(const struct folder *folder, const char *question)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(folder_path(folder, "sweepd.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, question, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static int open_and_close(const struct folder *folder, struct error *err)
{
    const struct store_options options = {.folder = folder->path};
    struct loop *loop;
    struct store *store;
    assert_int_equal(loop_new(&loop, err), 0);
    const int got = store_open(loop, &options, &store, err);
    if (got == 0)
        store_close(store);
    loop_free(loop);
    return got;
}

/* --- the files -------------------------------------------------------------------------------- */

static int is_migration(const struct dirent *entry)
{
    const char *ending = strrchr(entry->d_name, '.');
    return ending && strcmp(ending, ".sql") == 0;
}

static void assert_same_text(int index, const char *file_name)
{
    AUTO_FREE char *path = xprintf("schema/%s", file_name);
    const char *text = migration_text(index);
    const size_t bytes = strlen(text);
    AUTO_FREE char *read = xcalloc(bytes + 2, 1);
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    assert_int_equal(fread(read, 1, bytes + 1, in), bytes);
    fclose(in);
    assert_memory_equal(read, text, bytes);
}

/* Runs from the project's root, as all tests do. */
static void every_file_of_the_schema_is_in_the_program(void **state)
{
    (void)state;
    struct dirent **entries;
    const int count = scandir("schema", &entries, is_migration, alphasort);
    assert_int_equal(count, migration_count);
    for (int i = 0; i < count; i++) {
        AUTO_FREE char *expected = xprintf("%s.sql", migration_name(i));
        assert_string_equal(entries[i]->d_name, expected);
        assert_int_equal(atoi(entries[i]->d_name), i + 1);
        assert_same_text(i, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

/* --- databases -------------------------------------------------------------------------------- */

static void an_empty_folder_gets_the_present_schema(void **state)
{
    const struct folder *folder = *state;
    struct error err;
    assert_int_equal(open_and_close(folder, &err), 0);
    assert_int_equal(ask_file(folder, "PRAGMA user_version"), migration_count);
    assert_int_equal(ask_file(folder, "SELECT count(*) FROM job"), 0);
    assert_int_equal(ask_file(folder, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main'"
                                      " AND name NOT LIKE 'sqlite%' AND NOT strict"),
                     0);
    assert_int_equal(open_and_close(folder, &err), 0);
}

static void a_newer_database_is_refused_and_left_alone(void **state)
{
    const struct folder *folder = *state;
    struct error err;
    assert_int_equal(open_and_close(folder, &err), 0);
    change_file(folder, "PRAGMA user_version = 99");
    assert_int_equal(open_and_close(folder, &err), -1);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_says(err.sentence, "written by a newer sweepd (schema 99");
    assert_int_equal(ask_file(folder, "PRAGMA user_version"), 99);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    const struct folder *folder = *state;
    char noise[4096];
    struct error err;
    memset(noise, 'x', sizeof noise);
    folder_write(folder, "sweepd.db", noise, sizeof noise);
    assert_int_equal(open_and_close(folder, &err), -1);
    assert_says(err.sentence, "file is not a database");
}

/* Half of a step: its first table is there already, so the step fails and nothing of it stays. */
static void a_step_that_fails_leaves_nothing_behind(void **state)
{
    const struct folder *folder = *state;
    struct error err;
    change_file(folder, "CREATE TABLE run (id INTEGER PRIMARY KEY)");
    assert_int_equal(open_and_close(folder, &err), -1);
    assert_says(err.sentence, "table run already exists");
    assert_int_equal(ask_file(folder, "SELECT count(*) FROM sqlite_schema"), 1);
    assert_int_equal(ask_file(folder, "PRAGMA user_version"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_schema_is_in_the_program),
        TEST(an_empty_folder_gets_the_present_schema),
        TEST(a_newer_database_is_refused_and_left_alone),
        TEST(a_file_that_is_no_database_is_refused),
        TEST(a_step_that_fails_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
