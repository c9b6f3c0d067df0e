#include "jobs/warm_start.h"

#include "json.h"
#include "memory.h"
#include "spec.h"

#include <math.h>
#include <string.h>

/* --- metrics ------------------------------------------------------------------------------------
 */

static bool same_metric(const struct metric_choice *a, const struct metric_choice *b)
{
    return strcmp(a->name, b->name) == 0 && a->best == b->best;
}

static int find_metric(const struct search_plan *plan, const struct metric_choice *metric)
{
    for (int i = 0; i < plan->objective_count; i++)
        if (same_metric(&plan->objectives[i], metric))
            return i;
    for (int i = 0; i < plan->constraint_count; i++)
        if (same_metric(&plan->constraints[i].metric, metric))
            return plan->objective_count + i;
    return -1;
}

bool warm_match_init(struct warm_match *match, const json_t *catalog,
                     const struct search_plan *earlier, const struct search_plan *later,
                     const char **out_missing)
{
    *match = (struct warm_match){.catalog = catalog, .earlier = earlier, .later = later};
    for (int i = 0; i < later->objective_count; i++) {
        match->places[i] = find_metric(earlier, &later->objectives[i]);
        if (match->places[i] < 0) {
            *out_missing = later->objectives[i].name;
            return false;
        }
    }
    for (int i = 0; i < later->constraint_count; i++)
        match->places[later->objective_count + i] =
            find_metric(earlier, &later->constraints[i].metric);
    return true;
}

/* --- points -------------------------------------------------------------------------------------
 */

/* What the earlier run trained with, every default laid in; NULL where that is not known. */
static json_t *spec_of(const struct warm_match *match, const double *values)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *spec, *resolved;
    if (match->earlier->external ||
        search_spec(match->catalog, match->earlier, values, &spec, &problems) < 0)
        return NULL;
    resolved = spec_resolve(match->catalog, spec, "", &problems);
    json_decref(spec);
    if (problems.found == 0)
        return resolved;
    json_decref(resolved);
    return NULL;
}

static double value_of(const struct parameter *parameter, const json_t *json)
{
    if (parameter->type != PARAMETER_CHOICE)
        return json_is_number(json) ? json_number_value(json) : (double)NAN;
    const int place = json ? parameter_choice(parameter, json) : -1;
    return place >= 0 ? place : (double)NAN;
}

/* False: one that applies is not known. Parameters stand behind those that they depend on. */
static bool find_values(const struct warm_match *match, const json_t *point, const json_t *spec,
                        double *values)
{
    const struct space *space = &match->later->space;
    for (int i = 0; i < space->count; i++) {
        const struct parameter *parameter = &space->parameters[i];
        values[i] = (double)NAN;
        if (!space_applies(space, i, values))
            continue;
        const json_t *json = json_object_get(point, parameter->name);
        values[i] = value_of(parameter, json ? json : json_pointer_get(spec, parameter->name));
        if (isnan(values[i]))
            return false;
    }
    return true;
}

static bool lacks_parameters(const struct warm_match *match, const json_t *point)
{
    for (int i = 0; i < match->later->space.count; i++)
        if (!json_object_get(point, match->later->space.parameters[i].name))
            return true;
    return false;
}

/* The point in the later space; NULL where it is not of it. */
static json_t *point_of(const struct warm_match *match, const double *values)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct space *space = &match->later->space;
    json_auto_t *point = space_values_json(&match->earlier->space, values);
    json_auto_t *spec = lacks_parameters(match, point) ? spec_of(match, values) : NULL;
    AUTO_FREE double *found = xcalloc((size_t)space->count, sizeof *found);
    AUTO_FREE double *checked = xcalloc((size_t)space->count, sizeof *checked);
    if (!find_values(match, point, spec, found))
        return NULL;
    json_t *json = space_values_json(space, found);
    if (space_values_read(space, json, "", false, checked, &problems))
        return json;
    json_decref(json);
    return NULL;
}

/* --- results ------------------------------------------------------------------------------------
 */

static json_t *numbers_at(const double *results, const int *places, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, places[i] < 0 ? json_null() : json_number(results[places[i]]));
    return list;
}

json_t *warm_result(const struct warm_match *match, const double *values, const double *results)
{
    const struct search_plan *earlier = match->earlier, *later = match->later;
    const double error = results[earlier->objective_count + earlier->constraint_count];
    for (int i = 0; i < later->objective_count; i++)
        if (!isfinite(results[match->places[i]]))
            return NULL;
    json_t *point = point_of(match, values);
    if (!point)
        return NULL;
    return json_pack(
        "{s:o, s:o, s:o, s:o}", "parameters", point, "values",
        numbers_at(results, match->places, later->objective_count), "constraints",
        numbers_at(results, match->places + later->objective_count, later->constraint_count),
        "error", json_number(match->places[0] == 0 ? error : 0));
}

/* --- as they are kept ---------------------------------------------------------------------------
 */

static void read_numbers(const json_t *list, int count, double *out)
{
    for (int i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        out[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
}

void warm_results_read(const json_t *list, struct search_plan *plan)
{
    const size_t count = json_array_size(list), width = (size_t)plan->space.count;
    const int objectives = plan->objective_count, constraints = plan->constraint_count;
    const size_t results = (size_t)objectives + (size_t)constraints + 1;
    if (count == 0)
        return;
    plan->warm_values = xcalloc(count * width, sizeof(double));
    plan->warm_results = xcalloc(count * results, sizeof(double));
    for (size_t i = 0; i < count; i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        const json_t *kept = json_array_get(list, i);
        double *at = plan->warm_results + (size_t)plan->warm_count * results;
        if (!space_values_read(&plan->space, json_object_get(kept, "parameters"), "", false,
                               plan->warm_values + (size_t)plan->warm_count * width, &problems))
            continue; /* it was sound once */
        read_numbers(json_object_get(kept, "values"), objectives, at);
        read_numbers(json_object_get(kept, "constraints"), constraints, at + objectives);
        at[objectives + constraints] = json_number_at(kept, "error", 0);
        plan->warm_count++;
    }
}
