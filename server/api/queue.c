/* The queue: slots, what runs, what waits. Of other teams' jobs only how many there are. */
#include "api/api.h"

#include "json.h"

#include <limits.h>

enum { JOBS_LOOKED_AT = 20000 };

static bool sees(const struct request *req, const json_t *entry)
{
    return access_sees(team_of(req),
                       owners_job(world_of(req)->owners, json_integer_at(entry, "job", 0)));
}

/* Takes out what the team may not see, and what is beyond the limit; counts the former. */
static json_t *cut(const struct request *req, json_t *list, int64_t most, int64_t *out_runs)
{
    json_t *kept = json_array();
    json_t *entry;
    size_t i;
    *out_runs = 0;
    json_array_foreach(list, i, entry)
    {
        if (!sees(req, entry))
            *out_runs += json_integer_at(entry, "runs", 1);
        else if ((int64_t)json_array_size(kept) < most)
            json_array_append(kept, entry);
    }
    return kept;
}

static struct reply show_queue(struct request *req)
{
    struct error err;
    int64_t limit, running, waiting;
    if (request_query_integer(req, "limit", 1, 1000, 100, &limit, &err) < 0)
        return reply_error(&err);
    json_t *queue = conductor_queue_json(world_of(req)->conductor, JOBS_LOOKED_AT);
    json_object_set_new(queue, "running",
                        cut(req, json_object_get(queue, "running"), INT_MAX, &running));
    json_object_set_new(queue, "waiting",
                        cut(req, json_object_get(queue, "waiting"), limit, &waiting));
    json_object_set_new(queue, "others",
                        json_pack("{s:I, s:I}", "running_runs", running, "waiting_runs", waiting));
    return reply_json(200, queue);
}

const struct route queue_routes[] = {
    {METHOD_GET, "/api/v1/queue", show_queue, BODY_NONE, 0, FOR_VIEWERS},
    {0},
};
