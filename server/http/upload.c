#include "http/upload.h"

#include "http/multipart.h"
#include "memory.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_BYTES = 512 * 1024 };

/* A stretch of the buffer that belongs to one file. */
struct piece {
    int part;
    size_t bytes;
    bool is_last;
};

struct upload {
    struct helpers *helpers;
    struct multipart *multipart;
    loop_due *written; /* NULL: freed while a write was under way */
    void *context;
    struct upload_part parts[MULTIPART_PARTS_MOST];
    int part_count;

    /* While is_writing these are the helper thread's. */
    char *folder;
    bool has_folder;
    char *buffer;
    size_t count, room;
    struct piece pieces[2 * MULTIPART_PARTS_MOST];
    int piece_count;
    int file_fd; /* of the part whose bytes are not all written; -1: none */
    int failed;  /* errno of the first write that failed */

    bool is_writing;
};

/* --- what a crash left ---------------------------------------------------------------------- */

static void remove_entry(const char *path, int depth)
{
    DIR *entries = depth > 0 ? opendir(path) : NULL;
    if (!entries) {
        unlink(path);
        return;
    }
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        AUTO_FREE char *inner = xprintf("%s/%s", path, entry->d_name);
        remove_entry(inner, depth - 1);
    }
    closedir(entries);
    rmdir(path);
}

int upload_clear(const char *folder, struct error *err)
{
    enum { DEPTH = 2 }; /* the folder, one folder each upload, its files */
    remove_entry(folder, DEPTH);
    if (mkdir(folder, 0700) < 0)
        return error_errno(err, "make the upload folder %s", folder);
    return 0;
}

/* --- what the form says -------------------------------------------------------------------- */

static struct upload_part *last_part(struct upload *upload)
{
    return &upload->parts[upload->part_count - 1];
}

static int part_begins(void *context, const char *name, const char *filename, struct error *err)
{
    struct upload *upload = context;
    (void)err; /* multipart.c has counted: no more than fit */
    struct upload_part *part = &upload->parts[upload->part_count++];
    part->name = xstrdup(name);
    if (filename) {
        part->filename = xstrdup(filename);
        part->path = xprintf("%s/%d", upload->folder, upload->part_count);
        upload->pieces[upload->piece_count++] = (struct piece){.part = upload->part_count - 1};
    } else {
        part->value = xcalloc(1, 1);
    }
    return 0;
}

static int add_to_value(struct upload_part *part, const char *bytes, size_t count,
                        struct error *err)
{
    const size_t had = (size_t)part->bytes;
    if (count > UPLOAD_VALUE_MOST - had)
        return error_of(err, ERROR_TOO_LARGE, "the form field \"%.64s\" is longer than %d bytes",
                        part->name, UPLOAD_VALUE_MOST);
    if (memchr(bytes, '\0', count))
        return error_of(err, ERROR_MALFORMED, "the form field \"%.64s\" holds a NUL", part->name);
    part->value = xrealloc(part->value, had + count + 1, 1);
    memcpy(part->value + had, bytes, count);
    part->value[had + count] = '\0';
    part->bytes += (int64_t)count;
    return 0;
}

static int part_bytes(void *context, const char *bytes, size_t count, struct error *err)
{
    struct upload *upload = context;
    struct upload_part *part = last_part(upload);
    if (part->value)
        return add_to_value(part, bytes, count, err);

    if (upload->count + count > upload->room) {
        upload->room = 2 * (upload->count + count);
        upload->buffer = xrealloc(upload->buffer, upload->room, 1);
    }
    memcpy(upload->buffer + upload->count, bytes, count);
    upload->count += count;
    part->bytes += (int64_t)count;
    upload->pieces[upload->piece_count - 1].bytes += count;
    return 0;
}

static int part_ends(void *context, struct error *err)
{
    struct upload *upload = context;
    (void)err;
    if (last_part(upload)->path)
        upload->pieces[upload->piece_count - 1].is_last = true;
    return 0;
}

static const struct multipart_events events = {part_begins, part_bytes, part_ends};

struct upload *upload_new(struct helpers *helpers, char *folder, const char *boundary,
                          loop_due *written, void *context)
{
    struct upload *upload = xcalloc(1, sizeof *upload);
    upload->helpers = helpers;
    upload->folder = folder;
    upload->multipart = multipart_new(boundary, &events, upload);
    upload->written = written;
    upload->context = context;
    upload->file_fd = -1;
    return upload;
}

int upload_push(struct upload *upload, const char *bytes, size_t count, struct error *err)
{
    assert(!upload->is_writing);
    return multipart_push(upload->multipart, bytes, count, err);
}

