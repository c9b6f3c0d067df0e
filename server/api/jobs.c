/* Jobs: submit, list, show, cancel, pause, resume, change the priority; their runs. */
#include "api/api.h"
#include "api/search_check.h"
#include "api/search_edits.h"
#include "api/warm_start.h"

#include "digest.h"
#include "json.h"
#include "memory.h"
#include "workers/refining.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { IDEMPOTENCY_KEY_MOST = 200 };

/* --- submitting --------------------------------------------------------------------------------
 */

static bool sees(const struct data_view *view, const char *key)
{
    const char *slash = strchr(key, '/');
    return !slash || atoll(key) == view->team;
}

/* The data sets a job may name: uploaded ones. The planner knows the built-ins by itself. */
struct data_facts api_data_facts(void *context, const char *name)
{
    const struct data_view *view = context;
    const json_t *facts = data_view_find(view, name);
    struct data_facts answer = {.known = facts != NULL,
                                .classes = (int)json_integer_at(facts, "classes", 0)};
    if (facts)
        return answer;

    const int count = (int)json_object_size(view->datasets);
    AUTO_FREE const char **names = xcalloc((size_t)count, sizeof *names);
    const char *key;
    json_t *value;
    int used = 0;
    json_object_foreach(view->datasets, key, value)
    {
        const char *slash = strchr(key, '/');
        if (sees(view, key))
            names[used++] = slash ? slash + 1 : key;
    }
    answer.nearest = nearest_name(name, names, used);
    return answer;
}

struct creation {
    struct request *req;
    const char *key;  /* the request's Idempotency-Key, or NULL */
    int64_t repeated; /* the job that its key has made before; 0: none */
    bool refused;     /* and it was made by another body: */
    struct error why;
    struct job_plan plan;
    struct problems problems;
    struct data_view view; /* with a copy of the data sets for the helper thread */
    int64_t now_ms;
};

static void creation_free(struct creation *creation)
{
    job_plan_release(&creation->plan);
    problems_release(&creation->problems);
    json_decref(creation->view.datasets);
    free(creation);
}

static int read_job(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_job(reader, read->id, out, err);
}

json_t *api_adopt(struct world *world, const struct job_plan *plan, const struct added_job *added,
                  int64_t now_ms)
{
    const struct owned_job owned = {.id = added->job,
                                    .team = added->team,
                                    .first_run = added->first_run,
                                    .run_count = added->run_count,
                                    .for_everyone = plan->for_everyone};
    const struct team *team = auth_team(world->auth, added->team);
    owners_add(world->owners, &owned); /* before anybody hears of it */
    json_t *job = conductor_adopt(world->conductor, plan, added, now_ms);
    json_object_set_new(job, "team", team ? json_text(team->name) : json_null());
    json_object_set_new(job, "visibility", json_string(visibility_names[plan->for_everyone]));
    api_make_builtins(world, plan);
    return job;
}

static void job_added(void *context, const struct added_job *added, const struct error *err)
{
    struct creation *creation = context;
    struct request *req = creation->req;
    struct world *world = world_of(req);
    struct reply reply;

    if (err) {
        reply = reply_error(err);
        if (err->kind == ERROR_UNAVAILABLE)
            reply.retry_after_s = 1;
    } else if (added->repeated) {
        reply = api_read(req, &(struct api_read){.id = added->job, .work = read_job});
    } else {
        json_t *job = api_adopt(world, &creation->plan, added, creation->now_ms);
        reply = reply_created(xprintf("/api/v1/jobs/%" PRId64, added->job), job);
    }
    if (reply.kind != REPLY_LATER)
        request_answer(req, reply);
    creation_free(creation);
}

/* With the plan made: its problems, or on to the disk. */
static struct reply store_plan(struct creation *creation)
{
    struct request *req = creation->req;
    const char *key = creation->key;
    const struct team *team = auth_team(world_of(req)->auth, team_of(req));
    struct audit_entry entry;
    char digest[DIGEST_TEXT_BYTES];

    if (creation->problems.found) {
        struct reply reply = reply_problems(&creation->problems);
        creation_free(creation);
        return reply;
    }
    if (key)
        digest_of(req->body, req->body_bytes, digest);
    const struct new_job job = {
        .plan = &creation->plan,
        .request_text = creation->plan.request ? creation->plan.request
                                               : req->body, /* valid JSON: it was read before */
        .idempotency_key = key,
        .body_digest = key ? digest : NULL,
        .now_ms = creation->now_ms,
        .team = team_of(req),
        .max_queued = team ? team->max_queued : 0,
        .max_bytes = team ? team->max_bytes : 0,
        .audit = access_note_made(req, "/api/v1/jobs", &entry),
    };
    store_add_job(world_of(req)->store, &job, job_added, creation);
    return reply_later();
}

