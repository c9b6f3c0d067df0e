#include "jobs/plan.h"

#include "jobs/fields.h"
#include "jobs/planner.h"
#include "jobs/search_plan.h"
#include "json.h"
#include "memory.h"
#include "spec.h"

#include <stdlib.h>
#include <string.h>

const char *const job_kind_names[JOB_KINDS] = {
    [JOB_TRAIN] = "train", [JOB_COMPARE] = "compare", [JOB_SEARCH] = "search"};

const char *const visibility_names[2] = {"team", "everyone"};

const char *const run_phase_names[PHASES] = {[PHASE_TRAIN] = "train",
                                             [PHASE_TUNE] = "tune",
                                             [PHASE_REPORT] = "report",
                                             [PHASE_SEARCH] = "search"};

const char *const source_kind_names[SOURCE_KINDS] = {
    [SOURCE_NONE] = "none", [SOURCE_REFINED] = "refined", [SOURCE_BRANCH] = "branch"};

/* The kinds that can be asked for today, and their fields beside those of every job. */
static const struct kind_reader {
    enum job_kind kind;
    void (*read)(const struct planner *planner, const json_t *body, struct job_plan *plan);
} readers[] = {
    {JOB_TRAIN, plan_train},
    {JOB_COMPARE, plan_compare},
    {JOB_SEARCH, plan_search},
};

static const struct kind_reader *read_kind(const json_t *body, struct problems *problems)
{
    const char *names[COUNT_OF(readers)];
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        names[i] = job_kind_names[readers[i].kind];

    if (!json_object_get(body, "kind")) {
        problems_add(problems, "", "kind",
                     "is missing: what to do, \"train\", \"compare\" or \"search\"");
        return NULL;
    }
    const int index = fields_choice(body, "", "kind", names, (int)COUNT_OF(names), problems);
    return index < 0 ? NULL : &readers[index];
}

static void read_common(const json_t *body, struct job_plan *plan, struct problems *problems)
{
    const char *name = fields_text(body, "", "name", JOB_NAME_BYTES, false, problems);
    if (name)
        plan->name = xstrdup(name);
    plan->priority =
        (int)fields_integer(body, "", "priority", -PRIORITY_MAX, PRIORITY_MAX, 0, problems);
    plan->for_everyone = fields_choice(body, "", "visibility", visibility_names,
                                       (int)COUNT_OF(visibility_names), problems) == 1;
    plan->options = options_read(body, problems);
}

/* Runs that would be queued at once wait until the jobs before theirs have ended. */
static void wait_for_others(struct job_plan *plan)
{
    for (int i = 0; plan->options.after_count > 0 && i < plan->run_count; i++)
        plan->runs[i].waiting = true;
}

void job_plan_read(const json_t *catalog, data_lookup *lookup, void *lookup_context,
                   const json_t *body, struct job_plan *plan, struct problems *problems)
{
    const struct planner planner = {catalog, lookup, lookup_context, problems};
    const int found_before = problems->found;

    *plan = (struct job_plan){.baseline = -1};
    if (!json_is_object(body)) {
        problems_add(problems, "", NULL, "must be an object: {\"kind\": \"train\", …}");
        return;
    }
    const struct kind_reader *reader = read_kind(body, problems);
    read_common(body, plan, problems);
    if (reader) {
        plan->kind = reader->kind;
        reader->read(&planner, body, plan);
        wait_for_others(plan);
    }
    if (problems->found > found_before)
        job_plan_release(plan);
}

void job_plan_release(struct job_plan *plan)
{
    for (int i = 0; i < plan->variant_count; i++) {
        free(plan->variants[i].dataset);
        free(plan->variants[i].spec);
        free(plan->variants[i].tuned);
    }
    for (int i = 0; i < plan->arm_count; i++) {
        free(plan->arms[i]);
        if (plan->sources)
            free(plan->sources[i].keep_at);
    }
    search_plan_free(plan->search);
    free(plan->sources);
    free(plan->name);
    free(plan->request);
    free(plan->arms);
    free(plan->variants);
    free(plan->runs);
    *plan = (struct job_plan){.baseline = -1};
}
