#include "store/private.h"

#include "memory.h"

#include <stdlib.h>

static int open_reader(struct reader *reader, struct error *err)
{
    if (reader->open)
        return 0;
    if (sql_open(&reader->db, store_path(reader->store), store_vfs(reader->store), false, err) < 0)
        return -1;
    reader->open = true;
    /* A few readers of 4 MiB: most pages are read once, the system keeps them anyway. */
    return sql_execute(&reader->db, "PRAGMA cache_size = -4096", err);
}

void *store_reader_start(void *store)
{
    struct reader *reader = xcalloc(1, sizeof *reader);
    reader->store = store;
    return reader;
}

void store_reader_end(void *context)
{
    struct reader *reader = context;
    if (reader->open)
        sql_close(&reader->db);
    free(reader);
}

struct sql *reader_begin(struct reader *reader, struct error *err)
{
    if (open_reader(reader, err) < 0 || statement_run(sql_statement(&reader->db, "BEGIN"), err) < 0)
        return NULL;
    return &reader->db;
}

void reader_end(struct reader *reader)
{
    statement_run(sql_statement(&reader->db, "COMMIT"), NULL);
}
