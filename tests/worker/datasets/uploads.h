/*
 * Uploads made of bytes in a test, prepared in a folder of the test's own.
 */
#ifndef UPLOADS_H
#define UPLOADS_H

#include "support/check.h"
#include "support/folder.h"

#include "datasets/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct given {
    const char *part;
    const void *bytes;
    size_t count;
};

struct prepared {
    struct dataset *dataset; /* NULL where refused */
    json_t *summary;
    struct error err;
    const char *part; /* the one at fault */
    char digest[65];
};

#define TEXT(part_name, text)                                                                      \
    {                                                                                              \
        part_name, text, sizeof(text) - 1                                                          \
    }

/* A folder in memory where there is one: these tests sync many small files. */
static inline struct folder upload_folder(void)
{
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    return folder_make();
}

static inline struct prepared prepare(const struct folder *folder, const char *format,
                                      const char *settings, const struct given *given, int count)
{
    struct prepared prepared = {.part = ""};
    json_t *chosen = json_loads(settings, 0, NULL), *parts = json_object();

    assert_non_null(chosen);
    for (int i = 0; i < count; i++) {
        folder_write(folder, given[i].part, given[i].bytes, given[i].count);
        json_object_set_new(parts, given[i].part, json_string(folder_path(folder, given[i].part)));
    }
    if (dataset_prepare(format, chosen, parts, folder->path, prepared.digest, &prepared.summary,
                        &prepared.part, &prepared.err) == 0) {
        char name[80];
        snprintf(name, sizeof name, "%s.data", prepared.digest);
        assert_int_equal(dataset_open(folder_path(folder, name), &prepared.dataset, &prepared.err),
                         0);
    }
    json_decref(chosen);
    json_decref(parts);
    return prepared;
}

/* The same, and the test fails with the sentence where it is refused. */
static inline struct prepared accept(const struct folder *folder, const char *format,
                                     const char *settings, const struct given *given, int count)
{
    struct prepared prepared = prepare(folder, format, settings, given, count);
    if (!prepared.dataset)
        fail_msg("refused: %s", prepared.err.sentence);
    return prepared;
}

static inline void prepared_release(struct prepared *prepared)
{
    dataset_free(prepared->dataset);
    json_decref(prepared->summary);
    *prepared = (struct prepared){0};
}

#endif
