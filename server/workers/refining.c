#include "workers/refining.h"

#include "jobs/blame.h"
#include "json.h"
#include "log.h"
#include "memory.h"
#include "refinement.h"
#include "workers/inside.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- one specification --------------------------------------------------------------------------
 */

static const char *metric_of(const json_t *schedule)
{
    const bool l1 = strcmp(json_text_at(schedule, "norm", "l2"), "l1") == 0;
    return l1 ? "gradient_norm_l1" : "gradient_norm";
}

/* "run 123 has", "runs 4, 5, … have" */
static char *name_runs(const int64_t *runs, int count)
{
    assert(runs && count > 0);
    if (count == 1)
        return xprintf("run %" PRId64 " has", runs[0]);
    return xprintf("runs %" PRId64 ", %" PRId64 "%s have", runs[0], runs[1],
                   count > 2 ? ", …" : "");
}

static int settle(json_t *schedule, const double *norms, size_t count, const char *name,
                  struct error *err)
{
    struct error why;
    if (count < REFINEMENT_NORMS_LEAST)
        return error_set(err,
                         "%s %zu rows of %s, %d are needed; train with "
                         "\"norms_every_steps\": 1",
                         name, count, metric_of(schedule), REFINEMENT_NORMS_LEAST);
    if (refined_settle(schedule, norms, count, &why) == 0)
        return 0;
    return error_set(err, "%s unusable norms: %.400s", name, why.sentence);
}

/* What many variants of one arm share is read once. */
struct norms {
    const int64_t *runs;
    int run_count;
    char metric[24];
    double *values;
    size_t count;
};

static int read_norms(struct reader *reader, const char *metric, struct norms *norms,
                      struct error *err)
{
    if (strcmp(metric, norms->metric) == 0)
        return 0;
    free(norms->values);
    norms->values = NULL;
    snprintf(norms->metric, sizeof norms->metric, "%s", metric);
    return store_read_means(reader, norms->runs, norms->run_count, metric, &norms->values,
                            &norms->count, err);
}

static int refine_text(struct reader *reader, const char *spec, struct norms *norms,
                       char **out_spec, struct error *err)
{
    json_auto_t *document = json_loads(spec, 0, NULL);
    json_t *schedule = json_object_get(document, "schedule");
    AUTO_FREE char *name = name_runs(norms->runs, norms->run_count);

    if (read_norms(reader, metric_of(schedule), norms, err) < 0 ||
        settle(schedule, norms->values, norms->count, name, err) < 0)
        return -1;
    *out_spec = json_ordered(document);
    return 0;
}

int refine_spec(struct reader *reader, const char *spec, const int64_t *runs, int count,
                char **out_spec, struct error *err)
{
    struct norms norms = {.runs = runs, .run_count = count};
    const int got = refine_text(reader, spec, &norms, out_spec, err);
    free(norms.values);
    return got;
}

/* --- a plan -------------------------------------------------------------------------------------
 */

static json_t *named_run(const json_t *spec)
{
    return json_pointer_get(spec, "/schedule/from/run");
}

bool plan_names_runs(const json_t *body)
{
    size_t i;
    json_t *arm, *task;
    if (named_run(json_object_get(body, "spec")) || named_run(json_object_get(body, "base")))
        return true;
    json_array_foreach(json_object_get(body, "arms"), i, arm)
    {
        if (named_run(json_object_get(arm, "patch")))
            return true;
    }
    json_array_foreach(json_object_get(body, "tasks"), i, task)
    {
        if (named_run(json_object_get(task, "spec")))
            return true;
    }
    return false;
}

/* Where the body names the run of an arm's schedule. */
static char *place_of(const json_t *body, int arm)
{
    if (arm < 0)
        return xstrdup("/spec/schedule/from/run");
    const json_t *arms = json_object_get(body, "arms"), *tasks = json_object_get(body, "tasks");
    const int listed = (int)json_array_size(arms), count = listed ? listed : 1;
    const int own = arm % count, task = arm / count;
    if (named_run(json_object_get(json_array_get(arms, (size_t)own), "patch")))
        return xprintf("/arms/%d/patch/schedule/from/run", own);
    if (named_run(json_object_get(json_array_get(tasks, (size_t)task), "spec")))
        return xprintf("/tasks/%d/spec/schedule/from/run", task);
    return xstrdup("/base/schedule/from/run");
}

static int check_run(struct reader *reader, int64_t id, struct error *err)
{
    json_auto_t *run = NULL;
    if (store_read_run(reader, id, &run, err) < 0)
        return -1;
    const char *state = json_text_at(run, "state", "");
    if (strcmp(state, "succeeded") == 0)
        return 0;
    const bool ends = strcmp(state, "failed") != 0 && strcmp(state, "cancelled") != 0;
    return error_set(err, "run %" PRId64 " is %s: %s", id, state,
                     ends ? "wait until it has succeeded" : "name one that has succeeded");
}

struct plan_refining {
    struct reader *reader;
    struct norms norms;
    int64_t run; /* that they are of */
};