int upload_finish(const struct upload *upload, struct error *err)
{
    return multipart_finish(upload->multipart, err);
}

struct upload_part *upload_parts(struct upload *upload, int *out_count)
{
    *out_count = upload->part_count;
    return upload->parts;
}

const char *upload_folder(const struct upload *upload)
{
    return upload->folder;
}

/* --- on a helper thread -------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t written = write(fd, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}

static int open_part(struct upload *upload, const struct piece *piece)
{
    if (!upload->has_folder && mkdir(upload->folder, 0700) < 0)
        return -1;
    upload->has_folder = true;
    upload->file_fd = open(upload->parts[piece->part].path,
                           O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return upload->file_fd < 0 ? -1 : 0;
}

static int write_piece(struct upload *upload, const struct piece *piece, const char *bytes)
{
    if (upload->file_fd < 0 && open_part(upload, piece) < 0)
        return -1;
    if (write_all(upload->file_fd, bytes, piece->bytes) < 0)
        return -1;
    if (!piece->is_last)
        return 0;
    const int fd = upload->file_fd;
    upload->file_fd = -1;
    return close(fd);
}

static void write_pieces(void *thread_own, void *context)
{
    struct upload *upload = context;
    (void)thread_own;
    const char *bytes = upload->buffer;
    for (int i = 0; i < upload->piece_count && !upload->failed; i++) {
        if (write_piece(upload, &upload->pieces[i], bytes) < 0)
            upload->failed = errno;
        bytes += upload->pieces[i].bytes;
    }
}

/* --- back on the loop ---------------------------------------------------------------------- */

bool upload_wants_write(const struct upload *upload, bool at_end)
{
    return upload->count >= WRITE_BYTES || (at_end && upload->piece_count > 0);
}

bool upload_is_writing(const struct upload *upload)
{
    return upload->is_writing;
}

static void release(struct upload *upload);

/* A file that goes on keeps its piece, now empty. */
static void forget_written(struct upload *upload)
{
    const bool goes_on = upload->file_fd >= 0;
    upload->pieces[0] = (struct piece){.part = upload->part_count - 1};
    upload->piece_count = goes_on ? 1 : 0;
    upload->count = 0;
}

static void pieces_written(void *context)
{
    struct upload *upload = context;
    upload->is_writing = false;
    forget_written(upload);
    if (upload->written)
        upload->written(upload->context);
    else
        release(upload);
}

bool upload_write(struct upload *upload)
{
    assert(!upload->is_writing);
    upload->is_writing = helpers_run(upload->helpers, write_pieces, pieces_written, upload);
    return upload->is_writing;
}

int upload_failure(const struct upload *upload, struct error *err)
{
    if (!upload->failed)
        return 0;
    errno = upload->failed;
    error_errno(err, "write the uploaded file");
    const bool is_full =
        upload->failed == ENOSPC || upload->failed == EDQUOT || upload->failed == EFBIG;
    return is_full ? 507 : 500;
}

/* --- the end ------------------------------------------------------------------------------- */

struct removal {
    char *folder;
    int part_count;
};

static void remove_folder(void *thread_own, void *context)
{
    const struct removal *removal = context;
    (void)thread_own;
    for (int i = 1; i <= removal->part_count; i++) {
        AUTO_FREE char *path = xprintf("%s/%d", removal->folder, i);
        unlink(path); /* the handler may have moved it */
    }
    rmdir(removal->folder);
}

static void removal_done(void *context)
{
    struct removal *removal = context;
    free(removal->folder);
    free(removal);
}

static void release(struct upload *upload)
{
    if (upload->file_fd >= 0)
        close(upload->file_fd);
    if (upload->has_folder) {
        struct removal *removal = xcalloc(1, sizeof *removal);
        *removal = (struct removal){upload->folder, upload->part_count};
        upload->folder = NULL;
        if (!helpers_run(upload->helpers, remove_folder, removal_done, removal)) {
            remove_folder(NULL, removal); /* only at the very end, or in great trouble */
            removal_done(removal);
        }
    }
    for (int i = 0; i < upload->part_count; i++) {
        free(upload->parts[i].name);
        free(upload->parts[i].value);
        free(upload->parts[i].path);
        free(upload->parts[i].filename);
    }
    multipart_free(upload->multipart);
    free(upload->folder);
    free(upload->buffer);
    free(upload);
}

void upload_free(struct upload *upload)
{
    if (!upload)
        return;
    upload->written = NULL;
    if (!upload->is_writing)
        release(upload); /* else when the helper is done */
}
