#include "jobs/patch.h"

#include "json.h"
#include "spec.h"

#include <stdbool.h>
#include <string.h>

/* "linear" is short for {"type": "linear"}: written out, so that members can be laid on it. */
static void write_out(json_t *spec, const char *key)
{
    json_t *value = json_object_get(spec, key);
    if (json_is_string(value))
        json_object_set_new(spec, key, json_pack("{s:O}", "type", value));
}

static bool has_setting(const json_t *entry, const char *name)
{
    size_t i;
    json_t *setting;
    json_array_foreach(json_object_get(entry, "settings"), i, setting)
    {
        if (strcmp(json_text_at(setting, "name", ""), name) == 0)
            return true;
    }
    return false;
}

/* Takes out of the base's plug-in what the type that the patch gives it does not know. An unknown
 * type keeps everything: it is refused for its own sake. */
static void drop_foreign_members(const json_t *catalog, const char *registry, json_t *plugin,
                                 const json_t *change)
{
    const char *before = json_text_at(plugin, "type", NULL);
    const char *after = json_text_at(change, "type", NULL);
    if (!before || !after || strcmp(before, after) == 0)
        return;
    const json_t *old_entry = catalog_find(catalog, registry, before);
    const json_t *new_entry = catalog_find(catalog, registry, after);
    const char *key;
    void *next;
    json_t *value;

    json_object_foreach_safe(plugin, next, key, value)
    {
        if (has_setting(old_entry, key) && new_entry && !has_setting(new_entry, key))
            json_object_del(plugin, key);
    }
}

json_t *patch_apply(const json_t *catalog, const json_t *base, const json_t *patch)
{
    json_auto_t *ready = json_deep_copy(base);
    size_t i;
    json_t *setting;

    json_array_foreach(json_object_get(catalog, "spec"), i, setting)
    {
        if (strcmp(json_text_at(setting, "type", ""), "plugin") != 0)
            continue;
        const char *key = json_text_at(setting, "name", "");
        write_out(ready, key);
        drop_foreign_members(catalog, json_text_at(setting, "registry", ""),
                             json_object_get(ready, key), json_object_get(patch, key));
    }
    json_t *arm = json_merge_patch(ready, patch);
    json_array_foreach(json_object_get(catalog, "spec"), i, setting)
    {
        if (strcmp(json_text_at(setting, "type", ""), "plugin") == 0)
            write_out(arm, json_text_at(setting, "name", ""));
    }
    return arm;
}
