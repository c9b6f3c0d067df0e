/* Whether the server is there, and how it does. */
#include "api/api.h"

#include "memory.h"
#include "version.h"

static struct reply say_ok(struct request *req)
{
    static char ok[] = "ok\n";
    (void)req;
    return (struct reply){.kind = REPLY_BYTES,
                          .status = 200,
                          .type = "text/plain; charset=utf-8",
                          .bytes = ok,
                          .count = sizeof ok - 1,
                          .borrowed = true};
}

static struct reply show_health(struct request *req)
{
    struct world *world = world_of(req);
    int used;
    const int total = conductor_slots(world->conductor, &used);
    return reply_json(200, json_pack("{s:s, s:s, s:I, s:i, s:{s:i, s:i}, s:o, s:I}", "status", "ok",
                                     "version", SWEEPD_VERSION, "uptime_ms",
                                     wall_ms() - world->started_ms, "workers",
                                     conductor_worker_count(world->conductor), "slots", "total",
                                     total, "used", used, "store", store_counters(world->store),
                                     "last_event", events_last_id(world->events)));
}

const struct route health_routes[] = {
    {METHOD_GET, "/healthz", say_ok, BODY_NONE, 0, FOR_ANYONE},
    {METHOD_GET, "/api/v1/health", show_health, BODY_NONE, 0, FOR_VIEWERS},
    {0},
};
