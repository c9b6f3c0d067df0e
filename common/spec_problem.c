/* What a problem's settings mean together with the optimizer; the words are in spec.h. */
#include "spec.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const json_t *catalog, *spec;
    const json_t *problem, *problem_entry;
    const json_t *optimizer, *optimizer_entry;
    const char *pointer;
    struct problems *problems;
};

static bool has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static const char *type_of(const json_t *choice)
{
    return json_text_at(choice, "type", "");
}

/* "sgd, adam": the optimizers of which `fits` is true, for `fits(entry)`. The caller frees it. */
static char *optimizers_that(const json_t *catalog, bool (*fits)(const json_t *entry))
{
    char *text = NULL;
    size_t bytes = 0, i;
    json_t *entry;
    const char *comma = "";
    FILE *out = xmemstream(&text, &bytes);

    json_array_foreach(json_object_get(json_object_get(catalog, "registries"), "optimizer"), i,
                       entry)
    {
        if (!fits(entry))
            continue;
        fprintf(out, "%s%s", comma, json_text_at(entry, "name", ""));
        comma = ", ";
    }
    fclose(out);
    return text;
}

static bool is_elementwise(const json_t *entry)
{
    return json_flag_at(entry, "elementwise", false);
}

static bool has_sde(const json_t *entry)
{
    return json_is_object(json_object_get(entry, "sde"));
}

static bool has_integrators(const json_t *entry)
{
    return json_flag_at(json_object_get(entry, "sde"), "integrators", false);
}

static bool takes_any_noise(const json_t *entry)
{
    return json_flag_at(json_object_get(entry, "sde"), "any_noise", false);
}

/* --- sizes --------------------------------------------------------------------------------- */

/* How many axes the problem has; 0 where that cannot be told. */
static size_t axes_of(const struct check *check)
{
    const char *setting = json_text_at(check->problem_entry, "axes", "");
    const json_t *value = json_object_get(check->problem, setting);
    return json_is_array(value) ? json_array_size(value) : (size_t)json_integer_value(value);
}

static void check_noise(const struct check *check, size_t axes)
{
    const json_t *list = json_object_get(check->problem, "noise_deviation");
    const size_t count = json_array_size(list);
    AUTO_FREE char *here = json_pointer_join(check->pointer, "problem");

    if (count > 1 && axes > 0 && count != axes)
        problems_add(check->problems, here, "noise_deviation",
                     "must have one entry for each axis, or one for all: 1 or %zu, not %zu", axes,
                     count);
    if (count > 0 && json_number_at(check->problem, "noise", 0) > 0)
        problems_add(check->problems, here, "noise",
                     "either \"noise\" or \"noise_deviation\", not both");
}

static void check_replicas(const struct check *check, size_t axes)
{
    const size_t replicas = (size_t)json_integer_at(check->spec, "replicas", 1);

    if (axes > 0 && replicas > PROBLEM_NUMBERS_MAX / axes)
        problems_add(check->problems, check->pointer, "replicas",
                     "at most %zu of this problem's %zu axes: %d numbers in all",
                     PROBLEM_NUMBERS_MAX / axes, axes, PROBLEM_NUMBERS_MAX);
    if (replicas <= 1)
        return;
    if (!is_elementwise(check->optimizer_entry)) {
        AUTO_FREE char *others = optimizers_that(check->catalog, is_elementwise);
        problems_add(check->problems, check->pointer, "replicas",
                     "%s looks at all parameters at once, so replicas would not be independent; "
                     "leave them out, or take one of %s",
                     type_of(check->optimizer), others);
    }
    if (has(check->spec, "clip_norm"))
        problems_add(check->problems, check->pointer, "clip_norm",
                     "would go by the norm over all replicas; leave one of the two out");
}

/* --- the SDE ------------------------------------------------------------------------------- */

static bool same_value(const json_t *one, const json_t *other)
{
    if (json_is_number(one) && json_is_number(other))
        return json_number_value(one) == json_number_value(other);
    return json_equal(one, other);
}

/* Settings that change the update into one that the SDE does not stand for. */
static void check_only(const struct check *check, const json_t *only)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)only, name, value)
    {
        if (same_value(json_object_get(check->optimizer, name), value))
            continue;
        AUTO_FREE char *here = json_pointer_join(check->pointer, "optimizer");
        AUTO_FREE char *text = json_dumps(value, JSON_ENCODE_ANY);
        problems_add(check->problems, here, name, "the SDE of %s is that of %s here",
                     type_of(check->optimizer), text);
    }
}

static void check_variance(const struct check *check)
{
    const double nu = json_number_at(check->problem, "noise_nu", HUGE_VAL);
    if (nu > 2.0 || takes_any_noise(check->optimizer_entry))
        return;
    AUTO_FREE char *here = json_pointer_join(check->pointer, "problem");
    AUTO_FREE char *others = optimizers_that(check->catalog, takes_any_noise);
    problems_add(check->problems, here, "noise_nu",
                 "must be above 2 for the SDE of %s, which needs noise with a variance; that of "
                 "%s needs none",
                 type_of(check->optimizer), others);
}

static void check_sde(const struct check *check)
{
    if (!has_sde(check->optimizer_entry)) {
        AUTO_FREE char *others = optimizers_that(check->catalog, has_sde);
        problems_add(check->problems, check->pointer, "dynamics",
                     "there is no \"sde\" for %s; take one of %s", type_of(check->optimizer),
                     others);
        return;
    }
    check_only(check, json_object_get(json_object_get(check->optimizer_entry, "sde"), "only"));
    check_variance(check);
    if (has(check->spec, "clip_norm"))
        problems_add(check->problems, check->pointer, "clip_norm",
                     "belongs to the discrete dynamics: an SDE has no clipped gradients");
}

static void check_integrator(const struct check *check, bool sde)
{
    if (!has(check->spec, "integrator"))
        return;
    if (!sde) {
        problems_add(check->problems, check->pointer, "integrator",
                     "belongs only beside \"dynamics\": \"sde\"");
    } else if (has_sde(check->optimizer_entry) && !has_integrators(check->optimizer_entry)) {
        AUTO_FREE char *others = optimizers_that(check->catalog, has_integrators);
        problems_add(check->problems, check->pointer, "integrator",
                     "is a choice for the SDE of %s; that of %s has one scheme", others,
                     type_of(check->optimizer));
    }
}

void spec_check_problem(const json_t *catalog, const json_t *resolved, const char *pointer,
                        struct problems *problems)
{
    struct check check = {
        .catalog = catalog,
        .spec = resolved,
        .problem = json_object_get(resolved, "problem"),
        .optimizer = json_object_get(resolved, "optimizer"),
        .pointer = pointer,
        .problems = problems,
    };
    if (!check.problem)
        return;
    check.problem_entry = catalog_find(catalog, "problem", type_of(check.problem));
    check.optimizer_entry = catalog_find(catalog, "optimizer", type_of(check.optimizer));

    const size_t axes = axes_of(&check);
    const bool sde = strcmp(json_text_at(resolved, "dynamics", ""), "sde") == 0;
    check_noise(&check, axes);
    check_replicas(&check, axes);
    check_integrator(&check, sde);
    if (sde)
        check_sde(&check);
}
