/*
 * Refined from the gradient norms of an earlier run (Defazio et al., 2023, arXiv 2310.07831).
 *
 * What trains has "curve"; refinement.h makes it from "from". The curve's ends are the first and
 * the last step: with as many entries as steps, step k has entry k.
 */
#include "refinement.h"
#include "schedules.h"

enum { FROM = SCHEDULE_OWN, NORM, TAU, FLOOR_RATIO, DROP_ENDS, INTERPOLATE, CURVE, FALLBACK };

static const struct setting source[] = {
    {.name = "run",
     .type = SETTING_INTEGER,
     .absent = true,
     .low = 1,
     .high = 9007199254740992.0,
     .help = "a finished run with rows of gradient_norm"},
    {.name = "arm",
     .type = SETTING_TEXT,
     .absent = true,
     .high = 200,
     .help = "another arm of the same comparison"},
    {.name = "norms",
     .type = SETTING_NUMBERS,
     .absent = true,
     .low = 0,
     .high = 1e100,
     .least = REFINEMENT_NORMS_LEAST,
     .most = REFINED_NORMS_MAX,
     .help = "the norms themselves, in the order of the steps; of long runs every n-th"},
    {0},
};

static const struct setting settings[] = {
    SCHEDULE_SETTINGS,
    {.name = "from",
     .type = SETTING_OBJECT,
     .nullable = true,
     .members = source,
     .help = "whose gradient norms: {\"run\": 123}, {\"arm\": \"linear\"} or {\"norms\": […]}"},
    {.name = "norm",
     .type = SETTING_CHOICE,
     .nullable = true,
     .choices = "l2|l1",
     .help = "which norms; null: l1 for adaptive optimizers, l2 for the others"},
    {.name = "tau",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .fallback = 0.1,
     .unit = "of the norms",
     .help = "width of the median that smooths them"},
    {.name = "floor_ratio",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .below_high = true,
     .fallback = 0.001,
     .help = "norms below this times their median count as that"},
    {.name = "drop_ends",
     .type = SETTING_FLAG,
     .help = "leave out the first two norms and the last two, as published"},
    {.name = "interpolate",
     .type = SETTING_FLAG,
     .help = "to 10,000 norms where there are fewer, as in the published plots"},
    {.name = "curve",
     .type = SETTING_NUMBERS,
     .nullable = true,
     .low = 0,
     .high = 1,
     .least = REFINED_CURVE_LEAST,
     .most = REFINED_CURVE_MAX,
     .help = "the refined factors, first to last step; filled in from the norms"},
    {.name = "fallback",
     .type = SETTING_TEXT,
     .nullable = true,
     .high = 400,
     .help = "why the curve is linear decay; filled in where gradients vanish"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    static const double linear[] = {1.0, 0.0};
    if (chosen->count[CURVE] == 0) /* refused by accepts(); drawn until the norms are known */
        return curve_at(linear, 2, k, total);
    return curve_at(chosen->list[CURVE], (size_t)chosen->count[CURVE], k, total);
}

static int accepts(const json_t *choice, struct error *err)
{
    if (json_array_size(json_object_get(choice, "curve")) > 0)
        return 0;
    return error_set(err, "the refined schedule has no curve yet: it comes from the norms of a run "
                          "or an arm, which only a server knows; give \"from\": {\"norms\": […]}");
}

const struct schedule refined_schedule = {
    .name = "refined",
    .help = "from an earlier run's gradient norms (Defazio et al., 2023)",
    .settings = settings,
    .factor = factor,
    .accepts = accepts,
};
