/* What an arm starts from, where that is not its own beginning. */
#include "compare/arms.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The other arm's name; NULL: there is none. */
static const char *other_name(const struct arms *arms, int index)
{
    const int64_t other = json_integer_at(arm_source(arms, index), "arm", -1);
    return other >= 0 && other < arms->count ? arms->list[other].name : NULL;
}

const json_t *arm_source(const struct arms *arms, int index)
{
    const json_t *source = json_array_get(arms->input->sources, (size_t)index);
    return json_is_object(source) ? source : NULL;
}

bool arm_is_branch(const struct arms *arms, int index)
{
    return strcmp(json_text_at(arm_source(arms, index), "kind", ""), "branch") == 0;
}

const json_t *arm_refined(const struct arms *arms, int index)
{
    char key[16];
    snprintf(key, sizeof key, "%d", index);
    return json_object_get(arms->input->refined, key);
}

static int64_t steps_saved(const struct arm *arm)
{
    int64_t steps = 0;
    for (int i = 0; i < arm->report.count; i++)
        steps += arm->report.runs[i]->branched_step;
    return steps;
}

static json_t *branch_json(const struct arms *arms, int index)
{
    return json_pack("{s:s, s:s?, s:f, s:I}", "kind", "branch", "arm", other_name(arms, index),
                     "at", json_number_at(arm_source(arms, index), "at", 0), "steps_saved",
                     (json_int_t)steps_saved(&arms->list[index]));
}

static json_t *refined_json(const struct arms *arms, int index)
{
    const json_t *schedule = arm_refined(arms, index);
    json_t *run = json_object_get(json_object_get(schedule, "from"), "run");
    json_t *fallback = json_object_get(schedule, "fallback");
    json_t *json = json_pack("{s:s, s:s?, s:o, s:o}", "kind", "refined", "arm",
                             other_name(arms, index), "run", run ? json_incref(run) : json_null(),
                             "fallback", fallback ? json_incref(fallback) : json_null());
    return json;
}

json_t *arm_source_json(const struct arms *arms, int index)
{
    if (arm_is_branch(arms, index))
        return branch_json(arms, index);
    return arm_refined(arms, index) ? refined_json(arms, index) : json_null();
}

static void warn(json_t *warnings, char *text)
{
    json_array_append_new(warnings, json_text(text));
    free(text);
}

void arm_source_warnings(const struct arms *arms, int index, json_t *warnings)
{
    const char *name = arms->list[index].name, *other = other_name(arms, index);
    const char *fallback = json_text_at(arm_refined(arms, index), "fallback", NULL);

    if (fallback)
        warn(warnings,
             xprintf("arm \"%s\": its refined schedule is linear decay: %s", name, fallback));
    if (other && arm_refined(arms, index) && !arms->grid.axis_count)
        warn(warnings,
             xprintf("arm \"%s\": its schedule is refined from the report runs of arm \"%s\", so "
                     "these seeds were seen twice; with \"tune\" it would come from tuning seeds",
                     name, other));
}
