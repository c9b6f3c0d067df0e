/*
 * A specification from JSON text, resolved against the worker's own catalogue.
 */
#ifndef RESOLVED_H
#define RESOLVED_H

#include "support/check.h"

#include "describe.h"
#include "json.h"
#include "spec.h"

static inline json_t *resolved(const char *text)
{
    struct problems problems = {0};
    json_t *catalog = describe();
    json_t *given = json_loads(text, 0, NULL);
    assert_non_null(given);
    json_t *spec = spec_resolve(catalog, given, "", &problems);
    if (problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    json_decref(given);
    json_decref(catalog);
    return spec;
}

#endif
