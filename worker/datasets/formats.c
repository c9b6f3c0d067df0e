#include "datasets/formats.h"

#include "json.h"

#include <string.h>

/* The list: worker/datasets/NAME.c defines NAME_format. */
#define FOR_EACH_FORMAT(_)                                                                         \
    _(idx)                                                                                         \
    _(csv)                                                                                         \
    _(libsvm)                                                                                      \
    _(npy)

#define DECLARE(name) extern const struct format name##_format;
#define ENTER(name)   &name##_format,

FOR_EACH_FORMAT(DECLARE)
const struct format *const formats[] = {FOR_EACH_FORMAT(ENTER) NULL};

const struct format *format_find(const char *name)
{
    for (const struct format *const *format = formats; *format; format++)
        if (strcmp((*format)->name, name) == 0)
            return *format;
    return NULL;
}

static json_t *describe_parts(const struct format_part *parts)
{
    json_t *list = json_array();
    for (; parts->name; parts++)
        json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "name", parts->name, "required",
                                              parts->required, "help", parts->help));
    return list;
}

json_t *formats_describe(void)
{
    json_t *list = json_array();
    for (const struct format *const *format = formats; *format; format++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:o}", "name", (*format)->name, "help",
                                        (*format)->help, "parts", describe_parts((*format)->parts),
                                        "settings", settings_describe((*format)->settings)));
    return list;
}

bool upload_has(const struct upload *upload, const char *part)
{
    return json_object_get(upload->parts, part) != NULL;
}

int upload_open(const struct upload *upload, const char *part, struct table *table,
                struct input *input, struct error *err)
{
    table->part = part;
    return input_open(input, part, json_text_at(upload->parts, part, ""), err);
}

enum task upload_task(const struct upload *upload)
{
    const char *task = json_text_at(upload->settings, "task", "auto");
    if (strcmp(task, "class") == 0)
        return TASK_CLASS;
    return strcmp(task, "regression") == 0 ? TASK_REGRESSION : TASK_AUTO;
}

int upload_refuse(const struct table *table, const struct error *why, struct error *err)
{
    return error_of(err, why->kind, "%s: %.440s", table->part, why->sentence);
}
