#include "store/usage.h"

#include "memory.h"
#include "store/private.h"

#include <stdlib.h>
#include <string.h>

struct save {
    struct command command;
    struct team_usage *usages; /* [count] */
    int count;
};

static int save_usage(struct writer *writer, struct command *command, struct error *err)
{
    const struct save *save = (struct save *)command;
    struct sql *db = writer_db(writer);
    if (sql_execute(db, "DELETE FROM team_usage", err) < 0)
        return -1;
    for (int i = 0; i < save->count; i++) {
        struct statement *insert =
            sql_statement(db, "INSERT INTO team_usage (team_id, slot_s, at_ms) VALUES (?, ?, ?)");
        put_integer(insert, save->usages[i].team);
        put_real(insert, save->usages[i].slot_s);
        put_integer(insert, save->usages[i].at_ms);
        if (statement_run(insert, err) < 0)
            return -1;
    }
    return 0;
}

/* What could not be written is written with the next one. */
static void tell(struct command *command, const struct error *err)
{
    (void)command;
    (void)err;
}

static void release(struct command *command)
{
    free(((struct save *)command)->usages);
}

void store_save_usage(struct store *store, const struct team_usage *usages, int count)
{
    struct save *save = xcalloc(1, sizeof *save);
    *save = (struct save){
        .command = {.work = save_usage, .tell = tell, .release = release, .rows = count + 1},
        .usages = xcalloc((size_t)count, sizeof *usages),
        .count = count,
    };
    if (count > 0)
        memcpy(save->usages, usages, (size_t)count * sizeof *usages);
    store_send(store, &save->command);
}

static int load_usage(struct sql *db, void (*usage)(void *, const struct team_usage *),
                      void *context, struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT team_id, slot_s, at_ms FROM team_usage");
    int got;
    while ((got = statement_next(read, err)) > 0)
        usage(context, &(struct team_usage){.team = row_integer(read, 0),
                                            .slot_s = row_real(read, 1),
                                            .at_ms = row_integer(read, 2)});
    return got;
}

int store_load_usage(struct store *store, void (*usage)(void *, const struct team_usage *),
                     void *context, struct error *err)
{
    struct reader *reader = store_reader_start(store);
    struct sql *db = reader_begin(reader, err);
    int got = -1;
    if (db) {
        got = load_usage(db, usage, context, err);
        reader_end(reader);
    }
    store_reader_end(reader);
    return got;
}
