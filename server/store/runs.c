#include "store/private.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int no_such_run(int64_t run, struct error *err)
{
    return error_of(err, ERROR_NOT_FOUND, "there is no run %lld", (long long)run);
}

/* --- start ------------------------------------------------------------------------------------ */

struct start_run {
    struct command command;
    int64_t run, now_ms;
    int attempt;
    char *worker;
    struct started_run started;
    store_run_started *done;
    void *context;
};

static char *copied(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static void release_started(struct started_run *started)
{
    free(started->spec);
    free(started->data);
    free(started->fingerprint);
    *started = (struct started_run){0};
}

/* What the worker needs. *job: 0 where there is no such run or it has no specification yet. */
static int read_start(struct start_run *start, struct sql *db, int64_t *job, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT run.job_id, " RUN_SPEC ", dataset.file,"
                          " coalesce(run.checkpoint_step, -1), run.checkpoint_fingerprint,"
                          " coalesce((SELECT max(last_step) FROM series WHERE run_id = run.id), -1)"
                          " FROM run JOIN variant ON variant.id = run.variant_id"
                          " JOIN job ON job.id = run.job_id LEFT JOIN dataset ON dataset.id ="
                          " " DATASET_FOR("job.team_id", "variant.dataset") " WHERE run.id = ?");
    put_integer(read, start->run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    release_started(&start->started);
    *job = found ? row_integer(read, 0) : 0;
    if (found) {
        start->started = (struct started_run){.spec = copied(row_text(read, 1)),
                                              .data = copied(row_text(read, 2)),
                                              .checkpoint = row_integer(read, 3),
                                              .fingerprint = copied(row_text(read, 4)),
                                              .steps_seen = row_integer(read, 5)};
        statement_reset(read);
    }
    return 0;
}

static int mark_running(const struct start_run *start, struct sql *db, struct error *err)
{
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = 'running', attempt = ?1, worker = ?2, started_ms = ?3,"
            " finished_ms = NULL, reason = NULL, message = NULL, objective = NULL,"
            " fingerprint = NULL, resumed_step = NULL"
            " WHERE id = ?4 AND state = 'queued' AND attempt = ?1 - 1");
    put_integer(update, start->attempt);
    put_text(update, start->worker);
    put_integer(update, start->now_ms);
    put_integer(update, start->run);
    if (statement_run(update, err) < 0)
        return -1;
    if (sqlite3_changes(db->handle) == 0)
        return error_of(err, ERROR_CONFLICT, "run %lld is not queued for attempt %d",
                        (long long)start->run, start->attempt);
    return 0;
}

static int mark_job_started(const struct start_run *start, struct sql *db, int64_t job,
                            struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE job SET queued = queued - 1, running = running + 1,"
                          " started_ms = coalesce(started_ms, ?), finished_ms = NULL WHERE id = ?");
    put_integer(update, start->now_ms);
    put_integer(update, job);
    return statement_run(update, err);
}

static int start_run(struct writer *writer, struct command *command, struct error *err)
{
    struct start_run *start = (struct start_run *)command;
    struct sql *db = writer_db(writer);
    int64_t job;
    if (read_start(start, db, &job, err) < 0)
        return -1;
    if (!job)
        return no_such_run(start->run, err);
    if (mark_running(start, db, err) < 0)
        return -1;
    return mark_job_started(start, db, job, err);
}

static void tell_started(struct command *command, const struct error *err)
{
    const struct start_run *start = (struct start_run *)command;
    if (start->done)
        start->done(start->context, err ? NULL : &start->started, err);
}

static void release_start(struct command *command)
{
    struct start_run *start = (struct start_run *)command;
    release_started(&start->started);
    free(start->worker);
}

void store_start_run(struct store *store, int64_t run, int attempt, const char *worker,
                     int64_t now_ms, store_run_started *done, void *context)
{
    struct start_run *start = xcalloc(1, sizeof *start);
    *start = (struct start_run){
        .command = {.work = start_run, .tell = tell_started, .release = release_start, .rows = 1},
        .run = run,
        .now_ms = now_ms,
        .attempt = attempt,
        .worker = copied(worker),
        .done = done,
        .context = context,
    };
    store_send(store, &start->command);
}

/* --- notes about a running attempt ------------------------------------------------------------ */

struct note {
    struct command command;
    int64_t run;
    int attempt;
    char *fingerprint; /* NULL: a checkpoint */
    int64_t step;      /* of the checkpoint, or where it resumed */
    int64_t steps;
    int64_t bytes; /* of the run's files, at a checkpoint; 0: not known */
    store_done *done;
    void *context;
};

/* A note of an older attempt is refused: whoever acts on it (a worker that may drop its older
 * checkpoints) must know that it was not taken. */
