/*
 * Identical runs: found by a digest of all that their results depend on, and by the numeric
 * fingerprint of the worker that trained them.
 */
#include "store/private.h"

#include "digest.h"
#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* Whose results a job may take over; both are names of rows of table job. The one place that
 * decides. */
#define MAY_SHARE(job, other) job ".team_id = " other ".team_id"

struct reuse_runs {
    struct command command;
    struct reuse reuse; /* its texts are the members below */
    char *program;
    json_t *numerics;
    struct reused_run *found;
    int found_count;
    store_runs_reused *done;
    void *context;
};

/* --- what a run is ---------------------------------------------------------------------------- */

/* Everything else changes rows: even how often is reported decides what the last training loss is a
 * mean of. */
static void drop_what_changes_no_row(json_t *spec)
{
    json_object_del(spec, "checkpoint_every_s");
    json_object_del(spec, "keep_at");
}

static void digest_content(json_t *spec, const char *data, const char *program,
                           char content[DIGEST_TEXT_BYTES])
{
    drop_what_changes_no_row(spec);
    AUTO_FREE char *text = json_compact(spec);
    AUTO_FREE char *whole = xprintf("%s\n%s\n%s", program, data, text);
    digest_of(whole, strlen(whole), content);
}

struct candidate {
    int64_t run;
    bool may_take; /* nobody goes on from its checkpoints, and it was never begun */
    char content[DIGEST_TEXT_BYTES];
    const char *fingerprint; /* that its worker would have; NULL: not known */
};

static const char *fingerprint_for(const json_t *numerics, const json_t *spec)
{
    AUTO_FREE char *key = xprintf("%s,%d", json_text_at(spec, "numeric", "native"),
                                  (int)json_integer_at(spec, "threads", 1));
    return json_text_at(numerics, key, NULL);
}

/* 1: there is one; a job's runs have consecutive ids. */
static int read_candidate(const struct reuse_runs *command, struct sql *db, int64_t run,
                          struct candidate *candidate, struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT " RUN_SPEC ", CASE WHEN dataset.format = 'built-in' THEN NULL ELSE"
            " dataset.digest END, checkpoint_step, attempt"
            " FROM run JOIN variant ON variant.id = run.variant_id"
            " JOIN job ON job.id = run.job_id LEFT JOIN dataset ON dataset.id ="
            " " DATASET_FOR("job.team_id",
                            "variant.dataset") " WHERE run.id = ?"
                                               " AND run.job_id = ? AND run.state = 'queued'");
    put_integer(read, run);
    put_integer(read, command->reuse.job);
    const int found = statement_next(read, err);
    if (found <= 0)
        return found;
    json_auto_t *spec = row_document(read, 0);
    const char *data = row_text(read, 1); /* a built-in is made by the program itself */
    const bool keeps = json_object_get(spec, "keep_at") || json_object_get(spec, "branch") ||
                       json_object_get(spec, "branch_changes");
    candidate->run = run;
    candidate->may_take = !keeps && row_is_null(read, 2) && row_integer(read, 3) == 0;
    candidate->fingerprint = fingerprint_for(command->numerics, spec);
    digest_content(spec, data ? data : "", command->program, candidate->content);
    statement_reset(read);
    return 1;
}

/* What an older program had begun and a newer one ends is neither's. */
static int note_content(const struct candidate *candidate, struct sql *db, struct error *err)
{
    struct statement *update =
        sql_statement(db, "UPDATE run SET content = CASE WHEN checkpoint_step IS NULL OR"
                          " content = ?1 THEN ?1 ELSE 'mixed' END WHERE id = ?2");
    put_text(update, candidate->content);
    put_integer(update, candidate->run);
    return statement_run(update, err);
}

/* --- taking over ------------------------------------------------------------------------------ */

/* The source of the candidate's results; 0: there is none. Not where the job is decided by what a
 * clock measured. */
