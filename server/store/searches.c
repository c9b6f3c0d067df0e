#include "store/searches.h"

#include "memory.h"
#include "store/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const proposal_outcome_names[PROPOSAL_OUTCOMES] = {
    [PROPOSAL_DONE] = "done",
    [PROPOSAL_PRUNED] = "pruned",
    [PROPOSAL_FAILED] = "failed",
    [PROPOSAL_DELETED] = "deleted",
};

static char *copied(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static void *copied_bytes(const void *bytes, size_t count)
{
    void *copy = xcalloc(count, 1);
    if (count > 0)
        memcpy(copy, bytes, count);
    return copy;
}

/* --- proposals ---------------------------------------------------------------------------------
 */

struct add_proposals {
    struct command command;
    int64_t job, now_ms;
    struct new_proposal *proposals;
    int count;
    store_done *done;
    void *context;
};

static int insert_variant(const struct add_proposals *command, struct sql *db,
                          const struct new_proposal *proposal, struct error *err)
{
    const struct variant_plan *variant = &proposal->variant;
    struct statement *insert =
        sql_statement(db, "INSERT INTO variant (job_id, arm, point, threads, dataset, spec, tuned)"
                          " VALUES (?, -1, ?, ?, ?, ?, ?)");
    put_integer(insert, command->job);
    put_integer(insert, proposal->number);
    put_integer(insert, variant->threads);
    put_text(insert, variant->dataset);
    put_text(insert, variant->spec);
    put_text(insert, variant->tuned);
    return statement_run(insert, err);
}

static int release_run(const struct add_proposals *command, struct sql *db,
                       const struct new_proposal *proposal, struct error *err)
{
    struct statement *update = sql_statement(
        db, "UPDATE run SET variant_id = ?1, point = number, overlay = coalesce(?2, overlay),"
            " queued_ms = ?3, state = CASE WHEN ?4 IS NULL THEN 'queued' ELSE 'running' END,"
            " attempt = ?4 IS NOT NULL, worker = ?4,"
            " started_ms = CASE WHEN ?4 IS NOT NULL THEN ?3 END"
            " WHERE id = ?5 AND job_id = ?6 AND state = 'waiting' AND variant_id IS NULL");
    put_integer(update, sqlite3_last_insert_rowid(db->handle));
    put_text(update, proposal->overlay);
    put_integer(update, command->now_ms);
    put_text(update, proposal->worker);
    put_integer(update, proposal->run);
    put_integer(update, command->job);
    if (statement_run(update, err) < 0)
        return -1;
    if (sqlite3_changes(db->handle) > 0)
        return 0;
    return error_of(err, ERROR_CONFLICT, "run %lld does not wait for a proposal",
                    (long long)proposal->run);
}

static int insert_proposal(const struct add_proposals *command, struct sql *db,
                           const struct new_proposal *proposal, struct error *err)
{
    struct statement *insert =
        sql_statement(db, "INSERT INTO proposal (run_id, job_id, number, seen, edits, how, parent,"
                          " point, memo, lease_ms)"
                          " VALUES (?, ?, ?, ?, ?, ?, nullif(?, -1), ?, ?, nullif(?, 0))");
    put_integer(insert, proposal->run);
    put_integer(insert, command->job);
    put_integer(insert, proposal->number);
    put_integer(insert, proposal->seen);
    put_integer(insert, proposal->edits);
    put_text(insert, proposal->how);
    put_integer(insert, proposal->parent);
    put_bytes(insert, proposal->point, (size_t)proposal->point_count * sizeof(double));
    put_bytes(insert, proposal->memo_count ? proposal->memo : NULL,
              (size_t)proposal->memo_count * sizeof(double));
    put_integer(insert, proposal->lease_ms);
    return statement_run(insert, err);
}

static int mark_started(const struct add_proposals *command, struct sql *db, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE job SET started_ms = coalesce(started_ms, ?) WHERE id = ?");
    put_integer(update, command->now_ms);
    put_integer(update, command->job);
    return statement_run(update, err);
}

static int add_proposals(struct writer *writer, struct command *base, struct error *err)
{
    struct add_proposals *command = (struct add_proposals *)base;
    struct sql *db = writer_db(writer);
    int deltas[RUN_STATES] = {0};
    bool starts = false;
    for (int i = 0; i < command->count; i++) {
        const struct new_proposal *proposal = &command->proposals[i];
        if (insert_variant(command, db, proposal, err) < 0 ||
            release_run(command, db, proposal, err) < 0 ||
            insert_proposal(command, db, proposal, err) < 0)
            return -1;
        deltas[RUN_WAITING]--;
        deltas[proposal->worker ? RUN_RUNNING : RUN_QUEUED]++;
        starts = starts || proposal->worker;
    }
    if (starts && mark_started(command, db, err) < 0)
        return -1;
    return job_row_update(writer, command->job, deltas, NULL, err);
}

static void tell_added(struct command *base, const struct error *err)
{
    const struct add_proposals *command = (struct add_proposals *)base;
    if (command->done)
        command->done(command->context, err);
}

static void release_proposals(struct command *base)
{
    struct add_proposals *command = (struct add_proposals *)base;
    for (int i = 0; i < command->count; i++) {
        struct new_proposal *proposal = &command->proposals[i];
        free((void *)(uintptr_t)proposal->how);
        free((void *)(uintptr_t)proposal->point);
        free((void *)(uintptr_t)proposal->memo);
        free((void *)(uintptr_t)proposal->overlay);
        free((void *)(uintptr_t)proposal->worker);
        free(proposal->variant.dataset);
        free(proposal->variant.spec);
        free(proposal->variant.tuned);
    }
    free(command->proposals);
}

static struct new_proposal proposal_copy(const struct new_proposal *from)
{
    struct new_proposal copy = *from;
    copy.how = xstrdup(from->how);
    copy.point = copied_bytes(from->point, (size_t)from->point_count * sizeof(double));
    copy.memo = copied_bytes(from->memo, (size_t)from->memo_count * sizeof(double));
    copy.overlay = copied(from->overlay);
    copy.worker = copied(from->worker);
    copy.variant.dataset = copied(from->variant.dataset);
    copy.variant.spec = xstrdup(from->variant.spec);
    copy.variant.tuned = xstrdup(from->variant.tuned);
    return copy;
}

void store_add_proposals(struct store *store, int64_t job, const struct new_proposal *proposals,
                         int count, int64_t now_ms, store_done *done, void *context)
{
    struct add_proposals *command = xcalloc(1, sizeof *command);
    *command = (struct add_proposals){
        .command = {.work = add_proposals,
                    .tell = tell_added,
                    .release = release_proposals,
                    .rows = 3 * count},
        .job = job,
        .now_ms = now_ms,
        .proposals = xcalloc((size_t)count, sizeof *command->proposals),
        .count = count,
        .done = done,
        .context = context,
    };
    for (int i = 0; i < count; i++)
        command->proposals[i] = proposal_copy(&proposals[i]);
    store_send(store, &command->command);
}

/* --- leases ------------------------------------------------------------------------------------
 */

struct lease {
    struct command command;
    int64_t run, lease_ms;
};

static int write_lease(struct writer *writer, struct command *base, struct error *err)
{
    const struct lease *lease = (struct lease *)base;
    struct statement *update =
        sql_statement(writer_db(writer), "UPDATE proposal SET lease_ms = ? WHERE run_id = ?");
    put_integer(update, lease->lease_ms);
    put_integer(update, lease->run);
    return statement_run(update, err);
}

static void tell_nobody(struct command *base, const struct error *err)
{
    (void)base;
    (void)err; /* the run's start, right behind it, fails as well */
}

void store_lease(struct store *store, int64_t run, int64_t lease_ms)
{
    struct lease *lease = xcalloc(1, sizeof *lease);
    *lease = (struct lease){
        .command = {.work = write_lease, .tell = tell_nobody, .rows = 1},
        .run = run,
        .lease_ms = lease_ms,
    };
    store_send(store, &lease->command);
}

/* --- tells -------------------------------------------------------------------------------------
 */

struct tell {
    struct command command;
    struct new_tell tell;
    struct run_change change; /* where the tell has one; its texts are the tell's own */
    struct metric_choice metrics[OBJECTIVES_MAX + CONSTRAINTS_MAX];
    int metric_count;
    bool given; /* results came with it */
    struct added_tell told;
    store_told *done;
    void *context;
};

static int read_metric(const struct tell *tell, struct sql *db, const struct metric_choice *metric,
                       double *value, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT last, best_low, best_high FROM series"
                          " JOIN run ON series.run_id = " RUN_ROWS " WHERE run.id = ?"
                          " AND name_id = (SELECT id FROM metric_name WHERE name = ?)");
    put_integer(read, tell->tell.run);
    put_text(read, metric->name);
    *value = (double)NAN;
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    *value = row_real(read, !metric->best ? 0 : metric->maximize ? 2 : 1);
    statement_reset(read);
    return 0;
}