static int check_noted(const struct note *note, struct sql *db, struct error *err)
{
    if (sqlite3_changes(db->handle) > 0)
        return 0;
    return error_of(err, ERROR_CONFLICT, "run %lld is not at attempt %d", (long long)note->run,
                    note->attempt);
}

static int note_started(struct writer *writer, struct command *command, struct error *err)
{
    const struct note *note = (struct note *)command;
    struct sql *db = writer_db(writer);
    struct statement *update =
        sql_statement(db, "UPDATE run SET fingerprint = ?, resumed_step = ?, steps = ?"
                          " WHERE id = ? AND attempt = ?");
    put_text(update, note->fingerprint);
    put_integer(update, note->step);
    put_integer(update, note->steps);
    put_integer(update, note->run);
    put_integer(update, note->attempt);
    return statement_run(update, err) < 0 ? -1 : check_noted(note, db, err);
}

static int note_checkpoint(struct writer *writer, struct command *command, struct error *err)
{
    const struct note *note = (struct note *)command;
    struct sql *db = writer_db(writer);
    struct statement *update =
        sql_statement(db, "UPDATE run SET checkpoint_step = ?, checkpoint_fingerprint ="
                          " fingerprint, bytes = coalesce(?, bytes) WHERE id = ? AND attempt = ?");
    put_integer(update, note->step);
    put_time(update, note->bytes);
    put_integer(update, note->run);
    put_integer(update, note->attempt);
    return statement_run(update, err) < 0 ? -1 : check_noted(note, db, err);
}

static void tell_noted(struct command *command, const struct error *err)
{
    const struct note *note = (struct note *)command;
    if (note->done)
        note->done(note->context, err);
}

static void release_note(struct command *command)
{
    free(((struct note *)command)->fingerprint);
}

static void send_note(struct store *store, struct note values)
{
    struct note *note = xcalloc(1, sizeof *note);
    *note = values;
    note->command.tell = tell_noted;
    note->command.release = release_note;
    note->command.rows = 1;
    store_send(store, &note->command);
}

void store_note_run(struct store *store, int64_t run, int attempt, const char *fingerprint,
                    int64_t resumed_step, int64_t steps, store_done *done, void *context)
{
    send_note(store, (struct note){.command = {.work = note_started},
                                   .run = run,
                                   .attempt = attempt,
                                   .fingerprint = copied(fingerprint),
                                   .step = resumed_step,
                                   .steps = steps,
                                   .done = done,
                                   .context = context});
}

void store_note_checkpoint(struct store *store, int64_t run, int attempt, int64_t step,
                           int64_t bytes, store_done *done, void *context)
{
    send_note(store, (struct note){.command = {.work = note_checkpoint},
                                   .run = run,
                                   .attempt = attempt,
                                   .step = step,
                                   .bytes = bytes,
                                   .done = done,
                                   .context = context});
}

/* --- one run ---------------------------------------------------------------------------------- */

struct change_run {
    struct command command;
    struct run_change change;
    struct metric_choice metric;
    struct run_timing timing;
    char *reason, *message, *overlay;
    double objective;
    store_run_changed *done;
    void *context;
};

/* Where the run is; a change that an older attempt brings is refused. A newer one is an attempt
 * whose start never got onto the disk. */
