#include "datasets/builtins.h"

#include "datasets/cache_file.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The list: worker/datasets/NAME.c defines NAME_builtin. */
#define FOR_EACH_BUILTIN(_)                                                                        \
    _(digits)                                                                                      \
    _(gaussians)                                                                                   \
    _(spirals)

#define DECLARE(name) extern const struct builtin name##_builtin;
#define ENTER(name)   &name##_builtin,

FOR_EACH_BUILTIN(DECLARE)
const struct builtin *const builtins[] = {FOR_EACH_BUILTIN(ENTER) NULL};

const struct builtin *builtin_find(const char *name)
{
    for (const struct builtin *const *builtin = builtins; *builtin; builtin++)
        if (strcmp((*builtin)->name, name) == 0)
            return *builtin;
    return NULL;
}

static json_t *describe(const struct builtin *builtin)
{
    json_t *shape = json_array();
    for (int i = 0; i < builtin->rank; i++)
        json_array_append_new(shape, json_integer(builtin->shape[i]));
    return json_pack("{s:s, s:s, s:o, s:I, s:i, s:I, s:I}", "name", builtin->name, "help",
                     builtin->help, "shape", shape, "classes", (json_int_t)builtin->classes,
                     "targets", 0, "train", (json_int_t)builtin->train, "valid",
                     (json_int_t)builtin->valid);
}

json_t *builtins_describe(void)
{
    json_t *list = json_array();
    for (const struct builtin *const *builtin = builtins; *builtin; builtin++)
        json_array_append_new(list, describe(*builtin));
    return list;
}

static int add_example(struct table *table, const struct builtin *builtin, uint64_t example,
                       void *features, struct error *err)
{
    const enum table_part part = example < builtin->train ? TABLE_TRAIN : TABLE_VALID;
    const uint32_t count = table->form.feature_count;
    const uint32_t label = builtin->make(example, features);
    const int status = builtin->element == ELEMENT_BYTE
                           ? table_add_bytes(table, part, features, count, err)
                           : table_add_floats(table, part, features, count, err);

    return status < 0 ? -1 : table_add_number(table, part, label, err);
}

static int make_examples(struct table *table, const struct builtin *builtin, struct error *err)
{
    const uint64_t examples = (uint64_t)builtin->train + builtin->valid;

    table->task = TASK_CLASS;
    if (table_set_shape(table, builtin->element, builtin->rank, builtin->shape, examples, err) < 0)
        return -1;
    AUTO_FREE void *features = xcalloc(table->form.feature_count, sizeof(float));
    for (uint64_t i = 0; i < examples; i++)
        if (add_example(table, builtin, i, features, err) < 0)
            return -1;
    return 0;
}

static int make_file(const struct builtin *builtin, const char *cache, const char *name,
                     struct error *err)
{
    struct table table;
    char digest[65];

    if (table_init(&table, cache, err) < 0)
        return -1;
    int status = make_examples(&table, builtin, err);
    if (status == 0)
        status = table_write(&table, name, digest, err);
    table_release(&table);
    return status;
}

/* Whoever waited for the lock finds the file made. */
static int make_once(const struct builtin *builtin, const char *cache, const char *name,
                     struct dataset **out_dataset, struct error *err)
{
    AUTO_FREE char *path = xprintf("%s/%s.data", cache, name);
    AUTO_FREE char *lock_path = xprintf("%s/%s.lock", cache, name);
    AUTO_CLOSE int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (lock < 0)
        return error_errno(err, "make \"%s\"", lock_path);
    if (file_lock(lock, true, err) < 0)
        return -1;
    if (dataset_open(path, out_dataset, NULL) == 0)
        return 0;
    if (make_file(builtin, cache, name, err) < 0)
        return -1;
    return dataset_open(path, out_dataset, err);
}

char *dataset_builtin_file(const char *name)
{
    const struct builtin *builtin = builtin_find(name);
    return builtin ? xprintf("%s-%d.data", builtin->name, builtin->version) : NULL;
}

int dataset_open_builtin(const char *name, const char *cache, struct dataset **out_dataset,
                         struct error *err)
{
    const struct builtin *builtin = builtin_find(name);
    if (!builtin)
        return error_of(err, ERROR_NOT_FOUND, "no built-in data set \"%.64s\"", name);

    AUTO_FREE char *file = xprintf("%s-%d", builtin->name, builtin->version);
    AUTO_FREE char *path = xprintf("%s/%s.data", cache, file);
    if (dataset_open(path, out_dataset, NULL) == 0)
        return 0;
    return make_once(builtin, cache, file, out_dataset, err);
}
