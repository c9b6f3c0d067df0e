#include "checkpoint.h"

#include "digest.h"
#include "files.h"
#include "json.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC       "sweepd checkpoint 1\n"
#define KEPT_PREFIX "kept-"

enum { DIGEST_BYTES = DIGEST_TEXT_BYTES - 1, HEAD_BYTES_MAX = 65536 };

static char *path_of(const char *folder, const struct checkpoint_head *head)
{
    return xprintf("%s/%s%" PRId64, folder, head->kept ? KEPT_PREFIX : CHECKPOINT_NAME, head->step);
}

static uint32_t crc_of(const void *bytes, size_t count)
{
    return (uint32_t)crc32_z(0, bytes, count);
}

static json_t *describe_sections(const struct checkpoint_section *sections, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:I}", "name", sections[i].name, "bytes",
                                        (json_int_t)sections[i].count, "crc32",
                                        (json_int_t)crc_of(sections[i].bytes, sections[i].count)));
    return list;
}

/* The magic line and the head's line. */
static char *head_text(const struct checkpoint_head *head,
                       const struct checkpoint_section *sections, int count)
{
    json_t *json = json_pack("{s:I, s:I, s:I, s:s, s:s, s:o}", "run", (json_int_t)head->run,
                             "attempt", (json_int_t)head->attempt, "step", (json_int_t)head->step,
                             "fingerprint", head->fingerprint, "spec", head->spec_digest,
                             "sections", describe_sections(sections, count));
    AUTO_FREE char *line = json_compact(json);
    json_decref(json);
    return xprintf(MAGIC "%s\n", line);
}

static int write_all(struct new_file *file, const char *head,
                     const struct checkpoint_section *sections, int count, struct error *err)
{
    struct digest *digest = digest_new();
    int result = new_file_write(file, head, strlen(head), err);
    digest_add(digest, head, strlen(head));

    for (int i = 0; i < count && result == 0; i++) {
        digest_add(digest, sections[i].bytes, sections[i].count);
        result = new_file_write(file, sections[i].bytes, sections[i].count, err);
    }
    char text[DIGEST_TEXT_BYTES];
    digest_finish(digest, text);
    digest_free(digest);
    return result < 0 ? -1 : new_file_write(file, text, DIGEST_BYTES, err);
}

int checkpoint_write(const char *folder, const struct checkpoint_head *head,
                     const struct checkpoint_section *sections, int count, struct error *err)
{
    AUTO_FREE char *path = path_of(folder, head);
    AUTO_FREE char *text = head_text(head, sections, count);
    struct new_file file;

    if (new_file_open(&file, path, err) < 0)
        return -1;
    if (write_all(&file, text, sections, count, err) < 0) {
        new_file_release(&file);
        return -1;
    }
    return new_file_finish(&file, err);
}

/* A whole file in memory; its reader's caller frees the bytes, failed or not. */
struct content {
    char *bytes;
    size_t count;
};

static int read_whole(const char *path, size_t most_bytes, struct content *content,
                      struct error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0)
        return error_of(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL, "open \"%s\": %s",
                        path, strerror(errno));
    if (fstat(fd, &status) < 0)
        return error_errno(err, "look at \"%s\"", path);
    if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > most_bytes)
        return error_set(err, "\"%s\" is longer than a checkpoint of this run", path);

    content->count = (size_t)status.st_size;
    content->bytes = aligned_block(content->count + 1, 1);
    if (!content->bytes)
        return error_of(err, ERROR_INTERNAL, "not enough memory to read \"%s\"", path);
    for (size_t used = 0; used < content->count;) {
        const ssize_t got = read(fd, content->bytes + used, content->count - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, "read \"%s\"", path);
        used += (size_t)got;
    }
    return 0;
}

/* The digest at the end, the magic and the head at the beginning; *body is where sections begin. */
static int read_head(const struct content *content, json_t **out_head, const char **body,
                     struct error *err)
{
    char digest[DIGEST_TEXT_BYTES];
    const size_t magic = strlen(MAGIC);

    if (content->count < magic + DIGEST_BYTES || memcmp(content->bytes, MAGIC, magic) != 0)
        return error_set(err, "it does not begin with \"sweepd checkpoint 1\"");
    const char *end = content->bytes + content->count - DIGEST_BYTES;
    digest_of(content->bytes, content->count - DIGEST_BYTES, digest);
    if (memcmp(end, digest, DIGEST_BYTES) != 0)
        return error_set(err, "its digest is not that of its content");

    const char *line = content->bytes + magic;
    const char *line_end = memchr(line, '\n', (size_t)(end - line));
    if (!line_end || line_end - line > HEAD_BYTES_MAX)
        return error_set(err, "its head has no end");
    *body = line_end + 1;
    return json_read(line, (size_t)(line_end - line), out_head, err);
}

