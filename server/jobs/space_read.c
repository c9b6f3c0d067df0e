/* A search space from JSON; the other way, and points: space_json.c. */
#include "jobs/space.h"

#include "jobs/fields.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define END_MAX   1e300 /* of a float: high - low is a number, too */
#define WHOLE_MAX 1e12  /* of an int: exact on the cube, with scale "log" as well */
#define STEPS_MAX 1e9   /* of a float: the larger end is at most so many steps */

enum { SCALES = 2, NAMES_BYTES = 320 };
static const char *const scales[SCALES] = {"linear", "log"};

/* The parameters stand in the order of the object until all have been read. */
struct reader {
    json_t *object;
    const char *pointer;
    struct space *space;
    bool *sound; /* [count] */
    struct problems *problems;
};

static void reader_release(struct reader *reader)
{
    free(reader->sound);
}

/* --- numbers and choices ------------------------------------------------------------------------
 */

/* A member that is a number of at most that size; `fallback`, unless NaN, where it is absent. */
static void read_number(const json_t *object, const char *here, const char *key, double most,
                        double fallback, double *out, struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    *out = value ? json_number_value(value) : fallback;
    if (!value && !isnan(fallback))
        return;
    if (!json_is_number(value) || fabs(*out) > most)
        problems_add(problems, here, key, "%s a number, at least %.10g and at most %.10g",
                     value ? "must be" : "is missing:", -most, most);
}

static void read_whole(const json_t *object, const char *here, const char *key, double least,
                       double fallback, double *out, struct problems *problems)
{
    const json_t *value = json_object_get(object, key);
    *out = value ? json_number_value(value) : fallback;
    if (!value && !isnan(fallback))
        return;
    if (!json_is_number(value) || *out < least || *out > WHOLE_MAX || *out != floor(*out))
        problems_add(problems, here, key, "%s a whole number, at least %.0f and at most %.0f",
                     value ? "must be" : "is missing:", least, WHOLE_MAX);
}

static bool read_range(const json_t *object, const char *here, struct parameter *parameter,
                       struct problems *problems)
{
    const double required = (double)NAN;
    const int found = problems->found;
    if (parameter->type == PARAMETER_INT) {
        read_whole(object, here, "low", -WHOLE_MAX, required, &parameter->low, problems);
        read_whole(object, here, "high", -WHOLE_MAX, required, &parameter->high, problems);
        read_whole(object, here, "step", 1, 1, &parameter->step, problems);
    } else {
        read_number(object, here, "low", END_MAX, required, &parameter->low, problems);
        read_number(object, here, "high", END_MAX, required, &parameter->high, problems);
        read_number(object, here, "step", END_MAX, 0, &parameter->step, problems);
    }
    parameter->log = fields_choice(object, here, "scale", scales, SCALES, problems) == 1;
    if (problems->found == found && parameter->high < parameter->low)
        problems_add(problems, here, "high", "must be at least \"low\", %.10g", parameter->low);
    return problems->found == found;
}

static bool check_step(const json_t *object, const char *here, const struct parameter *parameter,
                       struct problems *problems)
{
    const double end = fmax(fabs(parameter->low), fabs(parameter->high));
    if (!json_object_get(object, "step") || parameter->type == PARAMETER_INT)
        return true;
    if (parameter->step > 0 && end / parameter->step <= STEPS_MAX)
        return true;
    problems_add(problems, here, "step",
                 "must be greater than 0, and at least %.10g: a billionth of the larger end",
                 end / STEPS_MAX);
    return false;
}

static bool check_log(const char *here, const struct parameter *parameter,
                      struct problems *problems)
{
    if (!parameter->log || parameter->low > parameter->step / 2)
        return true;
    if (parameter->step > 0)
        problems_add(problems, here, "low",
                     "must be greater than half the step, %.10g, with scale \"log\"",
                     parameter->step / 2);
    else
        problems_add(problems, here, "low", "must be greater than 0 with scale \"log\"");
    return false;
}

static bool is_whole_in(double x, double tens)
{
    return fabs(x * tens) < 0x1p53 && rint(x * tens) / tens == x;
}

static double find_tens(const struct parameter *parameter)
{
    double tens = 1;
    for (int digits = 0; digits <= 15; digits++, tens *= 10) {
        if (is_whole_in(parameter->low, tens) && is_whole_in(parameter->step, tens) &&
            fabs(parameter->high * tens) < 0x1p53)
            return tens;
    }
    return 0;
}