#define ROWS_UNTIL                                                                                 \
    " FROM metric WHERE run_id = ? AND name_id = (SELECT id FROM metric_name WHERE name = ?)"      \
    " AND step <= ?"

static const char *until_query(const struct metric_choice *metric)
{
    if (!metric->best)
        return "SELECT value" ROWS_UNTIL " ORDER BY step DESC LIMIT 1";
    return metric->maximize ? "SELECT max(value)" ROWS_UNTIL : "SELECT min(value)" ROWS_UNTIL;
}

/* Where the pruner stopped it: how far its worker got until it heard of that does not matter. */
static int read_metric_until(const struct tell *tell, struct sql *db,
                             const struct metric_choice *metric, double *value, struct error *err)
{
    struct statement *read = sql_statement(db, until_query(metric));
    put_integer(read, tell->tell.run);
    put_text(read, metric->name);
    put_integer(read, tell->tell.step);
    *value = (double)NAN;
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    *value = row_real(read, 0);
    statement_reset(read);
    return 0;
}

static int read_results(struct tell *tell, struct sql *db, struct error *err)
{
    const bool until = tell->tell.outcome == PROPOSAL_PRUNED && tell->tell.step >= 0;
    for (int i = 0; i < tell->metric_count; i++)
        if ((until ? read_metric_until : read_metric)(tell, db, &tell->metrics[i],
                                                      &tell->told.results[i], err) < 0)
            return -1;
    tell->told.results[tell->metric_count] = 0;
    return 0;
}

