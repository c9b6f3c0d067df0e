/* A specification against what only the server knows; the words are in planner.h. */
#include "jobs/planner.h"

#include "json.h"
#include "memory.h"
#include "spec.h"

#include <stdint.h>
#include <string.h>

static struct data_facts find_data(const struct planner *planner, const char *name)
{
    size_t i;
    json_t *builtin;

    struct data_facts facts = planner->lookup(planner->lookup_context, name);
    if (facts.known)
        return facts;
    json_array_foreach(json_object_get(planner->catalog, "builtins"), i, builtin)
    {
        const char *other = json_text_at(builtin, "name", "");
        if (strcmp(other, name) == 0)
            return (struct data_facts){.known = true,
                                       .classes = (int)json_integer_at(builtin, "classes", 0)};
        if (!facts.nearest)
            facts.nearest = nearest_name(name, &other, 1);
    }
    return facts;
}

/* What a loss compares with, as its registry entry says: "classes" or "targets". */
static const char *labels_of(const json_t *loss)
{
    return json_text_at(loss, "labels", "");
}

/* The first loss for such labels; NULL where the catalogue does not say. */
static const char *loss_for(const json_t *catalog, const char *labels)
{
    size_t i;
    json_t *loss;
    json_array_foreach(json_object_get(json_object_get(catalog, "registries"), "loss"), i, loss)
    {
        if (strcmp(labels_of(loss), labels) == 0)
            return json_text_at(loss, "name", "");
    }
    return NULL;
}

/* A loss stands in a specification by its name, or as an object with a type. */
static const char *loss_name(const json_t *spec)
{
    const json_t *loss = json_object_get(spec, "loss");
    return json_is_string(loss) ? json_string_value(loss) : json_text_at(loss, "type", NULL);
}

/* Without a loss, the one that suits the labels is laid in; one that does not suit is refused. */
static void settle_loss(const struct planner *planner, json_t *spec, const char *data, int classes,
                        const char *pointer, struct problems *problems)
{
    const bool inputs = strcmp(json_text_at(spec, "targets", "labels"), "inputs") == 0;
    const char *labels = classes > 0 && !inputs ? "classes" : "targets";
    const char *name = loss_name(spec), *suitable = loss_for(planner->catalog, labels);
    const char *wanted = name ? labels_of(catalog_find(planner->catalog, "loss", name)) : "";

    if (!name && suitable && json_object_get(spec, "loss"))
        json_object_set_new(spec, "loss", json_string(suitable));
    if (!*wanted || !suitable || inputs || strcmp(wanted, labels) == 0)
        return; /* what inputs ask of a loss is settled already */
    problems_add(problems, pointer, "loss",
                 "\"%s\" needs %s, but data set \"%.64s\" has %s; try \"%s\"", name,
                 classes > 0 ? "numbers to predict" : "classes", data,
                 classes > 0 ? "classes" : "numbers to predict", suitable);
}

static void settle_data(const struct planner *planner, json_t *spec, const char *pointer,
                        struct problems *problems)
{
    const char *name = json_text_at(spec, "dataset", NULL);
    if (!name)
        return;
    const struct data_facts facts = find_data(planner, name);
    if (facts.known)
        settle_loss(planner, spec, name, facts.classes, pointer, problems);
    else if (facts.nearest)
        problems_add(problems, pointer, "dataset", "no data set \"%.64s\"; did you mean \"%.64s\"?",
                     name, facts.nearest);
    else
        problems_add(problems, pointer, "dataset",
                     "no data set \"%.64s\"; GET /api/v1/datasets lists them", name);
}

/* How many values there are in all, each with its name. */
static size_t count_values(const json_t *value)
{
    size_t count = 1, i;
    const char *key;
    json_t *member;

    json_array_foreach(value, i, member)
    {
        count += count_values(member);
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        count += count_values(member);
    }
    return count;
}

/* Names, numbers and texts of a resolved specification are short, so few of them need no writing to
 * know that they fit. */
static void check_size(const json_t *spec, const char *pointer, struct problems *problems)
{
    enum { BYTES_MOST_EACH = 128 };
    if (count_values(spec) < SPEC_BYTES_MAX / BYTES_MOST_EACH)
        return;
    const size_t bytes = json_dumpb(spec, NULL, 0, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (bytes > SPEC_BYTES_MAX)
        problems_add(problems, pointer, NULL,
                     "is longer than %d bytes as JSON with every default laid in", SPEC_BYTES_MAX);
}

/* What is laid in where a run is released. */
static void refuse_branch(const json_t *spec, const char *pointer, struct problems *problems)
{
    if (json_object_get(spec, "branch"))
        problems_add(problems, pointer, "branch",
                     "is not given but made: give an arm of a comparison \"branch_from\": "
                     "{\"arm\": …, \"at\": 0.8}");
}

json_t *plan_resolve(const struct planner *planner, const json_t *spec, const char *pointer,
                     struct problems *problems)
{
    json_t *resolved = spec_resolve(planner->catalog, spec, pointer, problems);
    settle_data(planner, resolved, pointer, problems);
    refuse_branch(spec, pointer, problems);
    if (problems->found == 0)
        check_size(resolved, pointer, problems);
    return resolved;
}

struct variant_plan plan_variant(int arm, int point, json_t *resolved, json_t *tuned)
{
    const char *dataset = json_text_at(resolved, "dataset", NULL);
    const struct variant_plan variant = {
        .arm = arm,
        .point = point,
        .dataset = dataset ? xstrdup(dataset) : NULL,
        .spec = json_ordered(resolved),
        .tuned = json_compact(tuned),
        .threads = (int)json_integer_at(resolved, "threads", 1),
    };
    json_decref(resolved);
    json_decref(tuned);
    return variant;
}

void plan_check_metric(const struct planner *planner, const json_t *spec,
                       const struct metric_choice *metric)
{
    const char *data = json_text_at(spec, "dataset", NULL);
    if (!data || strcmp(metric->name, "valid_accuracy") != 0)
        return;
    if (strcmp(json_text_at(spec, "targets", "labels"), "inputs") == 0)
        problems_add(planner->problems, "/metric", "name",
                     "a model that gives its inputs back has no \"valid_accuracy\"; take "
                     "\"valid_loss\"");
    else if (find_data(planner, data).classes == 0)
        problems_add(planner->problems, "/metric", "name",
                     "data set \"%.64s\" has no classes, so no \"valid_accuracy\"; take "
                     "\"valid_loss\"",
                     data);
}
