#include "support/remains.h"

#include "support/check.h"
#include "support/http_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static char *rows_of(int port, int64_t run)
{
    char path[96];
    snprintf(path, sizeof path, "/api/v1/runs/%" PRId64 "/metrics?format=csv", run);
    struct http_answer answer = http_request(port, "GET", path, NULL, NULL);
    assert_int_equal(answer.status, 200);

    char *rows = calloc(answer.body_bytes + 1, 1), *end = rows, *rest = answer.body;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *wall_ms = strrchr(line, ',');
        if (!wall_ms || strncmp(line, "samples_per_s,", 14) == 0)
            continue;
        *wall_ms = '\0';
        end += sprintf(end, "%s\n", line);
    }
    answer_release(&answer);
    return rows;
}

struct remains remains_of(int port, int64_t run)
{
    char path[64];
    struct remains remains = {.rows = rows_of(port, run)};

    snprintf(path, sizeof path, "/api/v1/runs/%" PRId64 "/model", run);
    struct http_answer answer = http_request(port, "GET", path, NULL, NULL);
    assert_int_equal(answer.status, 200);
    remains.weights = malloc(answer.body_bytes);
    remains.weight_bytes = answer.body_bytes;
    memcpy(remains.weights, answer.body, answer.body_bytes);
    answer_release(&answer);
    return remains;
}

void remains_release(struct remains *remains)
{
    free(remains->rows);
    free(remains->weights);
}

/* The weights follow the header, which names run and attempt. */
static size_t header_bytes(const struct remains *remains)
{
    uint64_t header;
    memcpy(&header, remains->weights, 8);
    return 8 + (size_t)header;
}

void assert_same_remains(const struct remains *got, const struct remains *want)
{
    assert_true(strlen(want->rows) > 1000);
    assert_string_equal(got->rows, want->rows);
    const size_t bytes = want->weight_bytes - header_bytes(want);
    assert_int_equal(got->weight_bytes - header_bytes(got), bytes);
    assert_memory_equal(got->weights + header_bytes(got), want->weights + header_bytes(want),
                        bytes);
}
