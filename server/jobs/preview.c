#include "jobs/preview.h"

#include "json.h"
#include "memory.h"
#include "refinement.h"
#include "schedule_bound.h"
#include "schedules.h"
#include "settings.h"
#include "spec.h"

#include "jobs/fields.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 200 };

/* --- the question ------------------------------------------------------------------------------
 */

static const struct setting question[] = {
    {.name = "steps",
     .type = SETTING_INTEGER,
     .required = true,
     .low = 1,
     .high = PREVIEW_STEPS_MAX,
     .unit = "steps",
     .help = "how long the schedules are"},
    {.name = "points",
     .type = SETTING_INTEGER,
     .low = 2,
     .high = PREVIEW_POINTS_MAX,
     .fallback = 200,
     .help = "at how many steps the factors are wanted"},
    {.name = "norms",
     .type = SETTING_NUMBERS,
     .nullable = true,
     .low = 0,
     .high = 1e100,
     .least = REFINEMENT_NORMS_LEAST,
     .most = PREVIEW_NORMS_MAX,
     .help = "gradient norms at even distances, for the bound and for refined schedules"},
    {.name = "run",
     .type = SETTING_INTEGER,
     .nullable = true,
     .low = 1,
     .high = 9007199254740992.0,
     .help = "a run with rows of gradient_norm, instead of norms"},
    {.name = "norm",
     .type = SETTING_CHOICE,
     .choices = "l2|l1",
     .fallback_text = "l2",
     .help = "which norms these are, and which of a run's are taken"},
    {.name = "distance",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1e100,
     .fallback = 1,
     .help = "from the start to the minimum, of the bound"},
    {.name = "prefixes",
     .type = SETTING_INTEGER,
     .low = 0,
     .high = PREVIEW_PREFIXES_MAX,
     .help = "for how many ends before the last one the bound is wanted too"},
    {0},
};

/* Without the list of schedules, which no table can say. */
static json_t *resolve_question(const json_t *body, struct problems *problems)
{
    enum { MOST = COUNT_OF(question) };
    const char *known[MOST] = {"schedules"};
    json_auto_t *rest = json_object();
    json_auto_t *table = settings_describe(question);

    for (int i = 0; question[i].name; i++) {
        known[i + 1] = question[i].name;
        json_t *value = json_object_get(body, question[i].name);
        if (value)
            json_object_set(rest, question[i].name, value);
    }
    fields_refuse_unknown(body, "", known, MOST, problems);
    return settings_resolve(NULL, table, rest, "", problems);
}

static void take_norms(struct preview *preview, const json_t *list)
{
    preview->norm_count = json_array_size(list);
    if (preview->norm_count == 0)
        return;
    preview->norms = xcalloc(preview->norm_count, sizeof *preview->norms);
    for (size_t i = 0; i < preview->norm_count; i++)
        preview->norms[i] = json_number_value(json_array_get(list, i));
}

/* --- its schedules -----------------------------------------------------------------------------
 */

/* The schedules of this program as a catalogue: what it resolves it can draw, whatever worker the
 * server has. */
static json_t *own_catalog(void)
{
    json_t *list = json_array();
    for (int i = 0; schedules[i]; i++)
        json_array_append_new(list, json_pack("{s:s, s:o}", "name", schedules[i]->name, "settings",
                                              settings_describe(schedules[i]->settings)));
    return json_pack("{s:{s:o}}", "registries", "schedule", list);
}

/* As a plug-in whose name is its place in the list: pointers come out right. */
static json_t *resolve_schedule(const json_t *catalog, const json_t *given, const char *place,
                                struct problems *problems)
{
    json_auto_t *settings = json_pack("[{s:s, s:s, s:s, s:b}]", "name", place, "type", "plugin",
                                      "registry", "schedule", "required", 1);
    json_auto_t *holder = json_pack("{s:O}", place, given);
    json_auto_t *resolved = settings_resolve(catalog, settings, holder, "/schedules", problems);
    return json_incref(json_object_get(resolved, place));
}

static char *name_of(const json_t *given, const char *pointer, struct problems *problems)
{
    const char *name = json_is_object(given)
                           ? fields_text(given, pointer, "name", NAME_BYTES, false, problems)
                           : json_string_value(given);
    return xstrdup(name ? name : json_text_at(given, "type", ""));
}

