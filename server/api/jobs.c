/* Jobs: submit, list, show, cancel, pause, resume, change the priority; their runs. */
#include "api/api.h"
#include "api/create_job.h"
#include "api/search_edits.h"

#include "json.h"
#include "memory.h"
#include "workers/refining.h"

#include <string.h>

/* --- submitting ----------------------------------------------------------------------------------
 */

/* A run that somebody names has to be read; of one that is trained nothing else has. */
static bool is_quick(const json_t *body)
{
    return strcmp(json_text_at(body, "kind", "train"), "train") == 0 && !plan_names_runs(body) &&
           !json_object_get(body, "after");
}

static int plan_body(struct reader *reader, const struct making *making, struct job_plan *plan,
                     struct problems *problems, struct error *err)
{
    const struct request *req = making->req;
    (void)err;
    job_plan_read(world_of(req)->catalog, api_data_facts, making->view, req->json, plan, problems);
    if (reader)
        refine_plan(reader, req->json, plan, problems);
    return 0;
}

static struct reply create_job(struct request *req)
{
    if (!req->json)
        return reply_problem(400, "the body is empty; POST a job such as "
                                  "{\"kind\": \"train\", \"spec\": {…}}");
    return create_job_by(req, plan_body, is_quick(req->json));
}

/* --- reading ------------------------------------------------------------------------------------
 */

static int read_job(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_job(reader, read->id, out, err);
}

static int read_jobs(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_jobs(reader, &read->page, out, err);
}

static struct reply list_jobs(struct request *req)
{
    struct api_read read = {.work = read_jobs};
    struct error err;
    if (api_page(req, &read, job_state_names, JOB_STATES, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

static struct reply show_job(struct request *req)
{
    struct api_read read = {.work = read_job};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

static int read_runs(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_runs(reader, read->id, &read->page, out, err);
}

static struct reply list_runs(struct request *req)
{
    struct api_read read = {.work = read_runs};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0 ||
        api_page(req, &read, run_state_names, RUN_STATES, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

/* --- changing -----------------------------------------------------------------------------------
 */

static struct reply cancel_job(struct request *req)
{
    struct error err;
    int64_t id;
    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    struct audit_entry entry;
    conductor_cancel_job(world_of(req)->conductor, id, access_note(req, &entry), api_answer_job,
                         req);
    return reply_later();
}

static struct reply set_paused(struct request *req, bool pause)
{
    struct error err;
    int64_t id;
    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    struct audit_entry entry;
    conductor_pause_job(world_of(req)->conductor, id, pause, access_note(req, &entry),
                        api_answer_job, req);
    return reply_later();
}

static struct reply pause_job(struct request *req)
{
    return set_paused(req, true);
}

static struct reply resume_job(struct request *req)
{
    return set_paused(req, false);
}

static bool changes_search(const json_t *body)
{
    static const char *const fields[] = {"budget", "parallel", "pruner", "stop"};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (json_object_get(body, fields[i]))
            return true;
    return false;
}

static struct reply change_job(struct request *req)
{
    if (changes_search(req->json))
        return api_change_search(req);

    struct problems problems = {0};
    struct error err;
    int64_t id;
    const char *key;
    json_t *value;
    const json_t *priority = json_object_get(req->json, "priority");
    const json_int_t number = json_integer_value(priority);

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    if (!json_is_object(req->json))
        problems_add(&problems, "", NULL, "must be an object such as {\"priority\": 5}");
    json_object_foreach(req->json, key, value)
    {
        if (strcmp(key, "priority") != 0)
            problems_add(&problems, "", key,
                         "unknown field; accepted: priority, and of a search budget, parallel, "
                         "pruner, stop");
    }
    if (json_is_object(req->json) &&
        (!json_is_integer(priority) || number < -PRIORITY_MAX || number > PRIORITY_MAX))
        problems_add(&problems, "", "priority",
                     "must be a whole number, at least %d and at most %d", -PRIORITY_MAX,
                     PRIORITY_MAX);
    if (problems.found)
        return reply_problems(&problems);
    struct audit_entry entry;
    conductor_set_priority(world_of(req)->conductor, id, (int)number, access_note(req, &entry),
                           api_answer_job, req);
    return reply_later();
}

const struct route job_routes[] = {
    {METHOD_POST, "/api/v1/jobs", create_job, BODY_JSON, 0, FOR_MEMBERS},
    {METHOD_GET, "/api/v1/jobs", list_jobs, BODY_NONE, 0, FOR_VIEWERS},
    {METHOD_GET, "/api/v1/jobs/{id}", show_job, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {METHOD_PATCH, "/api/v1/jobs/{id}", change_job, BODY_JSON, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_GET, "/api/v1/jobs/{id}/runs", list_runs, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {METHOD_POST, "/api/v1/jobs/{id}/cancel", cancel_job, BODY_NONE, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_POST, "/api/v1/jobs/{id}/pause", pause_job, BODY_NONE, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_POST, "/api/v1/jobs/{id}/resume", resume_job, BODY_NONE, 0, FOR_MEMBERS | OF_JOB},
    {0},
};
