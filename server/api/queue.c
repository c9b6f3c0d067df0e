/* The queue: slots, what runs, what waits. */
#include "api/api.h"

static struct reply show_queue(struct request *req)
{
    struct error err;
    int64_t limit;
    if (request_query_integer(req, "limit", 1, 1000, 100, &limit, &err) < 0)
        return reply_error(&err);
    return reply_json(200, conductor_queue_json(world_of(req)->conductor, (int)limit));
}

const struct route queue_routes[] = {
    {METHOD_GET, "/api/v1/queue", show_queue, BODY_NONE, 0},
    {0},
};