/* What a refined schedule goes by; problems where nothing is known. */
static void find_source(const struct preview *preview, struct preview_entry *entry,
                        struct problems *problems)
{
    json_t *schedule = entry->schedule;
    const int before = problems->found;
    const json_t *from;
    const bool alone = json_is_null(json_object_get(schedule, "from")) &&
                       json_is_null(json_object_get(schedule, "curve"));

    if (strcmp(json_text_at(schedule, "type", ""), "refined") != 0)
        return;
    if (alone && (preview->norms || preview->run)) {
        if (json_is_null(json_object_get(schedule, "norm")))
            json_object_set_new(schedule, "norm", json_string(preview->l1 ? "l1" : "l2"));
        return;
    }
    refined_resolve(schedule, preview->l1, entry->pointer, problems);
    if (problems->found > before || !refined_waits(schedule, &from))
        return;
    entry->run = json_integer_at(from, "run", 0);
    if (entry->run == 0)
        problems_add(problems, entry->pointer, "from",
                     "no arm has been trained yet; preview it from {\"run\": 123} or "
                     "{\"norms\": [4, 3.5, …]}");
}

static void read_entry(const struct preview *preview, const json_t *catalog, const json_t *given,
                       int place, struct preview_entry *entry, struct problems *problems)
{
    const int before = problems->found;
    const struct schedule *schedule;
    struct error err;
    char key[12];

    snprintf(key, sizeof key, "%d", place);
    entry->pointer = json_pointer_join("/schedules", key);
    entry->name = name_of(given, entry->pointer, problems);
    json_auto_t *unnamed = json_copy((json_t *)(uintptr_t)given);
    json_object_del(unnamed, "name");
    entry->schedule = resolve_schedule(catalog, unnamed, key, problems);
    if (problems->found > before)
        return;
    find_source(preview, entry, problems);
    schedule = schedule_find(json_text_at(entry->schedule, "type", ""));
    if (schedule->accepts && strcmp(schedule->name, "refined") != 0 &&
        schedule->accepts(entry->schedule, &err) < 0)
        problems_add(problems, entry->pointer, NULL, "%s", err.sentence);
}

static void read_entries(struct preview *preview, const json_t *list, struct problems *problems)
{
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 1 || count > PREVIEW_SCHEDULES_MAX) {
        problems_add(problems, "", "schedules",
                     "%s a list of 1 to %d schedules, such as [{\"type\": \"linear\"}]",
                     list ? "must be" : "is missing:", PREVIEW_SCHEDULES_MAX);
        return;
    }
    json_auto_t *catalog = own_catalog();
    preview->entries = xcalloc(count, sizeof *preview->entries);
    preview->entry_count = (int)count;
    for (size_t i = 0; i < count; i++)
        read_entry(preview, catalog, json_array_get(list, i), (int)i, &preview->entries[i],
                   problems);
}

static void check_work(const struct preview *preview, struct problems *problems)
{
    const int64_t count = preview->entry_count;
    if (preview->steps * count > PREVIEW_STEPS_MAX)
        problems_add(problems, "", "steps",
                     "times %lld schedules must be at most %d: at most %lld steps",
                     (long long)count, PREVIEW_STEPS_MAX, (long long)(PREVIEW_STEPS_MAX / count));
    if (preview->steps * count * preview->prefixes > PREVIEW_PREFIX_STEPS_MAX)
        problems_add(problems, "", "prefixes",
                     "times steps times schedules must be at most %d: at most %lld prefixes",
                     PREVIEW_PREFIX_STEPS_MAX,
                     (long long)(PREVIEW_PREFIX_STEPS_MAX / (preview->steps * count)));
}

