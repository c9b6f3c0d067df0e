#include "api/api.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct route job_routes[], run_routes[], metric_routes[], dataset_routes[],
    queue_routes[], event_routes[], health_routes[], catalog_routes[], report_routes[],
    preview_routes[], theory_routes[], scale_routes[], team_routes[], session_routes[],
    ask_routes[], replay_routes[], search_edit_routes[], search_export_routes[], lineage_routes[],
    confirm_routes[];

const struct route *const api_tables[] = {
    health_routes, job_routes,         run_routes,           metric_routes,  report_routes,
    queue_routes,  event_routes,       dataset_routes,       catalog_routes, preview_routes,
    theory_routes, scale_routes,       team_routes,          session_routes, ask_routes,
    replay_routes, search_edit_routes, search_export_routes, lineage_routes, confirm_routes,
    NULL,
};

/* --- reads ------------------------------------------------------------------------------------ */

static void read_on_helper(void *reader, void *context)
{
    struct api_read *read = context;
    read->outcome = read->make ? read->make(reader, read, &read->made, &read->err)
                               : read->work(reader, read, &read->value, &read->err);
    if (read->outcome == 0 && !read->make && !read->reply) /* writing it out can take long, too */
        read->made = reply_json(200, read->value);
}

static void read_done(void *context)
{
    struct api_read *read = context;
    struct reply reply;

    if (read->outcome < 0)
        reply = reply_error(&read->err);
    else if (read->reply)
        reply = read->reply(read->req, read, read->value);
    else
        reply = read->made;
    if (reply.kind != REPLY_LATER) /* a retry goes on from what was read */
        request_answer(read->req, reply);
    free(read);
}

struct reply api_read(struct request *req, const struct api_read *read)
{
    struct api_read *copy = xcalloc(1, sizeof *copy);
    *copy = *read;
    copy->req = req;
    copy->team = copy->page.team = team_of(req);
    if (copy->state[0])
        copy->page.state = copy->state;
    if (helpers_run(world_of(req)->helpers, read_on_helper, read_done, copy))
        return reply_later();
    free(copy);
    struct reply busy = reply_problem(503, "too many reads are waiting; try again");
    busy.retry_after_s = 1;
    return busy;
}

static int read_state(const char *state, struct api_read *read, const char *const *names, int count,
                      struct error *err)
{
    char all[160] = "";
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], state) == 0) {
            snprintf(read->state, sizeof read->state, "%s", state);
            return 0;
        }
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", names[i]);
    }
    return error_set(err, "the query's \"state\" must be one of %s", all);
}

int api_page(const struct request *req, struct api_read *read, const char *const *names, int count,
             struct error *err)
{
    int64_t limit;
    const char *state = request_query(req, "state");

    if (request_query_integer(req, "limit", 1, 1000, 100, &limit, err) < 0 ||
        request_query_integer(req, "after", 0, INT64_MAX, 0, &read->page.after, err) < 0)
        return -1;
    read->page.limit = (int)limit;
    return state && count > 0 ? read_state(state, read, names, count, err) : 0;
}

/* --- answers after a change ---------------------------------------------------------------------
 */

static int read_job(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_job(reader, read->id, out, err);
}

static int read_run(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_run(reader, read->id, out, err);
}

/* The conductor knows unfinished ones only: a final one is a conflict, an unknown one is not found.
 */
static struct reply conflict_if_final(struct request *req, struct api_read *read, json_t *value)
{
    struct reply reply =
        reply_problem(409, "%s is %s already", read->name, json_text_at(value, "state", "final"));
    (void)req;
    json_decref(value);
    return reply;
}

static void answer_with(struct request *req, const struct error *err, const char *what,
                        int (*work)(struct reader *, struct api_read *, json_t **, struct error *))
{
    struct api_read read = {.work = work};
    struct error trouble;

    if (err && err->kind != ERROR_NOT_FOUND) {
        request_answer(req, reply_error(err));
        return;
    }
    if (request_id(req, 0, &read.id, &trouble) < 0) {
        request_answer(req, reply_error(&trouble));
        return;
    }
    snprintf(read.name, sizeof read.name, "%s %lld", what, (long long)read.id);
    if (err)
        read.reply = conflict_if_final;
    struct reply reply = api_read(req, &read);
    if (reply.kind != REPLY_LATER)
        request_answer(req, reply);
}

void api_answer_job(void *request, const struct error *err)
{
    answer_with(request, err, "job", read_job);
}

void api_answer_run(void *request, const struct error *err)
{
    answer_with(request, err, "run", read_run);
}

/* --- formats
 * -------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *type;
} formats[] = {
    {"json", "application/json"},
    {"csv", "text/csv"},
    {"ndjson", "application/x-ndjson"},
};

static bool offers(const char *const *offered, const char *name)
{
    for (; *offered; offered++)
        if (strcmp(*offered, name) == 0)
            return true;
    return false;
}

const char *api_format(const struct request *req, const char *const *offered)
{
    const char *asked = request_query(req, "format");
    if (asked)
        return offers(offered, asked) ? asked : NULL;
    const char *accept = request_header(req, "Accept");
    for (size_t i = 0; accept && i < COUNT_OF(formats); i++)
        if (strstr(accept, formats[i].type) && offers(offered, formats[i].name))
            return formats[i].name;
    return "json";
}
