/* side: server */
/* Whatever head comes, what the gate lets through is what it promises. */
#include "http/gate.h"
#include "http/reply.h"
#include "http/router.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const hosts[] = {"localhost:80", "h", NULL};

static struct reply handle(struct request *req)
{
    (void)req;
    return reply_later();
}

static const struct route routes[] = {
    {METHOD_GET, "/", handle, BODY_NONE, 0, 0},
    {METHOD_GET, "/a", handle, BODY_NONE, 0, 0},
    {METHOD_POST, "/a/{b}", handle, BODY_JSON, 100, 0},
    {METHOD_GET, "/a/{b}/c/{d}", handle, BODY_FORM, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

/* The next line, NUL-closed; NULL: no more. */
static char *next_line(char **rest, const char *end)
{
    char *line = *rest;
    if (line >= end)
        return NULL;
    char *stop = memchr(line, '\n', (size_t)(end - line));
    if (stop)
        *stop = '\0';
    *rest = stop ? stop + 1 : line + strlen(line) + 1;
    return line;
}

static void check_promises(const struct gate_head *head, const struct gate_pass *pass)
{
    static const enum body_kind kinds[] = {BODY_NONE, BODY_JSON, BODY_FORM};
    if (head->target[0] != '/' || pass->path_bytes > strlen(head->target) ||
        pass->path_bytes == 0 || strlen(head->target) > GATE_TARGET_MOST)
        abort();
    if (pass->is_chunked ? pass->length != -1 : pass->length < 0 || pass->length > 9999999999)
        abort();
    if (head->host.count != 1 || head->length.count > 1 ||
        (head->length.count > 0 && head->transfer.count > 0))
        abort();
    struct gate_refusal refusal;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (gate_check_body(head, pass, kinds[i], 100, &refusal) == 0 && pass->length > 100)
            abort();
    struct span params[REQUEST_PARAMS_MAX] = {{NULL, 0}};
    struct router *router = router_new(tables);
    router_find(router, head->target, pass->path_bytes, params);
    for (int i = 0; i < REQUEST_PARAMS_MAX && params[i].text; i++)
        if (params[i].text < head->target ||
            params[i].text + params[i].bytes > head->target + pass->path_bytes)
            abort();
    router_free(router);
}

/* Lines: method, target, version, then name and value in turn. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xcalloc(size + 1, 1);
    memcpy(text, data, size);
    char *rest = text;
    const char *end = text + size;
    const char *method = next_line(&rest, end), *target = next_line(&rest, end),
               *version = next_line(&rest, end);
    if (version) {
        struct gate_head head = {.method = method, .target = target, .version = version};
        struct gate_pass pass;
        struct gate_refusal refusal = {0, NULL};
        for (const char *name = next_line(&rest, end); name; name = next_line(&rest, end)) {
            const char *value = next_line(&rest, end);
            if (!value)
                break;
            gate_add_header(&head, name, strlen(name), value, strlen(value));
            etag_matches(value, "\"a\"");
        }
        if (gate_check(&head, hosts, &pass, &refusal) == 0)
            check_promises(&head, &pass);
        else if (refusal.status < 400 || !refusal.sentence)
            abort();
    }
    free(text);
    return 0;
}
