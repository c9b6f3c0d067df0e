#include "jobs/scale_spec.h"

#include "jobs/patch.h"
#include "json.h"
#include "memory.h"
#include "spec.h"
#include "theory/scaling.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scaler {
    const json_t *catalog;
    const json_t *resolved;
    double factor;
    const char *pointer;
    struct scaled *scaled;
    struct problems *problems;
};

static void warn(const struct scaler *scaler, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void warn(const struct scaler *scaler, const char *format, ...)
{
    char text[480];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(scaler->scaled->warnings, json_text(text));
}

/* 1 - 4 (1 - 0.9) is 0.6, not 0.6000000000000001. */
static double tidy(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    return strtod(text, NULL);
}

/* A number of the resolved specification becomes another; nothing is said where it stays. */
static void change(const struct scaler *scaler, const char *pointer, json_t *to, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));
static void change(const struct scaler *scaler, const char *pointer, json_t *to, const char *format,
                   ...)
{
    char why[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    json_t *from = json_pointer_get(scaler->resolved, pointer);
    if (json_equal(from, to)) {
        json_decref(to);
        return;
    }
    json_array_append_new(
        scaler->scaled->changes,
        json_pack("{s:s, s:O, s:o, s:s}", "pointer", pointer, "from", from, "to", to, "why", why));
}

/* --- as many examples ---------------------------------------------------------------------------
 */

static void scale_batch(const struct scaler *scaler)
{
    const json_t *batch = json_object_get(scaler->resolved, "batch_size");
    const double size = json_number_value(batch), wanted = size * scaler->factor;
    const double whole = fmax(1.0, round(wanted));

    if (!json_is_number(batch))
        return;
    if (fabs(wanted - whole) > 1e-9 * whole)
        problems_add(scaler->problems, scaler->pointer, "batch_size",
                     "%g x %g is %g, not a whole number of examples; a factor of %g would make it "
                     "%g",
                     size, scaler->factor, wanted, whole / size, whole);
    else
        change(
            scaler, "/batch_size", json_integer((json_int_t)whole),
            "the batch that was asked for: the gradient's noise becomes 1/sqrt(%g) of what it was",
            scaler->factor);
}

static void scale_steps(const struct scaler *scaler)
{
    const json_t *steps = json_object_get(scaler->resolved, "steps");
    const double count = json_number_value(steps), wanted = count / scaler->factor;
    const double whole = round(wanted), most = 1e12;

    if (!json_is_number(steps))
        return;
    if (wanted < 0.5 || wanted > most) {
        problems_add(scaler->problems, scaler->pointer, "steps",
                     "%g steps by %g leave %g; as many examples must make at least 1 step and at "
                     "most %g",
                     count, scaler->factor, wanted, most);
        return;
    }
    change(scaler, "/steps", json_integer((json_int_t)whole),
           "divided by the factor, so that as many examples are seen");
    if (fabs(wanted - whole) > 1e-9 * whole)
        warn(scaler, "%g steps by %g are not whole: %g are taken", count, scaler->factor, whole);
}

/* Settings that count steps, such as the offset of 1/t decay: without this the schedule would
 * change its shape over the examples. */
static void scale_schedule(const struct scaler *scaler)
{
    const json_t *schedule = json_object_get(scaler->resolved, "schedule");
    const json_t *entry =
        catalog_find(scaler->catalog, "schedule", json_text_at(schedule, "type", ""));
    size_t i;
    json_t *setting;

    json_array_foreach(json_object_get(entry, "settings"), i, setting)
    {
        const char *name = json_text_at(setting, "name", "");
        const json_t *value = json_object_get(schedule, name);
        if (strcmp(json_text_at(setting, "unit", ""), "steps") != 0 || !json_is_number(value))
            continue;
        AUTO_FREE char *pointer = json_pointer_join("/schedule", name);
        const double wanted = json_number_value(value) / scaler->factor;
        change(scaler, pointer,
               json_is_integer(value) ? json_integer((json_int_t)fmax(1.0, round(wanted)))
                                      : json_real(tidy(wanted)),
               "it counts steps, and there are fewer by the factor for as many examples");
    }
}

/* --- a problem's noise stands for that of a batch ------------------------------------------------
 */

static json_t *divided(const json_t *value, double divisor)
{
    if (!json_is_array(value))
        return json_real(tidy(json_number_value(value) / divisor));
    json_t *list = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach(value, i, entry)
    {
        json_array_append_new(list, json_real(tidy(json_number_value(entry) / divisor)));
    }
    return list;
}

static bool has_noise(const json_t *value)
{
    size_t i;
    json_t *entry;
    json_array_foreach(value, i, entry)
    {
        if (json_number_value(entry) > 0)
            return true;
    }
    return json_number_value(value) > 0;
}

static void scale_noise(const struct scaler *scaler)
{
    static const char *const names[] = {"noise", "noise_deviation"};
    const json_t *problem = json_object_get(scaler->resolved, "problem");
    const json_t *nu = json_object_get(problem, "noise_nu");
    bool any = false;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const json_t *value = json_object_get(problem, names[i]);
        if (!has_noise(value))
            continue;
        AUTO_FREE char *pointer = json_pointer_join("/problem", names[i]);
        any = true;
        change(scaler, pointer, divided(value, sqrt(scaler->factor)),
               "the mean of %g times as many examples has 1/sqrt(%g) of the noise", scaler->factor,
               scaler->factor);
    }
    if (!any)
        problems_add(scaler->problems, scaler->pointer, "problem",
                     "has no noise, so a larger batch would change nothing; give it \"noise\"");
    if (json_is_number(nu) && json_number_value(nu) <= 2)
        warn(scaler,
             "noise with nu = %g has no variance: the mean of a batch is not calmer by the "
             "root of its size",
             json_number_value(nu));
}

