#include "spec.h"

#include "json.h"
#include "memory.h"
#include "refinement.h"
#include "schedules.h"
#include "settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where we are: the value of one setting, and how to name it to the person who sent it. */
struct place {
    const json_t *catalog;
    const json_t *setting;
    const char *pointer; /* of the object that holds the value */
    const char *key;
    struct problems *problems;
};

static const char *name_of(const json_t *entry)
{
    return json_text_at(entry, "name", "");
}

json_t *catalog_find(const json_t *catalog, const char *registry, const char *name)
{
    const json_t *entries = json_object_get(json_object_get(catalog, "registries"), registry);
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        if (strcmp(name_of(entry), name) == 0)
            return entry;
    }
    return NULL;
}

void catalog_lower_high(json_t *catalog, const char *name, double high, const char *note)
{
    size_t i;
    json_t *setting;
    json_array_foreach(json_object_get(catalog, "spec"), i, setting)
    {
        if (strcmp(name_of(setting), name) != 0 ||
            json_number_at(setting, "high", HUGE_VAL) <= high)
            continue;
        json_object_set_new(setting, "high", json_real(high));
        json_object_set_new(setting, "high_note", json_string(note));
    }
}

/* "greater than 0, at most 1" */
static void range_words(const json_t *setting, char *words, size_t bytes)
{
    const double low = json_number_at(setting, "low", -HUGE_VAL);
    const double high = json_number_at(setting, "high", HUGE_VAL);
    const char *above = json_flag_at(setting, "above_low", false) ? "greater than" : "at least";
    const char *below = json_flag_at(setting, "below_high", false) ? "less than" : "at most";

    if (isfinite(low) && isfinite(high))
        snprintf(words, bytes, ", %s %.10g and %s %.10g", above, low, below, high);
    else if (isfinite(low))
        snprintf(words, bytes, ", %s %.10g", above, low);
    else if (isfinite(high))
        snprintf(words, bytes, ", %s %.10g", below, high);
    else
        words[0] = '\0';
}

static bool in_range(const json_t *setting, double value)
{
    const double low = json_number_at(setting, "low", -HUGE_VAL);
    const double high = json_number_at(setting, "high", HUGE_VAL);
    const bool above = json_flag_at(setting, "above_low", false) ? value > low : value >= low;
    const bool below = json_flag_at(setting, "below_high", false) ? value < high : value <= high;
    return above && below;
}

static void expect(const struct place *place, const char *pointer, const char *key,
                   const char *what)
{
    char range[128];
    range_words(place->setting, range, sizeof range);
    const char *note = json_text_at(place->setting, "high_note", NULL);
    problems_add(place->problems, pointer, key, "must be %s%s%s%s%s", what, range,
                 json_flag_at(place->setting, "nullable", false) ? ", or null" : "",
                 note ? ": " : "", note ? note : "");
}

/* A checked number, whole where `whole`; NULL with a problem otherwise. */
static json_t *take_number(const struct place *place, const json_t *value, bool whole,
                           const char *pointer, const char *key)
{
    const double number = json_number_value(value);

    if (!json_is_number(value) || !in_range(place->setting, number) ||
        (whole && (number != floor(number) || fabs(number) > 9007199254740992.0))) {
        expect(place, pointer, key, whole ? "a whole number" : "a number");
        return NULL;
    }
    if (whole && json_is_integer(value))
        return json_integer(json_integer_value(value));
    return whole ? json_integer((json_int_t)number) : json_real(number);
}