/* The next place, or the one it has. */
static int find_order(struct tell *tell, struct sql *db, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT told, (SELECT coalesce(max(told), -1) + 1 FROM proposal AS other"
                          " WHERE other.job_id = ?1 AND other.told IS NOT NULL) FROM proposal"
                          " WHERE run_id = ?2");
    put_integer(read, tell->tell.job);
    put_integer(read, tell->tell.run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "run %lld was never proposed",
                        (long long)tell->tell.run);
    tell->told.again = !row_is_null(read, 0);
    tell->told.order = (int)row_integer(read, tell->told.again ? 0 : 1);
    statement_reset(read);
    return 0;
}

static int count_edit(struct sql *db, int64_t job, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE search SET edits = edits + 1 WHERE job_id = ?");
    put_integer(update, job);
    return statement_run(update, err);
}

static int write_tell(const struct tell *tell, struct sql *db, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE proposal SET told = ?, outcome = ?, result = ?,"
                          " step = nullif(?, -1), late = ? WHERE run_id = ?");
    put_integer(update, tell->told.order);
    put_text(update, proposal_outcome_names[tell->tell.outcome]);
    put_bytes(update, tell->told.results, ((size_t)tell->metric_count + 1) * sizeof(double));
    put_integer(update, tell->tell.step);
    put_integer(update, tell->tell.late);
    put_integer(update, tell->tell.run);
    return statement_run(update, err);
}

/* Of this server's own runs it is there already. */
static int write_objective(const struct tell *tell, struct sql *db, struct error *err)
{
    const bool ended_well = tell->tell.outcome == PROPOSAL_DONE;
    struct statement *update = sql_statement(db, "UPDATE run SET objective = ? WHERE id = ?");
    put_real(update, ended_well ? tell->told.results[0] : (double)NAN);
    put_integer(update, tell->tell.run);
    return statement_run(update, err);
}

static int add_tell(struct writer *writer, struct command *base, struct error *err)
{
    struct tell *tell = (struct tell *)base;
    struct sql *db = writer_db(writer);
    if (tell->tell.change && run_row_change(writer, tell->tell.change, err) < 0)
        return -1;
    if (find_order(tell, db, err) < 0 || (!tell->given && read_results(tell, db, err) < 0) ||
        write_tell(tell, db, err) < 0 || (tell->given && write_objective(tell, db, err) < 0))
        return -1;
    tell->told.edits = tell->told.again || tell->tell.outcome == PROPOSAL_DELETED;
    return tell->told.edits ? count_edit(db, tell->tell.job, err) : 0;
}

static void tell_told(struct command *base, const struct error *err)
{
    const struct tell *tell = (struct tell *)base;
    if (tell->done)
        tell->done(tell->context, err ? NULL : &tell->told, err);
}

static void release_tell(struct command *base)
{
    struct tell *tell = (struct tell *)base;
    free((void *)(uintptr_t)tell->change.reason);
    free((void *)(uintptr_t)tell->change.message);
}

