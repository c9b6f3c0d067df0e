/*
 * A comparison that is looked at while its seeds come in: once all report runs of a round have
 * ended, each arm that is still in is held against the baseline; what is decided gets no more
 * seeds, the next round of the others begins. What was found is written down together with what
 * follows from it. When a look is due follows from the states of the runs and from the looks
 * before, so a restart only has to look.
 */
#include "workers/inside.h"

#include "compare/looks.h"
#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* --- rounds -------------------------------------------------------------------------------------
 */

/* Behind the report runs of so many rounds; the seeds stand one after the other. */
static int rounds_end(const struct job *job, int rounds)
{
    const struct job_looks *looks = job->looks;
    return looks->first_report +
           job->arm_count * looks_seeds(looks->seed_count, job->judging.looks, rounds);
}

int looks_begun_before(const struct job *job)
{
    return job->looks ? rounds_end(job, job->looks->done + 1) : job->run_count;
}

/* Latest first: those are still to end. */
static bool rounds_are_over(const struct job *job, int rounds)
{
    for (int i = rounds_end(job, rounds) - 1; i >= job->looks->first_report; i--) {
        const struct run *run = &job->runs[i];
        if (!run_is_final(run->position.state) || run->endings > 0)
            return false;
    }
    return true;
}

/* Of a job that was cancelled there may be rounds of which nothing has run. */
static bool round_was_run(const struct job *job, int round)
{
    for (int i = rounds_end(job, round - 1); i < rounds_end(job, round); i++) {
        const enum run_state state = job->runs[i].position.state;
        if (state == RUN_SUCCEEDED || state == RUN_FAILED)
            return true;
    }
    return false;
}

/* --- who goes on --------------------------------------------------------------------------------
 */

static bool is_branch(const struct job *job, int arm)
{
    return job->sources && job->sources[arm].kind == SOURCE_BRANCH;
}

/* Arms that are not decided; the baseline as long as there is one; and an arm that others branch
 * from as long as one of those goes on. By bit. */
static uint64_t going_on(const struct job *job, const struct arm_decision *decisions)
{
    uint64_t arms = 0;
    for (int arm = 0; arm < job->arm_count; arm++)
        if (arm != job->baseline && decisions[arm].look == 0)
            arms |= UINT64_C(1) << arm;
    if (arms)
        arms |= UINT64_C(1) << job->baseline;
    for (int arm = 0; arm < job->arm_count; arm++)
        if (is_branch(job, arm) && (arms >> arm & 1))
            arms |= UINT64_C(1) << job->sources[arm].arm;
    return arms;
}

/* Those that need nothing but the look; branches go on from runs of the same round. */
static uint64_t without_branches(const struct job *job, uint64_t arms)
{
    for (int arm = 0; arm < job->arm_count; arm++)
        if (is_branch(job, arm))
            arms &= ~(UINT64_C(1) << arm);
    return arms;
}

/* --- what there is to see -----------------------------------------------------------------------
 */

struct table {
    double *values; /* both [arm_count][seed_count] */
    bool *absent;
};

/* A decided arm is seen with the seeds it was decided with. */
static bool is_seen(const struct job *job, const struct run *run, int seed)
{
    const struct job_looks *looks = job->looks;
    const int decided = looks->decisions[run->arm].look;
    const enum run_state state = run->position.state;
    if (decided > 0 && looks_of_seed(looks->seed_count, job->judging.looks, seed) > decided)
        return false;
    return state == RUN_SUCCEEDED || state == RUN_FAILED;
}

static struct table table_of(const struct job *job, int seed_count)
{
    const size_t cells = (size_t)job->arm_count * (size_t)seed_count;
    const struct table table = {xcalloc(cells, sizeof *table.values),
                                xcalloc(cells, sizeof *table.absent)};
    for (int seed = 0; seed < seed_count; seed++) {
        for (int arm = 0; arm < job->arm_count; arm++) {
            const struct run *run =
                &job->runs[job->looks->first_report + seed * job->arm_count + arm];
            const bool ended_well = run->position.state == RUN_SUCCEEDED;
            table.values[arm * seed_count + seed] = ended_well ? run->objective : (double)NAN;
            table.absent[arm * seed_count + seed] = !is_seen(job, run, seed);
        }
    }
    return table;
}

static int judge(const struct job *job, int look, struct look_entry *entries)
{
    const struct judging *judging = &job->judging;
    const int seed_count = looks_seeds(job->looks->seed_count, judging->looks, look);
    const struct table table = table_of(job, seed_count);
    const int count = looks_judge(
        &(struct comparison){
            .arm_count = job->arm_count,
            .seed_count = seed_count,
            .values = table.values,
            .absent = table.absent,
            .baseline = job->baseline,
            .maximize = job->metric.maximize,
            .level = judging->level,
            .within = judging->within,
            .relative = judging->relative,
            .looks = judging->looks,
            .decided = job->looks->decisions,
        },
        look, entries);
    free(table.values);
    free(table.absent);
    return count;
}

/* --- one look -----------------------------------------------------------------------------------
 */

struct settling {
    struct conductor *conductor;
    struct job *job;
    int look, entry_count;
    struct look_entry entries[ARMS_MAX];
    uint64_t goes_on; /* arms, by bit */
    int64_t now_ms;
};

static void decide(const struct settling *settling, struct arm_decision *decisions)
{
    for (int i = 0; i < settling->entry_count; i++) {
        const struct look_entry *entry = &settling->entries[i];
        if (entry->verdict != VERDICT_UNDECIDED)
            decisions[entry->arm] = (struct arm_decision){entry->look, entry->verdict};
    }
}

