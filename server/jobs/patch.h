/*
 * An arm: the base with the arm's merge patch (RFC 7396) laid on it.
 */
#ifndef PATCH_H
#define PATCH_H

#include <jansson.h>

/* A new specification; both are objects. Where the patch changes a plug-in's "type", the base's
 * members that the new type does not know are dropped, and {"type": NAME} may be written NAME. */
json_t *patch_apply(const json_t *catalog, const json_t *base, const json_t *patch);

#endif