static json_t *take_list(const struct place *place, const json_t *value, bool whole)
{
    const size_t least = (size_t)json_integer_at(place->setting, "least", 0);
    const size_t most = (size_t)json_integer_at(place->setting, "most", 0);
    const size_t count = json_array_size(value);

    if (!json_is_array(value) || count < least || count > most) {
        problems_add(place->problems, place->pointer, place->key,
                     "must be a list of %zu to %zu %s%s", least, most,
                     whole ? "whole numbers" : "numbers",
                     json_flag_at(place->setting, "nullable", false) ? ", or null" : "");
        return NULL;
    }
    AUTO_FREE char *here = json_pointer_join(place->pointer, place->key);
    const bool rising = json_flag_at(place->setting, "rising", false);
    json_t *list = json_array();
    double before = -HUGE_VAL;

    for (size_t i = 0; i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        json_t *entry = take_number(place, json_array_get(value, i), whole, here, index);
        if (!entry)
            continue;
        if (rising && json_number_value(entry) <= before)
            problems_add(place->problems, here, index, "must be greater than the entry before it");
        before = json_number_value(entry);
        json_array_append_new(list, entry);
    }
    return list;
}

static void unknown_name(const struct place *place, const char *pointer, const char *key,
                         const char *what, const char *word, const char *const *names, int count)
{
    /* Problems that nobody will see need no search for the nearest name. */
    const bool kept = place->problems->found < PROBLEMS_MAX;
    const char *nearest = kept ? nearest_name(word, names, count) : NULL;
    char all[320];

    names_joined(names, count, all, sizeof all);
    if (nearest)
        problems_add(place->problems, pointer, key,
                     "unknown %s \"%.64s\"; did you mean \"%s\"? (%s)", what, word, nearest, all);
    else
        problems_add(place->problems, pointer, key, "unknown %s \"%.64s\"; accepted: %s", what,
                     word, all);
}

static const char **registry_names(const struct place *place, const char *registry, int *count)
{
    const json_t *entries =
        json_object_get(json_object_get(place->catalog, "registries"), registry);
    const char **names = xcalloc(json_array_size(entries), sizeof *names);
    size_t i;
    json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        names[i] = name_of(entry);
    }
    *count = (int)json_array_size(entries);
    return names;
}

/* The registry entry a value names; NULL with a problem where it names none. */
static json_t *take_entry(const struct place *place, const json_t *name, const char *pointer,
                          const char *key)
{
    const char *registry = json_text_at(place->setting, "registry", "");
    const char *what = json_text_at(place->setting, "name", registry);
    json_t *entry = json_is_string(name)
                        ? catalog_find(place->catalog, registry, json_string_value(name))
                        : NULL;
    if (entry)
        return entry;

    int count;
    AUTO_FREE const char **names = registry_names(place, registry, &count);
    if (json_is_string(name))
        unknown_name(place, pointer, key, what, json_string_value(name), names, count);
    else
        problems_add(place->problems, pointer, key, "must be the name of %s %s, such as \"%s\"",
                     strchr("aeiou", what[0]) ? "an" : "a", what, count ? names[0] : "");
    return NULL;
}

static bool is_value(const json_t *resolved, const char *key, const json_t *wanted)
{
    const json_t *value = json_object_get(resolved, key);
    if (json_is_number(value) && json_is_number(wanted))
        return json_number_value(value) == json_number_value(wanted);
    return value && json_equal(value, wanted);
}

/* Values that are right one by one, but do not go together. */
static void check_conflicts(const json_t *entry, const json_t *resolved, const char *pointer,
                            struct problems *problems)
{
    size_t i;
    json_t *conflict;
    json_array_foreach(json_object_get(entry, "conflicts"), i, conflict)
    {
        const char *setting = json_text_at(conflict, "setting", "");
        const char *other = json_text_at(conflict, "other", "");
        if (is_value(resolved, setting, json_object_get(conflict, "is")) &&
            is_value(resolved, other, json_object_get(conflict, "other_is")))
            problems_add(problems, pointer, setting, "%s", json_text_at(conflict, "words", ""));
    }
}

