/*
 * Successive halving: what the tuning runs of an arm that stand at a rung do next. Decided from
 * what is on disk and written in the same transaction, so a crash leaves it done or to be done.
 */
#include "store/private.h"

#include "branching.h"
#include "jobs/halving.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settle_rung {
    struct command command;
    struct rung rung;
    struct metric_choice metric;
    bool *kept;
    store_rung_settled *done;
    void *context;
};

/* A tuning run of the arm, as far as the decision goes. */
struct contender {
    int64_t id, rows_of, steps, epochs;
    int point;
    bool stands, failed, pruned;
};

struct contenders {
    struct contender *list;
    int count;
};

/* --- who stands where ------------------------------------------------------------------------- */

static void take_row(struct statement *row, const struct rung *rung, struct contender *run)
{
    const int state = run_state_find(row_text(row, 3));
    const bool at_rung = state == RUN_WAITING && row_integer(row, 4) > 0;
    *run = (struct contender){
        .id = row_integer(row, 0),
        .rows_of = row_integer(row, 1),
        .point = (int)row_integer(row, 2),
        .stands = at_rung && row_integer(row, 5) == rung->number,
        .failed = state == RUN_FAILED || state == RUN_CANCELLED,
        .pruned = state == RUN_PRUNED,
        .steps = row_integer(row, 6),
        .epochs = row_integer(row, 7),
    };
}

/* In the order of the runs: of each point, the seeds come in the same order. */
static int read_contenders(struct settle_rung *command, struct sql *db, struct contenders *out,
                           struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT run.id, " RUN_ROWS ", run.point, run.state, run.attempt, run.rung, run.steps,"
            " json_extract(variant.spec, '$.epochs')"
            " FROM run JOIN variant ON variant.id = run.variant_id"
            " WHERE run.job_id = ? AND run.arm = ? AND run.phase = 'tune' ORDER BY run.id");
    put_integer(read, command->rung.job);
    put_integer(read, command->rung.arm);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        if ((out->count & (out->count - 1)) == 0) /* grows by doubling */
            out->list = xrealloc(out->list, 2 * (size_t)out->count + 1, sizeof *out->list);
        take_row(read, &command->rung, &out->list[out->count++]);
    }
    return got;
}

/* --- values at the rung ----------------------------------------------------------------------- */

#define ROWS_BEFORE                                                                                \
    " FROM metric WHERE run_id = ? AND name_id = (SELECT id FROM metric_name WHERE name = ?)"      \
    " AND step <= ?"

static const char *value_query(const struct metric_choice *metric)
{
    if (!metric->best)
        return "SELECT value" ROWS_BEFORE " ORDER BY step DESC LIMIT 1";
    return metric->maximize ? "SELECT max(value)" ROWS_BEFORE : "SELECT min(value)" ROWS_BEFORE;
}

/* One that ended by its own rule before the rung counts by its last value. */
static int read_value(struct settle_rung *command, struct sql *db, const struct contender *run,
                      double *value, struct error *err)
{
    const int64_t step = rung_step(command->rung.at, run->steps, run->epochs);
    *value = (double)NAN;
    if (run->failed || run->pruned)
        return 0;
    struct statement *read = sql_statement(db, value_query(&command->metric));
    put_integer(read, run->rows_of);
    put_text(read, command->metric.name);
    put_integer(read, step);
    const int found = statement_next(read, err);
    if (found > 0) {
        *value = row_real(read, 0);
        statement_reset(read);
    }
    return found < 0 ? -1 : 0;
}

/* --- the decision ----------------------------------------------------------------------------- */

/* Points one of whose runs was dropped are out; of those left, whoever has a run here takes part,
 * and whoever ran to its end already. */
static void find_standing(const struct contenders *runs, int points, bool *stands)
{
    for (int point = 0; point < points; point++)
        stands[point] = true;
    for (int i = 0; i < runs->count; i++)
        if (runs->list[i].pruned)
            stands[runs->list[i].point] = false;
}

