#include "store/private.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How many threads the runs of a job take: by variant, and for a run that has none yet, the most
 * that a variant of its arm takes. Variants of a job have consecutive ids. */
struct threads {
    int64_t first_variant;
    int variant_count;
    int *of_variant;
    int of_arm[ARMS_MAX];
};

static int read_threads(struct sql *db, int64_t job, struct threads *threads, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT id, arm, threads FROM variant WHERE job_id = ? ORDER BY id");
    put_integer(read, job);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        if (threads->variant_count == 0)
            threads->first_variant = row_integer(read, 0);
        const int64_t arm = row_integer(read, 1);
        const int count = (int)row_integer(read, 2);
        if ((threads->variant_count & (threads->variant_count - 1)) == 0) /* grows by doubling */
            threads->of_variant =
                xrealloc(threads->of_variant, 2 * (size_t)threads->variant_count + 1, sizeof(int));
        threads->of_variant[threads->variant_count++] = count;
        if (arm >= 0 && arm < ARMS_MAX && threads->of_arm[arm] < count)
            threads->of_arm[arm] = count;
    }
    return got;
}

static int threads_of_run(const struct threads *threads, int64_t variant, int arm)
{
    const int64_t place = variant - threads->first_variant;
    if (variant > 0 && place >= 0 && place < threads->variant_count)
        return threads->of_variant[place];
    return arm >= 0 && arm < ARMS_MAX && threads->of_arm[arm] > 0 ? threads->of_arm[arm] : 1;
}

static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; name && i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* --- runs ------------------------------------------------------------------------------------- */

/* SQL. How long it has run: of one that does, as far as its rows of metrics tell, since its server
 * may have ended without a word. -1: not known. */
#define LATEST_MS                                                                                  \
    " coalesce(CASE WHEN state = 'running' THEN max(coalesce(ran_ms, 0), coalesce("                \
    "  (SELECT max((SELECT wall_ms FROM metric WHERE run_id = series.run_id"                       \
    "    AND name_id = series.name_id AND step = series.last_step))"                               \
    "   FROM series WHERE run_id = run.id), 0)) ELSE ran_ms END, -1)"

static int read_run(struct statement *row, const struct threads *threads, struct live_run *run)
{
    const int phase = find_name(run_phase_names, PHASES, row_text(row, 5));
    const int state = find_name(run_state_names, RUN_STATES, row_text(row, 7));
    if (phase < 0 || state < 0)
        return -1;
    *run = (struct live_run){
        .id = row_integer(row, 0),
        .job = row_integer(row, 1),
        .number = (int)row_integer(row, 2),
        .arm = (int)row_integer(row, 3),
        .point = (int)row_integer(row, 4),
        .phase = (enum run_phase)phase,
        .seed = (uint64_t)row_integer(row, 6),
        .position = {(enum run_state)state, (int)row_integer(row, 8), (int)row_integer(row, 9)},
        .threads = threads_of_run(threads, row_integer(row, 10), (int)row_integer(row, 3)),
        .objective = row_real(row, 11),
        .step = row_integer(row, 12),
        .steps = row_integer(row, 13),
        .branched_step = row_integer(row, 14),
        .reused_from = row_integer(row, 15),
        .rung = (int)row_integer(row, 16),
        .timing = {row_integer(row, 17), row_integer(row, 18), row_integer(row, 19)},
    };
    return 0;
}

static int load_runs(struct sql *db, int64_t job, const struct threads *threads,
                     void (*on_run)(void *, const struct live_run *), void *context,
                     struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT run.id, run.job_id, number, run.arm, coalesce(variant.point, run.point), phase,"
            " seed, state, attempt, attempts_lost, coalesce(variant_id, 0), objective, step,"
            " steps, json_extract(overlay, '$.branch.step'), reused_from, rung," LATEST_MS
            ", allowed_from_ms, not_before_ms"
            " FROM run LEFT JOIN variant ON variant.id = run.variant_id"
            " WHERE run.job_id = ? ORDER BY run.id");
    put_integer(read, job);
    int got;
    while ((got = statement_next(read, err)) > 0) {
        struct live_run run;
        if (read_run(read, threads, &run) < 0) {
            statement_reset(read);
            return error_of(err, ERROR_INTERNAL,
                            "a run of job %lld has a phase or state this program does not know",
                            (long long)job);
        }
        on_run(context, &run);
    }
    return got;
}

/* --- jobs ------------------------------------------------------------------------------------- */

static int read_job(struct statement *row, const struct threads *threads, struct live_job *job)
{
    const int kind = find_name(job_kind_names, JOB_KINDS, row_text(row, 1));
    if (kind < 0)
        return -1;
    json_auto_t *arms = row_document(row, 10);
    *job = (struct live_job){
        .id = row_integer(row, 0),
        .kind = (enum job_kind)kind,
        .name = row_text(row, 2),
        .priority = (int)row_integer(row, 3),
        .paused = row_integer(row, 4) != 0,
        .created_ms = row_integer(row, 13),
        .started_ms = row_integer(row, 5),
        .point_count = (int)row_integer(row, 6),
        .arm_count = (int)json_array_size(arms),
        .run_count = (int)row_integer(row, 11),
        .first_variant = threads->first_variant,
        .request_text = row_text(row, 12),
        .arms = row_text(row, 10),
        .sources = row_text(row, 14),
        .team = row_integer(row, 15),
        .usual_ms = row_integer(row, 16),
    };
    strncpy(job->metric.name, row_text(row, 7), sizeof job->metric.name - 1);
    job->metric.maximize = strcmp(row_text(row, 8), "maximize") == 0;
    job->metric.best = strcmp(row_text(row, 9), "best") == 0;
    return 0;
}

