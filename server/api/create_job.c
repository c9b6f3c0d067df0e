#include "api/create_job.h"

#include "api/search_check.h"
#include "api/warm_start.h"
#include "store/searches.h"

#include "digest.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { IDEMPOTENCY_KEY_MOST = 200 };

/* --- data sets -----------------------------------------------------------------------------------
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

/* --- on the way to the disk ----------------------------------------------------------------------
 */

struct creation {
    struct request *req;
    plan_maker *maker;
    const char *key;  /* the request's Idempotency-Key, or NULL */
    int64_t repeated; /* the job that its key has made before; 0: none */
    bool refused;     /* it was made by another body, or the maker has refused: */
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

static void make_plan(struct reader *reader, struct creation *creation)
{
    const struct making making = {creation->req, &creation->view};
    creation->refused =
        creation->maker(reader, &making, &creation->plan, &creation->problems, &creation->why) < 0;
}

/* Of what makes the job: the body, and what else the path says of it. */
static void digest_request(const struct request *req, char digest[DIGEST_TEXT_BYTES])
{
    struct digest *all = digest_new();
    if (strcmp(req->path, "/api/v1/jobs") != 0)
        digest_add(all, req->path, strlen(req->path) + 1);
    digest_add(all, req->body, req->body_bytes);
    digest_finish(all, digest);
    digest_free(all);
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
        digest_request(req, digest);
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
    digest_request(req, digest);
    creation->refused = store_find_key(reader, &key, &creation->repeated, &creation->why) < 0;
    return creation->refused || creation->repeated > 0;
}

/* The search whose runs it confirms; of a job that is none, nobody would hear of it again. */
static void check_from_search(struct reader *reader, struct creation *creation)
{
    const int64_t id = creation->plan.from_search;
    json_auto_t *job = NULL;
    struct error err;
    bool sees;
    if (id == 0)
        return;
    if (store_sees_job(reader, id, creation->view.team, &sees, &err) < 0 ||
        (sees && store_read_asked(reader, id, &job, &err) < 0))
        problems_add(&creation->problems, "", "from_search", "%s", err.sentence);
    else if (!sees)
        problems_add(&creation->problems, "", "from_search", "there is no job %" PRId64, id);
    else if (strcmp(json_text_at(job, "kind", ""), job_kind_names[JOB_SEARCH]) != 0)
        problems_add(&creation->problems, "", "from_search", "job %" PRId64 " is not a search", id);
}

static void plan_on_helper(void *reader, void *context)
{
    struct creation *creation = context;
    if (is_repeated(reader, creation))
        return;
    make_plan(reader, creation);
    if (creation->refused)
        return;
    check_others(reader, creation);
    check_from_search(reader, creation);
    search_check_plan(reader, creation->view.team, &creation->plan, &creation->problems);
    search_fit_population(creation->req->body, &creation->plan);
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

struct reply create_job_by(struct request *req, plan_maker *maker, bool is_quick)
{
    struct world *world = world_of(req);
    const char *key = request_header(req, "Idempotency-Key");

    if (key && (!*key || strlen(key) > IDEMPOTENCY_KEY_MOST))
        return reply_problem(400, "Idempotency-Key must have 1 to %d bytes", IDEMPOTENCY_KEY_MOST);
    if (store_is_full(world->store))
        return busy("the disk does not keep up");

    struct creation *creation = xcalloc(1, sizeof *creation);
    *creation = (struct creation){.req = req,
                                  .maker = maker,
                                  .key = key,
                                  .now_ms = wall_ms(),
                                  .view = {.team = team_of(req)}};
    if (key || !is_quick)
        return plan_elsewhere(creation);
    creation->view.datasets = json_incref(world->datasets);
    make_plan(NULL, creation);
    return after_planning(creation);
}
