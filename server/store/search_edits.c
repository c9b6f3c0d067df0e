#include "store/search_edits.h"

#include "memory.h"
#include "store/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int count_edit(struct sql *db, int64_t job, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE search SET edits = edits + 1 WHERE job_id = ?");
    put_integer(update, job);
    return statement_run(update, err);
}

static char *copied(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static void *copied_numbers(const double *numbers, int count)
{
    double *copy = xcalloc((size_t)count, sizeof *copy);
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
    return copy;
}

/* --- a search -----------------------------------------------------------------------------------
 */

struct edit_search {
    struct command command;
    struct search_edit edit;
    char *request;
    struct hand_run *runs; /* [edit.run_count] with texts and numbers of their own */
    int64_t first_run;
    int deltas[RUN_STATES];
    store_search_edited *done;
    void *context;
};

static int write_request(const struct edit_search *command, struct sql *db, struct error *err)
{
    if (!command->request)
        return 0;
    struct statement *update =
        sql_statement(db, "UPDATE job_text SET request = ? WHERE job_id = ?");
    put_text(update, command->request);
    put_integer(update, command->edit.job.job);
    return statement_run(update, err);
}

static int reopen(const struct edit_search *command, struct sql *db, struct error *err)
{
    if (!command->edit.reopens)
        return 0;
    struct statement *update =
        sql_statement(db, "UPDATE search SET stopped = NULL WHERE job_id = ?");
    put_integer(update, command->edit.job.job);
    return statement_run(update, err);
}

/* Those that wait, and those that were cancelled before anybody had proposed them. */
static int cut_runs(struct edit_search *command, struct sql *db, struct error *err)
{
    static const enum run_state states[] = {RUN_WAITING, RUN_CANCELLED};
    for (size_t i = 0; command->edit.cut_from >= 0 && i < COUNT_OF(states); i++) {
        struct statement *remove =
            sql_statement(db, "DELETE FROM run WHERE job_id = ? AND state = ? AND number >= ?"
                              " AND variant_id IS NULL");
        put_integer(remove, command->edit.job.job);
        put_text(remove, run_state_names[states[i]]);
        put_integer(remove, command->edit.cut_from);
        if (statement_run(remove, err) < 0)
            return -1;
        command->deltas[states[i]] -= sqlite3_changes(db->handle);
    }
    return 0;
}

/* --- new runs -----------------------------------------------------------------------------------
 */

/* As of a job that is submitted: counted where it is written. */
static int check_queued(const struct edit_search *command, struct sql *db, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT max_queued, (SELECT coalesce(sum(waiting + queued), 0) FROM job WHERE team_id"
            " = team.id) FROM team WHERE id = (SELECT team_id FROM job WHERE id = ?)");
    put_integer(read, command->edit.job.job);
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    const int64_t most = row_integer(read, 0), queued = row_integer(read, 1);
    statement_reset(read);
    if (most == 0 || queued + command->edit.more_runs <= most)
        return 0;
    return error_of(err, ERROR_LIMIT,
                    "the team may have %lld runs queued: %lld are, and this brings %d",
                    (long long)most, (long long)queued, command->edit.more_runs);
}

static int next_number(const struct edit_search *command, struct sql *db, int *out,
                       struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT coalesce(max(number), -1) + 1 FROM run WHERE job_id = ?");
    put_integer(read, command->edit.job.job);
    if (statement_next(read, err) < 0)
        return -1;
    *out = (int)row_integer(read, 0);
    statement_reset(read);
    return 0;
}

static int insert_run(const struct edit_search *command, struct sql *db, int number,
                      struct error *err)
{
    struct statement *insert =
        sql_statement(db, "INSERT INTO run (job_id, number, arm, point, phase, seed, state)"
                          " VALUES (?, ?, -1, -1, ?, ?, ?)");
    put_integer(insert, command->edit.job.job);
    put_integer(insert, number);
    put_text(insert, run_phase_names[PHASE_SEARCH]);
    put_integer(insert, (int64_t)command->edit.seed + number % command->edit.seeds);
    put_text(insert, run_state_names[RUN_WAITING]);
    return statement_run(insert, err);
}

static int insert_runs(struct edit_search *command, struct sql *db, struct error *err)
{
    int number;
    if (command->edit.more_runs == 0)
        return 0;
    if (check_queued(command, db, err) < 0 || next_number(command, db, &number, err) < 0)
        return -1;
    for (int i = 0; i < command->edit.more_runs; i++) {
        if (insert_run(command, db, number + i, err) < 0)
            return -1;
        if (i == 0)
            command->first_run = sqlite3_last_insert_rowid(db->handle);
    }
    command->deltas[RUN_WAITING] += command->edit.more_runs;
    return 0;
}

/* --- results ------------------------------------------------------------------------------------
 */

static int insert_variant(const struct edit_search *command, struct sql *db,
                          const struct hand_run *run, struct error *err)
{
    struct statement *insert =
        sql_statement(db, "INSERT INTO variant (job_id, arm, point, threads, dataset, spec, tuned)"
                          " VALUES (?, -1, ?, 1, ?, ?, ?)");
    put_integer(insert, command->edit.job.job);
    put_integer(insert, run->number);
    put_text(insert, run->dataset);
    put_text(insert, run->spec);
    put_text(insert, run->tuned);
    return statement_run(insert, err);
}

static int end_run(struct edit_search *command, struct sql *db, const struct hand_run *run,
                   int64_t id, struct error *err)
{
    const bool done = run->outcome == PROPOSAL_DONE;
    const enum run_state state = done                              ? RUN_SUCCEEDED
                                 : run->outcome == PROPOSAL_PRUNED ? RUN_PRUNED
                                                                   : RUN_FAILED;
    struct statement *update =
        sql_statement(db, "UPDATE run SET variant_id = ?1, point = number, state = ?2, attempt = 1,"
                          " worker = 'by hand', queued_ms = ?3, started_ms = ?3, finished_ms = ?3,"
                          " objective = ?4 WHERE id = ?5 AND job_id = ?6 AND state = 'waiting' AND "
                          "variant_id IS NULL");
    put_integer(update, sqlite3_last_insert_rowid(db->handle));
    put_text(update, run_state_names[state]);
    put_integer(update, command->edit.now_ms);
    put_real(update, done ? run->results[0] : (double)NAN);
    put_integer(update, id);
    put_integer(update, command->edit.job.job);
    if (statement_run(update, err) < 0)
        return -1;
    command->deltas[RUN_WAITING]--;
    command->deltas[state]++;
    if (sqlite3_changes(db->handle) > 0)
        return 0;
    return error_of(err, ERROR_CONFLICT, "run %lld does not wait for a proposal", (long long)id);
}

static int insert_proposal(const struct edit_search *command, struct sql *db,
                           const struct hand_run *run, int64_t id, struct error *err)
{
    struct statement *insert = sql_statement(
        db, "INSERT INTO proposal (run_id, job_id, number, seen, edits, how, point, told, outcome,"
            " result, step) SELECT ?1, ?2, ?3, place, (SELECT edits FROM search WHERE job_id = ?2),"
            " 'by hand', ?4, place, ?5, ?6, nullif(?7, -1) FROM (SELECT coalesce(max(told), -1) + 1"
            " AS place FROM proposal WHERE job_id = ?2)");
    put_integer(insert, id);
    put_integer(insert, command->edit.job.job);
    put_integer(insert, run->number);
    put_bytes(insert, run->point, (size_t)run->point_count * sizeof(double));
    put_text(insert, proposal_outcome_names[run->outcome]);
    put_bytes(insert, run->results, (size_t)run->result_count * sizeof(double));
    put_integer(insert, run->step);
    return statement_run(insert, err);
}

static int insert_results(struct edit_search *command, struct sql *db, struct error *err)
{
    int64_t next = command->first_run;
    for (int i = 0; i < command->edit.run_count; i++) {
        const struct hand_run *run = &command->runs[i];
        const int64_t id = run->run > 0 ? run->run : next++;
        if (insert_variant(command, db, run, err) < 0 || end_run(command, db, run, id, err) < 0 ||
            insert_proposal(command, db, run, id, err) < 0)
            return -1;
    }
    return 0;
}

static int edit_search(struct writer *writer, struct command *base, struct error *err)
{
    struct edit_search *command = (struct edit_search *)base;
    struct sql *db = writer_db(writer);
    command->first_run = 0;
    memset(command->deltas, 0, sizeof command->deltas);
    if (count_edit(db, command->edit.job.job, err) < 0 || write_request(command, db, err) < 0 ||
        reopen(command, db, err) < 0 || cut_runs(command, db, err) < 0 ||
        insert_runs(command, db, err) < 0 || insert_results(command, db, err) < 0)
        return -1;
    return job_row_update(writer, command->edit.job.job, command->deltas, &command->edit.job, err);
}

static void tell_edited(struct command *base, const struct error *err)
{
    const struct edit_search *command = (struct edit_search *)base;
    if (command->done)
        command->done(command->context, command->first_run, err);
}

static void release_edit(struct command *base)
{
    struct edit_search *command = (struct edit_search *)base;
    for (int i = 0; i < command->edit.run_count; i++) {
        struct hand_run *run = &command->runs[i];
        free((void *)(uintptr_t)run->point);
        free((void *)(uintptr_t)run->tuned);
        free((void *)(uintptr_t)run->spec);
        free((void *)(uintptr_t)run->dataset);
        free((void *)(uintptr_t)run->results);
    }
    free(command->runs);
    free(command->request);
}

static struct hand_run run_copy(const struct hand_run *from)
{
    struct hand_run copy = *from;
    copy.point = copied_numbers(from->point, from->point_count);
    copy.results = copied_numbers(from->results, from->result_count);
    copy.tuned = xstrdup(from->tuned);
    copy.spec = xstrdup(from->spec);
    copy.dataset = copied(from->dataset);
    return copy;
}

void store_edit_search(struct store *store, const struct search_edit *edit,
                       store_search_edited *done, void *context)
{
    struct edit_search *command = xcalloc(1, sizeof *command);
    *command = (struct edit_search){
        .command = {.work = edit_search,
                    .tell = tell_edited,
                    .release = release_edit,
                    .rows = edit->more_runs + 3 * edit->run_count + 3},
        .edit = *edit,
        .request = copied(edit->request),
        .runs = xcalloc((size_t)edit->run_count, sizeof *command->runs),
        .done = done,
        .context = context,
    };
    for (int i = 0; i < edit->run_count; i++)
        command->runs[i] = run_copy(&edit->runs[i]);
    store_send_for(store, &command->command, edit->job.audit);
}

/* --- a run --------------------------------------------------------------------------------------
 */

struct correct_run {
    struct command command;
    struct corrected_run run;
    double results[RESULTS_MAX];
    struct run_position position;
    store_done *done;
    void *context;
};

static int write_outcome(const struct correct_run *command, struct sql *db, struct error *err)
{
    struct statement *update = sql_statement(
        db, "UPDATE proposal SET outcome = ?, result = ? WHERE run_id = ? AND told IS NOT NULL");
    put_text(update, proposal_outcome_names[command->run.outcome]);
    put_bytes(update, command->results, (size_t)command->run.result_count * sizeof(double));
    put_integer(update, command->run.run);
    if (statement_run(update, err) < 0)
        return -1;
    if (sqlite3_changes(db->handle) > 0)
        return 0;
    return error_of(err, ERROR_CONFLICT, "run %lld has no result yet", (long long)command->run.run);
}

static int write_run(const struct correct_run *command, struct sql *db, struct error *err)
{
    const bool done = command->run.outcome == PROPOSAL_DONE;
    struct statement *update = sql_statement(
        db, "UPDATE run SET objective = ?1, state = coalesce(?2, state),"
            " attempt = coalesce(?3, attempt), attempts_lost = coalesce(?4, attempts_lost),"
            " reason = CASE ?5 WHEN 'deleted' THEN 'deleted' WHEN 'done' THEN NULL ELSE reason END"
            " WHERE id = ?6");
    put_real(update, done ? command->results[0] : (double)NAN);
    if (command->run.position) {
        put_text(update, run_state_names[command->position.state]);
        put_integer(update, command->position.attempt);
        put_integer(update, command->position.attempts_lost);
    } else {
        for (int i = 0; i < 3; i++)
            put_null(update);
    }
    put_text(update, proposal_outcome_names[command->run.outcome]);
    put_integer(update, command->run.run);
    return statement_run(update, err);
}

static int read_state(const struct correct_run *command, struct sql *db, int *deltas,
                      struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT state FROM run WHERE id = ?");
    put_integer(read, command->run.run);
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    for (int state = 0; state < RUN_STATES; state++)
        if (strcmp(row_text(read, 0), run_state_names[state]) == 0)
            deltas[state]--;
    deltas[command->position.state]++;
    statement_reset(read);
    return 0;
}

static int correct_run(struct writer *writer, struct command *base, struct error *err)
{
    const struct correct_run *command = (struct correct_run *)base;
    struct sql *db = writer_db(writer);
    int deltas[RUN_STATES] = {0};
    if (count_edit(db, command->run.job.job, err) < 0 || write_outcome(command, db, err) < 0 ||
        (command->run.position && read_state(command, db, deltas, err) < 0) ||
        write_run(command, db, err) < 0)
        return -1;
    return job_row_update(writer, command->run.job.job, deltas, &command->run.job, err);
}

static void tell_corrected(struct command *base, const struct error *err)
{
    const struct correct_run *command = (struct correct_run *)base;
    if (command->done)
        command->done(command->context, err);
}

void store_correct_run(struct store *store, const struct corrected_run *run, store_done *done,
                       void *context)
{
    struct correct_run *command = xcalloc(1, sizeof *command);
    *command = (struct correct_run){
        .command = {.work = correct_run, .tell = tell_corrected, .rows = 3},
        .run = *run,
        .done = done,
        .context = context,
    };
    memcpy(command->results, run->results, (size_t)run->result_count * sizeof(double));
    if (run->position) {
        command->position = *run->position;
        command->run.position = &command->position;
    }
    store_send_for(store, &command->command, run->job.audit);
}
