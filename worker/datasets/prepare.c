/* From uploaded files to a cache file. */
#include "datasets/dataset.h"

#include "datasets/formats.h"
#include "json.h"
#include "memory.h"
#include "spec.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct format_part *find_part(const struct format *format, const char *name)
{
    for (const struct format_part *part = format->parts; part->name; part++)
        if (strcmp(part->name, name) == 0)
            return part;
    return NULL;
}

/* "train_features, train_labels" */
static void list_parts(const struct format *format, char *words, size_t bytes)
{
    size_t used = 0;
    for (const struct format_part *part = format->parts; part->name && used < bytes; part++)
        used += (size_t)snprintf(words + used, bytes - used, "%s%s", used ? ", " : "", part->name);
}

static int check_parts(const struct format *format, const json_t *parts, const char **out_part,
                       struct error *err)
{
    char accepted[256];
    const char *name;
    json_t *path;

    json_object_foreach((json_t *)(uintptr_t)parts, name, path)
    {
        if (find_part(format, name) && json_is_string(path))
            continue;
        list_parts(format, accepted, sizeof accepted);
        return error_set(err, "%.64s is not a part of format %s; accepted: %s", name, format->name,
                         accepted);
    }
    for (const struct format_part *part = format->parts; part->name; part++) {
        if (!part->required || json_object_get(parts, part->name))
            continue;
        *out_part = part->name;
        return error_set(err, "%s: missing: %s", part->name, part->help);
    }
    return 0;
}

static int refuse_format(const char *name, struct error *err)
{
    char accepted[256];
    size_t used = 0;

    for (const struct format *const *format = formats; *format && used < sizeof accepted; format++)
        used += (size_t)snprintf(accepted + used, sizeof accepted - used, "%s%s", used ? ", " : "",
                                 (*format)->name);
    return error_set(err, "unknown format \"%.64s\"; accepted: %s", name, accepted);
}

/* Checked here too, for whoever calls with less than the server's care. */
static int resolve(const struct format *format, const json_t *settings, json_t **out_resolved,
                   struct error *err)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *table = settings_describe(format->settings);
    json_t *resolved = settings_resolve(NULL, table, settings, "", &problems);

    if (problems_check(&problems, err) < 0) {
        json_decref(resolved);
        return -1;
    }
    *out_resolved = resolved;
    return 0;
}

static int parse_and_write(const struct format *format, const struct upload *upload,
                           struct table *table, char digest[65], struct error *err)
{
    table->valid_fraction = json_number_at(upload->settings, "valid_fraction", 0);
    table->seed = (uint64_t)json_integer_at(upload->settings, "seed", 0);
    if (format->parse(upload, table, err) < 0)
        return -1;
    table->part = "";
    return table_write(table, NULL, digest, err);
}

static int summarize(const char *cache, const char *digest, json_t **out_summary, struct error *err)
{
    AUTO_FREE char *path = xprintf("%s/%s.data", cache, digest);
    struct dataset *dataset;

    if (dataset_open(path, &dataset, err) < 0)
        return -1;
    *out_summary = dataset_summary(dataset);
    dataset_free(dataset);
    return 0;
}

int dataset_prepare(const char *format_name, const json_t *settings, const json_t *parts,
                    const char *cache, char digest[65], json_t **out_summary, const char **out_part,
                    struct error *err)
{
    const struct format *format = format_find(format_name);
    json_auto_t *resolved = NULL;
    struct table table;

    *out_part = "";
    if (!format)
        return refuse_format(format_name, err);
    if (check_parts(format, parts, out_part, err) < 0 ||
        resolve(format, settings, &resolved, err) < 0 || table_init(&table, cache, err) < 0)
        return -1;

    const struct upload upload = {.settings = resolved, .parts = parts};
    const int status = parse_and_write(format, &upload, &table, digest, err);
    *out_part = table.part;
    table_release(&table);
    return status < 0 ? -1 : summarize(cache, digest, out_summary, err);
}
