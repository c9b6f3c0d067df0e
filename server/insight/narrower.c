#include "insight/narrower.h"

#include "insight/importance.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

struct narrowing {
    const struct findings *findings;
    int best;
    double *rows;  /* [best][parameters] */
    json_t *space; /* as it grows */
};

static double value_of(const struct narrowing *narrowing, int run, int parameter)
{
    return narrowing->rows[run * narrowing->findings->plan->space.count + parameter];
}

/* --- numbers -------------------------------------------------------------------------------------
 */

struct range {
    double low, high;
    int runs;
};

/* On its axis. */
static struct range range_of(const struct narrowing *narrowing, int at)
{
    const struct parameter *parameter = findings_parameter(narrowing->findings, at);
    struct range range = {HUGE_VAL, -HUGE_VAL, 0};
    for (int i = 0; i < narrowing->best; i++) {
        const double value = value_of(narrowing, i, at);
        if (isnan(value))
            continue;
        range.low = fmin(range.low, parameter_axis(parameter, value));
        range.high = fmax(range.high, parameter_axis(parameter, value));
        range.runs++;
    }
    return range;
}

static double rounded(double value, bool up)
{
    if (value == 0)
        return 0;
    const double unit = pow(10, floor(log10(fabs(value))) - 2);
    const double whole = up ? ceil(value / unit - 1e-9) : floor(value / unit + 1e-9);
    char text[40]; /* the decimal number that was meant */
    snprintf(text, sizeof text, "%.3g", whole * unit);
    return strtod(text, NULL);
}

static void set_ends(const struct parameter *parameter, double low, double high, json_t *entry)
{
    if (parameter->step > 0) { /* on its grid, so that old runs stay points of the new space */
        low = parameter_value(parameter, parameter_place(parameter, low));
        high = parameter_value(parameter, parameter_place(parameter, high));
    }
    if (parameter->type == PARAMETER_INT) {
        json_object_set_new(entry, "low", json_integer((json_int_t)low));
        json_object_set_new(entry, "high", json_integer((json_int_t)high));
    } else {
        json_object_set_new(entry, "low", json_real(low));
        json_object_set_new(entry, "high", json_real(high));
    }
}

static void narrow_number(const struct parameter *parameter, const struct range *range,
                          json_t *entry)
{
    const double whole =
        parameter_axis(parameter, parameter->high) - parameter_axis(parameter, parameter->low);
    const double margin = fmax(0.1 * (range->high - range->low), 0.05 * whole);
    double low = range->low - margin, high = range->high + margin;
    low = rounded(parameter->log ? exp(low) : low, false);
    high = rounded(parameter->log ? exp(high) : high, true);
    set_ends(parameter, fmax(low, parameter->low), fmin(high, parameter->high), entry);
}

/* --- choices -------------------------------------------------------------------------------------
 */

static void mark_taken(const struct narrowing *narrowing, int at, bool *kept)
{
    for (int i = 0; i < narrowing->best; i++) {
        const double value = value_of(narrowing, i, at);
        if (!isnan(value))
            kept[(int)value] = true;
    }
}

static void mark_between(int choices, bool *kept)
{
    int first = 0, last = choices - 1;
    while (!kept[first])
        first++;
    while (!kept[last])
        last--;
    for (int i = first > 0 ? first - 1 : 0; i <= last + 1 && i < choices; i++)
        kept[i] = true;
}

static void narrow_choice(const struct narrowing *narrowing, int at, json_t *entry)
{
    const struct parameter *parameter = findings_parameter(narrowing->findings, at);
    AUTO_FREE bool *kept = xcalloc((size_t)parameter->choices, sizeof *kept);
    json_t *values = json_array();

    mark_taken(narrowing, at, kept);
    if (parameter->ordered)
        mark_between(parameter->choices, kept);
    for (int i = 0; i < parameter->choices; i++)
        if (kept[i])
            json_array_append(values, json_array_get(parameter->values, (size_t)i));
    json_object_set_new(entry, "values", values);
}

/* --- conditions ----------------------------------------------------------------------------------
 */

static bool has_value(const json_t *values, const json_t *value)
{
    size_t i;
    const json_t *other;
    json_array_foreach(values, i, other)
    {
        if (json_equal(other, value))
            return true;
    }
    return false;
}

/* Of the values that it allows, those that are left. False: none is. */
static bool narrow_condition(json_t *when, const char *name, const json_t *allowed,
                             const json_t *values)
{
    json_t *left = json_array();
    size_t i;
    json_t *value;
    json_array_foreach(allowed, i, value)
    {
        if (has_value(values, value))
            json_array_append(left, value);
    }
    json_object_set_new(when, name, left); /* `allowed` is gone */
    return json_array_size(left) > 0;
}

/* Ranges of numbers stay as they are: the parameter that they name may still take them, or the
 * space is refused when it is read. */
static bool narrow_conditions(const struct narrowing *narrowing, json_t *entry)
{
    json_t *when = json_object_get(entry, "when"), *allowed;
    const char *name;
    void *next;
    json_object_foreach_safe(when, next, name, allowed)
    {
        const json_t *parent = json_object_get(narrowing->space, name);
        if (!parent)
            return false;
        if (json_is_array(allowed) &&
            !narrow_condition(when, name, allowed, json_object_get(parent, "values")))
            return false;
    }
    return true;
}

/* --- together ------------------------------------------------------------------------------------
 */

static void add_parameter(struct narrowing *narrowing, int at, const json_t *given)
{
    const struct parameter *parameter = findings_parameter(narrowing->findings, at);
    const struct range range = range_of(narrowing, at);
    json_t *entry = json_deep_copy(given);

    if (range.runs == 0 || !narrow_conditions(narrowing, entry)) {
        json_decref(entry);
        return;
    }
    if (parameter->type == PARAMETER_CHOICE)
        narrow_choice(narrowing, at, entry);
    else if (!parameter_is_fixed(parameter))
        narrow_number(parameter, &range, entry);
    json_object_set_new(narrowing->space, parameter->name, entry);
}

static bool can_be_read(const json_t *object)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct space space;
    space_read(object, "/space", &space, &problems);
    space_release(&space);
    return problems.found == 0;
}

json_t *narrower_space(const struct findings *findings)
{
    struct narrowing narrowing = {.findings = findings, .best = importance_best_count(findings)};
    json_auto_t *given = space_json(&findings->plan->space);

    if (narrowing.best == 0)
        return NULL;
    narrowing.space = json_object();
    narrowing.rows =
        evidence_rows(&findings->evidence, findings->plan->space.count, narrowing.best);
    for (int i = 0; i < findings->plan->space.count; i++)
        add_parameter(&narrowing, i, json_object_get(given, findings_parameter(findings, i)->name));
    free(narrowing.rows);
    if (!can_be_read(narrowing.space)) {
        json_decref(narrowing.space);
        return NULL;
    }
    return narrowing.space;
}
