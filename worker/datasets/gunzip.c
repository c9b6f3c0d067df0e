#include "datasets/gunzip.h"

#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { PACKED_BYTES = 1 << 16, GZIP_ONLY = 16 };

struct gunzip {
    int fd;
    z_stream stream;
    bool within;    /* a member has begun and not ended */
    uint64_t taken; /* packed bytes read from the descriptor */
    unsigned char packed[PACKED_BYTES];
};

struct gunzip *gunzip_new(int fd, const void *head, size_t head_bytes)
{
    struct gunzip *gunzip = xcalloc(1, sizeof *gunzip);
    gunzip->fd = fd;
    assert(head_bytes <= sizeof gunzip->packed);
    memcpy(gunzip->packed, head, head_bytes);
    gunzip->stream.next_in = gunzip->packed;
    gunzip->stream.avail_in = (uInt)head_bytes;
    gunzip->taken = head_bytes;
    gunzip->within = true;
    const int status = inflateInit2(&gunzip->stream, GZIP_ONLY + MAX_WBITS);
    assert(status == Z_OK);
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (!gunzip)
        return;
    inflateEnd(&gunzip->stream);
    free(gunzip);
}

int read_some(int fd, void *bytes, size_t count, size_t *got, struct error *err)
{
    ssize_t came;
    do
        came = read(fd, bytes, count);
    while (came < 0 && errno == EINTR);
    if (came < 0)
        return error_errno(err, "read");
    *got = (size_t)came;
    return 0;
}

static int refill(struct gunzip *gunzip, struct error *err)
{
    size_t got = 0;
    if (read_some(gunzip->fd, gunzip->packed, sizeof gunzip->packed, &got, err) < 0)
        return -1;
    gunzip->stream.next_in = gunzip->packed;
    gunzip->stream.avail_in = (uInt)got;
    gunzip->taken += got;
    return 0;
}

static int refuse(const struct gunzip *gunzip, const char *what, struct error *err)
{
    return error_of(err, ERROR_MALFORMED, "byte %" PRIu64 " of the gzip file: %s",
                    gunzip->taken - gunzip->stream.avail_in, what);
}

/* 0: unpacked what it could; -1: refused. A new member may begin where one has ended. */
static int unpack(struct gunzip *gunzip, struct error *err)
{
    if (!gunzip->within) {
        inflateReset(&gunzip->stream);
        gunzip->within = true;
    }
    const int status = inflate(&gunzip->stream, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
        gunzip->within = false;
    else if (status != Z_OK && status != Z_BUF_ERROR)
        return refuse(gunzip, gunzip->stream.msg ? gunzip->stream.msg : "not gzip data", err);
    return 0;
}

int gunzip_read(struct gunzip *gunzip, void *bytes, size_t count, size_t *got, struct error *err)
{
    const uInt room = count > UINT_MAX ? UINT_MAX : (uInt)count;
    gunzip->stream.next_out = bytes;
    gunzip->stream.avail_out = room;

    while (gunzip->stream.avail_out == room && room > 0) {
        if (gunzip->stream.avail_in == 0 && refill(gunzip, err) < 0)
            return -1;
        if (gunzip->stream.avail_in == 0) {
            if (gunzip->within)
                return refuse(gunzip, "the file ends within its gzip data (cut short?)", err);
            break;
        }
        if (unpack(gunzip, err) < 0)
            return -1;
    }
    *got = room - gunzip->stream.avail_out;
    return 0;
}
