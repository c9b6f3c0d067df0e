#include "datasets/spool.h"

#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPOOL_BUFFER_BYTES = 1 << 18 };

int spool_init(struct spool *spool, const char *folder, struct error *err)
{
    AUTO_FREE char *path = xprintf("%s/.spool-XXXXXX", folder);

    *spool = (struct spool){.fd = mkostemp(path, O_CLOEXEC)};
    if (spool->fd < 0) {
        spool_release(spool);
        return error_errno(err, "make a working file in \"%s\"", folder);
    }
    unlink(path);
    spool->buffer = xrealloc(NULL, SPOOL_BUFFER_BYTES, 1);
    return 0;
}

void spool_release(struct spool *spool)
{
    if (spool->buffer)
        close(spool->fd);
    free(spool->buffer);
    *spool = (struct spool){.fd = -1};
}

int write_all(int fd, const void *bytes, size_t count, struct error *err)
{
    const char *from = bytes;
    while (count > 0) {
        const ssize_t wrote = write(fd, from, count);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return error_errno(err, "write a data set");
        from += wrote;
        count -= (size_t)wrote;
    }
    return 0;
}

static int flush(struct spool *spool, struct error *err)
{
    if (write_all(spool->fd, spool->buffer, spool->used, err) < 0)
        return -1;
    spool->used = 0;
    return 0;
}

int spool_add(struct spool *spool, const void *bytes, size_t count, struct error *err)
{
    spool->bytes += count;
    if (count > SPOOL_BUFFER_BYTES - spool->used && flush(spool, err) < 0)
        return -1;
    if (count >= SPOOL_BUFFER_BYTES)
        return write_all(spool->fd, bytes, count, err);
    memcpy(spool->buffer + spool->used, bytes, count);
    spool->used += count;
    return 0;
}

int spool_rewind(struct spool *spool, struct error *err)
{
    spool->read_from = 0;
    return flush(spool, err);
}

int spool_read(struct spool *spool, void *bytes, size_t count, struct error *err)
{
    char *to = bytes;
    assert(spool->used == 0 && spool->read_from + count <= spool->bytes);
    while (count > 0) {
        const ssize_t got = pread(spool->fd, to, count, (off_t)spool->read_from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, "read a working file");
        to += got;
        count -= (size_t)got;
        spool->read_from += (uint64_t)got;
    }
    return 0;
}