static int find_source(const struct reuse_runs *command, struct sql *db,
                       const struct candidate *candidate, struct reused_run *found,
                       struct error *err)
{
    struct statement *find = sql_statement(
        db, "SELECT other.id, other.step, other.steps,"
            " CASE WHEN job.metric_at <> 'best' THEN series.last WHEN job.metric_goal = 'maximize'"
            "   THEN series.best_high ELSE series.best_low END"
            " FROM run AS other JOIN job AS other_job ON other_job.id = other.job_id"
            " JOIN job ON job.id = ?3"
            " LEFT JOIN metric_name ON metric_name.name = job.metric_name"
            " LEFT JOIN series ON series.run_id = other.id AND series.name_id = metric_name.id"
            " WHERE other.content = ?1 AND other.fingerprint = ?2 AND other.state = 'succeeded'"
            " AND other.reused_from IS NULL AND coalesce(metric_name.repeats, 1)"
            " AND " MAY_SHARE("job", "other_job") " ORDER BY other.id LIMIT 1");
    put_text(find, candidate->content);
    put_text(find, candidate->fingerprint);
    put_integer(find, command->reuse.job);
    const int got = statement_next(find, err);
    if (got > 0) {
        *found = (struct reused_run){.run = candidate->run,
                                     .source = row_integer(find, 0),
                                     .step = row_integer(find, 1),
                                     .steps = row_integer(find, 2),
                                     .objective = row_real(find, 3)};
        statement_reset(find);
    }
    return got;
}

static int take_over(const struct reuse_runs *command, struct sql *db,
                     const struct reused_run *found, struct error *err)
{
    AUTO_FREE char *message = xprintf("reused from run %lld", (long long)found->source);
    struct statement *update = sql_statement(
        db, "UPDATE run SET state = 'succeeded', reused_from = ?1, objective = ?2, message = ?3,"
            " reason = NULL, finished_ms = ?4, (step, steps, fingerprint) ="
            " (SELECT step, steps, fingerprint FROM run AS other WHERE other.id = ?1)"
            " WHERE id = ?5");
    put_integer(update, found->source);
    put_real(update, found->objective);
    put_text(update, message);
    put_time(update, command->reuse.now_ms);
    put_integer(update, found->run);
    return statement_run(update, err);
}

static int reuse_run(struct reuse_runs *command, struct sql *db, int64_t run, struct error *err)
{
    struct candidate candidate;
    struct reused_run *found = &command->found[command->found_count];
    const int got = read_candidate(command, db, run, &candidate, err);
    if (got <= 0)
        return got;
    if (note_content(&candidate, db, err) < 0)
        return -1;
    if (!command->reuse.take || !candidate.may_take || !candidate.fingerprint)
        return 0;
    const int is_there = find_source(command, db, &candidate, found, err);
    if (is_there <= 0)
        return is_there;
    command->found_count++;
    return take_over(command, db, found, err);
}

/* The job ends with its last run; job_row_update() leaves that to who knows all of it. */
static int count_moved(struct writer *writer, const struct reuse_runs *command, struct error *err)
{
    int deltas[RUN_STATES] = {0};
    if (command->found_count == 0)
        return 0;
    deltas[RUN_QUEUED] = -command->found_count;
    deltas[RUN_SUCCEEDED] = command->found_count;
    if (job_row_update(writer, command->reuse.job, deltas, NULL, err) < 0)
        return -1;
    struct statement *update = sql_statement(
        writer_db(writer), "UPDATE job SET started_ms = coalesce(started_ms, ?1), finished_ms ="
                           " CASE WHEN waiting + queued + running = 0 THEN ?1 END WHERE id = ?2");
    put_integer(update, command->reuse.now_ms);
    put_integer(update, command->reuse.job);
    return statement_run(update, err);
}

static int reuse_runs(struct writer *writer, struct command *base, struct error *err)
{
    struct reuse_runs *command = (struct reuse_runs *)base;
    struct sql *db = writer_db(writer);

    command->found_count = 0;
    for (int i = 0; i < command->reuse.count; i++)
        if (reuse_run(command, db, command->reuse.first_run + i, err) < 0)
            return -1;
    return count_moved(writer, command, err);
}

static void tell_reused(struct command *base, const struct error *err)
{
    const struct reuse_runs *command = (struct reuse_runs *)base;
    if (command->done)
        command->done(command->context, command->found, err ? 0 : command->found_count, err);
}

static void release_reuse(struct command *base)
{
    struct reuse_runs *command = (struct reuse_runs *)base;
    free(command->program);
    free(command->found);
    json_decref(command->numerics);
}

void store_reuse_runs(struct store *store, const struct reuse *reuse, store_runs_reused *done,
                      void *context)
{
    struct reuse_runs *command = xcalloc(1, sizeof *command);
    *command = (struct reuse_runs){
        .command = {.work = reuse_runs,
                    .tell = tell_reused,
                    .release = release_reuse,
                    .rows = reuse->count},
        .reuse = *reuse,
        .program = xstrdup(reuse->program),
        .numerics = json_deep_copy(reuse->numerics),
        .found = xcalloc((size_t)reuse->count, sizeof *command->found),
        .done = done,
        .context = context,
    };
    store_send(store, &command->command);
}
