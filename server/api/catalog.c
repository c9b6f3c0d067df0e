/* What there is to choose from, and the description of this API. */
#include "api/api.h"

#include "memory.h"

#include <string.h>

static struct reply show_catalog(struct request *req)
{
    const char *text = world_of(req)->catalog_text;
    return reply_bytes(200, "application/json", xstrdup(text), strlen(text));
}

/* The document itself, as it is in the tree. */
__asm__(".pushsection .rodata\n"
        ".global openapi_text\n"
        "openapi_text: .incbin \"schema/openapi.json\"\n"
        "openapi_end: .byte 0\n"
        ".balign 8\n"
        ".global openapi_bytes\n"
        "openapi_bytes: .quad openapi_end - openapi_text\n"
        ".popsection\n");

static struct reply show_openapi(struct request *req)
{
    (void)req;
    return reply_bytes(200, "application/json", xstrndup(openapi_text, openapi_bytes),
                       openapi_bytes);
}

const struct route catalog_routes[] = {
    {METHOD_GET, "/api/v1/catalog", show_catalog, BODY_NONE, 0, FOR_VIEWERS},
    {METHOD_GET, "/api/v1/openapi.json", show_openapi, BODY_NONE, 0, FOR_ANYONE},
    {0},
};
