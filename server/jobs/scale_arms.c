#include "jobs/scale_arms.h"

#include "jobs/blame.h"
#include "jobs/comparison.h"
#include "jobs/scale_spec.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum scale_way way;
    const char *name;
} ways[] = {
    {SCALE_RULE, "rule"},
    {SCALE_LINEAR, "linear"},
    {SCALE_UNSCALED, "unscaled"},
};
enum { FACTORS_MAX = ARMS_MAX / 3 };

/* --- what is asked for -------------------------------------------------------------------------
 */

static bool is_factor(const json_t *value)
{
    const double factor = json_number_value(value);
    return json_is_number(value) && factor > 0 && factor <= SCALE_FACTOR_MAX;
}

static void check_factor(const json_t *factors, size_t i, struct problems *problems)
{
    const json_t *value = json_array_get(factors, i);
    char index[24];
    snprintf(index, sizeof index, "%zu", i);

    if (!is_factor(value))
        problems_add(problems, "/scale_batch", index,
                     "must be a number, greater than 0 and at most %.0f", SCALE_FACTOR_MAX);
    for (size_t j = 0; j < i; j++) {
        if (is_factor(value) &&
            json_number_value(json_array_get(factors, j)) == json_number_value(value))
            problems_add(problems, "/scale_batch", index, "is there already, as entry %zu", j);
    }
}

static bool factors_are_sound(const json_t *body, struct problems *problems)
{
    const json_t *factors = json_object_get(body, "scale_batch");
    const json_t *tune = json_object_get(body, "tune");
    const int found_before = problems->found;

    if (!json_is_array(factors) || json_array_size(factors) < 1 ||
        json_array_size(factors) > FACTORS_MAX)
        problems_add(problems, "", "scale_batch",
                     "must be a list of 1 to %d factors of the batch size, such as [1, 4, 16]",
                     FACTORS_MAX);
    else
        for (size_t i = 0; i < json_array_size(factors); i++)
            check_factor(factors, i, problems);
    if (json_object_get(body, "arms"))
        problems_add(problems, "", "arms",
                     "\"scale_batch\" makes the arms, from the base: give one or the other");
    if (json_object_get(body, "tasks"))
        problems_add(problems, "", "tasks",
                     "each would have to be scaled by itself: give \"scale_batch\" or \"tasks\"");
    if (tune && !json_is_null(tune))
        problems_add(
            problems, "", "tune",
            "would undo what \"scale_batch\" scales; tune the base in a comparison before");
    return problems->found == found_before;
}

/* --- an arm --------------------------------------------------------------------------------------
 */

static void write_value(FILE *out, const json_t *value)
{
    if (json_array_size(value) == 1)
        write_value(out, json_array_get(value, 0));
    else if (json_is_array(value))
        fprintf(out, "%zu numbers from %g", json_array_size(value),
                json_number_value(json_array_get(value, 0)));
    else
        fprintf(out, "%.6g", json_number_value(value));
}

/* "/optimizer/lr 0.001 -> 0.002, /batch_size 64 -> 256; WARNINGS" */
static json_t *note_of(const struct scaled *scaled)
{
    char *text = NULL;
    size_t bytes = 0, i;
    json_t *entry;
    FILE *out = xmemstream(&text, &bytes);

    json_array_foreach(scaled->changes, i, entry)
    {
        fprintf(out, "%s%s ", i ? ", " : "", json_text_at(entry, "pointer", ""));
        write_value(out, json_object_get(entry, "from"));
        fputs(" -> ", out);
        write_value(out, json_object_get(entry, "to"));
    }
    json_array_foreach(scaled->warnings, i, entry)
    {
        fprintf(out, "; %s", json_string_value(entry));
    }
    fclose(out);
    text[bytes < ARM_NOTE_BYTES ? bytes : ARM_NOTE_BYTES] = '\0';
    json_t *note = json_text(bytes ? text : "the base as it is");
    free(text);
    return note;
}

static void report(const struct problems *found, double factor, struct problems *problems)
{
    for (int i = 0; i < found->count; i++) {
        AUTO_FREE char *detail = xprintf("for a batch x %g: %s", factor, found->list[i].detail);
        blame_add(problems, found->list[i].pointer, detail);
    }
}

/* What one way of scaling gives, checked as a specification of its own. */
static json_t *arm_of(const struct planner *planner, const json_t *base, const json_t *resolved,
                      double factor, enum scale_way way, const char *name)
{
    AUTO_PROBLEMS struct problems found = {0};
    struct scaled scaled = {0};

    scale_spec(planner->catalog, resolved, factor, way, "/base", &scaled, &found);
    json_auto_t *spec = scaled_apply(&scaled, planner->catalog, base);
    if (!found.found)
        json_decref(plan_resolve(planner, spec, "/base", &found));
    report(&found, factor, planner->problems);
    json_t *arm = json_pack("{s:o, s:o, s:o}", "name", json_text(name), "patch",
                            scaled_patch(&scaled), "note", note_of(&scaled));
    scaled_release(&scaled);
    return arm;
}

static void add_arms(const struct planner *planner, const json_t *base, const json_t *resolved,
                     double factor, json_t *arms)
{
    const char *optimizer = json_text_at(json_object_get(resolved, "optimizer"), "type", "");
    const char *rule = scale_rule_name(optimizer);

    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        AUTO_FREE char *name = xprintf("%s x%g", ways[i].name, factor);
        const int found_before = planner->problems->found;
        if (ways[i].way == SCALE_LINEAR && rule && strcmp(rule, "linear") == 0)
            continue;
        json_array_append_new(arms, arm_of(planner, base, resolved, factor, ways[i].way, name));
        if (planner->problems->found > found_before)
            return; /* the others would show the same */
    }
}

/* NULL where the base is wrong, which is found again and reported where arms are resolved. */
static json_t *arms_of_base(const struct planner *planner, const json_t *base,
                            const json_t *factors)
{
    AUTO_PROBLEMS struct problems of_base = {0};
    json_auto_t *resolved = plan_resolve(planner, base, "/base", &of_base);
    json_t *arms = json_array();
    size_t i;
    json_t *factor;

    if (of_base.found) {
        json_decref(arms);
        return NULL;
    }
    json_array_foreach(factors, i, factor)
    {
        const double value = json_number_value(factor);
        if (value == 1.0)
            json_array_append_new(
                arms, arm_of(planner, base, resolved, value, SCALE_UNSCALED, "base x1"));
        else
            add_arms(planner, base, resolved, value, arms);
    }
    return arms;
}

json_t *scale_arms_expand(const struct planner *planner, const json_t *body)
{
    const json_t *factors = json_object_get(body, "scale_batch");
    const json_t *base = json_object_get(body, "base");
    const int found_before = planner->problems->found;
    json_t *arms = NULL;

    if (!factors)
        return NULL;
    if (factors_are_sound(body, planner->problems) && json_is_object(base))
        arms = arms_of_base(planner, base, factors);
    if (!arms || planner->problems->found > found_before) {
        json_decref(arms);
        arms = json_pack("[{s:s, s:{}}]", "name", "base", "patch");
    }
    json_t *expanded = json_copy((json_t *)(uintptr_t)body);
    json_object_del(expanded, "scale_batch");
    json_object_set_new(expanded, "arms", arms);
    return expanded;
}
