/* Kind "train": one specification, one run. */
#include "jobs/fields.h"
#include "jobs/planner.h"
#include "json.h"
#include "memory.h"
#include "refinement.h"

#include <stdio.h>

/* "nesterov on mnist" */
static char *name_of(const json_t *spec)
{
    const char *optimizer = json_text_at(json_object_get(spec, "optimizer"), "type", "train");
    const char *problem = json_text_at(json_object_get(spec, "problem"), "type", "");
    return xprintf("%.64s on %.64s", optimizer, json_text_at(spec, "dataset", problem));
}

/* Only a comparison has other arms to refine a schedule from. */
static void refuse_arm(const json_t *spec, struct problems *problems)
{
    const json_t *from = NULL;
    if (refined_waits(json_object_get(spec, "schedule"), &from) && json_object_get(from, "arm"))
        problems_add(problems, "/spec/schedule/from", "arm",
                     "only a comparison has arms; give {\"run\": 123} or {\"norms\": […]}");
}

void plan_train(const struct planner *planner, const json_t *body, struct job_plan *plan)
{
    static const char *const fields[] = {"kind",       "name",        "priority",
                                         "visibility", OPTION_FIELDS, "spec"};
    struct problems *problems = planner->problems;
    const json_t *spec = json_object_get(body, "spec");

    fields_refuse_unknown(body, "", fields, (int)COUNT_OF(fields), problems);
    if (!spec) {
        problems_add(problems, "", "spec", "is missing: the specification of the run");
        return;
    }
    json_t *resolved = plan_resolve(planner, spec, "/spec", problems);
    refuse_arm(resolved, problems);
    const bool on_problem = json_is_object(json_object_get(resolved, "problem"));
    const int64_t seed = json_integer_at(resolved, "seed", 1);

    plan->point_count = 1;
    plan->metric = (struct metric_choice){0};
    snprintf(plan->metric.name, sizeof plan->metric.name, "%s",
             on_problem ? "train_loss" : "valid_loss");
    plan->variants = xcalloc(1, sizeof *plan->variants);
    plan->variant_count = 1;
    plan->runs = xcalloc(1, sizeof *plan->runs);
    plan->run_count = 1;
    plan->runs[0] = (struct run_plan){.arm = -1, .phase = PHASE_TRAIN, .seed = (uint64_t)seed};
    if (!plan->name)
        plan->name = name_of(resolved);
    plan->variants[0] = plan_variant(-1, 0, resolved, json_object());
}
