/* The setting of training.md AV-8: f = 1/2 (x1^2 + 2 x2^2), noise of deviation (.1, .2). */
#ifndef PROCESSES_H
#define PROCESSES_H

#include "theory/process.h"

#include "support/api.h"
#include "support/check.h"

#include "json.h"
#include "memory.h"

static const double av8_curvature[2] = {1.0, 2.0}, av8_deviation[2] = {0.1, 0.2};
static json_t *optimizer_json; /* owns the name of the process made last */

/* The optimizer as resolved JSON, ' for ". */
static inline struct process process_on(const char *optimizer, const double *deviation, double nu)
{
    AUTO_FREE char *text = api_quoted(optimizer);
    struct process process;
    const char *key;
    struct error err;

    json_decref(optimizer_json);
    optimizer_json = json_loads(text, 0, NULL);
    assert_non_null(optimizer_json);
    if (process_read(optimizer_json, &process, &key, &err) < 0)
        fail_msg("%s", err.sentence);
    process.count = 2;
    process.curvature = av8_curvature;
    process.deviation = deviation;
    process.nu = nu;
    return process;
}

static inline struct process process_of(const char *optimizer)
{
    return process_on(optimizer, av8_deviation, HUGE_VAL);
}

static inline int release_processes(void **state)
{
    (void)state;
    json_decref(optimizer_json);
    return 0;
}

#endif
