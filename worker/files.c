#include "files.h"

#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int new_file_open(struct new_file *file, const char *path, struct error *err)
{
    *file = (struct new_file){.path = xstrdup(path), .aside = xprintf("%s" FILES_ASIDE, path)};
    file->fd = open(file->aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file->fd >= 0)
        return 0;
    error_errno(err, "create \"%s\"", file->aside);
    new_file_release(file);
    return -1;
}

int new_file_write(struct new_file *file, const void *bytes, size_t count, struct error *err)
{
    const char *from = bytes;
    while (count > 0) {
        const ssize_t wrote = write(file->fd, from, count);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return error_errno(err, "write \"%s\"", file->aside);
        from += wrote;
        count -= (size_t)wrote;
    }
    return 0;
}

static int sync_folder_of(const char *path, struct error *err)
{
    AUTO_FREE char *copy = xstrdup(path);
    AUTO_CLOSE int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fsync(folder) < 0)
        return error_errno(err, "sync the folder of \"%s\"", path);
    return 0;
}

int new_file_finish(struct new_file *file, struct error *err)
{
    int result = 0;
    if (fsync(file->fd) < 0)
        result = error_errno(err, "sync \"%s\"", file->aside);
    else if (rename(file->aside, file->path) < 0)
        result = error_errno(err, "rename \"%s\"", file->aside);
    else
        result = sync_folder_of(file->path, err);
    new_file_release(file);
    return result;
}

void new_file_release(struct new_file *file)
{
    if (file->fd >= 0 && file->path)
        close(file->fd);
    if (file->aside)
        unlink(file->aside); /* gone already where it has been renamed */
    free(file->path);
    free(file->aside);
    *file = (struct new_file){.fd = -1};
}

int64_t files_bytes(const char *folder, const char *but)
{
    int64_t bytes = 0;
    const struct dirent *entry;
    DIR *open_folder = opendir(folder);
    while (open_folder && (entry = readdir(open_folder)) != NULL) {
        struct stat status;
        if (but && strncmp(entry->d_name, but, strlen(but)) == 0)
            continue;
        if (fstatat(dirfd(open_folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode))
            bytes += status.st_size;
    }
    if (open_folder)
        closedir(open_folder);
    return bytes;
}