void preview_read(const json_t *body, struct preview *preview, struct problems *problems)
{
    *preview = (struct preview){0};
    if (!json_is_object(body)) {
        problems_add(problems, "", NULL,
                     "must be an object: {\"steps\": 1000, \"schedules\": [{\"type\": "
                     "\"linear\"}]}");
        return;
    }
    json_auto_t *resolved = resolve_question(body, problems);
    preview->steps = json_integer_at(resolved, "steps", 1);
    preview->points = (int)json_integer_at(resolved, "points", 200);
    preview->prefixes = (int)json_integer_at(resolved, "prefixes", 0);
    preview->distance = json_number_at(resolved, "distance", 1.0);
    preview->l1 = strcmp(json_text_at(resolved, "norm", "l2"), "l1") == 0;
    preview->run = json_integer_at(resolved, "run", 0);
    take_norms(preview, json_object_get(resolved, "norms"));
    if (preview->run && preview->norms)
        problems_add(problems, "", "run", "either \"run\" or \"norms\", not both");
    read_entries(preview, json_object_get(body, "schedules"), problems);
    if (problems->found == 0)
        check_work(preview, problems);
}

void preview_release(struct preview *preview)
{
    for (int i = 0; i < preview->entry_count; i++) {
        free(preview->entries[i].name);
        free(preview->entries[i].pointer);
        json_decref(preview->entries[i].schedule);
    }
    free(preview->entries);
    free(preview->norms);
    *preview = (struct preview){0};
}

void preview_give(struct preview *preview, const double *norms, size_t count)
{
    preview->norms = xcalloc(count, sizeof *norms);
    memcpy(preview->norms, norms, count * sizeof *norms);
    preview->norm_count = count;
}

void preview_settle(struct preview_entry *entry, const double *norms, size_t count,
                    struct problems *problems)
{
    struct error err;
    if (refined_settle(entry->schedule, norms, count, &err) < 0)
        problems_add(problems, entry->pointer, "from", "%s", err.sentence);
}

/* --- the answer --------------------------------------------------------------------------------
 */

/* What is needed for every schedule. */
struct drawing {
    const struct preview *preview;
    size_t steps, point_count, prefix_count;
    size_t *points, *prefixes; /* steps k, and numbers of steps */
    double *factors;           /* [steps], of the schedule at hand */
    double *norms;             /* [steps] or NULL */
    struct schedule_bound linear;
    bool linear_bounded;
};

/* `count` whole numbers at even distances, low and high among them. */
static size_t *spread(size_t low, size_t high, size_t count)
{
    size_t *out = xcalloc(count, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        const double part = count > 1 ? (double)i / (double)(count - 1) : 1.0;
        out[i] = low + (size_t)llround(part * (double)(high - low));
    }
    return out;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The finite ones at every step, by straight lines. */
static void stretch_norms(const struct preview *preview, double *out, size_t steps)
{
    AUTO_FREE double *finite = xcalloc(preview->norm_count, sizeof *finite);
    size_t count = 0;
    for (size_t i = 0; i < preview->norm_count; i++)
        if (isfinite(preview->norms[i]))
            finite[count++] = preview->norms[i];
    for (size_t i = 0; i < steps && count == 0; i++)
        out[i] = 1.0;
    if (count > 0)
        curve_resample(finite, count, out, steps);
}

static void bound_linear(struct drawing *drawing)
{
    for (size_t k = 0; k < drawing->steps; k++)
        drawing->factors[k] = 1.0 - (double)k / (double)drawing->steps;
    drawing->linear_bounded = schedule_bound(drawing->factors, drawing->norms, drawing->steps,
                                             drawing->preview->distance, &drawing->linear);
}

static void drawing_release(struct drawing *drawing)
{
    free(drawing->points);
    free(drawing->prefixes);
    free(drawing->factors);
    free(drawing->norms);
}

static int drawing_init(struct drawing *drawing, const struct preview *preview, struct error *err)
{
    const size_t steps = (size_t)preview->steps;
    *drawing = (struct drawing){
        .preview = preview,
        .steps = steps,
        .point_count = smaller((size_t)preview->points, steps),
        .prefix_count = smaller((size_t)preview->prefixes, steps),
        .factors = aligned_block(steps, sizeof(double)),
        .norms = preview->norms ? aligned_block(steps, sizeof(double)) : NULL,
    };
    if (!drawing->factors || (preview->norms && !drawing->norms)) {
        drawing_release(drawing);
        return error_of(err, ERROR_UNAVAILABLE, "not enough memory for %zu steps", steps);
    }
    drawing->points = spread(0, steps - 1, drawing->point_count);
    drawing->prefixes = spread(1, steps, drawing->prefix_count);
    if (drawing->norms)
        stretch_norms(preview, drawing->norms, steps);
    bound_linear(drawing);
    return 0;
}

static json_t *places_json(const size_t *places, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer((json_int_t)places[i]));
    return array;
}

