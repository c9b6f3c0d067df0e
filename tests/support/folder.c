#include "support/folder.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder folder_make(void)
{
    struct folder folder;
    const char *base = getenv("TMPDIR");
    snprintf(folder.path, sizeof folder.path, "%s/sweepd-test-XXXXXX", base ? base : "/tmp");
    const char *made = mkdtemp(folder.path);
    assert(made);
    (void)made;
    return folder;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void folder_remove(struct folder *folder)
{
    nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(const struct folder *folder, const char *name)
{
    static _Thread_local char paths[8][512];
    static _Thread_local int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
    return path;
}

void folder_write(const struct folder *folder, const char *name, const void *bytes, size_t count)
{
    FILE *out = fopen(folder_path(folder, name), "we");
    assert(out);
    const size_t wrote = fwrite(bytes, 1, count, out);
    assert(wrote == count);
    (void)wrote;
    fclose(out);
}
