/*
 * The queue: slots, what runs, what waits and until when, and how the machine is shared. Of other
 * teams' jobs only how many there are; the teams themselves are listed for admins, as many as were
 * asked for, and are one line for everybody else.
 */
#include "api/api.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>

static bool sees(void *context, int64_t job)
{
    const struct request *req = context;
    return access_sees(team_of(req), owners_job(world_of(req)->owners, job));
}

/* --- shares ------------------------------------------------------------------------------------
 */

struct standings {
    struct queue_standing *list; /* by team */
    size_t count;
    double last_hour_slot_s; /* of all */
};

static int by_team(const void *a, const void *b)
{
    const struct queue_standing *x = a, *y = b;
    return (x->team > y->team) - (x->team < y->team);
}

/* Who has the machine or wants it, then who had it; then as they came. */
static int by_use(const void *a, const void *b)
{
    const struct queue_standing *x = a, *y = b;
    if (x->running != y->running)
        return x->running > y->running ? -1 : 1;
    if (x->waiting != y->waiting)
        return x->waiting > y->waiting ? -1 : 1;
    if (x->used_slot_s < y->used_slot_s || x->used_slot_s > y->used_slot_s)
        return x->used_slot_s > y->used_slot_s ? -1 : 1;
    return by_team(a, b);
}

/* The first `most` are those to be listed, in the order of their numbers. */
static struct standings standings_of(const struct conductor *conductor, size_t most)
{
    struct standings all = {0};
    all.list = conductor_standings(conductor, &all.count);
    for (size_t i = 0; i < all.count; i++)
        all.last_hour_slot_s += all.list[i].last_hour_slot_s;
    if (all.count > most)
        qsort(all.list, all.count, sizeof *all.list, by_use);
    qsort(all.list, all.count > most ? most : all.count, sizeof *all.list, by_team);
    return all;
}

static json_t *standing_json(const struct standings *all, const struct queue_standing *standing,
                             const struct team *team)
{
    const double hour = all->last_hour_slot_s;
    return json_pack(
        "{s:o, s:f, s:o, s:i, s:I, s:f, s:f, s:f, s:f}", "team",
        team ? json_text(team->name) : json_null(), "share", standing->share, "max_running",
        standing->max_running > 0 ? json_integer(standing->max_running) : json_null(), "running",
        standing->running, "waiting_runs", (json_int_t)standing->waiting, "part", standing->part,
        "used_slot_s", standing->used_slot_s, "last_hour_slot_s", standing->last_hour_slot_s,
        "last_hour", hour > 0 ? standing->last_hour_slot_s / hour : 0.0);
}

static void add_up(struct queue_standing *sum, const struct queue_standing *standing)
{
    sum->share += standing->share;
    sum->running += standing->running;
    sum->waiting += standing->waiting;
    sum->used_slot_s += standing->used_slot_s;
    sum->last_hour_slot_s += standing->last_hour_slot_s;
    sum->part += standing->part;
}

static json_t *teams_json_for(const struct request *req, size_t most)
{
    const struct world *world = world_of(req);
    const struct standings all = standings_of(world->conductor, most);
    const size_t listed = req->caller.role == ROLE_ADMIN ? most : 0;
    struct queue_standing others = {0};
    json_t *teams = json_array();
    for (size_t i = 0; i < all.count; i++) {
        const struct queue_standing *standing = &all.list[i];
        if (standing->team == team_of(req) || i < listed)
            json_array_append_new(
                teams, standing_json(&all, standing, auth_team(world->auth, standing->team)));
        else
            add_up(&others, standing);
    }
    if (others.share > 0)
        json_array_append_new(teams, standing_json(&all, &others, NULL));
    free(all.list);
    return teams;
}

static struct reply show_queue(struct request *req)
{
    struct error err;
    int64_t limit;
    if (request_query_integer(req, "limit", 1, 1000, 100, &limit, &err) < 0)
        return reply_error(&err);
    const struct queue_look look = {
        .team = team_of(req), .sees = sees, .context = req, .most = (int)limit};
    json_t *queue = conductor_queue_json(world_of(req)->conductor, &look);
    json_object_set_new(queue, "teams", teams_json_for(req, (size_t)limit));
    return reply_json(200, queue);
}

const struct route queue_routes[] = {
    {METHOD_GET, "/api/v1/queue", show_queue, BODY_NONE, 0, FOR_VIEWERS},
    {0},
};