static int read_position(const struct change_run *command, struct sql *db, int64_t *job,
                         enum run_state *state, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT job_id, state, attempt FROM run WHERE id = ?");
    put_integer(read, command->change.run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return no_such_run(command->change.run, err);
    *job = row_integer(read, 0);
    const int known = run_state_find(row_text(read, 1));
    const int attempt = (int)row_integer(read, 2);
    statement_reset(read);
    if (known < 0)
        return error_of(err, ERROR_INTERNAL, "run %lld has no state that this program knows",
                        (long long)command->change.run);
    if (attempt > command->change.position.attempt)
        return error_of(err, ERROR_CONFLICT, "run %lld is at attempt %d, not %d",
                        (long long)command->change.run, attempt, command->change.position.attempt);
    *state = (enum run_state)known;
    return 0;
}

static int read_objective(struct change_run *command, struct sql *db, struct error *err)
{
    command->objective = (double)NAN;
    if (!command->change.metric || command->change.position.state != RUN_SUCCEEDED)
        return 0;
    struct statement *read =
        sql_statement(db, "SELECT last, best_low, best_high FROM series WHERE run_id = ?"
                          " AND name_id = (SELECT id FROM metric_name WHERE name = ?)");
    put_integer(read, command->change.run);
    put_text(read, command->metric.name);
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    const int column = !command->metric.best ? 0 : command->metric.maximize ? 2 : 1;
    command->objective = row_real(read, column);
    statement_reset(read);
    return 0;
}

static int update_run(const struct change_run *command, struct sql *db, struct error *err)
{
    const struct run_change *change = &command->change;
    const enum run_state state = change->position.state;
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = ?, attempt = ?, attempts_lost = ?, variant_id = coalesce(?, "
            "variant_id),"
            " reason = ?, message = ?, step = coalesce(nullif(?, -1), step), objective = ?,"
            " queued_ms = coalesce(?, queued_ms), finished_ms = ?,"
            " overlay = coalesce(?, overlay), bytes = coalesce(?, bytes),"
            " rung = coalesce(?, rung) WHERE id = ?");
    put_text(update, run_state_names[state]);
    put_integer(update, change->position.attempt);
    put_integer(update, change->position.attempts_lost);
    put_time(update, change->variant > 0 ? change->variant : 0);
    put_text(update, command->reason);
    put_text(update, command->message);
    put_integer(update, change->step);
    put_real(update, command->objective);
    put_time(update, state == RUN_QUEUED ? change->now_ms : 0);
    put_time(update, run_is_final(state) ? change->now_ms : 0);
    put_text(update, command->overlay);
    put_time(update, change->bytes);
    put_time(update, change->rung);
    put_integer(update, change->run);
    return statement_run(update, err);
}

static int update_timing(const struct change_run *command, struct sql *db, struct error *err)
{
    const struct run_timing *timing = command->change.timing;
    if (!timing)
        return 0;
    struct statement *update = sql_statement(
        db, "UPDATE run SET ran_ms = nullif(?, -1), allowed_from_ms = ?, not_before_ms = ?"
            " WHERE id = ?");
    put_integer(update, timing->ran_ms);
    put_integer(update, timing->allowed_from_ms);
    put_time(update, timing->not_before_ms);
    put_integer(update, command->change.run);
    return statement_run(update, err);
}

/* A run that comes back is queued anew, and counts as one of a new job does. */
static int check_limits(struct sql *db, int64_t job, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT id, max_queued, max_bytes, CASE WHEN max_queued > 0 THEN"
                          " (SELECT sum(waiting + queued) FROM job WHERE team_id = team.id) END"
                          " FROM team WHERE id = (SELECT team_id FROM job WHERE id = ?)");
    put_integer(read, job);
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    const int64_t team = row_integer(read, 0), most = row_integer(read, 1);
    const int64_t max_bytes = row_integer(read, 2), queued = row_integer(read, 3);
    statement_reset(read);
    if (most > 0 && queued >= most)
        return error_of(err, ERROR_LIMIT, "the team may have %lld runs queued, and %lld are",
                        (long long)most, (long long)queued);
    return team_check_bytes(db, team, max_bytes, 1, err);
}

static int change_run(struct writer *writer, struct command *base, struct error *err)
{
    struct change_run *command = (struct change_run *)base;
    struct sql *db = writer_db(writer);
    const struct job_change *change = command->change.job.job > 0 ? &command->change.job : NULL;
    int deltas[RUN_STATES] = {0};
    enum run_state before = RUN_WAITING;
    int64_t job = 0;

    if (read_position(command, db, &job, &before, err) < 0 || read_objective(command, db, err) < 0)
        return -1;
    if (change && change->job != job)
        return error_of(err, ERROR_CONFLICT, "run %lld is not of job %lld",
                        (long long)command->change.run, (long long)change->job);
    if (run_is_final(before) && !run_is_final(command->change.position.state) &&
        check_limits(db, job, err) < 0)
        return -1;
    deltas[before]--;
    deltas[command->change.position.state]++;
    if (update_run(command, db, err) < 0 || update_timing(command, db, err) < 0)
        return -1;
    return job_row_update(writer, job, deltas, change, err);
}

int run_row_change(struct writer *writer, const struct run_change *change, struct error *err)
{
    struct change_run command = {
        .change = *change,
        .reason = (char *)(uintptr_t)change->reason,
        .message = (char *)(uintptr_t)change->message,
    };
    command.change.metric = NULL;
    command.change.timing = NULL;
    return change_run(writer, &command.command, err);
}

static void tell_changed(struct command *base, const struct error *err)
{
    const struct change_run *command = (struct change_run *)base;
    if (command->done)
        command->done(command->context, err ? (double)NAN : command->objective, err);
}

static void release_change(struct command *base)
{
    struct change_run *command = (struct change_run *)base;
    free(command->reason);
    free(command->message);
    free(command->overlay);
}

