/* side: common */
/*
 * Bytes as what comes from the other side of a wire: cut into lines however they come, each
 * decoded, metrics walked. What was decoded can be sent again.
 */
#include "json.h"
#include "memory.h"
#include "wire.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

struct walked {
    struct wire_rows rows;
    int count;
};

static int take_row(void *context, int64_t step, const char *name, size_t name_bytes, double value)
{
    struct walked *walked = context;
    char copy[WIRE_NAME_BYTES + 1] = "";
    assert(step >= 0 && name_bytes >= 1 && name_bytes <= WIRE_NAME_BYTES);
    assert(isfinite(value) || isnan(value));
    memcpy(copy, name, name_bytes);
    assert(strlen(copy) == name_bytes);
    walked->count += wire_rows_add(&walked->rows, step, copy, value);
    return 0;
}

static int count_row(void *context, int64_t step, const char *name, size_t name_bytes, double value)
{
    int *left = context;
    (void)step;
    (void)name;
    (void)name_bytes;
    (void)value;
    --*left;
    return 0;
}

/* Rows that were read are written as a line that reads back as many. */
static void walk(const char *line, size_t bytes)
{
    struct walked walked = {.count = 0};
    struct wire_metrics head;
    struct error err;

    wire_rows_init(&walked.rows);
    if (wire_metrics_walk(line, bytes, &head, take_row, &walked, &err) == 0) {
        assert(head.run >= 0 && head.attempt >= 0);
        size_t again_bytes;
        const char *again = wire_rows_finish(&walked.rows, 1, 1, 0.0, &again_bytes);
        int left = walked.count;
        const int result = wire_metrics_walk(again, again_bytes - 1, &head, count_row, &left, &err);
        assert(result == 0 && left == 0);
    }
    wire_rows_release(&walked.rows);
}

static void decode(const char *line, size_t bytes)
{
    struct wire_message message;
    struct error err;
    if (wire_decode(line, bytes, &message, &err) < 0) {
        assert(err.sentence[0]);
        return;
    }
    size_t again_bytes;
    AUTO_FREE char *again = wire_text(message.type, message.body, &again_bytes);
    assert(again[again_bytes - 1] == '\n');
    wire_message_release(&message);
}

static void take_lines(struct wire_reader *reader, int *refused)
{
    char *line;
    size_t bytes;
    struct error err;
    int result;

    while ((result = wire_next(reader, &line, &bytes, &err)) == 1) {
        assert(bytes < WIRE_LINE_BYTES && !memchr(line, '\n', bytes));
        if (wire_is_metrics(line, bytes))
            walk(line, bytes);
        decode(line, bytes);
    }
    *refused = result < 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct wire_reader reader;
    int ends[2], refused = 0;

    if (pipe(ends) < 0)
        abort();
    wire_reader_init(&reader);
    for (size_t sent = 0; sent < count && !refused;) {
        const size_t piece = count - sent < 4096 ? count - sent : 4096; /* a pipe holds it */
        if (write(ends[1], bytes + sent, piece) != (ssize_t)piece)
            abort();
        sent += piece;
        if (wire_fill(&reader, ends[0], NULL) != 1)
            abort();
        take_lines(&reader, &refused);
    }
    close(ends[0]);
    close(ends[1]);
    wire_reader_release(&reader);
    return 0;
}
