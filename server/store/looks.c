/*
 * Looks at a comparison while its seeds come in: what was found, and what the runs that waited for
 * it do now, in one transaction, so a crash leaves it done or to be done.
 */
#include "store/private.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>

struct settle_look {
    struct command command;
    struct look look; /* its texts and entries are the members below */
    struct look_entry *entries;
    char *message;
    char *variants; /* JSON */
    store_done *done;
    void *context;
};

static int add_entry(const struct settle_look *command, struct sql *db,
                     const struct look_entry *entry, struct error *err)
{
    struct statement *insert = sql_statement(
        db, "INSERT INTO look (job_id, number, arm, seeds, p, verdict, at_ms) VALUES (?, ?, ?, ?,"
            " ?, ?, ?)");
    put_integer(insert, command->look.job);
    put_integer(insert, entry->look);
    put_integer(insert, entry->arm);
    put_integer(insert, entry->seeds);
    put_real(insert, entry->p);
    put_text(insert, verdict_names[entry->verdict]);
    put_integer(insert, command->look.now_ms);
    return statement_run(insert, err);
}

/* The runs of later rounds of arms that have had enough. */
static int stop_arms(const struct settle_look *command, struct sql *db, struct error *err)
{
    const struct look *look = &command->look;
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = 'pruned', reason = 'decided', message = ?, finished_ms = ?"
            " WHERE job_id = ? AND id >= ? AND phase = 'report' AND state = 'waiting'"
            " AND (? >> arm) & 1");
    put_text(update, command->message);
    put_integer(update, look->now_ms);
    put_integer(update, look->job);
    put_integer(update, look->first_report);
    put_integer(update, (int64_t)look->stops);
    return statement_run(update, err);
}

/* The next round of the others, with the variant that their arm has chosen. */
static int release_round(const struct settle_look *command, struct sql *db, struct error *err)
{
    const struct look *look = &command->look;
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = 'queued', queued_ms = ?,"
            " variant_id = coalesce(variant_id, json_extract(?, '$[' || arm || ']'))"
            " WHERE job_id = ? AND id >= ? AND id < ? AND phase = 'report' AND state = 'waiting'"
            " AND (? >> arm) & 1");
    put_integer(update, look->now_ms);
    put_text(update, command->variants);
    put_integer(update, look->job);
    put_integer(update, look->first_report);
    put_integer(update, look->before);
    put_integer(update, (int64_t)look->releases);
    return statement_run(update, err);
}

static int note_end(const struct settle_look *command, struct sql *db, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE job SET finished_ms = ? WHERE id = ? AND finished_ms IS NULL"
                          " AND waiting + queued + running = 0");
    put_integer(update, command->look.now_ms);
    put_integer(update, command->look.job);
    return statement_run(update, err);
}

static int settle_look(struct writer *writer, struct command *base, struct error *err)
{
    const struct settle_look *command = (struct settle_look *)base;
    struct sql *db = writer_db(writer);
    int deltas[RUN_STATES] = {0};

    for (int i = 0; i < command->look.entry_count; i++)
        if (add_entry(command, db, &command->entries[i], err) < 0)
            return -1;
    if (stop_arms(command, db, err) < 0)
        return -1;
    deltas[RUN_PRUNED] = sqlite3_changes(db->handle);
    if (release_round(command, db, err) < 0)
        return -1;
    deltas[RUN_QUEUED] = sqlite3_changes(db->handle);
    deltas[RUN_WAITING] = -deltas[RUN_PRUNED] - deltas[RUN_QUEUED];
    if (job_row_update(writer, command->look.job, deltas, NULL, err) < 0)
        return -1;
    return note_end(command, db, err);
}

static void tell_settled(struct command *base, const struct error *err)
{
    const struct settle_look *command = (struct settle_look *)base;
    if (command->done)
        command->done(command->context, err);
}

static void release_settle(struct command *base)
{
    struct settle_look *command = (struct settle_look *)base;
    free(command->entries);
    free(command->message);
    free(command->variants);
}

static char *variants_text(const struct look *look)
{
    json_auto_t *list = json_array();
    for (int arm = 0; arm < look->arm_count; arm++)
        json_array_append_new(list, look->variants[arm] > 0 ? json_integer(look->variants[arm])
                                                            : json_null());
    return json_compact(list);
}

void store_settle_look(struct store *store, const struct look *look, store_done *done,
                       void *context)
{
    struct settle_look *command = xcalloc(1, sizeof *command);
    *command = (struct settle_look){
        .command = {.work = settle_look,
                    .tell = tell_settled,
                    .release = release_settle,
                    .rows = 1000},
        .look = *look,
        .entries = xcalloc((size_t)look->entry_count, sizeof *command->entries),
        .message = look->message ? xstrdup(look->message) : NULL,
        .variants = variants_text(look),
        .done = done,
        .context = context,
    };
    for (int i = 0; i < look->entry_count; i++)
        command->entries[i] = look->entries[i];
    store_send(store, &command->command);
}

/* --- reading ---------------------------------------------------------------------------------- */

int looks_read(struct sql *db, int64_t job, struct look_entry **out, int *out_count,
               struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT number, arm, seeds, p, verdict FROM look WHERE job_id = ?"
                          " ORDER BY number, arm");
    struct look_entry *list = NULL;
    int count = 0, got;

    put_integer(read, job);
    while ((got = statement_next(read, err)) > 0) {
        const int verdict = verdict_find(row_text(read, 4));
        list = xrealloc(list, (size_t)count + 1, sizeof *list);
        list[count++] = (struct look_entry){
            .look = (int)row_integer(read, 0),
            .arm = (int)row_integer(read, 1),
            .seeds = (int)row_integer(read, 2),
            .p = row_real(read, 3),
            .verdict = verdict < 0 ? VERDICT_UNDECIDED : (enum verdict)verdict,
        };
    }
    *out = list;
    *out_count = count;
    return got;
}
