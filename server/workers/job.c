#include "workers/job.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A search may get more runs while workers, timers and the disk point to those it has: there is
 * room for all it may ever have, which takes memory only where there are runs. */
static struct run *reserve_runs(void)
{
    void *room = mmap(NULL, RUNS_MAX * sizeof(struct run), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        abort(); /* like any small allocation */
    return room;
}

static struct job *job_new(enum job_kind kind, int run_count, int arm_count)
{
    struct job *job = xcalloc(1, sizeof *job);
    job->kind = kind;
    job->run_count = run_count;
    job->arm_count = arm_count;
    job->runs = kind == JOB_SEARCH ? reserve_runs() : xcalloc((size_t)run_count, sizeof *job->runs);
    job->arms = xcalloc((size_t)arm_count, sizeof *job->arms);
    return job;
}

static struct run_range *add_range(struct job *job, int64_t first_run, int number)
{
    struct run_range *range = xcalloc(1, sizeof *range);
    struct run_range **at = &job->ranges;
    *range = (struct run_range){.job = job, .first_run = first_run, .first_number = number};
    while (*at)
        at = &(*at)->next;
    *at = range;
    return range;
}

static struct run_range *last_range(const struct job *job)
{
    struct run_range *range = job->ranges;
    while (range && range->next)
        range = range->next;
    return range;
}

static void place_run(struct job *job, int number, int64_t id)
{
    struct run *run = &job->runs[number];
    struct run_range *range = last_range(job);
    if (!range || id != range->first_run + range->count)
        range = add_range(job, id, number);
    range->count++;
    run->job = job;
    run->task.kind = TASK_RUN;
    run->id = id;
    run->number = number;
    job->counts[run->position.state]++;
}

static void take_plan_sources(struct job *job, const struct job_plan *plan)
{
    if (!plan->sources)
        return;
    job->sources = xcalloc((size_t)job->arm_count, sizeof *job->sources);
    for (int arm = 0; arm < job->arm_count; arm++) {
        const struct arm_source *from = &plan->sources[arm];
        job->sources[arm] = (struct source){.kind = from->kind, .arm = from->arm, .at = from->at};
    }
}

/* What earlier looks have found: none of a new job. */
static void take_looks(struct job *job, const struct look_entry *entries, int count)
{
    if (job->judging.looks == 0)
        return;
    job->looks = xcalloc(1, sizeof *job->looks);
    job->looks->done = looks_decisions(entries, count, job->arm_count, job->looks->decisions);
}

struct job *job_of_plan(const struct job_plan *plan, const struct added_job *added, int64_t now_ms)
{
    struct job *job = job_new(plan->kind, plan->run_count, plan->arm_count);
    job->id = added->job;
    job->team = added->team;
    job->first_run = added->first_run;
    job->first_variant = added->first_variant;
    job->name = xstrdup(plan->name);
    job->priority = plan->priority;
    job->options = plan->options;
    job->halving = plan->halving;
    job->judging = plan->judging;
    job->baseline = plan->baseline;
    job->point_count = plan->point_count;
    job->metric = plan->metric;
    job->created_ms = now_ms;
    if (plan->kind == JOB_SEARCH)
        job->request = xstrdup(plan->request);
    for (int i = 0; i < plan->arm_count; i++)
        job->arms[i] = xstrdup(plan->arms[i]);
    for (int i = 0; i < plan->run_count; i++) {
        const struct run_plan *from = &plan->runs[i];
        job->runs[i] = (struct run){
            .arm = from->arm,
            .point = from->point,
            .phase = from->phase,
            .seed = from->seed,
            .position.state = from->waiting ? RUN_WAITING : RUN_QUEUED,
            .threads = from->variant >= 0 ? plan->variants[from->variant].threads : 1,
            .objective = (double)NAN,
        };
        place_run(job, i, job->first_run + i);
    }
    take_plan_sources(job, plan);
    take_looks(job, NULL, 0);
    job_complete_rows(job);
    return job;
}

static void read_arms(struct job *job, const char *names)
{
    json_auto_t *list = json_loads(names, 0, NULL);
    for (int i = 0; i < job->arm_count; i++) {
        const char *name = json_string_value(json_array_get(list, (size_t)i));
        job->arms[i] = xstrdup(name ? name : "");
    }
}

static void read_judging(struct job *job, const json_t *request)
{
    const char *baseline = json_text_at(request, "baseline", "");

    job->judging = judging_of(request);
    job->baseline = 0;
    for (int arm = 0; arm < job->arm_count; arm++)
        if (strcmp(job->arms[arm], baseline) == 0)
            job->baseline = arm;
}

/* It was accepted once, so it is sound. */
static void read_request(struct job *job, const char *request_text)
{
    AUTO_PROBLEMS struct problems none = {0};
    json_t *request = json_loads(request_text, 0, NULL);
    job->options = options_read(request, &none);
    job->halving =
        halving_read(json_object_get(request, "tune"), (uint64_t)job->point_count, &none);
    job->baseline = -1;
    if (job->kind == JOB_COMPARE)
        read_judging(job, request);
    json_decref(request);
}

static enum source_kind source_kind_of(const char *name)
{
    for (int kind = 0; kind < SOURCE_KINDS; kind++)
        if (strcmp(source_kind_names[kind], name) == 0)
            return (enum source_kind)kind;
    return SOURCE_NONE;
}

static void read_sources(struct job *job, const char *text, uint64_t curves)
{
    if (!text)
        return;
    json_auto_t *list = json_loads(text, 0, NULL);
    job->sources = xcalloc((size_t)job->arm_count, sizeof *job->sources);
    for (int arm = 0; arm < job->arm_count; arm++) {
        const json_t *entry = json_array_get(list, (size_t)arm);
        job->sources[arm] = (struct source){
            .kind = source_kind_of(json_text_at(entry, "kind", "")),
            .arm = (int)json_integer_at(entry, "arm", 0),
            .at = json_number_at(entry, "at", 0),
            .has_curve = curves >> arm & 1,
        };
    }
}

struct job *job_of_row(const struct live_job *row)
{
    struct job *job = job_new(row->kind, row->run_count, row->arm_count);
    job->id = row->id;
    job->team = row->team;
    job->first_variant = row->first_variant;
    job->name = xstrdup(row->name);
    job->priority = row->priority;
    job->paused = row->paused;
    job->point_count = row->point_count;
    job->metric = row->metric;
    job->created_ms = row->created_ms;
    job->started_ms = row->started_ms;
    job->usual_ms = row->usual_ms;
    read_arms(job, row->arms);
    if (row->kind == JOB_SEARCH)
        job->request = xstrdup(row->request_text);
    read_request(job, row->request_text);
    read_sources(job, row->sources, row->curves);
    take_looks(job, row->looks, row->look_count);
    return job;
}

struct run_timing job_timing(const struct run *run)
{
    const int64_t wait_ms = run->not_before_ms > 0 ? run->not_before_ms - clock_ms() : 0;
    return (struct run_timing){
        .ran_ms = run->unmeasured && run->ran_ms == 0 ? -1 : run->ran_ms,
        .allowed_from_ms = run->allowed_from_ms,
        .not_before_ms = wait_ms > 0 ? wall_ms() + wait_ms : 0,
    };
}

/* Of the wall's clock, which may have been set in between: not for longer than a minute. */
static int64_t not_before(int64_t at_ms)
{
    enum { LONGEST_MS = 60000 };
    const int64_t wait_ms = at_ms > 0 ? at_ms - wall_ms() : 0;
    return wait_ms > 0 ? clock_ms() + (wait_ms < LONGEST_MS ? wait_ms : LONGEST_MS) : 0;
}

void job_add_row(struct job *job, const struct live_run *row)
{
    assert(row->number >= 0 && row->number < job->run_count);
    if (row->number == 0)
        job->first_run = row->id;
    assert(job->kind == JOB_SEARCH || row->id == job->first_run + row->number);
    job->runs[row->number] = (struct run){
        .arm = row->arm,
        .point = row->point,
        .phase = row->phase,
        .seed = row->seed,
        .position = row->position,
        .threads = row->threads > 0 ? row->threads : 1,
        .objective = row->objective,
        .step = row->step,
        .steps = row->steps,
        .branched_step = row->branched_step,
        .reused_from = row->reused_from,
        .rung = row->rung,
        .ran_ms = row->timing.ran_ms > 0 ? row->timing.ran_ms : 0,
        .allowed_from_ms = row->timing.allowed_from_ms,
        .not_before_ms = not_before(row->timing.not_before_ms),
        .unmeasured = row->position.attempt > 0 &&
                      (row->timing.ran_ms < 0 || row->position.state == RUN_RUNNING),
    };
    place_run(job, row->number, row->id);
}

/* Report runs come behind all tuning runs. */
static void place_looks(struct job *job, int tuned)
{
    job->looks->first_report = tuned;
    job->looks->seed_count = (job->run_count - tuned) / job->arm_count;
}

void job_complete_rows(struct job *job)
{
    int tuned = 0;
    for (int i = 0; i < job->run_count; i++)
        tuned += job->runs[i].phase == PHASE_TUNE;
    if (job->looks)
        place_looks(job, tuned);
    if (tuned == 0)
        return;
    job->tuning = xcalloc((size_t)job->arm_count, sizeof *job->tuning);
    for (int arm = 0; arm < job->arm_count; arm++)
        job->tuning[arm].chosen = -1;
    for (int i = 0; i < job->run_count; i++) {
        const struct run *run = &job->runs[i];
        if (run->phase == PHASE_TUNE && !run_is_final(run->position.state))
            job->tuning[run->arm].left++;
    }
}

static void free_ranges(struct job *job)
{
    while (job->ranges) {
        struct run_range *range = job->ranges;
        job->ranges = range->next;
        free(range);
    }
}

static void free_runs(struct job *job)
{
    if (job->kind == JOB_SEARCH)
        munmap(job->runs, RUNS_MAX * sizeof *job->runs);
    else
        free(job->runs);
}

void job_free(struct job *job)
{
    if (!job)
        return;
    for (int i = 0; i < job->arm_count; i++)
        free(job->arms[i]);
    for (int i = 0; i < job->run_count; i++) {
        json_decref(job->runs[i].assignment);
        loop_cancel(job->runs[i].timeout);
    }
    search_free(job->search);
    free(job->request);
    free(job->arms);
    free_ranges(job);
    free_runs(job);
    free(job->tuning);
    free(job->sources);
    free(job->looks);
    free(job->name);
    free(job);
}

enum job_state job_state(const struct job *job)
{
    return job_state_of(job->counts, job->paused);
}

bool job_is_final(const struct job *job)
{
    int final = 0;
    for (int state = 0; state < RUN_STATES; state++)
        final += run_is_final((enum run_state)state) ? job->counts[state] : 0;
    return final == job->run_count;
}

struct job_change job_change_of(const struct job *job)
{
    return (struct job_change){
        .job = job->id,
        .state = job_state(job),
        .paused = job->paused,
        .priority = job->priority,
        .started_ms = job->started_ms,
        .finished_ms = job->finished_ms,
    };
}

int job_move(struct run *run, enum run_event event, struct error *err)
{
    const enum run_state before = run->position.state;
    if (run_apply(&run->position, event, err) < 0)
        return -1;
    run->job->counts[before]--;
    run->job->counts[run->position.state]++;
    return 0;
}

int64_t job_run_id(const struct job *job, int number)
{
    return job->runs[number].id;
}

int64_t job_variant(const struct job *job, int arm, int point)
{
    return job->first_variant + (int64_t)(arm < 0 ? 0 : arm) * job->point_count + point;
}

/* --- the index: a tree of jobs, and one of the ranges of their runs --------------------------- */

struct job_index {
    void *jobs, *ranges;
};

static int by_job(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* The first is a key that begins with a run's id, the second an entry, which is never empty. */
static int by_run(const void *a, const void *b)
{
    const struct run_range *key = a, *range = b;
    if (key->first_run < range->first_run)
        return -1;
    return key->first_run >= range->first_run + range->count;
}

struct job_index *job_index_new(void)
{
    return xcalloc(1, sizeof(struct job_index));
}

static void free_entry(void *job)
{
    job_free(job);
}

static void keep_entry(void *range)
{
    (void)range; /* its job frees it */
}

void job_index_free(struct job_index *index)
{
    if (!index)
        return;
    tdestroy(index->ranges, keep_entry);
    tdestroy(index->jobs, free_entry);
    free(index);
}

static void enter_range(struct job_index *index, struct run_range *range)
{
    if (range->count == 0)
        return;
    void *placed = tsearch(range, &index->ranges, by_run);
    assert(placed && *(struct run_range **)placed == range);
    (void)placed;
}

void job_index_add(struct job_index *index, struct job *job)
{
    void *placed = tsearch(job, &index->jobs, by_job);
    assert(placed && *(struct job **)placed == job);
    (void)placed;
    for (struct run_range *range = job->ranges; range; range = range->next)
        enter_range(index, range);
}

void job_index_remove(struct job_index *index, struct job *job)
{
    for (struct run_range *range = job->ranges; range; range = range->next)
        if (range->count > 0)
            tdelete(range, &index->ranges, by_run);
    tdelete(job, &index->jobs, by_job);
}

static void *find(void *const *root, const void *key, int (*compare)(const void *, const void *))
{
    void *found = tfind(key, root, compare);
    return found ? *(void **)found : NULL;
}

struct job *job_index_find(const struct job_index *index, int64_t job)
{
    return find(&index->jobs, &(struct job){.id = job}, by_job);
}

struct run *job_index_find_run(const struct job_index *index, int64_t run)
{
    const struct run_range *range =
        find(&index->ranges, &(struct run_range){.first_run = run}, by_run);
    return range ? &range->job->runs[range->first_number + (run - range->first_run)] : NULL;
}

void job_grow(struct job_index *index, struct job *job, int64_t first_run, int count, uint64_t seed,
              int seeds)
{
    assert(job->kind == JOB_SEARCH && job->run_count + count <= RUNS_MAX);
    struct run_range *range = add_range(job, first_run, job->run_count);
    for (int i = 0; i < count; i++) {
        const int number = job->run_count++;
        job->runs[number] = (struct run){.arm = -1,
                                         .point = -1,
                                         .phase = PHASE_SEARCH,
                                         .seed = seed + (uint64_t)(number % seeds),
                                         .position.state = RUN_WAITING,
                                         .threads = 1,
                                         .objective = (double)NAN};
        place_run(job, number, first_run + i);
    }
    enter_range(index, range);
}

/* A range without runs is taken out, since it would be in the way of another one that begins with
 * the same id. */
static void cut_range(struct job_index *index, struct run_range *range, int kept)
{
    const int left = kept > range->first_number ? kept - range->first_number : 0;
    if (left >= range->count)
        return;
    if (left == 0)
        tdelete(range, &index->ranges, by_run);
    range->count = left;
}

void job_cut(struct job_index *index, struct job *job, int kept)
{
    for (int i = kept; i < job->run_count; i++)
        job->counts[job->runs[i].position.state]--;
    for (struct run_range *range = job->ranges; range; range = range->next)
        cut_range(index, range, kept);
    if (kept < job->run_count)
        job->run_count = kept;
}

struct visit {
    void (*visit)(void *, struct job *);
    void *context;
};

static void visit_node(const void *node, VISIT order, void *closure)
{
    const struct visit *visit = closure;
    if (order == postorder || order == leaf)
        visit->visit(visit->context, *(struct job *const *)node);
}

void job_index_each(struct job_index *index, void (*visit)(void *, struct job *), void *context)
{
    struct visit closure = {visit, context};
    twalk_r(index->jobs, visit_node, &closure);
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static json_t *time_or_null(int64_t ms)
{
    return ms > 0 ? json_integer(ms) : json_null();
}

static json_t *counts_json(const struct job *job)
{
    json_t *counts = json_pack("{s:i}", "total", job->run_count);
    for (int state = 0; state < RUN_STATES; state++)
        json_object_set_new(counts, run_state_names[state], json_integer(job->counts[state]));
    return counts;
}

json_t *job_json(const struct job *job)
{
    return json_pack("{s:I, s:s, s:o, s:s, s:i, s:b, s:o, s:o, s:o, s:o}", "id", job->id, "kind",
                     job_kind_names[job->kind], "name", json_text(job->name), "state",
                     job_state_names[job_state(job)], "priority", job->priority, "paused",
                     job->paused, "created_ms", time_or_null(job->created_ms), "started_ms",
                     time_or_null(job->started_ms), "finished_ms", time_or_null(job->finished_ms),
                     "runs", counts_json(job));
}

json_t *run_json(const struct run *run)
{
    const struct job *job = run->job;
    json_t *json = json_pack("{s:I, s:I, s:i, s:o, s:s, s:I, s:s, s:i, s:o, s:I, s:I, s:o}", "id",
                             run->id, "job", job->id, "number", run->number, "arm",
                             run->arm >= 0 ? json_text(job->arms[run->arm]) : json_null(), "phase",
                             run_phase_names[run->phase], "seed", (json_int_t)run->seed, "state",
                             run_state_names[run->position.state], "attempt", run->position.attempt,
                             "objective", json_number(run->objective), "step", run->step, "steps",
                             run->steps, "started_ms", time_or_null(run->started_ms));
    if (run->reused_from > 0)
        json_object_set_new(json, "reused_from", json_integer(run->reused_from));
    return json;
}