static int check_head(const json_t *json, const struct checkpoint_head *head, struct error *err)
{
    const char *fingerprint = json_text_at(json, "fingerprint", "");

    if (json_integer_at(json, "run", -1) != head->run ||
        json_integer_at(json, "step", -1) != head->step)
        return error_set(err, "it is of another run or step");
    if (strcmp(json_text_at(json, "spec", ""), head->spec_digest) != 0)
        return error_set(err, "it is of another specification");
    if (strcmp(fingerprint, head->fingerprint) != 0)
        return error_of(err, ERROR_CONFLICT,
                        "it was made with %.180s; here it would go on with %.180s", fingerprint,
                        head->fingerprint);
    return 0;
}

static int check_sections(const json_t *json, const struct checkpoint_section *sections, int count,
                          const char *body, size_t body_bytes, struct error *err)
{
    const json_t *list = json_object_get(json, "sections");
    size_t offset = 0;

    if (json_array_size(list) != (size_t)count)
        return error_set(err, "it has %zu sections, not %d", json_array_size(list), count);
    for (int i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, (size_t)i);
        const size_t bytes = sections[i].count;
        if (strcmp(json_text_at(entry, "name", ""), sections[i].name) != 0 ||
            json_integer_at(entry, "bytes", -1) != (int64_t)bytes || body_bytes - offset < bytes)
            return error_set(err, "section %d is not \"%s\" of %zu bytes", i, sections[i].name,
                             bytes);
        if (json_integer_at(entry, "crc32", -1) != (int64_t)crc_of(body + offset, bytes))
            return error_set(err, "section \"%s\" is damaged", sections[i].name);
        offset += bytes;
    }
    return offset == body_bytes ? 0 : error_set(err, "there are bytes behind its sections");
}

static int take(const struct content *content, const struct checkpoint_head *head,
                const struct checkpoint_section *sections, int count, struct error *err)
{
    json_t *json = NULL;
    const char *body = NULL;

    if (read_head(content, &json, &body, err) < 0)
        return -1;
    const size_t body_bytes = content->count - DIGEST_BYTES - (size_t)(body - content->bytes);
    const bool fits = check_head(json, head, err) == 0 &&
                      check_sections(json, sections, count, body, body_bytes, err) == 0;
    json_decref(json);
    for (int i = 0; fits && i < count; i++) {
        memcpy(sections[i].bytes, body, sections[i].count);
        body += sections[i].count;
    }
    return fits ? 0 : -1;
}

int checkpoint_read(const char *folder, const struct checkpoint_head *head,
                    const struct checkpoint_section *sections, int count, struct error *err)
{
    AUTO_FREE char *path = path_of(folder, head);
    size_t most_bytes = strlen(MAGIC) + HEAD_BYTES_MAX + 1 + DIGEST_BYTES;
    struct content content = {0};

    for (int i = 0; i < count; i++)
        most_bytes += sections[i].count;
    int result = read_whole(path, most_bytes, &content, err);
    if (result == 0)
        result = take(&content, head, sections, count, err);
    free(content.bytes);
    return result;
}

/* --- the files of a folder ----------------------------------------------------------------- */

/* The step in a file's name; -1: not a checkpoint's. */
static int64_t step_of(const char *name)
{
    const size_t prefix = strlen(CHECKPOINT_NAME);
    const char *digits = name + prefix;
    if (strncmp(name, CHECKPOINT_NAME, prefix) != 0 || !*digits || strlen(digits) > 18 ||
        strspn(digits, "0123456789") != strlen(digits))
        return -1;
    return strtoll(digits, NULL, 10);
}

static bool is_aside(const char *name)
{
    const size_t length = strlen(name), ending = strlen(FILES_ASIDE);
    return length > ending && strcmp(name + length - ending, FILES_ASIDE) == 0;
}

int64_t checkpoint_newest(const char *folder, int64_t most)
{
    DIR *listing = opendir(folder);
    int64_t newest = -1;

    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        const int64_t step = step_of(entry->d_name);
        if (step > newest && step <= most)
            newest = step;
    }
    if (listing)
        closedir(listing);
    return newest;
}

/* Removes the checkpoints of steps from … to and, where asked, what was being written. */
static void remove_between(const char *folder, int64_t from, int64_t to, bool asides)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        const int64_t step = step_of(entry->d_name);
        const bool unwanted = step >= from && step <= to && step >= 0;
        if (unwanted || (asides && is_aside(entry->d_name)))
            unlinkat(dirfd(listing), entry->d_name, 0);
    }
    if (listing)
        closedir(listing);
}

void checkpoint_prune(const char *folder, int64_t kept)
{
    const int64_t newest = checkpoint_newest(folder, INT64_MAX);
    remove_between(folder, 0, (kept < newest ? kept : newest) - 1, true);
}

void checkpoint_remove_after(const char *folder, int64_t step)
{
    remove_between(folder, step + 1, INT64_MAX, true);
}
