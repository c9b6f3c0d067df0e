/* The schedule "refined" of a specification: from its source to its curve (refinement.h). */
#include "refinement.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_refined(const json_t *schedule)
{
    return strcmp(json_text_at(schedule, "type", ""), "refined") == 0;
}

bool refined_waits(const json_t *schedule, const json_t **from)
{
    *from = json_object_get(schedule, "from");
    return is_refined(schedule) && !json_is_array(json_object_get(schedule, "curve")) &&
           json_is_object(*from);
}

static struct refine_options options_of(const json_t *schedule)
{
    return (struct refine_options){
        .tau = json_number_at(schedule, "tau", 0.1),
        .floor_ratio = json_number_at(schedule, "floor_ratio", 0.001),
        .l1 = strcmp(json_text_at(schedule, "norm", "l2"), "l1") == 0,
        .drop_ends = json_flag_at(schedule, "drop_ends", false),
        .to_10000 = json_flag_at(schedule, "interpolate", false),
    };
}

/* A curve with fewer entries has its peak between two of them: its largest is made 1 again. */
static json_t *curve_json(const struct refined *refined)
{
    const size_t count =
        refined->count < REFINED_CURVE_POINTS ? refined->count : REFINED_CURVE_POINTS;
    AUTO_FREE double *curve = xcalloc(count, sizeof *curve);
    double largest = 0.0;
    curve_resample(refined->curve, refined->count, curve, count);
    for (size_t i = 0; i < count; i++)
        largest = curve[i] > largest ? curve[i] : largest;

    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_real(curve[i] / largest));
    return array;
}

int refined_settle(json_t *schedule, const double *norms, size_t count, struct error *err)
{
    const struct refine_options options = options_of(schedule);
    struct refined refined;
    if (refine(norms, count, &options, &refined, err) < 0)
        return -1;
    json_object_set_new(schedule, "curve", curve_json(&refined));
    json_object_set_new(schedule, "fallback",
                        refined.linear ? json_string(refined.reason) : json_null());
    refined_release(&refined);
    return 0;
}

static void settle_from_norms(json_t *schedule, const json_t *list, const char *pointer,
                              struct problems *problems)
{
    const size_t count = json_array_size(list);
    AUTO_FREE double *norms = xcalloc(count, sizeof *norms);
    AUTO_FREE char *from = json_pointer_join(pointer, "from");
    struct error err;

    for (size_t i = 0; i < count; i++)
        norms[i] = json_number_value(json_array_get(list, i));
    if (refined_settle(schedule, norms, count, &err) < 0)
        problems_add(problems, from, "norms", "%s", err.sentence);
    else
        json_object_set_new(schedule, "from", json_null());
}

void refined_resolve(json_t *schedule, bool adaptive, const char *pointer,
                     struct problems *problems)
{
    if (!is_refined(schedule))
        return;
    const json_t *from = json_object_get(schedule, "from");
    const json_t *norms = json_object_get(from, "norms");
    const bool has_curve = json_is_array(json_object_get(schedule, "curve"));
    static const char *const sources =
        "{\"run\": 123}, {\"arm\": \"linear\"} or {\"norms\": [4, 3.5, …]}";

    if (json_is_null(json_object_get(schedule, "norm")))
        json_object_set_new(schedule, "norm", json_string(adaptive ? "l1" : "l2"));
    if (!json_is_object(from) && !has_curve)
        problems_add(problems, pointer, "from", "is missing: whose gradient norms, %s", sources);
    else if (json_is_object(from) && json_object_size(from) != 1)
        problems_add(problems, pointer, "from", "must have exactly one of %s", sources);
    else if (norms && has_curve)
        problems_add(problems, pointer, "curve", "either \"curve\" or \"norms\", not both");
    else if (norms)
        settle_from_norms(schedule, norms, pointer, problems);
}
