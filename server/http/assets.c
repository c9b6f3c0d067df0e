/*
 * The page: files built into the program, answered from responses made once.
 */
#include "http/inside.h"

#include "http/reply.h"
#include "memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a (Fowler, Noll and Vo): a name for the content, nothing a foe may choose. */
static uint64_t digest(const unsigned char *bytes, size_t count)
{
    uint64_t value = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < count; i++)
        value = (value ^ bytes[i]) * UINT64_C(1099511628211);
    return value;
}

/* esbuild names files by their content, "page-5KZQXH3V.js": such a one never changes. */
static bool has_content_name(const char *path)
{
    enum { HASH_DIGITS = 8 };
    const char *dash = strrchr(path, '-');
    if (!dash)
        return false;
    size_t count = 0;
    while (isupper((unsigned char)dash[1 + count]) || isdigit((unsigned char)dash[1 + count]))
        count++;
    return count >= HASH_DIGITS && dash[1 + count] == '.';
}

static void add_common(struct MHD_Response *response, const struct served_asset *served,
                       const char *cache)
{
    MHD_add_response_header(response, "ETag", served->etag);
    MHD_add_response_header(response, "Cache-Control", cache);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
}

static struct served_asset serve(const struct asset *asset, const char *policy)
{
    const char *cache =
        has_content_name(asset->path) ? "public, max-age=31536000, immutable" : "no-cache";
    char *bytes;
    memcpy(&bytes, &asset->bytes, sizeof bytes); /* only read from: MHD_RESPMEM_PERSISTENT */
    struct served_asset served = {
        .path = asset->path,
        .etag = xprintf("\"%016" PRIx64 "\"", digest(asset->bytes, asset->count)),
        .full = MHD_create_response_from_buffer(asset->count, bytes, MHD_RESPMEM_PERSISTENT),
        .unchanged = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT),
    };
    add_common(served.full, &served, cache);
    add_common(served.unchanged, &served, cache);
    MHD_add_response_header(served.full, "Content-Type", asset->type);
    if (strncmp(asset->type, "text/html", 9) == 0) {
        MHD_add_response_header(served.full, "X-Frame-Options", "DENY");
        MHD_add_response_header(served.full, "Referrer-Policy", "no-referrer");
        if (policy)
            MHD_add_response_header(served.full, "Content-Security-Policy", policy);
    }
    return served;
}

void assets_open(struct http *http)
{
    const struct asset *assets = http->options.assets;
    size_t count = 0;
    while (assets && assets[count].path)
        count++;
    http->assets = xcalloc(count + 1, sizeof *http->assets);
    for (size_t i = 0; i < count; i++)
        http->assets[i] = serve(&assets[i], http->options.assets_policy);
}

void assets_close(struct http *http)
{
    for (struct served_asset *served = http->assets; served && served->path; served++) {
        MHD_destroy_response(served->full);
        MHD_destroy_response(served->unchanged);
        free(served->etag);
    }
    free(http->assets);
}

bool assets_answer(struct exchange *exchange, const char *path)
{
    const struct served_asset *served = exchange->http->assets;
    while (served->path && strcmp(served->path, path) != 0)
        served++;
    if (!served->path)
        return false;
    const char *known = request_header(&exchange->req, MHD_HTTP_HEADER_IF_NONE_MATCH);
    const bool is_known = known && etag_matches(known, served->etag);
    exchange->ready = is_known ? served->unchanged : served->full;
    exchange->ready_status = is_known ? 304 : 200;
    exchange->stage = STAGE_ANSWERED;
    return true;
}
