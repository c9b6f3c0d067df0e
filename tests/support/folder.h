/*
 * A folder of the test's own under $TMPDIR, removed with all that is in it.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stddef.h>

struct folder {
    char path[256];
};

struct folder folder_make(void);
void folder_remove(struct folder *folder);

/* Path of a name within it, in a buffer that the next eight calls do not touch. */
const char *folder_path(const struct folder *folder, const char *name);

void folder_write(const struct folder *folder, const char *name, const void *bytes, size_t count);

#endif