static json_t *factors_json(const struct drawing *drawing)
{
    json_t *array = json_array();
    for (size_t i = 0; i < drawing->point_count; i++)
        json_array_append_new(array, json_number(drawing->factors[drawing->points[i]]));
    return array;
}

static json_t *prefixes_json(const struct drawing *drawing, double rate)
{
    const size_t count = drawing->prefix_count;
    if (count == 0)
        return json_null();
    AUTO_FREE double *bounds = xcalloc(count, sizeof *bounds);
    json_t *array = json_array();
    schedule_bound_prefixes(drawing->factors, drawing->norms, drawing->preview->distance, rate,
                            drawing->prefixes, count, bounds);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_number(bounds[i]));
    return json_pack("{s:o, s:o}", "steps", places_json(drawing->prefixes, count), "bound", array);
}

static void warn(json_t *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(json_t *warnings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_array_append_new(warnings, json_vsprintf(format, arguments));
    va_end(arguments);
}

static json_t *warnings_of(const struct drawing *drawing, const json_t *schedule,
                           const struct schedule_bound *bound)
{
    const char *fallback = json_text_at(schedule, "fallback", NULL);
    json_t *warnings = json_array();
    if (fallback)
        warn(warnings, "this is linear decay: %s", fallback);
    if (!bound)
        warn(warnings, "there is no bound: no step moves against a gradient");
    else if (bound->steps + 1 < drawing->steps)
        warn(warnings, "the last %zu steps have factor 0; the bound is that of the %zu before",
             drawing->steps - bound->steps, bound->steps);
    return warnings;
}

static json_t *entry_json(struct drawing *drawing, const struct preview_entry *entry)
{
    const struct schedule *schedule = schedule_find(json_text_at(entry->schedule, "type", ""));
    struct schedule_bound bound;
    struct chosen chosen;

    chosen_read(schedule->settings, entry->schedule, &chosen);
    schedule_fill(schedule, &chosen, (int64_t)drawing->steps, drawing->factors);
    chosen_release(&chosen);
    const bool bounded = schedule_bound(drawing->factors, drawing->norms, drawing->steps,
                                        drawing->preview->distance, &bound);
    const bool comparable = bounded && drawing->linear_bounded;
    return json_pack("{s:s, s:O, s:o, s:o, s:o, s:o, s:o, s:o}", "name", entry->name, "schedule",
                     entry->schedule, "factors", factors_json(drawing), "bound",
                     bounded ? json_number(bound.bound) : json_null(), "base_rate",
                     bounded ? json_number(bound.base_rate) : json_null(), "ratio_to_linear",
                     comparable ? json_number(bound.bound / drawing->linear.bound) : json_null(),
                     "prefixes", bounded ? prefixes_json(drawing, bound.base_rate) : json_null(),
                     "warnings", warnings_of(drawing, entry->schedule, bounded ? &bound : NULL));
}

/* Those that go by the preview's norms. */
static void settle_entries(struct preview *preview, struct problems *problems)
{
    for (int i = 0; i < preview->entry_count; i++) {
        json_t *schedule = preview->entries[i].schedule;
        if (strcmp(json_text_at(schedule, "type", ""), "refined") == 0 &&
            !json_is_array(json_object_get(schedule, "curve")))
            preview_settle(&preview->entries[i], preview->norms, preview->norm_count, problems);
    }
}

json_t *preview_json(struct preview *preview, struct problems *problems)
{
    struct drawing drawing;
    struct error err;

    settle_entries(preview, problems);
    if (problems->found > 0)
        return NULL;
    if (drawing_init(&drawing, preview, &err) < 0) {
        problems_add(problems, "", "steps", "%s", err.sentence);
        return NULL;
    }
    json_t *list = json_array();
    for (int i = 0; i < preview->entry_count; i++)
        json_array_append_new(list, entry_json(&drawing, &preview->entries[i]));
    json_t *answer = json_pack("{s:I, s:o, s:o}", "steps", (json_int_t)preview->steps, "k",
                               places_json(drawing.points, drawing.point_count), "schedules", list);
    drawing_release(&drawing);
    return answer;
}
