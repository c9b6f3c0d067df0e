/*
 * Files that are whole or not there: written aside, synced, renamed, and the folder synced.
 */
#ifndef FILES_H
#define FILES_H

#include "error.h"
#include <stddef.h>
#include <stdint.h>

struct new_file {
    int fd;
    char *path;  /* where it will be */
    char *aside; /* where it is written */
};

int new_file_open(struct new_file *file, const char *path, struct error *err);
int new_file_write(struct new_file *file, const void *bytes, size_t count, struct error *err);
/* Puts it in its place; the file is closed in any case, and removed where that fails. */
int new_file_finish(struct new_file *file, struct error *err);
/* Closes and removes what was written aside; nothing to do behind new_file_finish(). */
void new_file_release(struct new_file *file);

/* Bytes of all files in the folder but those whose names begin with `but` (NULL: none do). What
 * cannot be looked at counts nothing. */
int64_t files_bytes(const char *folder, const char *but);

#define FILES_ASIDE ".part" /* behind the name while it is written */

#endif