static int decide(struct settle_rung *command, struct sql *db, const struct contenders *runs,
                  struct error *err)
{
    const int points = command->rung.point_count, seeds = runs->count / points;
    AUTO_FREE double *values = xcalloc((size_t)runs->count + 1, sizeof *values);
    AUTO_FREE bool *stands = xcalloc((size_t)points, sizeof *stands);
    AUTO_FREE int *seen = xcalloc((size_t)points, sizeof *seen);

    find_standing(runs, points, stands);
    for (int i = 0; i < runs->count; i++) {
        const struct contender *run = &runs->list[i];
        double *value = &values[run->point * seeds + seen[run->point]++];
        if (read_value(command, db, run, value, err) < 0)
            return -1;
    }
    halving_keep(values, stands, points, seeds, command->rung.factor, command->metric.maximize,
                 command->kept);
    return 0;
}

/* --- writing it ------------------------------------------------------------------------------- */

static int promote(const struct settle_rung *command, struct sql *db, int64_t run,
                   struct error *err)
{
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = 'queued', rung = rung + 1, queued_ms = ?, message = NULL"
            " WHERE id = ?");
    put_time(update, command->rung.now_ms);
    put_integer(update, run);
    return statement_run(update, err);
}

static int prune(const struct settle_rung *command, struct sql *db, const struct contender *run,
                 struct error *err)
{
    AUTO_FREE char *message = xprintf(
        "dropped at rung %d, behind %lld of %lld steps: other points were better",
        command->rung.number + 1, (long long)rung_step(command->rung.at, run->steps, run->epochs),
        (long long)run->steps);
    struct statement *update =
        sql_statement(db, "UPDATE run SET state = 'pruned', reason = 'dropped', message = ?,"
                          " finished_ms = ? WHERE id = ?");
    put_text(update, message);
    put_time(update, command->rung.now_ms);
    put_integer(update, run->id);
    return statement_run(update, err);
}

static int move_contenders(struct settle_rung *command, struct writer *writer,
                           const struct contenders *runs, struct error *err)
{
    struct sql *db = writer_db(writer);
    int deltas[RUN_STATES] = {0};
    for (int i = 0; i < runs->count; i++) {
        const struct contender *run = &runs->list[i];
        if (!run->stands)
            continue;
        const bool kept = command->kept[run->point];
        if ((kept ? promote(command, db, run->id, err) : prune(command, db, run, err)) < 0)
            return -1;
        deltas[RUN_WAITING]--;
        deltas[kept ? RUN_QUEUED : RUN_PRUNED]++;
    }
    return job_row_update(writer, command->rung.job, deltas, NULL, err);
}

static int settle_rung(struct writer *writer, struct command *base, struct error *err)
{
    struct settle_rung *command = (struct settle_rung *)base;
    struct sql *db = writer_db(writer);
    struct contenders runs = {0};
    int got = read_contenders(command, db, &runs, err);
    if (got == 0 && runs.count > 0)
        got = decide(command, db, &runs, err);
    if (got == 0 && runs.count > 0)
        got = move_contenders(command, writer, &runs, err);
    free(runs.list);
    return got;
}

static void tell_settled(struct command *base, const struct error *err)
{
    const struct settle_rung *command = (struct settle_rung *)base;
    if (command->done)
        command->done(command->context, command->kept, err);
}

static void release_settle(struct command *base)
{
    free(((struct settle_rung *)base)->kept);
}

void store_settle_rung(struct store *store, const struct rung *rung, store_rung_settled *done,
                       void *context)
{
    struct settle_rung *command = xcalloc(1, sizeof *command);
    *command = (struct settle_rung){
        .command = {.work = settle_rung,
                    .tell = tell_settled,
                    .release = release_settle,
                    .rows = rung->point_count},
        .rung = *rung,
        .metric = *rung->metric,
        .kept = xcalloc((size_t)rung->point_count, sizeof(bool)),
        .done = done,
        .context = context,
    };
    store_send(store, &command->command);
}
