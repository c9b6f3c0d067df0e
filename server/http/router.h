/*
 * From a path to its route. A path of plain segments is found in a hash table; one with {…} by
 * comparing segments, in the order of the tables. Plain paths win.
 */
#ifndef ROUTER_H
#define ROUTER_H

#include "http/http.h"

struct router;

/* Everything served under one path. */
struct place {
    const char *path;
    const struct route *by_method[METHODS]; /* NULL where the method is not served */
    char allow[64];                         /* "GET, HEAD, OPTIONS, POST": for 405 and OPTIONS */
};

struct span {
    const char *text; /* within the path looked up, still percent-encoded */
    size_t bytes;
};

/* tables: ends with NULL; each table ends with a NULL path. They must live as long. */
struct router *router_new(const struct route *const *tables);
void router_free(struct router *router);

/* NULL: nothing is served there. params gets the {…} of the path in order. */
const struct place *router_find(const struct router *router, const char *path, size_t path_bytes,
                                struct span params[REQUEST_PARAMS_MAX]);

#endif
