/*
 * One uploaded file or two, from the bytes of a fuzzer: prepared in memory, opened, one batch
 * taken. The first bytes choose settings; of two files the next two say how long the first is.
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include "datasets/batches.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

struct upload_file {
    const char *part;
    const uint8_t *bytes;
    size_t count;
    int fd;
};

static inline void upload_write(struct upload_file *file, json_t *parts)
{
    char path[64];
    file->fd = memfd_create(file->part, MFD_CLOEXEC);
    assert(file->fd >= 0);
    const ssize_t wrote = write(file->fd, file->bytes, file->count);
    assert(wrote == (ssize_t)file->count);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file->fd);
    json_object_set_new(parts, file->part, json_string(path));
}

static inline const char *upload_cache(void)
{
    static char path[] = "/dev/shm/sweepd-fuzz-XXXXXX";
    static const char *made;
    if (!made) {
        json_object_seed(1);
        made = mkdtemp(path);
        assert(made);
    }
    return made;
}

/* What was accepted must be usable. */
static inline void upload_use(const char *digest)
{
    char path[160];
    struct dataset *dataset;
    struct batches batches;
    struct error err;

    snprintf(path, sizeof path, "%s/%s.data", upload_cache(), digest);
    const int opened = dataset_open(path, &dataset, &err);
    assert(opened == 0);
    const int begun = batches_init(&batches, dataset, STANDARDIZE_FEATURE, 2, 1, &err);
    assert(begun == 0);
    float *features = calloc(2 * (size_t)dataset->feature_count, sizeof *features);
    float *targets = calloc(2 * (size_t)dataset->target_count + 1, sizeof *targets);
    uint16_t labels[2];
    const uint32_t taken = batches_take(&batches, 0, features, labels, targets);
    assert(taken >= 1 && taken <= 2);
    assert(!dataset->classes || labels[0] < dataset->classes);
    free(features);
    free(targets);
    batches_release(&batches);
    dataset_free(dataset);
    unlink(path);
}

static inline void upload_try(const char *format, const char *settings, struct upload_file *files,
                              int count)
{
    json_t *parts = json_object(), *chosen = json_loads(settings, 0, NULL), *summary = NULL;
    char digest[65];
    const char *part = NULL;
    struct error err = {0};

    for (int i = 0; i < count; i++)
        upload_write(&files[i], parts);
    if (dataset_prepare(format, chosen, parts, upload_cache(), digest, &summary, &part, &err) == 0)
        upload_use(digest);
    else
        assert(err.sentence[0] && part);
    for (int i = 0; i < count; i++)
        close(files[i].fd);
    json_decref(summary);
    json_decref(chosen);
    json_decref(parts);
}

/* The first byte chooses settings, the rest is the file. */
static inline int upload_one(const char *format, const char *const *settings, size_t choices,
                             const uint8_t *bytes, size_t count)
{
    if (count < 1)
        return 0;
    struct upload_file file = {.part = "train", .bytes = bytes + 1, .count = count - 1};
    upload_try(format, settings[bytes[0] % choices], &file, 1);
    return 0;
}

/* The first byte chooses settings, the next two are the length of the features' file. */
static inline int upload_pair(const char *format, const char *const *settings, size_t choices,
                              const uint8_t *bytes, size_t count)
{
    if (count < 3)
        return 0;
    size_t first = (size_t)bytes[1] | (size_t)bytes[2] << 8;
    if (first > count - 3)
        first = count - 3;
    struct upload_file files[] = {
        {.part = "train_features", .bytes = bytes + 3, .count = first},
        {.part = "train_labels", .bytes = bytes + 3 + first, .count = count - 3 - first}};
    upload_try(format, settings[bytes[0] % choices], files, 2);
    return 0;
}

#endif
