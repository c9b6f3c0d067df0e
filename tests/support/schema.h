/*
 * Values against the part of JSON Schema that schema/openapi.json uses; a keyword that is not known
 * here is a failure, so that none is passed over. One thing is stricter: a member that is not
 * described is a failure unless additionalProperties allows it.
 */
#ifndef SUPPORT_SCHEMA_H
#define SUPPORT_SCHEMA_H

#include "error.h"
#include <jansson.h>

/* 0, or -1 with where in the value and why. `document` is where "$ref": "#/…" leads. */
int schema_check(const json_t *document, const json_t *schema, const json_t *value,
                 struct error *err);

#endif
