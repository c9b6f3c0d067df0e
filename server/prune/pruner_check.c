/* What a pruner asks of its search, and what people should know about it. */
#include "prune/pruner.h"

#include "json.h"
#include "memory.h"

#include <string.h>

/* --- what cannot be ----------------------------------------------------------------------------
 */

static void check_pausing(const struct search_plan *plan, const struct pruner *pruner,
                          struct problems *problems)
{
    if (!pruner_pauses(pruner))
        return;
    if (plan->external)
        problems_add(problems, "/pruner", "form",
                     "\"promotion\" stops runs at a checkpoint and lets them go on, which an "
                     "external runner cannot be asked to do; take \"stopping\"");
    if (plan->in_order)
        problems_add(problems, "/pruner", "form",
                     "\"promotion\" leaves runs waiting, and with \"in_order\" the next proposals "
                     "would wait for them; take \"stopping\"");
}

/* An external runner reports parts as steps; here they are the seeds of a point. */
static void check_parts(const struct search_plan *plan, const struct pruner *pruner,
                        struct problems *problems)
{
    if (pruner->rule->takes_parts && !plan->external && plan->seeds <= 1)
        problems_add(problems, "/pruner", "type",
                     "\"%s\" compares points over seeds: say how many each is trained with, such "
                     "as \"seeds\": 5, or take \"median\" or \"asha\"",
                     pruner->rule->name);
    if (pruner->rule->takes_parts && plan->seeds > 1 && plan->in_order)
        problems_add(problems, "", "in_order",
                     "does not go with \"%s\": which seeds are left out depends on how long runs "
                     "take",
                     pruner->rule->name);
    if (!pruner->rule->takes_parts && plan->seeds > 1)
        problems_add(problems, "/pruner", "type",
                     "\"%s\" looks at runs one by one, and points are trained with %d seeds each; "
                     "take \"wilcoxon\" or \"none\"",
                     pruner->rule->name, plan->seeds);
}

static void check_inner(const struct pruner *inner, struct problems *problems)
{
    if (!inner)
        return;
    if (pruner_pauses(inner) || inner->rule->takes_parts)
        problems_add(problems, "/pruner/rule", "type",
                     "\"%s\" cannot be asked for its opinion only; take one that stops runs, such "
                     "as \"median\"",
                     inner->rule->name);
    check_inner(inner->inner, problems);
}

void pruner_check(const struct search_plan *plan, struct problems *problems)
{
    struct pruner *pruner = pruner_new(plan->pruner);
    if (!pruner || strcmp(pruner->rule->name, "none") == 0) {
        pruner_free(pruner); /* the catalogue has refused one that is not known */
        return;
    }
    if (plan->objective_count > 1)
        problems_add(problems, "/pruner", "type",
                     "compares runs by one objective, and this search has %d; take \"none\"",
                     plan->objective_count);
    check_parts(plan, pruner, problems);
    check_pausing(plan, pruner, problems);
    check_inner(pruner->inner, problems);
    pruner_free(pruner);
}

/* --- what people should know -------------------------------------------------------------------
 */

static bool is_searched(const struct search_plan *plan, const char *pointer)
{
    const size_t bytes = strlen(pointer);
    for (int i = 0; i < plan->space.count; i++) {
        const char *name = plan->space.parameters[i].name;
        if (strncmp(name, pointer, bytes) == 0 && (name[bytes] == '\0' || name[bytes] == '/'))
            return true;
    }
    return false;
}

static bool lengths_differ(const struct search_plan *plan)
{
    return is_searched(plan, "/epochs") || is_searched(plan, "/steps") ||
           is_searched(plan, "/iterations");
}

static void warn_of_schedules(const struct search_plan *plan, const json_t *spec, json_t *list)
{
    const char *type = json_text_at(json_object_get(spec, "schedule"), "type", "constant");
    const bool decays = strcmp(type, "constant") != 0;

    if (is_searched(plan, "/schedule"))
        json_array_append_new(
            list, json_string("runs decay their rate in different ways: half way, a schedule that "
                              "decays late looks worse than it will be, so the pruner favours "
                              "those that decay early"));
    else if (decays && lengths_differ(plan))
        json_array_append_new(
            list, json_string("runs decay their rate over different lengths: the pruner compares "
                              "them where the same part of their steps is done"));
    else if (lengths_differ(plan))
        json_array_append_new(
            list, json_string("runs have different lengths: the pruner compares them where the "
                              "same part of their steps is done, so longer ones have trained "
                              "longer there"));
}

/* Of a metric of the validation part, which is evaluated at ends of epochs. */
static void warn_of_reports(const struct search_plan *plan, const json_t *spec, int64_t steps,
                            json_t *list)
{
    const char *metric = plan->objectives[0].name;
    const int64_t epochs = json_integer_at(spec, "epochs", 0);
    const int64_t every = json_integer_at(spec, "evaluate_every_epochs", 1);
    const int64_t least = json_integer_at(plan->pruner, "min_steps", 0);

    if (strncmp(metric, "valid_", 6) != 0 || epochs == 0)
        return;
    if (epochs <= every) {
        json_array_append_new(
            list, json_sprintf("%s is known only at the end of a run, so nothing can be pruned: "
                               "take more epochs, or prune by train_loss",
                               metric));
        return;
    }
    const int64_t first = steps / epochs * every;
    if (least > 0 && first > least)
        json_array_append_new(
            list, json_sprintf("%s is first known after %lld steps: min_steps %lld has no effect "
                               "before",
                               metric, (long long)first, (long long)least));
}

json_t *pruner_warnings(const struct search_plan *plan, const json_t *spec, int64_t steps)
{
    json_t *list = json_array();
    const char *type = json_text_at(plan->pruner, "type", "none");
    if (strcmp(type, "none") == 0 || plan->external)
        return list;
    warn_of_schedules(plan, spec, list);
    warn_of_reports(plan, spec, steps, list);
    return list;
}
