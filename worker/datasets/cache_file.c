#include "datasets/cache_file.h"

#include "datasets/spool.h"
#include "memory.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char aside[] = ".new-";

int file_lock(int fd, bool wait, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    for (;;) {
        if (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) == 0)
            return 0;
        if (!wait && (errno == EAGAIN || errno == EACCES))
            return 1;
        if (errno != EINTR)
            return error_errno(err, "lock a file of the cache");
    }
}

static void remove_if_left(int folder, const char *name)
{
    AUTO_CLOSE int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && file_lock(fd, false, NULL) == 0)
        unlinkat(folder, name, 0);
}

static void remove_left_over(const char *folder)
{
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (!listing) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(listing));) {
        if (strncmp(entry->d_name, aside, sizeof aside - 1) == 0)
            remove_if_left(fd, entry->d_name);
    }
    closedir(listing);
}

/* Between making a file and locking it another worker may take it for left over and remove it. */
static int make_locked(struct cache_file *file, struct error *err)
{
    struct stat status;
    do {
        free(file->path);
        if (file->fd >= 0)
            close(file->fd);
        file->path = xprintf("%s/%sXXXXXX", file->folder, aside);
        file->fd = mkostemp(file->path, O_CLOEXEC);
        if (file->fd < 0 || fchmod(file->fd, 0644) < 0)
            return error_errno(err, "make a file in \"%s\"", file->folder);
        if (file_lock(file->fd, true, err) < 0)
            return -1;
        if (fstat(file->fd, &status) < 0)
            return error_errno(err, "look at \"%s\"", file->path);
    } while (status.st_nlink == 0);
    return 0;
}

int cache_file_init(struct cache_file *file, const char *folder, struct error *err)
{
    static const char empty_header[DATASET_HEADER_BYTES];

    remove_left_over(folder);
    *file = (struct cache_file){.folder = xstrdup(folder), .fd = -1};
    file->digest = digest_new();
    file->position = DATASET_HEADER_BYTES;
    if (make_locked(file, err) < 0 ||
        write_all(file->fd, empty_header, sizeof empty_header, err) < 0) {
        cache_file_release(file);
        return -1;
    }
    return 0;
}

void cache_file_release(struct cache_file *file)
{
    if (file->fd >= 0) {
        if (file->path)
            unlink(file->path);
        close(file->fd);
    }
    digest_free(file->digest);
    free(file->path);
    free(file->folder);
    *file = (struct cache_file){.fd = -1};
}

int cache_file_add(struct cache_file *file, const void *bytes, size_t count, struct error *err)
{
    digest_add(file->digest, bytes, count);
    file->position += count;
    return write_all(file->fd, bytes, count, err);
}

int cache_file_pad(struct cache_file *file, uint64_t position, struct error *err)
{
    static const char zeros[DATASET_SECTION_ALIGNMENT];
    assert(position >= file->position && position - file->position <= sizeof zeros);
    return cache_file_add(file, zeros, position - file->position, err);
}

/* The header counts into the digest, since the same bytes of another shape are another data set;
 * it is hashed as it is before the digest is in it. */
static int write_header(struct cache_file *file, struct form *form, struct error *err)
{
    char text[DATASET_HEADER_BYTES];

    memset(form->digest, '0', 64);
    form->digest[64] = '\0';
    header_write(form, text);
    digest_add(file->digest, text, sizeof text);
    digest_finish(file->digest, form->digest);
    header_write(form, text);
    if (pwrite(file->fd, text, sizeof text, 0) != (ssize_t)sizeof text)
        return error_errno(err, "write the header of a data set");
    return 0;
}

static int sync_folder(const char *folder, struct error *err)
{
    AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return error_errno(err, "sync the folder \"%s\"", folder);
    return 0;
}

int cache_file_publish(struct cache_file *file, struct form *form, const char *name,
                       struct error *err)
{
    assert(file->position == layout_of(form).file_bytes);
    if (write_header(file, form, err) < 0)
        return -1;
    if (fsync(file->fd) < 0)
        return error_errno(err, "sync a data set");

    AUTO_FREE char *path = xprintf("%s/%s.data", file->folder, name ? name : form->digest);
    if (rename(file->path, path) < 0)
        return error_errno(err, "put \"%s\" in place", path);
    free(file->path);
    file->path = NULL;
    return sync_folder(file->folder, err);
}
