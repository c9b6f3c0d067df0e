#include "store/private.h"

#include "json.h"
#include "memory.h"
#include "store/teams.h"

#include <stdlib.h>
#include <string.h>

#define KEY_KEPT_MS (7 * INT64_C(86400000))

struct variant_row {
    int arm, point, threads;
    char *dataset; /* NULL: an analytic problem */
    char *spec, *tuned;
};

struct add_job {
    struct command command;
    store_job_added *done;
    void *context;
    enum job_kind kind;
    char *name, *request, *arms;
    char *sources;           /* or NULL */
    char *overlay[ARMS_MAX]; /* of an arm's report runs, or NULL */
    int priority, point_count, baseline;
    struct metric_choice metric;
    struct variant_row *variants;
    int variant_count;
    struct run_plan *runs;
    int run_count;
    char *key, *digest; /* both or neither */
    int64_t now_ms, team, max_queued, max_bytes;
    bool for_everyone;
    struct added_job added;
};

/* --- the idempotency key ---------------------------------------------------------------------- */

static int drop_old_keys(struct add_job *add, struct sql *db, struct error *err)
{
    struct statement *drop = sql_statement(db, "DELETE FROM idempotency WHERE created_ms < ?");
    put_integer(drop, add->now_ms - KEY_KEPT_MS);
    return statement_run(drop, err);
}

static int describe_job(struct add_job *add, struct sql *db, int64_t job, struct error *err)
{
    struct statement *read = sql_statement(db, "SELECT (SELECT min(id) FROM run WHERE job_id = ?1),"
                                               " (SELECT count(*) FROM run WHERE job_id = ?1),"
                                               " (SELECT min(id) FROM variant WHERE job_id = ?1)");
    put_integer(read, job);
    if (statement_next(read, err) < 0)
        return -1;
    add->added = (struct added_job){.job = job,
                                    .first_run = row_integer(read, 0),
                                    .run_count = (int)row_integer(read, 1),
                                    .first_variant = row_integer(read, 2),
                                    .team = add->team,
                                    .repeated = true};
    statement_reset(read);
    return 0;
}

static int look_up_key(struct sql *db, const struct used_key *key, int64_t *out_job,
                       struct error *err)
{
    struct statement *find =
        sql_statement(db, "SELECT job_id, digest FROM idempotency"
                          " WHERE team_id = ? AND key = ? AND created_ms >= ?");
    *out_job = 0;
    put_integer(find, key->team);
    put_text(find, key->key);
    put_integer(find, key->now_ms - KEY_KEPT_MS);
    const int found = statement_next(find, err);
    if (found <= 0)
        return found;
    const int64_t job = row_integer(find, 0);
    const bool same = strcmp(row_text(find, 1), key->body_digest) == 0;
    statement_reset(find);
    if (!same)
        return error_of(err, ERROR_CONFLICT,
                        "this Idempotency-Key was used before with another body, for job %lld: "
                        "choose a new key",
                        (long long)job);
    *out_job = job;
    return 0;
}

int store_find_key(struct reader *reader, const struct used_key *key, int64_t *out_job,
                   struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int outcome = look_up_key(db, key, out_job, err);
    reader_end(reader);
    return outcome;
}

/* 1: the key was used for this body before, and `added` says for which job; 0: it is new. */
static int find_key(struct add_job *add, struct sql *db, struct error *err)
{
    const struct used_key key = {add->team, add->key, add->digest, add->now_ms};
    int64_t job;
    if (look_up_key(db, &key, &job, err) < 0)
        return -1;
    if (job == 0)
        return 0;
    return describe_job(add, db, job, err) < 0 ? -1 : 1;
}

static int insert_key(const struct add_job *add, struct sql *db, struct error *err)
{
    struct statement *insert =
        sql_statement(db, "INSERT INTO idempotency (team_id, key, digest, job_id, created_ms)"
                          " VALUES (?, ?, ?, ?, ?)");
    put_integer(insert, add->team);
    put_text(insert, add->key);
    put_text(insert, add->digest);
    put_integer(insert, add->added.job);
    put_integer(insert, add->now_ms);
    return statement_run(insert, err);
}

/* --- the team's limit --------------------------------------------------------------------------
 */