/* --- the optimizer
 * -------------------------------------------------------------------------------- */

const char *scale_rule_name(const char *optimizer)
{
    static const char *const names[] = {
        [SCALING_LINEAR] = "linear",
        [SCALING_SIGN] = "square root",
        [SCALING_ADAPTIVE] = "square root, betas and epsilon with it",
    };
    const struct scaling_rule *rule = scaling_find(optimizer);
    return rule ? names[rule->kind] : NULL;
}

static void multiply(const struct scaler *scaler, const char *key, double by, const char *why)
{
    AUTO_FREE char *pointer = json_pointer_join("/optimizer", key);
    const json_t *value = json_pointer_get(scaler->resolved, pointer);
    if (json_number_value(value) > 0)
        change(scaler, pointer, json_real(tidy(json_number_value(value) * by)), "%s", why);
}

/* The first mean may be left out; the second one is what the method lives by. */
static void scale_beta(const struct scaler *scaler, const char *key, double by, bool may_vanish)
{
    if (!key)
        return;
    AUTO_FREE char *pointer = json_pointer_join("/optimizer", key);
    AUTO_FREE char *whole = xprintf("%s/optimizer", scaler->pointer);
    const double beta = json_number_value(json_pointer_get(scaler->resolved, pointer));
    const double rest = 1.0 - beta, scaled = tidy(1.0 - by * rest);
    const bool beyond = scaled < 0 || (scaled <= 0 && beta > 0 && !may_vanish);

    if (beta <= 0 && may_vanish)
        return; /* it has no mean to begin with */
    if (beyond && !may_vanish) {
        problems_add(scaler->problems, whole, key,
                     "the rule makes it 1 - %g x %g = %g, below what a mean can keep; a factor "
                     "below %g works",
                     by, tidy(rest), scaled, tidy(1.0 / rest));
        return;
    }
    change(
        scaler, pointer, json_real(fmax(0.0, scaled)),
        "1 - %s is multiplied by the factor, so that the mean reaches back over as many examples",
        key);
    if (beyond || scaled <= 0)
        warn(
            scaler,
            "the rule leaves its range: 1 - %g x (1 - %s) = %g is not above 0, so %s is 0; below a "
            "factor of %g it would hold",
            by, key, scaled, key, tidy(1.0 / rest));
}

