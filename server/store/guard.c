#include "store/guard.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int guard_lock(const char *folder, int *out_fd, struct error *err)
{
    AUTO_FREE char *path = xprintf("%s/sweepd.lock", folder);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_errno(err, "open the lock \"%s\"", path);

    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        const bool held = errno == EAGAIN || errno == EACCES;
        held ? error_of(err, ERROR_CONFLICT, "another sweepd is using \"%s\"", folder)
             : error_errno(err, "lock \"%s\"", path);
        close(fd);
        return -1;
    }
    *out_fd = fd;
    return 0;
}

static bool has_room(const char *folder, int64_t bytes)
{
    struct statvfs disk;
    return statvfs(folder, &disk) == 0 &&
           (int64_t)disk.f_bavail * (int64_t)disk.f_frsize / 4 >= bytes;
}

bool ballast_make(const char *folder, int64_t bytes)
{
    AUTO_FREE char *path = xprintf("%s/sweepd.ballast", folder);
    struct stat status;
    if (bytes <= 0)
        return false;
    if (stat(path, &status) == 0 && status.st_size == bytes)
        return true;
    if (!has_room(folder, bytes))
        return false;
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (posix_fallocate(fd, 0, bytes) == 0)
        return true;
    unlink(path);
    return false;
}

bool ballast_give_back(const char *folder)
{
    AUTO_FREE char *path = xprintf("%s/sweepd.ballast", folder);
    return unlink(path) == 0;
}
