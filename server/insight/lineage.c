#include "insight/lineage.h"

#include "json.h"
#include "memory.h"
#include "spec.h"

#include <math.h>
#include <string.h>

static const char rate_name[] = "/optimizer/lr";

static json_t *part_json(const struct search_plan *plan, const struct lineage_part *part)
{
    return json_pack("{s:i, s:I, s:s, s:I, s:I, s:o, s:o}", "number", part->number, "run",
                     part->run, "how", part->how, "from_step", part->from, "to_step", part->to,
                     "value", json_number(part->objective), "parameters",
                     space_values_json(&plan->space, part->values));
}

json_t *lineage_chain(const struct search_plan *plan, const struct lineage_part *parts, int count)
{
    json_t *chain = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(chain, part_json(plan, &parts[i]));
    return chain;
}

/* --- as a schedule ------------------------------------------------------------------------------
 */

static bool changes(const struct lineage_part *parts, int count, int parameter)
{
    for (int i = 1; i < count; i++) {
        const double before = parts[i - 1].values[parameter], after = parts[i].values[parameter];
        if (after != before && !(isnan(after) && isnan(before)))
            return true;
    }
    return false;
}

/* The first parameter beside the rate that changed; NULL: none. */
static const char *other_change(const struct space *space, const struct lineage_part *parts,
                                int count)
{
    for (int i = 0; i < space->count; i++)
        if (strcmp(space->parameters[i].name, rate_name) != 0 && changes(parts, count, i))
            return space->parameters[i].name;
    return NULL;
}

static bool is_constant(const json_t *catalog, const json_t *spec)
{
    AUTO_PROBLEMS struct problems none = {0};
    json_auto_t *plain = json_copy((json_t *)(uintptr_t)spec);
    json_object_set_new(plain, "schedule", json_pack("{s:s}", "type", "constant"));
    json_auto_t *given = spec_resolve(catalog, spec, "", &none);
    json_auto_t *constant = spec_resolve(catalog, plain, "", &none);
    return json_equal(json_object_get(given, "schedule"), json_object_get(constant, "schedule"));
}

static double rate_of(const struct search_plan *plan, const struct lineage_part *part, int rate)
{
    const struct parameter *parameter = &plan->space.parameters[rate];
    const double value = part->values[rate];
    return parameter->type == PARAMETER_CHOICE
               ? json_number_value(json_array_get(parameter->values, (size_t)value))
               : value;
}

static json_t *piecewise(const double *rates, const struct lineage_part *parts, int count,
                         int64_t steps, double peak)
{
    json_t *at = json_array(), *factors = json_array();
    for (int i = 0; i < count; i++) {
        if (i > 0 && rates[i] == rates[i - 1])
            continue;
        json_array_append_new(at, json_real((double)parts[i].from / (double)steps));
        json_array_append_new(factors, json_real(rates[i] / peak));
    }
    return json_pack("{s:s, s:o, s:o, s:s}", "type", "piecewise", "at", at, "factors", factors,
                     "between", "constant");
}

static void set_rates(const struct search_plan *plan, const struct lineage_part *parts, int count,
                      int rate, int64_t steps, json_t *spec)
{
    struct error err;
    double peak = 0;
    AUTO_FREE double *rates = xcalloc((size_t)count, sizeof *rates);
    for (int i = 0; i < count; i++) {
        rates[i] = rate_of(plan, &parts[i], rate);
        peak = fmax(peak, rates[i]);
    }
    if (peak <= 0)
        return; /* it never moved: as it is */
    json_pointer_set(spec, rate_name, json_real(peak), &err);
    json_object_set_new(spec, "schedule", piecewise(rates, parts, count, steps, peak));
}

json_t *lineage_spec(const json_t *catalog, const struct search_plan *plan,
                     const struct lineage_part *parts, int count, int64_t steps, char **out_why)
{
    AUTO_PROBLEMS struct problems none = {0};
    const char *other = other_change(&plan->space, parts, count);
    const int rate = space_find(&plan->space, rate_name);
    json_t *spec = NULL;

    if (other)
        *out_why = xprintf("%.200s changed on the way, too: only a rate can be a schedule", other);
    else if (search_spec(catalog, plan, parts[count - 1].values, &spec, &none) < 0)
        *out_why = xstrdup("its parameters do not go together");
    else if (rate >= 0 && changes(parts, count, rate) && !is_constant(catalog, spec))
        *out_why = xstrdup("the base has a schedule of its own, and two do not make one");
    else if (rate >= 0 && changes(parts, count, rate))
        set_rates(plan, parts, count, rate, steps, spec);
    if (!*out_why)
        return spec;
    json_decref(spec);
    return NULL;
}
