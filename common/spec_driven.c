/* What an optimizer that drives the objective itself asks of it, and what a loss asks of the
 * targets; the words are in spec.h. */
#include "spec.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct check {
    const json_t *spec, *optimizer;
    const char *name; /* of the optimizer */
    const char *pointer;
    struct problems *problems;
};

static void add_below(const struct check *check, const char *object, const char *key,
                      const char *sentence)
{
    AUTO_FREE char *here = json_pointer_join(check->pointer, object);
    problems_add(check->problems, here, key, "%s %s", check->name, sentence);
}

static bool has_noise(const json_t *problem)
{
    const json_t *list = json_object_get(problem, "noise_deviation");
    size_t i;
    json_t *entry;

    json_array_foreach(list, i, entry)
    {
        if (json_number_value(entry) > 0.0)
            return true;
    }
    return json_number_at(problem, "noise", 0.0) > 0.0;
}

static void check_problem(const struct check *check, const json_t *catalog, const json_t *problem)
{
    const char *type = json_text_at(problem, "type", "");
    const json_t *entry = catalog_find(catalog, "problem", type);

    if (has_noise(problem))
        add_below(check, "problem", "noise",
                  "looks at one function again and again, which noise would change; leave it out");
    if (json_flag_at(check->optimizer, "curvature", false) &&
        !json_flag_at(entry, "curvature", false)) {
        AUTO_FREE char *here = json_pointer_join(check->pointer, "optimizer");
        problems_add(check->problems, here, "type",
                     "%s needs products with the curvature, which the problem %s does not give; "
                     "take lbfgs, or the problem quadratic",
                     check->name, type);
    }
}

void spec_check_driven(const json_t *catalog, const json_t *resolved, const char *pointer,
                       struct problems *problems)
{
    const char *name = json_text_at(json_object_get(resolved, "optimizer"), "type", "");
    const struct check check = {
        .spec = resolved,
        .optimizer = catalog_find(catalog, "optimizer", name),
        .name = name,
        .pointer = pointer,
        .problems = problems,
    };
    const json_t *problem = json_object_get(resolved, "problem");

    if (!json_flag_at(check.optimizer, "drives", false))
        return;
    if (problem)
        check_problem(&check, catalog, problem);
    if (json_number_at(json_object_get(resolved, "model"), "dropout", 0.0) > 0.0)
        add_below(
            &check, "model", "dropout",
            "looks at one function again and again, which dropout would change; leave it out");
    if (json_is_number(json_object_get(resolved, "clip_norm")))
        problems_add(problems, pointer, "clip_norm",
                     "%s finds its step by itself and clips nothing; leave it out", name);
}

void spec_check_targets(const json_t *catalog, const json_t *resolved, const char *pointer,
                        struct problems *problems)
{
    const bool inputs = strcmp(json_text_at(resolved, "targets", "labels"), "inputs") == 0;
    const char *name = json_text_at(resolved, "loss", NULL);
    const json_t *loss = name ? catalog_find(catalog, "loss", name) : NULL;

    if (!inputs || !loss)
        return;
    if (strcmp(json_text_at(loss, "labels", ""), "classes") == 0)
        problems_add(problems, pointer, "loss",
                     "\"%s\" compares classes, but the model is to give its inputs back; try "
                     "\"mean_squared\" or \"binary_cross_entropy\"",
                     name);
    if (json_flag_at(loss, "probabilities", false) &&
        strcmp(json_text_at(resolved, "standardize", "none"), "none") != 0)
        problems_add(problems, pointer, "standardize",
                     "must be \"none\" with the loss %s: it compares with numbers within 0 … 1",
                     name);
}