/* The last value becomes the high end; rounding shall not lose it. */
static void settle_steps(struct parameter *parameter)
{
    const double steps = (parameter->high - parameter->low) / parameter->step;
    const double whole = floor(steps + 1e-6), high = parameter->high;
    if (parameter->type == PARAMETER_FLOAT)
        parameter->tens = find_tens(parameter);
    if (fabs(steps - whole) < 1e-6)
        return;
    parameter->high = parameter->low + (whole + 1) * parameter->step; /* one behind the last */
    parameter->high = fmin(high, parameter_value(parameter, (uint64_t)whole));
}

static bool read_numeric(const json_t *object, const char *here, struct parameter *parameter,
                         struct problems *problems)
{
    static const char *const known[] = {"type", "low", "high", "step", "scale", "when"};
    fields_refuse_unknown(object, here, known, COUNT_OF(known), problems);
    if (!read_range(object, here, parameter, problems) ||
        !check_step(object, here, parameter, problems) || !check_log(here, parameter, problems))
        return false;
    if (parameter->step > 0)
        settle_steps(parameter);
    return true;
}

/* Numbers that are the same have the same text: 1 and 1.0. */
static char *text_of(const json_t *value)
{
    const double number = json_number_value(value);
    if (json_is_real(value) && number == floor(number) && fabs(number) < 0x1p53) {
        json_auto_t *whole = json_integer((json_int_t)number);
        return json_compact(whole);
    }
    return json_compact(value);
}

struct entry {
    char *text;
    int place;
};

static int by_text(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    const int order = strcmp(a->text, b->text);
    return order ? order : a->place - b->place;
}

/* Sorted, since there may be a thousand long ones. */
static bool refuse_twice(const json_t *values, const char *here, struct problems *problems)
{
    const int count = (int)json_array_size(values);
    AUTO_FREE struct entry *list = xcalloc((size_t)count, sizeof *list);
    AUTO_FREE char *below = json_pointer_join(here, "values");
    const int found = problems->found;

    for (int i = 0; i < count; i++)
        list[i] = (struct entry){text_of(json_array_get(values, (size_t)i)), i};
    qsort(list, (size_t)count, sizeof *list, by_text);
    for (int i = 1; i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%d", list[i].place);
        if (strcmp(list[i].text, list[i - 1].text) == 0)
            problems_add(problems, below, index, "is the same as value %d", list[i - 1].place);
    }
    for (int i = 0; i < count; i++)
        free(list[i].text);
    return problems->found == found;
}

static bool read_choice(const json_t *object, const char *here, struct parameter *parameter,
                        struct problems *problems)
{
    static const char *const known[] = {"type", "values", "ordered", "when"};
    const json_t *values = json_object_get(object, "values");
    const json_t *ordered = json_object_get(object, "ordered");

    fields_refuse_unknown(object, here, known, COUNT_OF(known), problems);
    if (ordered && !json_is_boolean(ordered))
        problems_add(problems, here, "ordered", "must be true or false");
    if (json_array_size(values) < 1 || json_array_size(values) > CHOICES_MAX) {
        problems_add(problems, here, "values", "%s a list of 1 to %d values",
                     values ? "must be" : "is missing:", CHOICES_MAX);
        return false;
    }
    parameter->ordered = json_is_true(ordered);
    parameter->values = json_deep_copy(values);
    parameter->choices = (int)json_array_size(values);
    parameter->high = parameter->choices - 1;
    return refuse_twice(values, here, problems);
}

int parameter_choice(const struct parameter *parameter, const json_t *value)
{
    for (int i = 0; i < parameter->choices; i++) {
        const json_t *choice = json_array_get(parameter->values, (size_t)i);
        if (json_equal(choice, value))
            return i;
        if (json_is_number(choice) && json_is_number(value) &&
            json_typeof(choice) != json_typeof(value) &&
            json_number_value(choice) == json_number_value(value))
            return i;
    }
    return -1;
}