static int refine_variant(struct plan_refining *refining, struct variant_plan *variant, int64_t run,
                          struct error *err)
{
    char *spec = NULL;
    if (refining->run != run) {
        free(refining->norms.values);
        refining->run = run;
        refining->norms = (struct norms){.runs = &refining->run, .run_count = 1};
        if (check_run(refining->reader, run, err) < 0) {
            refining->run = 0;
            return -1;
        }
    }
    if (refine_text(refining->reader, variant->spec, &refining->norms, &spec, err) < 0)
        return -1;
    free(variant->spec);
    variant->spec = spec;
    return strlen(spec) <= SPEC_BYTES_MAX
               ? 0
               : error_set(err, "with its curve the specification is longer than %d bytes",
                           SPEC_BYTES_MAX);
}

void refine_plan(struct reader *reader, const json_t *body, struct job_plan *plan,
                 struct problems *problems)
{
    struct plan_refining refining = {.reader = reader};
    int told_arm = -2; /* one problem an arm is enough */

    for (int i = 0; i < plan->variant_count; i++) {
        struct variant_plan *variant = &plan->variants[i];
        if (!strstr(variant->spec, "\"refined\"")) /* nearly all, and there may be 100,000 */
            continue;
        json_auto_t *spec = json_loads(variant->spec, 0, NULL);
        const json_t *from;
        struct error err;
        if (!refined_waits(json_object_get(spec, "schedule"), &from) ||
            !json_object_get(from, "run") || variant->arm == told_arm)
            continue;
        if (refine_variant(&refining, variant, json_integer_at(from, "run", 0), &err) < 0) {
            AUTO_FREE char *place = place_of(body, variant->arm);
            blame_add(problems, place, err.sentence); /* another task may show the same */
            told_arm = variant->arm;
        }
    }
    free(refining.norms.values);
}

/* --- an arm -------------------------------------------------------------------------------------
 */

struct refining {
    struct conductor *conductor;
    struct job *job;
    int arm;
    int64_t *runs;
    int run_count;
    int64_t first_variant;
    char **specs; /* [spec_count] */
    int spec_count;
    int outcome;
    struct error err;
};

static void refining_free(struct refining *refining)
{
    for (int i = 0; refining->specs && i < refining->spec_count; i++)
        free(refining->specs[i]);
    free(refining->specs);
    free(refining->runs);
    free(refining);
}

static void refine_on_helper(void *reader, void *context)
{
    struct refining *refining = context;
    struct norms norms = {.runs = refining->runs, .run_count = refining->run_count};

    for (int i = 0; i < refining->spec_count && refining->outcome == 0; i++) {
        AUTO_FREE char *spec = NULL;
        refining->outcome =
            store_read_variant(reader, refining->first_variant + i, &spec, &refining->err);
        if (refining->outcome == 0)
            refining->outcome =
                refine_text(reader, spec, &norms, &refining->specs[i], &refining->err);
    }
    free(norms.values);
}

static void look_again(void *context)
{
    struct refining *refining = context;
    struct job *job = refining->job;
    job->sources[refining->arm].under_way = false;
    sources_check_job(refining->conductor, job);
    drop_job(refining->conductor, job);
    refining_free(refining);
}

static void drop_refining(void *context)
{
    refining_free(context);
}

static void try_later(struct refining *refining)
{
    again_later(refining->conductor, refining->conductor->options.retry_ms, look_again,
                drop_refining, refining);
}

static void refined_on_helper(void *context)
{
    struct refining *refining = context;
    struct job *job = refining->job;
    const bool useless = refining->outcome < 0 && refining->err.kind == ERROR_INVALID;

    if (refining->outcome < 0 && !useless) {
        log_line("job %" PRId64 ": refining arm %d: %s", job->id, refining->arm,
                 refining->err.sentence);
        try_later(refining); /* keeps its hold on the job */
        return;
    }
    release_runs(&(struct release){
        .conductor = refining->conductor,
        .job = job,
        .arm = refining->arm,
        .phase = job->tuning ? PHASE_TUNE : PHASE_REPORT,
        .point = -1,
        .trouble = useless
                       ? xprintf("its schedule is refined from arm \"%.64s\": %s",
                                 job->arms[job->sources[refining->arm].arm], refining->err.sentence)
                       : NULL,
        .specs = useless ? NULL : refining->specs,
        .spec_count = useless ? 0 : refining->spec_count,
    });
    if (!useless)
        refining->specs = NULL; /* the release has them now */
    drop_job(refining->conductor, job);
    refining_free(refining);
}

void refine_arm(struct conductor *conductor, struct job *job, int arm, const int64_t *runs,
                int run_count)
{
    struct refining *refining = xcalloc(1, sizeof *refining);
    *refining = (struct refining){
        .conductor = conductor,
        .job = job,
        .arm = arm,
        .runs = xcalloc((size_t)run_count, sizeof *runs),
        .run_count = run_count,
        .first_variant = job_variant(job, arm, 0),
        .specs = xcalloc((size_t)job->point_count, sizeof(char *)),
        .spec_count = job->point_count,
    };
    memcpy(refining->runs, runs, (size_t)run_count * sizeof *runs);
    hold_job(job);
    if (!helpers_run(conductor->helpers, refine_on_helper, refined_on_helper, refining))
        try_later(refining);
}
