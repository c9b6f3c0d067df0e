/* A search space as JSON, and points of it both ways; the space is read in space_read.c. */
#include "jobs/space.h"

#include "jobs/fields.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int space_find(const struct space *space, const char *name)
{
    for (int i = 0; i < space->count; i++) {
        if (strcmp(space->parameters[i].name, name) == 0)
            return i;
    }
    return -1;
}

void space_refuse_unknown(const struct space *space, const char *pointer, const char *name,
                          struct problems *problems)
{
    const char *names[PARAMETERS_MAX];
    for (int i = 0; i < space->count; i++)
        names[i] = space->parameters[i].name;
    fields_unknown_word(pointer, name, "parameter", name, names, space->count, problems);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static json_t *number_json(const struct parameter *parameter, double value)
{
    return parameter->type == PARAMETER_INT ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *value_json(const struct parameter *parameter, double value)
{
    if (parameter->type != PARAMETER_CHOICE)
        return number_json(parameter, value);
    return json_deep_copy(json_array_get(parameter->values, (size_t)value));
}

static json_t *condition_json(const struct parameter *on, const struct condition *condition)
{
    json_t *wanted = condition->allowed ? json_array() : json_object();
    for (int i = 0; condition->allowed && i < on->choices; i++) {
        if (condition->allowed[i])
            json_array_append_new(wanted, value_json(on, i));
    }
    if (!condition->allowed && isfinite(condition->low))
        json_object_set_new(wanted, "at_least", json_real(condition->low));
    if (!condition->allowed && isfinite(condition->high))
        json_object_set_new(wanted, "at_most", json_real(condition->high));
    return wanted;
}

static void write_range(const struct parameter *parameter, json_t *object)
{
    json_object_set_new(object, "low", number_json(parameter, parameter->low));
    json_object_set_new(object, "high", number_json(parameter, parameter->high));
    if (parameter->step > 0)
        json_object_set_new(object, "step", number_json(parameter, parameter->step));
    if (parameter->log)
        json_object_set_new(object, "scale", json_string("log"));
}

static json_t *parameter_json(const struct space *space, const struct parameter *parameter)
{
    json_t *object = json_pack("{s:s}", "type", parameter_type_names[parameter->type]);
    if (parameter->type == PARAMETER_CHOICE)
        json_object_set_new(object, "values", json_deep_copy(parameter->values));
    else
        write_range(parameter, object);
    if (parameter->ordered)
        json_object_set_new(object, "ordered", json_true());

    json_t *when = json_object();
    for (int i = 0; i < parameter->condition_count; i++) {
        const struct parameter *on = &space->parameters[parameter->conditions[i].parameter];
        json_object_set_new(when, on->name, condition_json(on, &parameter->conditions[i]));
    }
    if (parameter->condition_count > 0)
        json_object_set(object, "when", when);
    json_decref(when);
    return object;
}

json_t *space_json(const struct space *space)
{
    json_t *object = json_object();
    for (int i = 0; i < space->count; i++)
        json_object_set_new(object, space->parameters[i].name,
                            parameter_json(space, &space->parameters[i]));
    return object;
}

/* --- points -------------------------------------------------------------------------------------
 */

json_t *space_values_json(const struct space *space, const double *values)
{
    json_t *object = json_object();
    for (int i = 0; i < space->count; i++) {
        if (!isnan(values[i]))
            json_object_set_new(object, space->parameters[i].name,
                                value_json(&space->parameters[i], values[i]));
    }
    return object;
}

static void expect_number(const struct parameter *parameter, const char *pointer,
                          struct problems *problems)
{
    const char *what = parameter->type == PARAMETER_INT ? "a whole number" : "a number";
    if (parameter->step > 0 && parameter->step != 1)
        problems_add(problems, pointer, parameter->name,
                     "must be %s, at least %.10g and at most %.10g, in steps of %.10g from there",
                     what, parameter->low, parameter->high, parameter->step);
    else
        problems_add(problems, pointer, parameter->name,
                     "must be %s, at least %.10g and at most %.10g", what, parameter->low,
                     parameter->high);
}

static double read_numeric_value(const struct parameter *parameter, const json_t *value,
                                 const char *pointer, struct problems *problems)
{
    const double number = json_number_value(value);
    if (json_is_number(value) && number >= parameter->low && number <= parameter->high) {
        if (parameter->step <= 0)
            return number;
        const double near = parameter_value(parameter, parameter_place(parameter, number));
        if (fabs(near - number) <= 1e-6 * parameter->step)
            return near;
    }
    expect_number(parameter, pointer, problems);
    return (double)NAN;
}

static double read_choice_value(const struct parameter *parameter, const json_t *value,
                                const char *pointer, struct problems *problems)
{
    const int place = parameter_choice(parameter, value);
    if (place >= 0)
        return place;
    AUTO_FREE char *all = json_compact(parameter->values);
    problems_add(problems, pointer, parameter->name, "must be one of %.320s", all);
    return (double)NAN;
}

static double read_value(const struct parameter *parameter, const json_t *value,
                         const char *pointer, struct problems *problems)
{
    return parameter->type == PARAMETER_CHOICE
               ? read_choice_value(parameter, value, pointer, problems)
               : read_numeric_value(parameter, value, pointer, problems);
}

/* What does not hold, in words. */
static void refuse_inapplicable(const struct space *space, int i, const char *pointer,
                                struct problems *problems)
{
    const struct parameter *parameter = &space->parameters[i];
    const char *first = space->parameters[parameter->conditions[0].parameter].name;
    problems_add(problems, pointer, parameter->name,
                 "does not apply here: its conditions on \"%.100s\"%s do not hold", first,
                 parameter->condition_count > 1 ? " and others" : "");
}

/* What is missing decides like the value it will be settled to. */
static void read_point(const struct space *space, const json_t *object, const char *pointer,
                       bool partial, double *values, struct problems *problems)
{
    double settled[PARAMETERS_MAX];
    for (int i = 0; i < space->count; i++) {
        const struct parameter *parameter = &space->parameters[i];
        const json_t *value = json_object_get(object, parameter->name);
        const bool applies = space_applies(space, i, settled);
        values[i] = (double)NAN;
        if (value && !applies)
            refuse_inapplicable(space, i, pointer, problems);
        else if (value)
            values[i] = read_value(parameter, value, pointer, problems);
        else if (applies && !partial)
            problems_add(problems, pointer, parameter->name, "is missing");
        settled[i] = values[i];
        if (applies && isnan(values[i]))
            settled[i] = parameter_from_unit(parameter, 0.5);
    }
}

bool space_values_read(const struct space *space, const json_t *object, const char *pointer,
                       bool partial, double *values, struct problems *problems)
{
    const int found = problems->found;
    const char *name;
    json_t *value;

    if (!json_is_object(object)) {
        problems_add(problems, pointer, NULL,
                     "must be an object of parameters and their values, such as {\"%.100s\": …}",
                     space->parameters[0].name);
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (space_find(space, name) < 0)
            space_refuse_unknown(space, pointer, name, problems);
    }
    read_point(space, object, pointer, partial, values, problems);
    return problems->found == found;
}

/* --- one more choice ----------------------------------------------------------------------------
 */

static void widen_conditions(struct space *space, int on)
{
    const int choices = space->parameters[on].choices;
    for (int i = on + 1; i < space->count; i++) {
        struct parameter *parameter = &space->parameters[i];
        for (int k = 0; k < parameter->condition_count; k++) {
            struct condition *condition = &parameter->conditions[k];
            if (condition->parameter != on)
                continue;
            condition->allowed = xrealloc(condition->allowed, (size_t)choices, 1);
            condition->allowed[choices - 1] = 0;
        }
    }
}

int space_add_choice(struct space *space, int parameter, const json_t *value, struct error *err)
{
    struct parameter *choice = &space->parameters[parameter];
    if (choice->type != PARAMETER_CHOICE)
        return error_set(err, "\"%.100s\" is no choice; only a choice gets more values",
                         choice->name);
    if (choice->choices == CHOICES_MAX)
        return error_set(err, "\"%.100s\" has %d values, which is the most", choice->name,
                         CHOICES_MAX);
    if (parameter_choice(choice, value) >= 0)
        return error_set(err, "\"%.100s\" has that value already", choice->name);
    json_array_append_new(choice->values, json_deep_copy(value));
    choice->high = choice->choices++;
    widen_conditions(space, parameter);
    return 0;
}