static json_t *take_plugin(const struct place *place, const json_t *value)
{
    AUTO_FREE char *here = json_pointer_join(place->pointer, place->key);
    json_t *bare = NULL;

    if (json_is_string(value)) /* "adam" is short for {"type": "adam"} */
        value = bare = json_pack("{s:O}", "type", value);
    if (!json_is_object(value)) {
        problems_add(place->problems, place->pointer, place->key,
                     "must be an object with a \"type\"%s",
                     json_flag_at(place->setting, "nullable", false) ? ", or null" : "");
        return NULL;
    }
    const json_t *type = json_object_get(value, "type");
    json_t *entry = take_entry(place, type, here, "type");
    json_t *resolved = NULL;
    if (entry) {
        json_t *rest = json_copy((json_t *)(uintptr_t)value);
        json_object_del(rest, "type");
        resolved = settings_resolve(place->catalog, json_object_get(entry, "settings"), rest, here,
                                    place->problems);
        check_conflicts(entry, resolved, here, place->problems);
        json_t *whole = json_pack("{s:O}", "type", type);
        json_object_update(whole, resolved);
        json_decref(resolved);
        json_decref(rest);
        resolved = whole;
    }
    json_decref(bare);
    return resolved;
}

static json_t *take_choice(const struct place *place, const json_t *value)
{
    const json_t *choices = json_object_get(place->setting, "choices");
    const int count = (int)json_array_size(choices);
    AUTO_FREE const char **names = xcalloc((size_t)count, sizeof *names);

    for (int i = 0; i < count; i++) {
        names[i] = json_string_value(json_array_get(choices, (size_t)i));
        if (json_is_string(value) && strcmp(names[i], json_string_value(value)) == 0)
            return json_string(names[i]);
    }
    const char *word = json_is_string(value) ? json_string_value(value) : "";
    unknown_name(place, place->pointer, place->key, "value", word, names, count);
    return NULL;
}

static json_t *take_text(const struct place *place, const json_t *value)
{
    const double most = json_number_at(place->setting, "high", 0);
    if (json_is_string(value) && json_string_length(value) > 0 &&
        (double)json_string_length(value) <= most &&
        strlen(json_string_value(value)) == json_string_length(value))
        return json_string(json_string_value(value));
    problems_add(place->problems, place->pointer, place->key, "must be text of 1 to %.0f bytes",
                 most);
    return NULL;
}

static json_t *take_flag(const struct place *place, const json_t *value)
{
    if (json_is_boolean(value))
        return json_boolean(json_is_true(value));
    problems_add(place->problems, place->pointer, place->key, "must be true or false");
    return NULL;
}

static json_t *take_object(const struct place *place, const json_t *value)
{
    if (!json_is_object(value)) {
        problems_add(place->problems, place->pointer, place->key, "must be an object%s",
                     json_flag_at(place->setting, "nullable", false) ? ", or null" : "");
        return NULL;
    }
    AUTO_FREE char *here = json_pointer_join(place->pointer, place->key);
    return settings_resolve(place->catalog, json_object_get(place->setting, "members"), value, here,
                            place->problems);
}

static json_t *take_name(const struct place *place, const json_t *value)
{
    return json_incref(
        json_object_get(take_entry(place, value, place->pointer, place->key), "name"));
}

/* A checked copy of the value, defaults laid in; NULL with a problem otherwise. */
static json_t *take_value(const struct place *place, const json_t *value)
{
    const char *type = json_text_at(place->setting, "type", "");

    if (json_is_null(value) && json_flag_at(place->setting, "nullable", false))
        return json_null();
    if (strcmp(type, "number") == 0)
        return take_number(place, value, false, place->pointer, place->key);
    if (strcmp(type, "integer") == 0)
        return take_number(place, value, true, place->pointer, place->key);
    if (strcmp(type, "flag") == 0)
        return take_flag(place, value);
    if (strcmp(type, "choice") == 0)
        return take_choice(place, value);
    if (strcmp(type, "text") == 0)
        return take_text(place, value);
    if (strcmp(type, "numbers") == 0)
        return take_list(place, value, false);
    if (strcmp(type, "integers") == 0)
        return take_list(place, value, true);
    if (strcmp(type, "plugin") == 0)
        return take_plugin(place, value);
    if (strcmp(type, "name") == 0)
        return take_name(place, value);
    return take_object(place, value);
}

