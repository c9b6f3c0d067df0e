/* External runners: ask for points, report on the way, tell how it ended. */
#include "api/api.h"
#include "api/ask_bodies.h"

#include "jobs/search_plan.h"
#include "json.h"
#include "memory.h"
#include "store/searches.h"

#include <stdlib.h>
#include <string.h>

static void answered(void *context, json_t *answer, const struct error *err)
{
    struct reply reply = err ? reply_error(err) : reply_json(200, answer);
    if (err && err->kind == ERROR_UNAVAILABLE)
        reply.retry_after_s = 1;
    request_answer(context, reply);
}

static struct reply busy(const char *what)
{
    struct reply reply = reply_problem(503, "%s; try again", what);
    reply.retry_after_s = 1;
    return reply;
}

static bool is_busy(const struct request *req)
{
    return store_is_full(world_of(req)->store);
}

static bool is_external(const json_t *job)
{
    const json_t *request = json_object_get(job, "request");
    return strcmp(json_text_at(request, "runner", ""), "external") == 0;
}

/* A run of a search that has ended, and its job; both are the caller's. */
static int read_external(struct reader *reader, int64_t id, json_t **out_run, json_t **out_job,
                         struct error *err)
{
    if (store_read_run(reader, id, out_run, err) < 0 ||
        store_read_job(reader, json_integer_at(*out_run, "job", 0), out_job, err) < 0)
        return -1;
    if (is_external(*out_job))
        return 0;
    return error_of(err, ERROR_CONFLICT,
                    "run %lld has ended, and is not of a search with \"runner\": \"external\"",
                    (long long)id);
}

/* --- asking --------------------------------------------------------------------------------------
 */

static int read_job(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_job(reader, read->id, out, err);
}

/* A search that has ended has no points any more; whoever asks in a loop learns so. */
static struct reply no_more(struct request *req, struct api_read *read, json_t *job)
{
    struct reply reply;
    (void)req;
    if (is_external(job))
        reply = reply_json(200, json_pack("{s:[], s:{s:I, s:O, s:i, s:i}}", "runs", "job", "id",
                                          read->id, "state", json_object_get(job, "state"), "left",
                                          0, "running", 0));
    else
        reply = reply_problem(
            409, "job %lld has ended, and is not a search with \"runner\": \"external\"",
            (long long)read->id);
    json_decref(job);
    return reply;
}

static struct reply ask(struct request *req)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;
    int64_t id;

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    const struct ask_options options = ask_read(req->json, &problems);
    if (problems.found)
        return reply_problems(&problems);
    if (is_busy(req))
        return busy("the disk does not keep up");
    if (!conductor_has_job(world_of(req)->conductor, id))
        return api_read(req, &(struct api_read){.id = id, .work = read_job, .reply = no_more});
    conductor_ask(world_of(req)->conductor, id, &options, answered, req);
    return reply_later();
}

/* --- reporting -----------------------------------------------------------------------------------
 */

/* Of a search that has ended: there is no use in going on. */
static int read_ended(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    json_auto_t *run = NULL, *job = NULL;
    if (read_external(reader, read->id, &run, &job, err) < 0)
        return -1;
    *out = json_pack("{s:b, s:O, s:n}", "stop", 1, "state", json_object_get(run, "state"),
                     "lease_until_ms");
    return 0;
}

static struct reply report(struct request *req)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct report_body body;
    struct error err;
    int64_t id;

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    report_read(req->json, &body, &problems);
    AUTO_FREE struct report_row *rows = body.rows;
    if (problems.found)
        return reply_problems(&problems);
    if (is_busy(req))
        return busy("the disk does not keep up");
    if (!conductor_has_run(world_of(req)->conductor, id))
        return api_read(req, &(struct api_read){.id = id, .work = read_ended});
    conductor_report(world_of(req)->conductor, id, body.attempt, rows, body.count, answered, req);
    return reply_later();
}

/* --- telling -------------------------------------------------------------------------------------
 */

/* Of a search that has ended: the same again is fine, and a run that has failed by its leases can
 * still be told. */
struct repeat {
    struct request *req;
    struct tell_body tell;
    int64_t run, job;
    bool same, lapsed;
    enum run_state state; /* as it ended */
    struct problems problems;
    int outcome;
    struct error err;
};

static void repeat_free(struct repeat *repeat)
{
    problems_release(&repeat->problems);
    free(repeat);
}