static void take_change(struct tell *tell, const struct run_change *change)
{
    tell->change = *change;
    tell->change.reason = copied(change->reason);
    tell->change.message = copied(change->message);
    tell->tell.change = &tell->change;
}

void store_tell(struct store *store, const struct new_tell *from, store_told *done, void *context)
{
    struct tell *tell = xcalloc(1, sizeof *tell);
    *tell = (struct tell){
        .command = {.work = add_tell, .tell = tell_told, .release = release_tell, .rows = 2},
        .tell = *from,
        .given = from->results != NULL,
        .done = done,
        .context = context,
    };
    for (int i = 0; i < from->plan->objective_count; i++)
        tell->metrics[tell->metric_count++] = from->plan->objectives[i];
    for (int i = 0; i < from->plan->constraint_count; i++)
        tell->metrics[tell->metric_count++] = from->plan->constraints[i].metric;
    if (from->results)
        memcpy(tell->told.results, from->results,
               ((size_t)tell->metric_count + 1) * sizeof(double));
    if (from->change)
        take_change(tell, from->change);
    tell->tell.plan = NULL;
    tell->tell.results = NULL;
    store_send_for(store, &tell->command, from->change ? from->change->job.audit : NULL);
}

/* --- judgements ----------------------------------------------------------------------------------
 */

struct judge {
    struct command command;
    struct new_judgement judgement;
    char *verdict;
    store_done *done;
    void *context;
};

static int write_judgement(struct writer *writer, struct command *base, struct error *err)
{
    const struct judge *judge = (struct judge *)base;
    struct statement *update = sql_statement(
        writer_db(writer), "UPDATE proposal SET judged = ?, verdict = ? WHERE run_id = ?");
    put_integer(update, judge->judgement.step);
    put_text(update, judge->verdict);
    put_integer(update, judge->judgement.run);
    return statement_run(update, err);
}

static void tell_judged(struct command *base, const struct error *err)
{
    const struct judge *judge = (struct judge *)base;
    if (judge->done)
        judge->done(judge->context, err);
}

static void release_judge(struct command *base)
{
    free(((struct judge *)base)->verdict);
}

void store_judge(struct store *store, const struct new_judgement *judgement, store_done *done,
                 void *context)
{
    struct judge *judge = xcalloc(1, sizeof *judge);
    *judge = (struct judge){
        .command = {.work = write_judgement,
                    .tell = tell_judged,
                    .release = release_judge,
                    .rows = 1},
        .judgement = *judgement,
        .verdict = copied(judgement->verdict),
        .done = done,
        .context = context,
    };
    judge->judgement.verdict = NULL;
    store_send(store, &judge->command);
}

/* --- the end -----------------------------------------------------------------------------------
 */

struct end_search {
    struct command command;
    struct job_change change;
    char *why;
    int removed;
    store_search_ended *done;
    void *context;
};

static int end_search(struct writer *writer, struct command *base, struct error *err)
{
    struct end_search *end = (struct end_search *)base;
    struct sql *db = writer_db(writer);
    struct statement *remove =
        sql_statement(db, "DELETE FROM run WHERE job_id = ? AND state = 'waiting'"
                          " AND variant_id IS NULL");
    put_integer(remove, end->change.job);
    if (statement_run(remove, err) < 0)
        return -1;
    end->removed = sqlite3_changes(db->handle);

    struct statement *update = sql_statement(db, "UPDATE search SET stopped = ? WHERE job_id = ?");
    put_text(update, end->why);
    put_integer(update, end->change.job);
    if (statement_run(update, err) < 0)
        return -1;
    int deltas[RUN_STATES] = {0};
    deltas[RUN_WAITING] = -end->removed;
    return job_row_update(writer, end->change.job, deltas, &end->change, err);
}

static void tell_ended(struct command *base, const struct error *err)
{
    const struct end_search *end = (struct end_search *)base;
    if (end->done)
        end->done(end->context, end->removed, err);
}

static void release_end(struct command *base)
{
    free(((struct end_search *)base)->why);
}

void store_end_search(struct store *store, const struct job_change *change, const char *why,
                      store_search_ended *done, void *context)
{
    struct end_search *end = xcalloc(1, sizeof *end);
    *end = (struct end_search){
        .command = {.work = end_search, .tell = tell_ended, .release = release_end, .rows = 1},
        .change = *change,
        .why = copied(why),
        .done = done,
        .context = context,
    };
    store_send(store, &end->command);
}
