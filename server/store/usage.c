#include "store/usage.h"

#include "json.h"
#include "memory.h"
#include "store/private.h"

#include <stdlib.h>
#include <string.h>

struct save {
    struct command command;
    struct team_usage *usages; /* [count] */
    int count;
};

/* Zeros at the end are left out: most teams have not run for an hour. */
static char *minutes_text(const int64_t minutes[USAGE_HOUR_MINUTES])
{
    int count = USAGE_HOUR_MINUTES;
    while (count > 0 && minutes[count - 1] == 0)
        count--;
    json_auto_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_integer(minutes[i]));
    return json_compact(list);
}

/* What was never written, or by an older server, is an hour of nothing. */
static void read_minutes(const char *text, int64_t minutes[USAGE_HOUR_MINUTES])
{
    json_auto_t *list = text ? json_loads(text, 0, NULL) : NULL;
    for (size_t i = 0; i < USAGE_HOUR_MINUTES; i++) {
        const int64_t slot_ms = json_integer_value(json_array_get(list, i));
        minutes[i] = slot_ms > 0 ? slot_ms : 0;
    }
}

static int save_usage(struct writer *writer, struct command *command, struct error *err)
{
    const struct save *save = (struct save *)command;
    struct sql *db = writer_db(writer);
    if (sql_execute(db, "DELETE FROM team_usage", err) < 0)
        return -1;
    for (int i = 0; i < save->count; i++) {
        AUTO_FREE char *minutes = minutes_text(save->usages[i].minutes);
        struct statement *insert = sql_statement(
            db, "INSERT INTO team_usage (team_id, slot_s, at_ms, hour) VALUES (?, ?, ?, ?)");
        put_integer(insert, save->usages[i].team);
        put_real(insert, save->usages[i].slot_s);
        put_integer(insert, save->usages[i].at_ms);
        put_text(insert, minutes);
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
    struct statement *read =
        sql_statement(db, "SELECT team_id, slot_s, at_ms, hour FROM team_usage");
    int got;
    while ((got = statement_next(read, err)) > 0) {
        struct team_usage row = {.team = row_integer(read, 0),
                                 .slot_s = row_real(read, 1),
                                 .at_ms = row_integer(read, 2)};
        read_minutes(row_text(read, 3), row.minutes);
        usage(context, &row);
    }
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