static void scale_by_rule(const struct scaler *scaler, const struct scaling_rule *rule)
{
    const struct scaling by = scaling_of(rule, scaler->factor);
    const bool linear = rule->kind == SCALING_LINEAR;

    multiply(scaler, "lr", by.lr,
             linear ? "in proportion to the batch: the stationary loss goes with lr x variance"
                    : "by the root of the factor: the stationary loss goes with lr x deviation");
    if (rule->decoupled)
        multiply(scaler, "weight_decay", by.decay,
                 "by the root of the factor: it keeps its share beside curvature over deviation");
    scale_beta(scaler, rule->first, by.first_rest, true);
    scale_beta(scaler, rule->second, by.second_rest, false);
    if (rule->kind == SCALING_ADAPTIVE)
        multiply(scaler, "epsilon", by.epsilon,
                 "by 1 over the root of the factor: it stands beside the gradient's deviation");
}

/* What the rules were not made for. */
static void warn_of_options(const struct scaler *scaler, const struct scaling_rule *rule)
{
    static const char *const flags[] = {"amsgrad", "centred"};
    const json_t *optimizer = json_object_get(scaler->resolved, "optimizer");

    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (json_flag_at(optimizer, flags[i], false))
            warn(scaler, "the rule was derived without \"%s\"", flags[i]);
    }
    if (json_number_at(optimizer, "momentum", 0) > 0)
        warn(scaler, "the rule was derived without momentum, which stays as it is");
    if (strcmp(rule->optimizer, "lion") == 0)
        warn(scaler, "the rule is that of signsgd: lion's betas stay as they are");
    if (!json_is_null(json_object_get(scaler->resolved, "clip_norm")) &&
        json_object_get(scaler->resolved, "clip_norm"))
        warn(scaler, "clip_norm stays as it is; the rule was derived without clipping");
}

static void scale_optimizer(const struct scaler *scaler, enum scale_way way)
{
    const char *name = json_text_at(json_object_get(scaler->resolved, "optimizer"), "type", "");
    const struct scaling_rule *rule = scaling_find(name);
    AUTO_FREE char *here = xprintf("%s/optimizer", scaler->pointer);

    if (way == SCALE_UNSCALED)
        return;
    if (way == SCALE_LINEAR)
        multiply(scaler, "lr", scaler->factor, "in proportion to the batch");
    else if (rule)
        scale_by_rule(scaler, rule);
    else
        problems_add(scaler->problems, here, "type",
                     "there is no scaling rule for \"%.64s\"; there is one for %s", name,
                     scaling_optimizers);
    if (way == SCALE_RULE && rule)
        warn_of_options(scaler, rule);
}

void scale_spec(const json_t *catalog, const json_t *resolved, double factor, enum scale_way way,
                const char *pointer, struct scaled *scaled, struct problems *problems)
{
    const struct scaler scaler = {catalog, resolved, factor, pointer, scaled, problems};

    *scaled = (struct scaled){.changes = json_array(), .warnings = json_array()};
    scale_optimizer(&scaler, way);
    if (json_is_object(json_object_get(resolved, "problem")))
        scale_noise(&scaler);
    scale_batch(&scaler);
    scale_steps(&scaler);
    scale_schedule(&scaler);
}

void scaled_release(struct scaled *scaled)
{
    json_decref(scaled->changes);
    json_decref(scaled->warnings);
    *scaled = (struct scaled){0};
}

json_t *scaled_patch(const struct scaled *scaled)
{
    json_t *patch = json_object();
    size_t i;
    json_t *entry;
    json_array_foreach(scaled->changes, i, entry)
    {
        struct error err; /* every pointer leads from an object into an object */
        json_pointer_set(patch, json_text_at(entry, "pointer", ""),
                         json_deep_copy(json_object_get(entry, "to")), &err);
    }
    return patch;
}

json_t *scaled_apply(const struct scaled *scaled, const json_t *catalog, const json_t *sent)
{
    json_auto_t *patch = scaled_patch(scaled);
    return patch_apply(catalog, sent, patch);
}