/* Counted where it is written: two that come at once see each other. */
static int check_queued(const struct add_job *add, struct sql *db, struct error *err)
{
    if (add->max_queued == 0)
        return 0;
    if (add->run_count > add->max_queued)
        return error_of(err, ERROR_FORBIDDEN,
                        "the job has %d runs, and the team may have %lld queued in all",
                        add->run_count, (long long)add->max_queued);
    struct statement *read =
        sql_statement(db, "SELECT coalesce(sum(waiting + queued), 0) FROM job WHERE team_id = ?");
    put_integer(read, add->team);
    if (statement_next(read, err) < 0)
        return -1;
    const int64_t queued = row_integer(read, 0);
    statement_reset(read);
    if (queued + add->run_count <= add->max_queued)
        return 0;
    return error_of(err, ERROR_LIMIT,
                    "the team may have %lld runs queued: %lld are, and this job brings %d",
                    (long long)add->max_queued, (long long)queued, add->run_count);
}

/* --- the job, its variants, its runs ---------------------------------------------------------- */

static int count_waiting(const struct add_job *add)
{
    int waiting = 0;
    for (int i = 0; i < add->run_count; i++)
        waiting += add->runs[i].waiting;
    return waiting;
}

static int insert_job(struct add_job *add, struct sql *db, struct error *err)
{
    const int waiting = count_waiting(add);
    struct statement *insert = sql_statement(
        db, "INSERT INTO job (kind, name, priority, created_ms, waiting, queued, point_count,"
            " baseline, metric_name, metric_goal, metric_at, team_id, visibility)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, -1), ?, ?, ?, ?, ?)");
    put_text(insert, job_kind_names[add->kind]);
    put_text(insert, add->name);
    put_integer(insert, add->priority);
    put_integer(insert, add->now_ms);
    put_integer(insert, waiting);
    put_integer(insert, add->run_count - waiting);
    put_integer(insert, add->point_count);
    put_integer(insert, add->baseline);
    put_text(insert, add->metric.name);
    put_text(insert, add->metric.maximize ? "maximize" : "minimize");
    put_text(insert, add->metric.best ? "best" : "last");
    put_integer(insert, add->team);
    put_text(insert, visibility_names[add->for_everyone]);
    if (statement_run(insert, err) < 0)
        return -1;
    add->added.job = sqlite3_last_insert_rowid(db->handle);

    struct statement *text =
        sql_statement(db, "INSERT INTO job_text (job_id, request, arms, sources)"
                          " VALUES (?, ?, ?, ?)");
    put_integer(text, add->added.job);
    put_text(text, add->request);
    put_text(text, add->arms);
    put_text(text, add->sources);
    return statement_run(text, err);
}

static int insert_search(const struct add_job *add, struct sql *db, struct error *err)
{
    if (add->kind != JOB_SEARCH)
        return 0;
    struct statement *insert = sql_statement(db, "INSERT INTO search (job_id) VALUES (?)");
    put_integer(insert, add->added.job);
    return statement_run(insert, err);
}

static int insert_variants(struct add_job *add, struct sql *db, struct error *err)
{
    struct statement *insert = NULL;
    for (int i = 0; i < add->variant_count; i++) {
        const struct variant_row *variant = &add->variants[i];
        insert = sql_statement(db, "INSERT INTO variant (job_id, arm, point, threads, dataset,"
                                   " spec, tuned) VALUES (?, ?, ?, ?, ?, ?, ?)");
        put_integer(insert, add->added.job);
        put_integer(insert, variant->arm);
        put_integer(insert, variant->point);
        put_integer(insert, variant->threads);
        put_text(insert, variant->dataset);
        put_text(insert, variant->spec);
        put_text(insert, variant->tuned);
        if (statement_run(insert, err) < 0)
            return -1;
        if (i == 0)
            add->added.first_variant = sqlite3_last_insert_rowid(db->handle);
    }
    return 0;
}