/* The jobs that this one is to come after. What the team must not see is not there for it. */
static void check_others(struct reader *reader, struct creation *creation)
{
    const struct job_options *options = &creation->plan.options;
    for (int i = 0; i < options->after_count; i++) {
        struct error err;
        bool sees;
        char index[16];
        snprintf(index, sizeof index, "%d", i);
        if (store_sees_job(reader, options->after[i], creation->view.team, &sees, &err) < 0)
            problems_add(&creation->problems, "/after", index, "%s", err.sentence);
        else if (!sees)
            problems_add(&creation->problems, "/after", index, "there is no job %" PRId64,
                         options->after[i]);
    }
}

/* Whoever asks again gets the answer of the first time, whatever would be said of the body now: its
 * data set may be gone, or this server have other workers. */
static bool is_repeated(struct reader *reader, struct creation *creation)
{
    const struct request *req = creation->req;
    char digest[DIGEST_TEXT_BYTES];
    const struct used_key key = {creation->view.team, creation->key, digest, creation->now_ms};

    if (!creation->key)
        return false;
    digest_of(req->body, req->body_bytes, digest);
    creation->refused = store_find_key(reader, &key, &creation->repeated, &creation->why) < 0;
    return creation->refused || creation->repeated > 0;
}

static void plan_on_helper(void *reader, void *context)
{
    struct creation *creation = context;
    if (is_repeated(reader, creation))
        return;
    job_plan_read(world_of(creation->req)->catalog, api_data_facts, &creation->view,
                  creation->req->json, &creation->plan, &creation->problems);
    refine_plan(reader, creation->req->json, &creation->plan, &creation->problems);
    check_others(reader, creation);
    search_check_plan(reader, creation->view.team, &creation->plan, &creation->problems);
    search_check_population(world_of(creation->req)->catalog, &creation->plan, &creation->problems);
    warm_start_fill(reader, world_of(creation->req)->catalog, &creation->plan, &creation->problems);
}

/* A data set may have been deleted while the plan was made. */
static void check_data(struct creation *creation)
{
    const char *last = "";
    for (int i = 0; i < creation->plan.variant_count; i++) {
        const char *name = creation->plan.variants[i].dataset;
        if (!name || strcmp(name, last) == 0)
            continue;
        last = name;
        if (!api_knows_dataset(world_of(creation->req), creation->view.team, name)) {
            problems_add(&creation->problems, "", NULL, "data set \"%s\" was just deleted", name);
            return;
        }
    }
}

static struct reply after_planning(struct creation *creation)
{
    struct request *req = creation->req;
    struct reply reply;

    if (creation->refused) {
        reply = reply_error(&creation->why);
    } else if (creation->repeated > 0) {
        reply = api_read(req, &(struct api_read){.id = creation->repeated, .work = read_job});
    } else {
        check_data(creation);
        return store_plan(creation);
    }
    creation_free(creation);
    return reply;
}

static void planned(void *context)
{
    struct creation *creation = context;
    struct request *req = creation->req;

    struct reply reply = after_planning(creation);
    if (reply.kind != REPLY_LATER)
        request_answer(req, reply);
}

static struct reply busy(const char *why)
{
    struct reply reply = reply_problem(503, "%s; try again", why);
    reply.retry_after_s = 1;
    return reply;
}

/* A comparison may have thousands of variants, each resolved by itself, and a schedule that is
 * refined from a run needs that run's norms: not on the loop. A key has to be looked up. */
static struct reply plan_elsewhere(struct creation *creation)
{
    struct world *world = world_of(creation->req);
    creation->view.datasets = json_deep_copy(world->datasets);
    if (helpers_run(world->helpers, plan_on_helper, planned, creation))
        return reply_later();
    creation_free(creation);
    return busy("too many reads are waiting");
}

static struct reply create_job(struct request *req)
{
    struct world *world = world_of(req);
    const char *key = request_header(req, "Idempotency-Key");

    if (!req->json)
        return reply_problem(400, "the body is empty; POST a job such as "
                                  "{\"kind\": \"train\", \"spec\": {…}}");
    if (key && (!*key || strlen(key) > IDEMPOTENCY_KEY_MOST))
        return reply_problem(400, "Idempotency-Key must have 1 to %d bytes", IDEMPOTENCY_KEY_MOST);
    if (store_is_full(world->store))
        return busy("the disk does not keep up");

    struct creation *creation = xcalloc(1, sizeof *creation);
    *creation = (struct creation){
        .req = req, .key = key, .now_ms = wall_ms(), .view = {.team = team_of(req)}};
    if (key || strcmp(json_text_at(req->json, "kind", "train"), "train") != 0 ||
        plan_names_runs(req->json) || json_object_get(req->json, "after"))
        return plan_elsewhere(creation);
    creation->view.datasets = json_incref(world->datasets);
    job_plan_read(world->catalog, api_data_facts, &creation->view, req->json, &creation->plan,
                  &creation->problems);
    return store_plan(creation);
}

/* --- reading ------------------------------------------------------------------------------------
 */

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