static bool is_same(const struct repeat *repeat, const struct search_plan *plan,
                    const struct kept_proposal *kept)
{
    struct told_results told;
    told_results_of(plan, &repeat->tell.options, &told);
    return kept->told >= 0 &&
           told_results_repeat(&told, kept->outcome, kept->results, kept->result_count);
}

static void take_run(struct repeat *repeat, const json_t *run)
{
    const char *state = json_text_at(run, "state", "");
    repeat->job = json_integer_at(run, "job", 0);
    while (repeat->state < RUN_STATES - 1 && strcmp(run_state_names[repeat->state], state) != 0)
        repeat->state++;
    repeat->lapsed =
        repeat->state == RUN_FAILED && strcmp(json_text_at(run, "reason", ""), "lease lapsed") == 0;
}

static int compare_told(struct reader *reader, struct repeat *repeat)
{
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    json_auto_t *run = NULL, *job = NULL;
    struct kept_proposal kept;
    if (read_external(reader, repeat->run, &run, &job, &repeat->err) < 0 ||
        store_read_proposal(reader, repeat->run, rooms, &kept, &repeat->err) < 0)
        return -1;
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    struct search_plan *plan = search_plan_of(world_of(repeat->req)->catalog, request);
    take_run(repeat, run);
    tell_check(plan, &repeat->tell.options, &repeat->problems);
    repeat->same = repeat->problems.found == 0 && !repeat->lapsed && is_same(repeat, plan, &kept);
    search_plan_free(plan);
    return 0;
}

static void read_told(void *reader, void *context)
{
    struct repeat *repeat = context;
    repeat->outcome = compare_told(reader, repeat);
}

static void answer_late(void *context, json_t *answer, const struct error *err)
{
    struct repeat *repeat = context;
    answered(repeat->req, answer, err);
    repeat_free(repeat);
}

static struct reply reply_repeat(struct repeat *repeat)
{
    if (repeat->outcome < 0)
        return reply_error(&repeat->err);
    if (repeat->problems.found)
        return reply_problems(&repeat->problems);
    if (!repeat->same)
        return reply_problem(409, "run %lld has ended already, and was not told so",
                             (long long)repeat->run);
    return reply_json(200, json_pack("{s:I, s:s, s:b, s:b}", "id", repeat->run, "state",
                                     run_state_names[repeat->state], "late", 0, "repeated", 1));
}

static void answer_repeat(void *context)
{
    struct repeat *repeat = context;
    if (repeat->outcome == 0 && repeat->problems.found == 0 && repeat->lapsed) {
        conductor_tell_ended(world_of(repeat->req)->conductor, repeat->job, repeat->run,
                             &repeat->tell.options, answer_late, repeat);
        return;
    }
    request_answer(repeat->req, reply_repeat(repeat));
    repeat_free(repeat);
}

static struct reply tell_again(struct request *req, int64_t run, const struct tell_body *tell)
{
    struct repeat *repeat = xcalloc(1, sizeof *repeat);
    *repeat = (struct repeat){.req = req, .run = run};
    tell_copy(tell, &repeat->tell);
    if (helpers_run(world_of(req)->helpers, read_told, answer_repeat, repeat))
        return reply_later();
    repeat_free(repeat);
    return busy("too many reads are waiting");
}

static struct reply tell(struct request *req)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct conductor *conductor = world_of(req)->conductor;
    struct tell_body body;
    struct error err;
    int64_t id;

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    tell_read(req->json, &body, &problems);
    if (problems.found == 0)
        conductor_check_tell(conductor, id, &body.options, &problems);
    if (problems.found)
        return reply_problems(&problems);
    if (is_busy(req))
        return busy("the disk does not keep up");
    if (!conductor_has_run(conductor, id))
        return tell_again(req, id, &body);
    conductor_tell(conductor, id, &body.options, answered, req);
    return reply_later();
}

const struct route ask_routes[] = {
    {METHOD_POST, "/api/v1/jobs/{id}/ask", ask, BODY_JSON, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_POST, "/api/v1/runs/{id}/metrics", report, BODY_JSON, 0, FOR_MEMBERS | OF_RUN},
    {METHOD_POST, "/api/v1/runs/{id}/tell", tell, BODY_JSON, 0, FOR_MEMBERS | OF_RUN},
    {0},
};