static bool read_parameter(struct reader *reader, const char *name, const json_t *object,
                           struct parameter *parameter)
{
    AUTO_FREE char *here = json_pointer_join(reader->pointer, name);
    parameter->name = xstrdup(name);
    if (!json_is_object(object)) {
        problems_add(reader->problems, here, NULL,
                     "must be an object such as {\"type\": \"float\", \"low\": 0, \"high\": 1}");
        return false;
    }
    if (!json_object_get(object, "type")) {
        problems_add(reader->problems, here, "type", "is missing: float, int or choice");
        return false;
    }
    const int type = fields_choice(object, here, "type", parameter_type_names, PARAMETER_TYPES,
                                   reader->problems);
    if (type < 0)
        return false;
    parameter->type = (enum parameter_type)type;
    return parameter->type == PARAMETER_CHOICE
               ? read_choice(object, here, parameter, reader->problems)
               : read_numeric(object, here, parameter, reader->problems);
}

/* --- conditions ---------------------------------------------------------------------------------
 */

static void read_allowed(const struct parameter *parent, const json_t *wanted, const char *here,
                         struct condition *condition, struct problems *problems)
{
    size_t i;
    json_t *value;

    condition->allowed = xcalloc((size_t)parent->choices, 1);
    if (json_array_size(wanted) < 1 || json_array_size(wanted) > CHOICES_MAX)
        problems_add(problems, here, parent->name, "must be a list of one or more of its values");
    json_array_foreach(wanted, i, value)
    {
        const int place = parameter_choice(parent, value);
        AUTO_FREE char *text = json_compact(value);
        if (place >= 0)
            condition->allowed[place] = 1;
        else
            problems_add(problems, here, parent->name, "%.64s is none of the values of \"%.100s\"",
                         text, parent->name);
    }
}

static bool has_value_within(const struct parameter *parent, double low, double high)
{
    if (parameter_size(parent) == 0)
        return low <= parent->high && high >= parent->low;
    const uint64_t place = parameter_place_from(parent, low);
    return place < parameter_size(parent) && parameter_value(parent, place) <= high;
}

static void read_within(const struct parameter *parent, const json_t *wanted, const char *here,
                        struct condition *condition, struct problems *problems)
{
    static const char *const known[] = {"at_least", "at_most"};
    AUTO_FREE char *there = json_pointer_join(here, parent->name);
    const int found = problems->found;

    if (json_object_size(wanted) < 1) {
        problems_add(problems, there, NULL,
                     "must be an object such as {\"at_least\": 1, \"at_most\": 3}");
        return;
    }
    fields_refuse_unknown(wanted, there, known, COUNT_OF(known), problems);
    read_number(wanted, there, "at_least", END_MAX, -HUGE_VAL, &condition->low, problems);
    read_number(wanted, there, "at_most", END_MAX, HUGE_VAL, &condition->high, problems);
    if (problems->found == found && condition->high < condition->low)
        problems_add(problems, there, "at_most", "must be at least \"at_least\", %.10g",
                     condition->low);
    else if (problems->found == found && !has_value_within(parent, condition->low, condition->high))
        problems_add(problems, there, NULL, "no value of \"%.100s\" lies there", parent->name);
}

static void read_condition(const struct reader *reader, int i, const char *here, const char *name,
                           const json_t *wanted)
{
    struct parameter *parameter = &reader->space->parameters[i];
    const int parent = space_find(reader->space, name);

    if (parent < 0) {
        space_refuse_unknown(reader->space, here, name, reader->problems);
    } else if (parent == i) {
        problems_add(reader->problems, here, name, "a parameter cannot depend on itself");
    } else if (reader->sound[parent]) {
        const struct parameter *on = &reader->space->parameters[parent];
        struct condition *condition = &parameter->conditions[parameter->condition_count++];
        condition->parameter = parent;
        if (on->type == PARAMETER_CHOICE)
            read_allowed(on, wanted, here, condition, reader->problems);
        else
            read_within(on, wanted, here, condition, reader->problems);
    }
}

static void read_conditions(const struct reader *reader, int i, const json_t *when)
{
    AUTO_FREE char *there = json_pointer_join(reader->pointer, reader->space->parameters[i].name);
    AUTO_FREE char *here = json_pointer_join(there, "when");
    const char *name;
    json_t *wanted;

    if (json_object_size(when) < 1 || json_object_size(when) > CONDITIONS_MAX) {
        problems_add(reader->problems, here, NULL,
                     "must be an object of 1 to %d conditions, such as "
                     "{\"/optimizer/type\": [\"nesterov\"]} or {\"/x\": {\"at_least\": 1}}",
                     CONDITIONS_MAX);
        return;
    }
    reader->space->parameters[i].conditions =
        xcalloc(CONDITIONS_MAX, sizeof *reader->space->parameters[i].conditions);
    json_object_foreach((json_t *)(uintptr_t)when, name, wanted)
    {
        read_condition(reader, i, here, name, wanted);
    }
}

