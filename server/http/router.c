#include "http/router.h"

#include "memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_SIZE = 256 }; /* a power of two, well above the number of plain paths */

struct router {
    struct place *places;
    size_t count, room;
    const struct place *plain[TABLE_SIZE]; /* open addressing */
};

/* FNV-1a (Fowler, Noll and Vo). */
static size_t hash(const char *text, size_t bytes)
{
    uint32_t value = 2166136261U;
    for (size_t i = 0; i < bytes; i++)
        value = (value ^ (unsigned char)text[i]) * 16777619U;
    return value % TABLE_SIZE;
}

static bool has_params(const char *path)
{
    return strchr(path, '{') != NULL;
}

static struct place *place_of(struct router *router, const char *path)
{
    for (size_t i = 0; i < router->count; i++)
        if (strcmp(router->places[i].path, path) == 0)
            return &router->places[i];
    if (router->count == router->room) {
        router->room = router->room ? 2 * router->room : 32;
        router->places = xrealloc(router->places, router->room, sizeof *router->places);
    }
    router->places[router->count] = (struct place){.path = path};
    return &router->places[router->count++];
}

static void add_allow(struct place *place)
{
    static const char *const names[METHODS] = {
        [METHOD_GET] = "GET, HEAD", [METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",
        [METHOD_PATCH] = "PATCH",   [METHOD_DELETE] = "DELETE",
    };
    size_t used = 0;
    for (int method = 0; method < METHODS; method++)
        if (place->by_method[method])
            used += (size_t)snprintf(place->allow + used, sizeof place->allow - used, "%s, ",
                                     names[method]);
    snprintf(place->allow + used, sizeof place->allow - used, "OPTIONS");
}

static void add_plain(struct router *router, const struct place *place)
{
    size_t slot = hash(place->path, strlen(place->path));
    while (router->plain[slot])
        slot = (slot + 1) % TABLE_SIZE;
    router->plain[slot] = place;
}

struct router *router_new(const struct route *const *tables)
{
    struct router *router = xcalloc(1, sizeof *router);
    for (; tables && *tables; tables++)
        for (const struct route *route = *tables; route->path; route++) {
            struct place *place = place_of(router, route->path);
            assert(!place->by_method[route->method]); /* two routes for one thing */
            place->by_method[route->method] = route;
        }
    assert(router->count < TABLE_SIZE / 2);
    for (size_t i = 0; i < router->count; i++) {
        add_allow(&router->places[i]);
        if (!has_params(router->places[i].path))
            add_plain(router, &router->places[i]);
    }
    return router;
}

void router_free(struct router *router)
{
    if (!router)
        return;
    free(router->places);
    free(router);
}

static size_t segment_bytes(const char *at, const char *end)
{
    const char *slash = memchr(at, '/', (size_t)(end - at));
    return (size_t)((slash ? slash : end) - at);
}

/* Segment by segment; a {…} takes any one that is not empty. */
static bool matches(const char *pattern, const char *path, const char *end,
                    struct span params[REQUEST_PARAMS_MAX])
{
    const char *pattern_end = pattern + strlen(pattern);
    int count = 0;
    for (;;) {
        const size_t want = segment_bytes(pattern, pattern_end), have = segment_bytes(path, end);
        if (pattern[0] == '{') {
            if (have == 0)
                return false;
            assert(count < REQUEST_PARAMS_MAX);
            params[count++] = (struct span){path, have};
        } else if (want != have || memcmp(pattern, path, want) != 0) {
            return false;
        }
        pattern += want;
        path += have;
        if (pattern == pattern_end || path == end)
            return pattern == pattern_end && path == end;
        pattern++;
        path++;
    }
}

const struct place *router_find(const struct router *router, const char *path, size_t path_bytes,
                                struct span params[REQUEST_PARAMS_MAX])
{
    for (size_t slot = hash(path, path_bytes); router->plain[slot];
         slot = (slot + 1) % TABLE_SIZE) {
        const char *plain = router->plain[slot]->path;
        if (strncmp(plain, path, path_bytes) == 0 && plain[path_bytes] == '\0')
            return router->plain[slot];
    }
    for (size_t i = 0; i < router->count; i++)
        if (has_params(router->places[i].path) &&
            matches(router->places[i].path, path, path + path_bytes, params))
            return &router->places[i];
    return NULL;
}
