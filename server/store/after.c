/*
 * Jobs that come after others: whether those have ended, looked up and acted on in one transaction.
 */
#include "store/private.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct release_after {
    struct command command;
    struct after after;
    char *ids; /* [1, 2] */
    enum after_outcome outcome;
    char message[ERROR_SENTENCE_BYTES];
    store_after_released *done;
    void *context;
};

/* The first job that has not ended, or else (unless any end will do) has not succeeded, decides. */
static int look_at_others(struct release_after *command, struct sql *db, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT id, state, state IN ('queued', 'running', 'paused') AS open FROM job"
            " WHERE id IN (SELECT value FROM json_each(?1)) AND (open OR (?2 AND state <>"
            " 'succeeded')) ORDER BY open DESC, id LIMIT 1");
    put_text(read, command->ids);
    put_integer(read, !command->after.any);
    const int found = statement_next(read, err);
    command->outcome = AFTER_RELEASED;
    if (found <= 0)
        return found;
    const bool failed = strcmp(row_text(read, 1), "failed") == 0;
    command->outcome = row_integer(read, 2) ? AFTER_WAITS : AFTER_FAILED;
    snprintf(command->message, sizeof command->message, "it comes after job %lld, which %s",
             (long long)row_integer(read, 0), failed ? "failed" : "was cancelled");
    statement_reset(read);
    return 0;
}

static int release(const struct release_after *command, struct sql *db, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE run SET state = 'queued', queued_ms = ? WHERE job_id = ?"
                          " AND id < ? AND state = 'waiting' AND attempt = 0 AND phase = ?"
                          " AND (arm < 0 OR (? >> arm) & 1)");
    put_time(update, command->after.now_ms);
    put_integer(update, command->after.job);
    put_integer(update, command->after.before);
    put_text(update, run_phase_names[command->after.phase]);
    put_integer(update, (int64_t)command->after.arms);
    return statement_run(update, err);
}

static int fail(const struct release_after *command, struct sql *db, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE run SET state = 'failed', reason = 'source failed', message = ?,"
                          " finished_ms = ? WHERE job_id = ? AND state = 'waiting'");
    put_text(update, command->message);
    put_time(update, command->after.now_ms);
    put_integer(update, command->after.job);
    return statement_run(update, err);
}

static int count_moved(struct writer *writer, const struct release_after *command,
                       struct error *err)
{
    const int moved = sqlite3_changes(writer_db(writer)->handle);
    const bool failed = command->outcome == AFTER_FAILED;
    int deltas[RUN_STATES] = {0};
    deltas[RUN_WAITING] = -moved;
    deltas[failed ? RUN_FAILED : RUN_QUEUED] = moved;
    if (job_row_update(writer, command->after.job, deltas, NULL, err) < 0)
        return -1;
    struct statement *update =
        sql_statement(writer_db(writer), "UPDATE job SET finished_ms = ? WHERE id = ?"
                                         " AND waiting + queued + running = 0");
    put_integer(update, command->after.now_ms);
    put_integer(update, command->after.job);
    return failed ? statement_run(update, err) : 0;
}

static int release_after(struct writer *writer, struct command *base, struct error *err)
{
    struct release_after *command = (struct release_after *)base;
    struct sql *db = writer_db(writer);

    if (look_at_others(command, db, err) < 0)
        return -1;
    if (command->outcome == AFTER_WAITS)
        return 0;
    if ((command->outcome == AFTER_FAILED ? fail(command, db, err) : release(command, db, err)) < 0)
        return -1;
    return count_moved(writer, command, err);
}

static void tell_released(struct command *base, const struct error *err)
{
    const struct release_after *command = (struct release_after *)base;
    if (command->done)
        command->done(command->context, command->outcome, err);
}

static void free_release(struct command *base)
{
    free(((struct release_after *)base)->ids);
}

static char *ids_text(const struct after *after)
{
    json_auto_t *list = json_array();
    for (int i = 0; i < after->count; i++)
        json_array_append_new(list, json_integer(after->jobs[i]));
    return json_compact(list);
}

void store_release_after(struct store *store, const struct after *after, store_after_released *done,
                         void *context)
{
    struct release_after *command = xcalloc(1, sizeof *command);
    *command = (struct release_after){
        .command = {.work = release_after,
                    .tell = tell_released,
                    .release = free_release,
                    .rows = 1000},
        .after = *after,
        .ids = ids_text(after),
        .done = done,
        .context = context,
    };
    command->after.jobs = NULL; /* not copied */
    store_send(store, &command->command);
}

/* --- at the start ----------------------------------------------------------------------------- */

static int check_one(struct sql *db, int64_t job, int64_t team, bool *sees, struct error *err)
{
    struct statement *find = sql_statement(
        db, "SELECT 1 FROM job WHERE id = ? AND (team_id = ? OR visibility = 'everyone')");
    put_integer(find, job);
    put_integer(find, team);
    const int found = statement_next(find, err);
    if (found > 0)
        statement_reset(find);
    *sees = found > 0;
    return found < 0 ? -1 : 0;
}

int store_sees_job(struct reader *reader, int64_t job, int64_t team, bool *sees, struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = check_one(db, job, team, sees, err);
    reader_end(reader);
    return got;
}