void store_change_run(struct store *store, const struct run_change *change, store_run_changed *done,
                      void *context)
{
    struct change_run *command = xcalloc(1, sizeof *command);
    *command = (struct change_run){
        .command = {.work = change_run, .tell = tell_changed, .release = release_change, .rows = 1},
        .change = *change,
        .reason = copied(change->reason),
        .message = copied(change->message),
        .overlay = copied(change->overlay),
        .done = done,
        .context = context,
    };
    if (change->metric) {
        command->metric = *change->metric;
        command->change.metric = &command->metric;
    }
    if (change->timing) {
        command->timing = *change->timing;
        command->change.timing = &command->timing;
    }
    store_send_for(store, &command->command, change->job.audit);
}

/* --- many runs -------------------------------------------------------------------------------- */

struct change_runs {
    struct command command;
    struct runs_change change; /* its texts are the members below */
    struct job_change job;
    char *reason, *message;
    char **specs;
    store_done *done;
    void *context;
};

static int change_specs(const struct change_runs *command, struct sql *db, struct error *err)
{
    const struct runs_change *change = &command->change;
    for (int i = 0; i < change->spec_count; i++) {
        struct statement *update =
            sql_statement(db, "UPDATE variant SET spec = ? WHERE id = ? AND job_id = ?");
        put_text(update, command->specs[i]);
        put_integer(update, change->first_variant + i);
        put_integer(update, change->job);
        if (statement_run(update, err) < 0)
            return -1;
    }
    return 0;
}

/* Those in state `from`, and their counts. */
static int move_runs(const struct change_runs *command, struct sql *db, enum run_state from,
                     int deltas[RUN_STATES], struct error *err)
{
    const struct runs_change *change = &command->change;
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = ?, variant_id = coalesce(?, variant_id), reason = ?,"
            " message = ?, queued_ms = coalesce(?, queued_ms), finished_ms = ?,"
            " attempts_lost = attempts_lost * ? WHERE job_id = ? AND state = ?"
            " AND arm = coalesce(nullif(?, -1), arm) AND phase = coalesce(?, phase)"
            " AND id < coalesce(?, id + 1)");
    put_text(update, run_state_names[change->to]);
    put_time(update, change->variant > 0 ? change->variant : 0);
    put_text(update, command->reason);
    put_text(update, command->message);
    put_time(update, change->to == RUN_QUEUED ? change->now_ms : 0);
    put_time(update, run_is_final(change->to) ? change->now_ms : 0);
    put_integer(update, !run_is_final(from)); /* a retry begins its count anew */
    put_integer(update, change->job);
    put_text(update, run_state_names[from]);
    put_integer(update, change->arm);
    put_text(update, change->phase < 0 ? NULL : run_phase_names[change->phase]);
    put_time(update, change->before);
    if (statement_run(update, err) < 0)
        return -1;
    const int moved = sqlite3_changes(db->handle);
    deltas[from] -= moved;
    deltas[change->to] += moved;
    return 0;
}

static int change_runs(struct writer *writer, struct command *base, struct error *err)
{
    const struct change_runs *command = (struct change_runs *)base;
    const struct runs_change *change = &command->change;
    struct sql *db = writer_db(writer);
    int deltas[RUN_STATES] = {0};
    if (change_specs(command, db, err) < 0 ||
        move_runs(command, db, change->from, deltas, err) < 0 ||
        (change->waiting_too && move_runs(command, db, RUN_WAITING, deltas, err) < 0))
        return -1;
    return job_row_update(writer, change->job, deltas, change->change, err);
}

static void tell_runs_changed(struct command *base, const struct error *err)
{
    const struct change_runs *command = (struct change_runs *)base;
    if (command->done)
        command->done(command->context, err);
}

static void release_runs(struct command *base)
{
    struct change_runs *command = (struct change_runs *)base;
    for (int i = 0; i < command->change.spec_count; i++)
        free(command->specs[i]);
    free(command->specs);
    free(command->reason);
    free(command->message);
}

void store_change_runs(struct store *store, const struct runs_change *change, store_done *done,
                       void *context)
{
    assert(change->to != RUN_RUNNING); /* each start has its own attempt */
    struct change_runs *command = xcalloc(1, sizeof *command);
    *command = (struct change_runs){
        .command = {.work = change_runs,
                    .tell = tell_runs_changed,
                    .release = release_runs,
                    .rows = 1000 + change->spec_count},
        .change = *change,
        .reason = copied(change->reason),
        .message = copied(change->message),
        .specs = xcalloc((size_t)change->spec_count + 1, sizeof(char *)),
        .done = done,
        .context = context,
    };
    for (int i = 0; i < change->spec_count; i++)
        command->specs[i] = xstrdup(change->specs[i]);
    if (change->change) {
        command->job = *change->change;
        command->change.change = &command->job;
    }
    store_send_for(store, &command->command, change->change ? change->change->audit : NULL);
}
