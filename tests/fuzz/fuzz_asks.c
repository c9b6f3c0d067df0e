/* side: server */
/*
 * Bytes as what external runners say: the first byte chooses ask, metrics or tell, the rest is the
 * body. What is accepted is within its limits.
 */
#include "api/ask_bodies.h"
#include "json.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void ask(const json_t *body)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct ask_options options = ask_read(body, &problems);
    if (problems.found)
        return;
    assert(options.count >= 1 && options.count <= ASK_MOST);
    assert(options.lease_ms >= 1000 && options.lease_ms <= INT64_C(604800000));
    assert(strlen(options.worker) >= 1 && strlen(options.worker) <= 100);
}

static void report(const json_t *body)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct report_body report;
    report_read(body, &report, &problems);
    assert(report.count <= ASK_ROWS_MOST && report.attempt >= 0);
    for (int i = 0; i < report.count; i++) {
        assert(report.rows[i].step >= 0 && !isinf(report.rows[i].value));
        assert(report.rows[i].name[0]);
    }
    assert(problems.found ||
           (size_t)report.count == json_array_size(json_object_get(body, "rows")));
    free(report.rows);
}

static void tell(const json_t *body)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct tell_body tell, copy;
    tell_read(body, &tell, &problems);
    if (problems.found)
        return;
    tell_copy(&tell, &copy);
    assert(copy.options.values == copy.values && copy.options.constraints == copy.constraints);
    assert(copy.options.value_count >= 0 && copy.options.value_count <= OBJECTIVES_MAX);
    assert(copy.options.constraint_count >= 0 && copy.options.constraint_count <= CONSTRAINTS_MAX);
    assert(copy.options.error >= 0 && copy.options.attempt >= 0);
    assert(!copy.options.message || copy.options.message == copy.message);
    for (int i = 0; i < copy.options.value_count; i++)
        assert(!isinf(copy.values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static void (*const readers[])(const json_t *) = {ask, report, tell};
    json_t *body = NULL;
    struct error err;
    if (count == 0 || json_read((const char *)bytes + 1, count - 1, &body, &err) < 0)
        return 0;
    readers[bytes[0] % COUNT_OF(readers)](body);
    json_decref(body);
    return 0;
}