/* --- the order ----------------------------------------------------------------------------------
 */

/* The first condition whose parameter has no place yet; -1: none. */
static int waits_for(const struct space *space, int i, const int *place)
{
    const struct parameter *parameter = &space->parameters[i];
    for (int k = 0; k < parameter->condition_count; k++) {
        if (place[parameter->conditions[k].parameter] < 0)
            return parameter->conditions[k].parameter;
    }
    return -1;
}

static int next_in_order(const struct space *space, const int *place)
{
    for (int i = 0; i < space->count; i++) {
        if (place[i] < 0 && waits_for(space, i, place) < 0)
            return i;
    }
    return -1;
}

/* Whoever waits for one that waits is led into a circle sooner or later. */
static void refuse_circle(const struct reader *reader, const int *place)
{
    const struct space *space = reader->space;
    bool seen[PARAMETERS_MAX] = {false};
    char names[NAMES_BYTES];
    size_t used = 0;
    int at = 0;

    while (place[at] >= 0)
        at++;
    while (!seen[at]) {
        seen[at] = true;
        at = waits_for(space, at, place);
    }
    const int first = at;
    do {
        at = waits_for(space, at, place);
        used += (size_t)snprintf(names + used, sizeof names - used, " -> \"%.64s\"",
                                 space->parameters[at].name);
    } while (at != first && used < sizeof names);
    AUTO_FREE char *here = json_pointer_join(reader->pointer, space->parameters[first].name);
    problems_add(reader->problems, here, "when", "conditions lead in a circle: \"%.64s\"%s",
                 space->parameters[first].name, names);
}

static void put_in_order(const struct reader *reader)
{
    struct space *space = reader->space;
    int place[PARAMETERS_MAX] = {0}, from[PARAMETERS_MAX] = {0};

    for (int i = 0; i < space->count; i++)
        place[i] = -1;
    for (int i = 0; i < space->count; i++) {
        from[i] = next_in_order(space, place);
        if (from[i] < 0) {
            refuse_circle(reader, place);
            return;
        }
        place[from[i]] = i;
    }
    struct parameter *ordered = xcalloc((size_t)space->count, sizeof *ordered);
    for (int i = 0; i < space->count; i++) {
        ordered[i] = space->parameters[from[i]];
        for (int k = 0; k < ordered[i].condition_count; k++)
            ordered[i].conditions[k].parameter = place[ordered[i].conditions[k].parameter];
    }
    free(space->parameters);
    space->parameters = ordered;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static void check_name(const struct reader *reader, const char *name)
{
    const size_t bytes = strlen(name);
    bool plain = bytes >= 1 && bytes <= PARAMETER_NAME_BYTES;
    for (const char *c = name; *c && plain; c++)
        plain = (unsigned char)*c >= 0x20 && *c != 0x7F;
    if (!plain)
        problems_add(reader->problems, reader->pointer, name,
                     "a parameter's name has 1 to %d bytes without control characters",
                     PARAMETER_NAME_BYTES);
}

static void read_all(struct reader *reader)
{
    const char *name;
    json_t *object;

    json_object_foreach(reader->object, name, object)
    {
        const int i = reader->space->count++;
        check_name(reader, name);
        reader->sound[i] = read_parameter(reader, name, object, &reader->space->parameters[i]);
    }
    for (int i = 0; i < reader->space->count; i++) {
        const char *own = reader->space->parameters[i].name;
        const json_t *when = json_object_get(json_object_get(reader->object, own), "when");
        if (when)
            read_conditions(reader, i, when);
    }
}

void space_read(const json_t *object, const char *pointer, struct space *space,
                struct problems *problems)
{
    const int found = problems->found;
    const size_t count = json_object_size(object);
    *space = (struct space){0};
    if (count < 1 || count > PARAMETERS_MAX) {
        problems_add(problems, pointer, NULL, "%s an object of 1 to %d parameters",
                     object ? "must be" : "is missing:", PARAMETERS_MAX);
        return;
    }
    struct reader reader = {(json_t *)(uintptr_t)object, pointer, space,
                            xcalloc(count, sizeof(bool)), problems};
    space->parameters = xcalloc(count, sizeof *space->parameters);
    read_all(&reader);
    if (problems->found == found)
        put_in_order(&reader);
    if (problems->found > found)
        space_release(space);
    reader_release(&reader);
}