/* Which arms have the curve of their schedule. All points of an arm get it at once. */
static int read_curves(struct sql *db, int64_t job, uint64_t *curves, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT arm FROM variant WHERE job_id = ?1 AND point = 0 AND arm >= 0"
                          " AND (SELECT sources FROM job_text WHERE job_id = ?1) IS NOT NULL"
                          " AND json_type(spec, '$.schedule.curve') = 'array'");
    put_integer(read, job);
    int got;
    *curves = 0;
    while ((got = statement_next(read, err)) > 0)
        *curves |= UINT64_C(1) << row_integer(read, 0);
    return got;
}

/* What is read of a job beside its row. */
struct beside {
    struct threads threads;
    uint64_t curves;
    struct look_entry *looks; /* [look_count] */
    int look_count;
};

static int load_job(struct sql *db, int64_t id, const struct beside *beside,
                    void (*on_job)(void *, const struct live_job *), void *context,
                    struct error *err)
{
    struct statement *read = sql_statement(
        db, "SELECT id, kind, name, priority, paused, started_ms, point_count, metric_name,"
            " metric_goal, metric_at, arms, waiting + queued + running + succeeded + pruned +"
            " cancelled + failed, request, created_ms, sources, team_id,"
            " (SELECT CAST(avg(finished_ms - run.started_ms) AS INTEGER) FROM run"
            "  WHERE job_id = job.id AND run.state = 'succeeded' AND attempt = 1) FROM job"
            " JOIN job_text ON job_text.job_id = job.id WHERE id = ?");
    put_integer(read, id);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_of(err, ERROR_NOT_FOUND, "there is no job %lld", (long long)id);
    struct live_job job;
    const int got = read_job(read, &beside->threads, &job);
    job.curves = beside->curves;
    job.looks = beside->looks;
    job.look_count = beside->look_count;
    if (got == 0)
        on_job(context, &job);
    statement_reset(read);
    return got < 0 ? error_of(err, ERROR_INTERNAL,
                              "job %lld has a kind that this program does not know", (long long)id)
                   : 0;
}

static int load_all(struct sql *db, int64_t job, void (*on_job)(void *, const struct live_job *),
                    void (*on_run)(void *, const struct live_run *), void *context,
                    struct error *err)
{
    struct beside beside = {0};
    int got = read_threads(db, job, &beside.threads, err);
    if (got == 0)
        got = read_curves(db, job, &beside.curves, err);
    if (got == 0)
        got = looks_read(db, job, &beside.looks, &beside.look_count, err);
    if (got == 0)
        got = load_job(db, job, &beside, on_job, context, err);
    if (got == 0)
        got = load_runs(db, job, &beside.threads, on_run, context, err);
    free(beside.threads.of_variant);
    free(beside.looks);
    return got;
}

int store_load_job(struct reader *reader, int64_t job,
                   void (*on_job)(void *, const struct live_job *),
                   void (*on_run)(void *, const struct live_run *), void *context,
                   struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    const int got = load_all(db, job, on_job, on_run, context, err);
    reader_end(reader);
    return got;
}

static int load_live(struct sql *db, void (*on_job)(void *, const struct live_job *),
                     void (*on_run)(void *, const struct live_run *), void *context,
                     struct error *err)
{
    struct statement *live = sql_statement(
        db, "SELECT id FROM job WHERE state IN ('queued', 'running', 'paused') OR id IN ("
            " SELECT proposal.job_id FROM proposal JOIN run ON run.id = run_id WHERE told IS NULL"
            " AND run.state NOT IN ('waiting', 'queued', 'running')) ORDER BY id");
    int got;
    while ((got = statement_next(live, err)) > 0) {
        if (load_all(db, row_integer(live, 0), on_job, on_run, context, err) < 0) {
            statement_reset(live);
            return -1;
        }
    }
    return got;
}

int store_load(struct store *store, void (*job)(void *, const struct live_job *),
               void (*run)(void *, const struct live_run *), void *context, struct error *err)
{
    struct reader *reader = store_reader_start(store);
    struct sql *db = reader_begin(reader, err);
    int got = -1;
    if (db) {
        got = load_live(db, job, run, context, err);
        reader_end(reader);
    }
    store_reader_end(reader);
    return got;
}

/* --- data sets -------------------------------------------------------------------------------- */

static int load_datasets(struct sql *db, void (*dataset)(void *, const struct known_dataset *),
                         void *context, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT name, json_extract(summary, '$.classes'), file, team_id, bytes,"
                          " visibility = 'everyone' FROM dataset ORDER BY name");
    int got;
    while ((got = statement_next(read, err)) > 0)
        dataset(context, &(struct known_dataset){
                             .name = row_text(read, 0),
                             .classes = (int)row_integer(read, 1),
                             .file = row_text(read, 2),
                             .team = row_integer(read, 3),
                             .bytes = row_integer(read, 4),
                             .for_everyone = row_integer(read, 5) != 0,
                         });
    return got;
}

int store_load_datasets(struct store *store, void (*dataset)(void *, const struct known_dataset *),
                        void *context, struct error *err)
{
    struct reader *reader = store_reader_start(store);
    struct sql *db = reader_begin(reader, err);
    int got = -1;
    if (db) {
        got = load_datasets(db, dataset, context, err);
        reader_end(reader);
    }
    store_reader_end(reader);
    return got;
}