/* Lists that belong together entry by entry have the same length. */
static void check_lengths(const struct place *place, const json_t *resolved)
{
    const char *partner = json_text_at(place->setting, "as_many_as", NULL);
    const json_t *other = partner ? json_object_get(resolved, partner) : NULL;
    const json_t *value = json_object_get(resolved, place->key);

    if (json_is_array(other) && json_is_array(value) &&
        json_array_size(other) != json_array_size(value))
        problems_add(place->problems, place->pointer, place->key,
                     "must have as many entries as \"%s\": %zu, not %zu", partner,
                     json_array_size(other), json_array_size(value));
}

static void check_order(const struct place *place, const json_t *resolved)
{
    const char *partner = json_text_at(place->setting, "not_below", NULL);
    const json_t *other = partner ? json_object_get(resolved, partner) : NULL;
    const json_t *value = json_object_get(resolved, place->key);

    if (json_is_number(other) && json_is_number(value) &&
        json_number_value(value) < json_number_value(other))
        problems_add(place->problems, place->pointer, place->key, "must be at least \"%s\": %.10g",
                     partner, json_number_value(other));
}

static size_t count_known(const json_t *settings, const json_t *object)
{
    size_t i, known = 0;
    json_t *setting;
    json_array_foreach(settings, i, setting)
    {
        known += json_object_get(object, name_of(setting)) != NULL;
    }
    return known;
}

static void refuse_member(const json_t *settings, const char *key, const struct place *place)
{
    const int count = (int)json_array_size(settings);
    AUTO_FREE const char **names = xcalloc((size_t)count, sizeof *names);
    size_t i;
    json_t *setting;
    json_array_foreach(settings, i, setting)
    {
        names[i] = name_of(setting);
        if (strcmp(names[i], key) == 0)
            return;
    }
    unknown_name(place, place->pointer, key, "field", key, names, count);
}

/* Counting first: nearly always all members are known, and nothing needs to be searched. */
static void refuse_unknown_members(const json_t *settings, const json_t *object,
                                   const struct place *place)
{
    const char *key;
    json_t *value;
    if (count_known(settings, object) == json_object_size(object))
        return;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        refuse_member(settings, key, place);
    }
}

static void resolve_member(const struct place *place, const json_t *object, json_t *resolved)
{
    const json_t *value = json_object_get(object, place->key);
    const json_t *fallback = json_object_get(place->setting, "default");
    const char *with = json_text_at(place->setting, "with", NULL);

    if (with && !json_object_get(object, with)) {
        if (value)
            problems_add(place->problems, place->pointer, place->key, "belongs only beside \"%s\"",
                         with);
        return;
    }
    if (!value && json_flag_at(place->setting, "required", false)) {
        problems_add(place->problems, place->pointer, place->key, "is missing: %s",
                     json_text_at(place->setting, "help", "this field is required"));
        return;
    }
    if (!value && !fallback)
        return;
    json_t *taken = take_value(place, value ? value : fallback);
    if (taken)
        json_object_set_new(resolved, place->key, taken);
    check_lengths(place, resolved);
    check_order(place, resolved);
}

json_t *settings_resolve(const json_t *catalog, const json_t *settings, const json_t *object,
                         const char *pointer, struct problems *problems)
{
    struct place place = {.catalog = catalog, .pointer = pointer, .problems = problems};
    json_t *resolved = json_object();
    size_t i;
    json_t *setting;

    refuse_unknown_members(settings, object, &place);
    json_array_foreach(settings, i, setting)
    {
        place.setting = setting;
        place.key = name_of(setting);
        resolve_member(&place, object, resolved);
    }
    return resolved;
}

static bool has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static void check_stop_when(const json_t *condition, const char *pointer, struct problems *problems)
{
    if (json_is_object(condition) && !has(condition, "at_most") && !has(condition, "at_least"))
        problems_add(problems, pointer, "stop_when",
                     "needs \"at_most\" or \"at_least\": the value at which to stop");
}

