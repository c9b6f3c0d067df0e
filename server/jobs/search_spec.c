/* From a point of a search space to a specification; and a search's body as it is kept. */
#include "jobs/planner.h"
#include "jobs/search_goals.h"
#include "jobs/search_plan.h"

#include "jobs/patch.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void search_plan_free(struct search_plan *plan)
{
    if (!plan)
        return;
    space_release(&plan->space);
    json_decref(plan->base);
    json_decref(plan->algorithm);
    json_decref(plan->pruner);
    json_decref(plan->stop);
    free(plan->warm_values);
    free(plan->warm_results);
    free(plan->enqueued);
    free(plan);
}

/* A patch with what the point says of types: of "/optimizer/type", and of "/optimizer" as a whole.
 */
static json_t *types_of(const struct search_plan *plan, const json_t *point)
{
    json_t *patch = json_object();
    const char *pointer;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)point, pointer, value)
    {
        const size_t length = strlen(pointer);
        const bool of_type = length > 5 && strcmp(pointer + length - 5, "/type") == 0;
        AUTO_FREE char *key = xstrndup(pointer + 1, length - (of_type ? 6 : 1));
        if (strchr(key, '/') || !json_object_get(plan->base, key))
            continue;
        if (of_type)
            json_object_set_new(patch, key, json_pack("{s:O}", "type", value));
    }
    return patch;
}

static int set_value(json_t *spec, const char *pointer, json_t *value, struct problems *problems)
{
    struct error err;
    if (json_pointer_set(spec, pointer, json_deep_copy(value), &err) == 0)
        return 0;
    problems_add(problems, "/space", pointer, "%s", err.sentence);
    return -1;
}

int search_spec(const json_t *catalog, const struct search_plan *plan, const double *values,
                json_t **out_spec, struct problems *problems)
{
    json_auto_t *point = space_values_json(&plan->space, values);
    json_auto_t *types = types_of(plan, point);
    json_t *spec = patch_apply(catalog, plan->base, types);
    int outcome = 0;

    for (int i = 0; i < plan->space.count; i++) {
        const char *pointer = plan->space.parameters[i].name;
        json_t *value = json_object_get(point, pointer);
        if (value && set_value(spec, pointer, value, problems) < 0)
            outcome = -1;
    }
    if (outcome < 0)
        json_decref(spec);
    else
        *out_spec = spec;
    return outcome;
}

/* Whether a number lies in the parameter's range, and on its steps. */
static bool takes(const struct parameter *parameter, const json_t *value)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || number < parameter->low || number > parameter->high)
        return false;
    return parameter->step == 0 ||
           parameter_value(parameter, parameter_place(parameter, number)) == number;
}

/* Parameter i of the base, or the middle. */
static double usual_value(const struct search_plan *plan, int i)
{
    const struct parameter *parameter = &plan->space.parameters[i];
    const json_t *value = plan->base ? json_pointer_get(plan->base, parameter->name) : NULL;
    const bool is_choice = parameter->type == PARAMETER_CHOICE;
    if (value && is_choice && parameter_choice(parameter, value) >= 0)
        return parameter_choice(parameter, value);
    if (value && !is_choice && takes(parameter, value))
        return json_number_value(value);
    return parameter_from_unit(parameter, 0.5);
}

void search_complete(const struct search_plan *plan, double *values)
{
    for (int i = 0; i < plan->space.count; i++)
        if (isnan(values[i]) && space_applies(&plan->space, i, values))
            values[i] = usual_value(plan, i);
    space_settle(&plan->space, values);
}

struct variant_plan search_variant(const struct planner *planner, const struct search_plan *plan,
                                   const double *values)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *point = space_values_json(&plan->space, values);
    json_t *spec = NULL;
    if (plan->external || search_spec(planner->catalog, plan, values, &spec, &problems) < 0)
        return plan_variant(-1, 0, json_object(), point);
    json_t *resolved = plan_resolve(planner, spec, "", &problems);
    json_t *kept = problems.found > 0 ? spec : resolved;
    json_decref(problems.found > 0 ? resolved : spec);
    return plan_variant(-1, 0, kept, point);
}

void search_variant_release(struct variant_plan *variant)
{
    free(variant->dataset);
    free(variant->spec);
    free(variant->tuned);
    *variant = (struct variant_plan){0};
}

static json_t *budget_json(const struct search_budget *budget)
{
    return json_pack("{s:i, s:o, s:o}", "runs", budget->runs, "time_s",
                     budget->time_ms ? json_real((double)budget->time_ms / 1000) : json_null(),
                     "steps", budget->steps ? json_integer(budget->steps) : json_null());
}

/* As they were sent, and behind them those that came later. */
static json_t *enqueued_json(const json_t *body, const struct search_plan *plan)
{
    json_t *list = json_copy(json_object_get(body, "enqueue"));
    if (!list)
        list = json_array();
    for (int i = (int)json_array_size(list); i < plan->enqueued_count; i++)
        json_array_append_new(
            list, space_values_json(&plan->space,
                                    plan->enqueued + (size_t)i * (size_t)plan->space.count));
    return list;
}

char *search_request(const json_t *body, const struct search_plan *plan)
{
    json_auto_t *kept = json_copy((json_t *)(uintptr_t)body);
    json_object_set_new(kept, "space", space_json(&plan->space));
    json_object_set_new(kept, "objectives", search_objectives_json(plan));
    json_object_set_new(kept, "constraints", search_constraints_json(plan));
    json_object_set(kept, "algorithm", plan->algorithm);
    json_object_set(kept, "pruner", plan->pruner);
    json_object_set(kept, "stop", plan->stop);
    json_object_set_new(kept, "budget", budget_json(&plan->budget));
    json_object_set_new(kept, "parallel",
                        plan->parallel ? json_integer(plan->parallel) : json_null());
    json_object_set_new(kept, "seed", json_integer((json_int_t)plan->seed));
    if (plan->enqueued_count > 0)
        json_object_set_new(kept, "enqueue", enqueued_json(body, plan));
    return json_ordered(kept);
}

void search_request_plain(json_t *request)
{
    json_t *warm = json_copy(json_object_get(request, "warm_start"));
    if (!warm)
        return;
    json_object_del(warm, "results");
    json_object_set_new(request, "warm_start", warm);
}
