#include "auth/secret.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char token_start[] = "swp_";

static int draw(unsigned char bytes[SECRET_BYTES], struct error *err)
{
    for (size_t used = 0; used < SECRET_BYTES;) {
        const ssize_t got = getrandom(bytes + used, SECRET_BYTES - used, 0);
        if (got < 0 && errno != EINTR)
            return error_errno(err, "draw random bytes");
        used += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int write_aside(const char *path, const void *bytes, size_t count)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, bytes, count) != (ssize_t)count)
        return -1;
    return fsync(fd);
}

static int sync_folder_of(const char *path)
{
    AUTO_FREE char *copy = xstrdup(path);
    AUTO_CLOSE int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int secret_write(const char *path, const void *bytes, size_t count, struct error *err)
{
    AUTO_FREE char *aside = xprintf("%s.new", path);
    unlink(aside); /* what a crash has left */
    if (write_aside(aside, bytes, count) == 0 && rename(aside, path) == 0 &&
        sync_folder_of(path) == 0)
        return 0;
    error_errno(err, "write \"%s\"", path);
    unlink(aside);
    return -1;
}

/* Where the old key is lost: how to begin with another one. */
#define ANEW                                                                                       \
    "or, to make all tokens anew, write another one: (umask 077; head -c 32 /dev/urandom > %s)"

static int make_key(const char *path, unsigned char key[SECRET_BYTES], struct error *err)
{
    if (draw(key, err) < 0)
        return -1;
    return secret_write(path, key, SECRET_BYTES, err);
}

static int read_key(int fd, const char *path, unsigned char key[SECRET_BYTES], struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_errno(err, "look at \"%s\"", path);
    if (status.st_mode & 077)
        return error_of(err, ERROR_INTERNAL,
                        "others than its owner may use \"%s\": chmod 600 it, " ANEW, path, path);
    if (status.st_size != SECRET_BYTES || read(fd, key, SECRET_BYTES) != SECRET_BYTES)
        return error_of(err, ERROR_INTERNAL,
                        "\"%s\" is not a key of %d bytes: put the right one back, " ANEW, path,
                        SECRET_BYTES, path);
    return 0;
}

int secret_key(const char *folder, bool may_make, unsigned char key[SECRET_BYTES],
               struct error *err)
{
    AUTO_FREE char *path = xprintf("%s/token.key", folder);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        return read_key(fd, path, key, err);
    if (errno != ENOENT)
        return error_errno(err, "open \"%s\"", path);
    if (may_make)
        return make_key(path, key, err);
    return error_of(err, ERROR_INTERNAL,
                    "there is no \"%s\", and without it none of this folder's tokens opens "
                    "anything: put it back, " ANEW,
                    path, path);
}

/* --- tokens ----------------------------------------------------------------------------------- */

int secret_token(char token[SECRET_TOKEN_LENGTH + 1], struct error *err)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SECRET_BYTES];
    if (draw(bytes, err) < 0)
        return -1;
    memcpy(token, token_start, sizeof token_start);
    char *at = token + sizeof token_start - 1;
    for (int i = 0; i < SECRET_BYTES; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at = '\0';
    explicit_bzero(bytes, sizeof bytes);
    return 0;
}

bool secret_is_token(const char *text)
{
    const size_t start = sizeof token_start - 1;
    return strncmp(text, token_start, start) == 0 &&
           strspn(text + start, "0123456789abcdef") == 2 * SECRET_BYTES &&
           text[SECRET_TOKEN_LENGTH] == '\0';
}

void secret_hash(const void *key, size_t key_bytes, const void *text, size_t text_bytes,
                 unsigned char hash[SECRET_BYTES])
{
    struct hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, key_bytes, key);
    hmac_sha256_update(&context, text_bytes, text);
    hmac_sha256_digest(&context, SECRET_BYTES, hash);
    explicit_bzero(&context, sizeof context);
}

bool secret_equal(const unsigned char a[SECRET_BYTES], const unsigned char b[SECRET_BYTES])
{
    return memeql_sec(a, b, SECRET_BYTES) != 0;
}