static int insert_run(const struct add_job *add, struct sql *db, int number, struct error *err)
{
    const struct run_plan *run = &add->runs[number];
    struct statement *insert = sql_statement(
        db, "INSERT INTO run (job_id, number, variant_id, arm, point, phase, seed, state,"
            " queued_ms, overlay) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    put_integer(insert, add->added.job);
    put_integer(insert, number);
    if (run->variant < 0)
        put_null(insert);
    else
        put_integer(insert, add->added.first_variant + run->variant);
    put_integer(insert, run->arm);
    put_integer(insert, run->point);
    put_text(insert, run_phase_names[run->phase]);
    put_integer(insert, (int64_t)run->seed);
    put_text(insert, run_state_names[run->waiting ? RUN_WAITING : RUN_QUEUED]);
    put_time(insert, run->waiting ? 0 : add->now_ms);
    put_text(insert, run->phase == PHASE_REPORT && run->arm >= 0 ? add->overlay[run->arm] : NULL);
    return statement_run(insert, err);
}

/* Ids are one more than the highest there is, and nothing else writes in between: consecutive. */
static int insert_runs(struct add_job *add, struct sql *db, struct error *err)
{
    for (int i = 0; i < add->run_count; i++) {
        if (insert_run(add, db, i, err) < 0)
            return -1;
        if (i == 0)
            add->added.first_run = sqlite3_last_insert_rowid(db->handle);
    }
    return 0;
}

static int add_job(struct writer *writer, struct command *command, struct error *err)
{
    struct add_job *add = (struct add_job *)command;
    struct sql *db = writer_db(writer);
    add->added = (struct added_job){.run_count = add->run_count, .team = add->team};
    if (add->key) {
        const int found = drop_old_keys(add, db, err) < 0 ? -1 : find_key(add, db, err);
        if (found != 0)
            return found < 0 ? -1 : 0;
    }
    if (team_check(db, add->team, err) < 0 || check_queued(add, db, err) < 0 ||
        team_check_bytes(db, add->team, add->max_bytes, 1, err) < 0 ||
        insert_job(add, db, err) < 0 || insert_search(add, db, err) < 0 ||
        insert_variants(add, db, err) < 0 || insert_runs(add, db, err) < 0)
        return -1;
    command->made = add->added.job;
    return add->key ? insert_key(add, db, err) : 0;
}

static void tell_job(struct command *command, const struct error *err)
{
    struct add_job *add = (struct add_job *)command;
    if (add->done)
        add->done(add->context, err ? NULL : &add->added, err);
}

static void release_job(struct command *command)
{
    struct add_job *add = (struct add_job *)command;
    for (int i = 0; i < add->variant_count; i++) {
        free(add->variants[i].dataset);
        free(add->variants[i].spec);
        free(add->variants[i].tuned);
    }
    for (int i = 0; i < ARMS_MAX; i++)
        free(add->overlay[i]);
    free(add->sources);
    free(add->variants);
    free(add->runs);
    free(add->name);
    free(add->request);
    free(add->arms);
    free(add->key);
    free(add->digest);
}

/* --- the copy --------------------------------------------------------------------------------- */

static char *arms_text(const struct job_plan *plan)
{
    json_auto_t *arms = json_array();
    for (int i = 0; i < plan->arm_count; i++)
        json_array_append_new(arms, json_text(plan->arms[i]));
    return json_compact(arms);
}

static json_t *source_json(const struct arm_source *source)
{
    if (source->kind == SOURCE_NONE)
        return json_null();
    json_t *json =
        json_pack("{s:s, s:i}", "kind", source_kind_names[source->kind], "arm", source->arm);
    if (source->kind == SOURCE_BRANCH)
        json_object_set_new(json, "at", json_real(source->at));
    return json;
}

static void copy_sources(struct add_job *add, const struct job_plan *plan)
{
    if (!plan->sources)
        return;
    json_auto_t *list = json_array();
    for (int arm = 0; arm < plan->arm_count; arm++) {
        const struct arm_source *source = &plan->sources[arm];
        json_array_append_new(list, source_json(source));
        if (source->keep_at)
            add->overlay[arm] = xprintf("{\"keep_at\":%s}", source->keep_at);
    }
    add->sources = json_compact(list);
}

static void copy_variants(struct add_job *add, const struct job_plan *plan)
{
    add->variant_count = plan->variant_count;
    add->variants = xcalloc((size_t)plan->variant_count, sizeof *add->variants);
    for (int i = 0; i < plan->variant_count; i++) {
        const struct variant_plan *variant = &plan->variants[i];
        add->variants[i] = (struct variant_row){
            .arm = variant->arm,
            .point = variant->point,
            .threads = variant->threads,
            .dataset = variant->dataset ? xstrdup(variant->dataset) : NULL,
            .spec = xstrdup(variant->spec),
            .tuned = xstrdup(variant->tuned),
        };
    }
}

static void copy_plan(struct add_job *add, const struct job_plan *plan)
{
    add->kind = plan->kind;
    add->name = xstrdup(plan->name ? plan->name : "");
    add->arms = arms_text(plan);
    add->priority = plan->priority;
    add->for_everyone = plan->for_everyone;
    add->point_count = plan->point_count;
    add->baseline = plan->baseline;
    add->metric = plan->metric;
    copy_sources(add, plan);
    copy_variants(add, plan);
    add->run_count = plan->run_count;
    add->runs = xcalloc((size_t)plan->run_count, sizeof *add->runs);
    memcpy(add->runs, plan->runs, (size_t)plan->run_count * sizeof *add->runs);
}

void store_add_job(struct store *store, const struct new_job *job, store_job_added *done,
                   void *context)
{
    struct add_job *add = xcalloc(1, sizeof *add);
    add->command = (struct command){.work = add_job,
                                    .tell = tell_job,
                                    .release = release_job,
                                    .rows = job->plan->run_count + job->plan->variant_count};
    add->done = done;
    add->context = context;
    add->now_ms = job->now_ms;
    add->team = job->team ? job->team : TEAM_DEFAULT;
    add->max_queued = job->max_queued;
    add->max_bytes = job->max_bytes;
    add->request = xstrdup(job->request_text);
    if (job->idempotency_key) {
        add->key = xstrdup(job->idempotency_key);
        add->digest = xstrdup(job->body_digest);
    }
    copy_plan(add, job->plan);
    store_send_for(store, &add->command, job->audit);
}

/* --- changes ---------------------------------------------------------------------------------- */

/* What follows from the runs, the state, is not written: the database computes it. */
int job_row_update(struct writer *writer, int64_t job, const int deltas[RUN_STATES],
                   const struct job_change *change, struct error *err)
{
    struct sql *db = writer_db(writer);
    struct statement *update = sql_statement(
        db, "UPDATE job SET waiting = waiting + ?1, queued = queued + ?2, running = running + ?3,"
            " succeeded = succeeded + ?4, pruned = pruned + ?5, cancelled = cancelled + ?6,"
            " failed = failed + ?7, paused = coalesce(?8, paused),"
            " priority = coalesce(?9, priority), started_ms = coalesce(?10, started_ms),"
            " finished_ms = CASE WHEN ?8 IS NULL THEN finished_ms ELSE coalesce(?11,"
            "   CASE WHEN waiting + ?1 + queued + ?2 + running + ?3 = 0 THEN finished_ms END) END"
            " WHERE id = ?12");
    for (int state = 0; state < RUN_STATES; state++)
        put_integer(update, deltas[state]);
    if (change) {
        put_integer(update, change->paused);
        put_integer(update, change->priority);
        put_time(update, change->started_ms);
        put_time(update, change->finished_ms);
    } else {
        for (int i = 0; i < 4; i++)
            put_null(update);
    }
    put_integer(update, job);
    if (statement_run(update, err) < 0)
        return -1;
    if (sqlite3_changes(db->handle) == 0)
        return error_of(err, ERROR_NOT_FOUND, "there is no job %lld", (long long)job);
    return 0;
}

struct change_job {
    struct command command;
    struct job_change change;
    store_done *done;
    void *context;
};

static int change_job(struct writer *writer, struct command *command, struct error *err)
{
    const struct change_job *change = (struct change_job *)command;
    return job_row_update(writer, change->change.job, (const int[RUN_STATES]){0}, &change->change,
                          err);
}

static void tell_job_changed(struct command *command, const struct error *err)
{
    const struct change_job *change = (struct change_job *)command;
    if (change->done)
        change->done(change->context, err);
}

void store_change_job(struct store *store, const struct job_change *change, store_done *done,
                      void *context)
{
    struct change_job *command = xcalloc(1, sizeof *command);
    *command = (struct change_job){
        .command = {.work = change_job, .tell = tell_job_changed, .rows = 1},
        .change = *change,
        .done = done,
        .context = context,
    };
    store_send_for(store, &command->command, change->audit);
}
