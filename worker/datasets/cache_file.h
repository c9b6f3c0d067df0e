/*
 * Writes a cache file aside and puts it in place whole: sections in the order of the layout, each
 * hashed as it goes, then the header, fsync, rename, fsync of the folder. A file that a dead worker
 * left half-written is removed by the next that writes; a lock tells it from one at work.
 */
#ifndef CACHE_FILE_H
#define CACHE_FILE_H

#include "datasets/layout.h"
#include "digest.h"
#include <stdbool.h>

struct cache_file {
    char *folder, *path; /* of the file while it is written */
    int fd;
    struct digest *digest;
    uint64_t position;
};

int cache_file_init(struct cache_file *file, const char *folder, struct error *err);
void cache_file_release(struct cache_file *file); /* removes what was not put in place */

/* Zeros up to `position`, which is not behind the place reached. */
int cache_file_pad(struct cache_file *file, uint64_t position, struct error *err);
int cache_file_add(struct cache_file *file, const void *bytes, size_t count, struct error *err);

/* Sets form->digest and names the file NAME.data, or DIGEST.data where name is NULL. */
int cache_file_publish(struct cache_file *file, struct form *form, const char *name,
                       struct error *err);

/* An exclusive lock on the whole open file (an open-file-description lock: it ends with the
 * descriptor). 0: held; 1: another has it, and `wait` is false; -1: error. */
int file_lock(int fd, bool wait, struct error *err);

#endif