/* At most one of the ways to say how long; iterations only where the optimizer counts in them. */
static void check_length(const json_t *catalog, const json_t *spec, const char *pointer,
                         struct problems *problems)
{
    const json_t *choice = json_object_get(spec, "optimizer");
    const char *name =
        json_is_string(choice) ? json_string_value(choice) : json_text_at(choice, "type", "");
    const json_t *optimizer = catalog_find(catalog, "optimizer", name);

    if (has(spec, "epochs") && has(spec, "steps"))
        problems_add(problems, pointer, "steps", "either \"epochs\" or \"steps\", not both");
    if (has(spec, "epochs") && has(spec, "problem"))
        problems_add(problems, pointer, "epochs", "a problem has no epochs; give \"steps\"");
    if (has(spec, "iterations") && (has(spec, "epochs") || has(spec, "steps")))
        problems_add(problems, pointer, "iterations",
                     "stands instead of \"epochs\" and \"steps\", not beside them");
    if (has(spec, "iterations") && optimizer && !json_flag_at(optimizer, "drives", false))
        problems_add(problems, pointer, "iterations",
                     "the optimizer %s goes by batches; give \"epochs\" or \"steps\"", name);
}

/* Exactly one of dataset and problem. */
static void check_together(const json_t *catalog, const json_t *spec, const char *pointer,
                           struct problems *problems)
{
    if (has(spec, "dataset") && has(spec, "problem"))
        problems_add(problems, pointer, "problem", "either \"dataset\" or \"problem\", not both");
    if (!has(spec, "dataset") && !has(spec, "problem"))
        problems_add(problems, pointer, "dataset",
                     "is missing: name a data set, or give a \"problem\"");
    check_length(catalog, spec, pointer, problems);
    check_stop_when(json_object_get(spec, "stop_when"), pointer, problems);
}

/* What its settings mean together; one that waits for its norms is looked at once it has them. */
static void check_schedule(const json_t *choice, const char *pointer, struct problems *problems)
{
    const struct schedule *schedule = schedule_find(json_text_at(choice, "type", ""));
    const json_t *source;
    struct error err;

    if (!schedule || !schedule->accepts || refined_waits(choice, &source))
        return;
    if (schedule->accepts(choice, &err) < 0)
        problems_add(problems, pointer, NULL, "%s", err.sentence);
}

/* A refined schedule goes by the norms that suit the optimizer. */
static void settle_schedule(const json_t *catalog, json_t *resolved, const char *pointer,
                            struct problems *problems)
{
    const char *name = json_text_at(json_object_get(resolved, "optimizer"), "type", "");
    const json_t *optimizer = catalog_find(catalog, "optimizer", name);
    json_t *choice = json_object_get(resolved, "schedule");
    AUTO_FREE char *here = json_pointer_join(pointer, "schedule");

    const int before = problems->found;
    refined_resolve(choice, json_flag_at(optimizer, "adaptive", false), here, problems);
    if (problems->found == before)
        check_schedule(choice, here, problems);
}

static void lay_in_length(json_t *resolved)
{
    enum { EPOCHS = 10, STEPS = 1000 };
    if (has(resolved, "epochs") || has(resolved, "steps") || has(resolved, "iterations"))
        return;
    if (has(resolved, "problem"))
        json_object_set_new(resolved, "steps", json_integer(STEPS));
    else
        json_object_set_new(resolved, "epochs", json_integer(EPOCHS));
}

json_t *spec_resolve(const json_t *catalog, const json_t *spec, const char *pointer,
                     struct problems *problems)
{
    if (!json_is_object(spec)) {
        problems_add(problems, pointer, NULL, "must be an object: the specification of a run");
        return json_object();
    }
    const int before = problems->found;
    check_together(catalog, spec, pointer, problems);
    json_t *resolved =
        settings_resolve(catalog, json_object_get(catalog, "spec"), spec, pointer, problems);
    lay_in_length(resolved);
    if (problems->found == before) {
        settle_schedule(catalog, resolved, pointer, problems);
        spec_check_problem(catalog, resolved, pointer, problems);
        spec_check_driven(catalog, resolved, pointer, problems);
        spec_check_targets(catalog, resolved, pointer, problems);
    }
    return resolved;
}
