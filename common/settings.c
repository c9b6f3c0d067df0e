#include "settings.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
    [SETTING_NUMBER] = "number",     [SETTING_INTEGER] = "integer", [SETTING_FLAG] = "flag",
    [SETTING_CHOICE] = "choice",     [SETTING_TEXT] = "text",       [SETTING_NUMBERS] = "numbers",
    [SETTING_INTEGERS] = "integers", [SETTING_PLUGIN] = "plugin",   [SETTING_NAME] = "name",
    [SETTING_OBJECT] = "object",
};

static bool is_number(enum setting_type type)
{
    return type == SETTING_NUMBER || type == SETTING_INTEGER;
}

static bool is_list(enum setting_type type)
{
    return type == SETTING_NUMBERS || type == SETTING_INTEGERS;
}

/* The default as JSON; NULL where the setting has none. */
static json_t *default_of(const struct setting *setting)
{
    if (setting->required || setting->absent)
        return NULL;
    if (setting->fallback_text) {
        json_t *value = json_loads(setting->fallback_text, JSON_DECODE_ANY, NULL);
        return value ? value : json_string(setting->fallback_text); /* "relu" needs no quotes */
    }
    if (setting->type == SETTING_FLAG)
        return json_boolean(setting->fallback != 0.0);
    if (is_number(setting->type) && !(setting->nullable && setting->fallback == 0.0))
        return setting->type == SETTING_INTEGER ? json_integer((json_int_t)setting->fallback)
                                                : json_real(setting->fallback);
    assert(setting->nullable); /* every other optional setting states its default */
    return json_null();
}

static json_t *choices_of(const char *choices)
{
    json_t *array = json_array();
    for (const char *from = choices; *from;) {
        const size_t length = strcspn(from, "|");
        json_array_append_new(array, json_stringn(from, length));
        from += length + (from[length] == '|');
    }
    return array;
}

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text)
        json_object_set_new(object, key, json_string(text));
}

static void put_flag(json_t *object, const char *key, bool flag)
{
    if (flag)
        json_object_set_new(object, key, json_true());
}

static json_t *describe(const struct setting *setting)
{
    json_t *object =
        json_pack("{s:s, s:s}", "name", setting->name, "type", type_names[setting->type]);

    put_flag(object, "required", setting->required);
    put_flag(object, "nullable", setting->nullable);
    if (is_number(setting->type) || is_list(setting->type)) {
        json_object_set_new(object, "low", json_number(setting->low));
        json_object_set_new(object, "high", json_number(setting->high));
        put_flag(object, "above_low", setting->above_low);
        put_flag(object, "below_high", setting->below_high);
        put_text(object, "not_below", setting->not_below);
    }
    if (is_list(setting->type)) {
        json_object_set_new(object, "least", json_integer(setting->least));
        json_object_set_new(object, "most", json_integer(setting->most));
        put_flag(object, "rising", setting->rising);
        put_text(object, "as_many_as", setting->as_many_as);
    }
    if (setting->type == SETTING_TEXT)
        json_object_set_new(object, "high", json_number(setting->high));
    if (setting->choices)
        json_object_set_new(object, "choices", choices_of(setting->choices));
    if (setting->members)
        json_object_set_new(object, "members", settings_describe(setting->members));
    put_text(object, "registry", setting->registry);
    put_text(object, "with", setting->with);
    put_text(object, "unit", setting->unit);
    put_text(object, "help", setting->help);

    json_t *fallback = default_of(setting);
    if (fallback)
        json_object_set_new(object, "default", fallback);
    return object;
}

json_t *conflicts_describe(const struct conflict *conflicts)
{
    json_t *array = json_array();
    for (const struct conflict *conflict = conflicts; conflict && conflict->setting; conflict++) {
        json_t *is = json_loads(conflict->is, JSON_DECODE_ANY, NULL);
        json_t *other_is = json_loads(conflict->other_is, JSON_DECODE_ANY, NULL);
        json_t *described =
            json_pack("{s:s, s:o, s:s, s:o, s:s}", "setting", conflict->setting, "is", is, "other",
                      conflict->other, "other_is", other_is, "words", conflict->words);
        assert(described); /* both values are JSON */
        json_array_append_new(array, described);
    }
    return array;
}

json_t *settings_describe(const struct setting *settings)
{
    json_t *array = json_array();
    for (const struct setting *setting = settings; setting && setting->name; setting++)
        json_array_append_new(array, describe(setting));
    return array;
}

static double choice_index(const char *choices, const char *chosen)
{
    const size_t length = strlen(chosen);
    double index = 0;
    for (const char *from = choices; *from; index++) {
        const size_t one = strcspn(from, "|");
        if (one == length && strncmp(from, chosen, length) == 0)
            return index;
        from += one + (from[one] == '|');
    }
    assert(false); /* a resolved choice is one of the choices */
    return 0;
}

static double number_of(const struct setting *setting, const json_t *value)
{
    if (!value || json_is_null(value))
        return (double)NAN;
    if (json_is_boolean(value))
        return json_is_true(value);
    if (setting->type == SETTING_CHOICE)
        return choice_index(setting->choices, json_string_value(value));
    if (setting->type == SETTING_OBJECT)
        return 1.0;
    return json_number_value(value);
}

static void read_list(const json_t *array, double **out_list, int *out_count)
{
    const size_t count = json_array_size(array);
    double *list = xcalloc(count, sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = json_number_value(json_array_get(array, i));
    *out_list = list;
    *out_count = (int)count;
}

void chosen_read(const struct setting *settings, const json_t *object, struct chosen *chosen)
{
    int count = 0;
    while (settings && settings[count].name)
        count++;

    chosen->settings = count;
    chosen->number = xcalloc((size_t)count, sizeof *chosen->number);
    chosen->list = xcalloc((size_t)count, sizeof *chosen->list);
    chosen->count = xcalloc((size_t)count, sizeof *chosen->count);
    chosen->object = xcalloc((size_t)count, sizeof *chosen->object);
    for (int i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, settings[i].name);
        if (is_list(settings[i].type)) {
            read_list(value, &chosen->list[i], &chosen->count[i]);
            chosen->number[i] = chosen->count[i];
        } else {
            chosen->number[i] = number_of(&settings[i], value);
        }
        if (settings[i].type == SETTING_OBJECT && json_is_object(value))
            chosen_read(settings[i].members, value, &chosen->object[i]);
    }
}

void chosen_release(struct chosen *chosen)
{
    for (int i = 0; i < chosen->settings; i++) {
        free(chosen->list[i]);
        chosen_release(&chosen->object[i]);
    }
    free(chosen->list);
    free(chosen->object);
    free(chosen->number);
    free(chosen->count);
    *chosen = (struct chosen){0};
}