static void begin_run(const struct settling *settling, struct run *run)
{
    struct job *job = run->job;
    if (run->point < 0 && job->tuning) {
        run->point = job->tuning[run->arm].chosen;
        run->threads = tuning_threads(job, run->arm, run->point);
    }
    job_move(run, EVENT_RELEASED, NULL);
    queue_run(settling->conductor, run);
}

/* As store_settle_look() has moved them; those that were cancelled meanwhile stay so. */
static void move_runs(const struct settling *settling)
{
    struct job *job = settling->job;
    const uint64_t begins = without_branches(job, settling->goes_on);
    const int before = looks_begun_before(job);
    int stopped = 0;

    for (int i = job->looks->first_report; i < job->run_count; i++) {
        struct run *run = &job->runs[i];
        if (run->position.state != RUN_WAITING)
            continue;
        if (!(settling->goes_on >> run->arm & 1))
            stopped += job_move(run, EVENT_PRUNED, NULL) == 0;
        else if (run->number < before && (begins >> run->arm & 1))
            begin_run(settling, run);
    }
    if (stopped > 0)
        events_publish(settling->conductor->events, "reload", job->id, json_object());
}

static void look_again(void *context)
{
    struct settling *settling = context;
    struct job *job = settling->job;
    job->looks->settling = false;
    looks_check_job(settling->conductor, job);
    drop_job(settling->conductor, job);
    free(settling);
}

static void settled(void *context, const struct error *err)
{
    struct settling *settling = context;
    struct conductor *conductor = settling->conductor;
    struct job *job = settling->job;

    if (err) {
        log_line("job %" PRId64 ": look %d: %s", job->id, settling->look, err->sentence);
        again_later(conductor, conductor->options.retry_ms, look_again, free, settling);
        return; /* keeps its hold on the job */
    }
    job->looks->settling = false;
    job->looks->done = settling->look;
    decide(settling, job->looks->decisions);
    move_runs(settling);
    if (job_is_final(job) && !job->finished_ms)
        job->finished_ms = settling->now_ms;
    reuse_for_job(conductor, job);
    sources_check_job(conductor, job);
    publish_job(conductor, job);
    looks_check_job(conductor, job); /* its next round may have nothing left to run */
    free(settling);
    drop_job(conductor, job);
}

static void take_variants(const struct job *job, struct look *look)
{
    for (int arm = 0; job->tuning && arm < job->arm_count; arm++) {
        const int chosen = job->tuning[arm].chosen;
        look->variants[arm] = chosen < 0 ? 0 : job_variant(job, arm, chosen);
    }
}

static void write_look(struct settling *settling)
{
    const struct job *job = settling->job;
    AUTO_FREE char *message = xprintf("decided at look %d of %d: more seeds were not needed",
                                      settling->look, job->judging.looks);
    struct look look = {
        .job = job->id,
        .entries = settling->entries,
        .entry_count = settling->entry_count,
        .stops = ~settling->goes_on,
        .releases = without_branches(job, settling->goes_on),
        .first_report = job->first_run + job->looks->first_report,
        .before = job->first_run + rounds_end(job, settling->look + 1),
        .arm_count = job->arm_count,
        .message = message,
        .now_ms = settling->now_ms,
    };
    take_variants(job, &look);
    store_settle_look(settling->conductor->store, &look, settled, settling);
}

static void take_look(struct conductor *conductor, struct job *job)
{
    struct arm_decision decisions[ARMS_MAX] = {{0}};
    struct settling *settling = xcalloc(1, sizeof *settling);

    *settling = (struct settling){
        .conductor = conductor, .job = job, .look = job->looks->done + 1, .now_ms = wall_ms()};
    settling->entry_count = judge(job, settling->look, settling->entries);
    for (int arm = 0; arm < job->arm_count; arm++)
        decisions[arm] = job->looks->decisions[arm];
    decide(settling, decisions);
    settling->goes_on = going_on(job, decisions);
    job->looks->settling = true;
    hold_job(job);
    write_look(settling);
}

void looks_check_job(struct conductor *conductor, struct job *job)
{
    const struct job_looks *looks = job->looks;
    if (!looks || looks->settling || looks->done >= job->judging.looks ||
        going_on(job, looks->decisions) == 0 || !rounds_are_over(job, looks->done + 1))
        return;
    if (!job_is_final(job) || round_was_run(job, looks->done + 1))
        take_look(conductor, job);
}

/* --- retries ------------------------------------------------------------------------------------
 */

/* The look since which the arm's later runs are not needed; the last one where they are. */
static int last_look_for(const struct job *job, int arm)
{
    const struct job_looks *looks = job->looks;
    if (going_on(job, looks->decisions) >> arm & 1)
        return job->judging.looks;
    return looks->decisions[arm].look > 0 ? looks->decisions[arm].look : looks->done;
}

int looks_retry(const struct run *run, bool *out_waits, struct error *err)
{
    const struct job *job = run->job;
    if (!job->looks || run->phase != PHASE_REPORT)
        return 0;
    const int last = last_look_for(job, run->arm);
    if (run->number >= rounds_end(job, last))
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " is not needed: arm \"%.64s\" was decided by look %d",
                        run->id, job->arms[run->arm], last);
    if (run->number >= looks_begun_before(job))
        *out_waits = true;
    return 0;
}
