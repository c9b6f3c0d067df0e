/* side: server */
/* A multipart body must come out the same whole and byte by byte, or be refused the same way. */
#include "http/multipart.h"
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything heard, as one text. */
struct heard {
    char *text;
    size_t count, room;
    int parts;
};

static void hear(struct heard *heard, const char *bytes, size_t count)
{
    if (heard->count + count > heard->room) {
        heard->room = 2 * (heard->count + count);
        heard->text = xrealloc(heard->text, heard->room, 1);
    }
    memcpy(heard->text + heard->count, bytes, count);
    heard->count += count;
}

static int begins(void *context, const char *name, const char *filename, struct error *err)
{
    struct heard *heard = context;
    (void)err;
    if (strlen(name) == 0 || strlen(name) > MULTIPART_NAME_MOST ||
        (filename && strlen(filename) > MULTIPART_NAME_MOST) ||
        ++heard->parts > MULTIPART_PARTS_MOST)
        abort();
    hear(heard, name, strlen(name) + 1);
    hear(heard, filename ? filename : "\1", filename ? strlen(filename) + 1 : 2);
    return 0;
}

static int has_bytes(void *context, const char *bytes, size_t count, struct error *err)
{
    (void)err;
    if (count == 0)
        abort();
    hear(context, bytes, count);
    return 0;
}

static int ends(void *context, struct error *err)
{
    (void)err;
    hear(context, "/", 1);
    return 0;
}

static const struct multipart_events events = {begins, has_bytes, ends};

static int parse(const char *boundary, const char *body, size_t count, size_t step,
                 struct heard *heard, struct error *err)
{
    struct multipart *multipart = multipart_new(boundary, &events, heard);
    int failed = 0;
    for (size_t at = 0; at < count && !failed; at += step)
        failed = multipart_push(multipart, body + at, step < count - at ? step : count - at, err);
    if (!failed)
        failed = multipart_finish(multipart, err);
    multipart_free(multipart);
    return failed;
}

/* The first line is a Content-Type, the rest the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line_end = size ? memchr(text, '\n', size) : NULL;
    if (!line_end)
        return 0;
    char boundary[MULTIPART_BOUNDARY_MOST + 1] = "x";
    char *type = xstrndup(text, (size_t)(line_end - text));
    multipart_boundary(type, boundary, NULL);
    free(type);

    const char *body = line_end + 1;
    const size_t count = size - (size_t)(body - text);
    struct heard whole = {0}, pieces = {0};
    struct error whole_error = {.sentence = ""}, pieces_error = {.sentence = ""};
    const int failed = parse(boundary, body, count, count + 1, &whole, &whole_error);
    if (failed != parse(boundary, body, count, 1, &pieces, &pieces_error) ||
        strcmp(whole_error.sentence, pieces_error.sentence) != 0)
        abort();
    if (!failed && (whole.count != pieces.count ||
                    (whole.count > 0 && memcmp(whole.text, pieces.text, whole.count) != 0)))
        abort();
    free(whole.text);
    free(pieces.text);
    return 0;
}
