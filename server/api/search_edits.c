/*
 * Changes of a search by hand: budget, pruner and the like, one more choice, points and results,
 * and results that are corrected or deleted. Bodies are checked on a helper thread, against the
 * search as it is kept.
 */
#include "api/search_edits.h"
#include "api/api.h"
#include "api/hand_points.h"
#include "api/search_check.h"

#include "jobs/fields.h"
#include "json.h"
#include "memory.h"
#include "search/population.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hand_request {
    struct request *req;
    int64_t id; /* of a job, or of a run */
    /* On a helper thread: the wish or the correction from the body. */
    int (*check)(struct reader *reader, struct hand_request *hand, struct error *err);
    /* On the loop, where there are no problems: gives them to the conductor. */
    void (*act)(struct hand_request *hand);
    struct reply (*answer)(struct hand_request *hand, json_t *body);
    struct data_view view;
    struct problems problems;
    struct search_wish wish;
    struct run_correction correction;
    int skipped;
    int outcome;
    struct error err;
};

static void hand_free(struct hand_request *hand)
{
    search_wish_release(&hand->wish);
    problems_release(&hand->problems);
    json_decref(hand->view.datasets);
    free(hand);
}

static struct reply busy(const char *what)
{
    struct reply reply = reply_problem(503, "%s; try again", what);
    reply.retry_after_s = 1;
    return reply;
}

static void check_on_helper(void *reader, void *context)
{
    struct hand_request *hand = context;
    hand->outcome = hand->check(reader, hand, &hand->err);
}

static void answer_hand(struct hand_request *hand, struct reply reply)
{
    request_answer(hand->req, reply);
    hand_free(hand);
}

static void checked(void *context)
{
    struct hand_request *hand = context;
    if (hand->outcome < 0)
        answer_hand(hand, reply_error(&hand->err));
    else if (hand->problems.found)
        answer_hand(hand, reply_problems(&hand->problems));
    else
        hand->act(hand);
}

static struct reply begin(struct request *req, const struct hand_request *from)
{
    struct world *world = world_of(req);
    struct hand_request *hand = xcalloc(1, sizeof *hand);
    struct error err;
    *hand = *from;
    hand->req = req;
    if (request_id(req, 0, &hand->id, &err) < 0) {
        hand_free(hand);
        return reply_error(&err);
    }
    if (store_is_full(world->store)) {
        hand_free(hand);
        return busy("the disk does not keep up");
    }
    hand->view = (struct data_view){json_deep_copy(world->datasets), team_of(req)};
    if (helpers_run(world->helpers, check_on_helper, checked, hand))
        return reply_later();
    hand_free(hand);
    return busy("too many reads are waiting");
}

/* --- the search as it is kept --------------------------------------------------------------------
 */

/* Its request; the caller's. -1 where the job is no search. */
static int read_request(struct reader *reader, int64_t id, json_t **out_request, struct error *err)
{
    json_auto_t *job = NULL;
    if (store_read_job(reader, id, &job, err) < 0)
        return -1;
    if (strcmp(json_text_at(job, "kind", ""), "search") != 0)
        return error_of(err, ERROR_CONFLICT, "job %" PRId64 " is not a search", id);
    *out_request = json_incref(json_object_get(job, "request"));
    return 0;
}

static const json_t *catalog_of(const struct hand_request *hand)
{
    return world_of(hand->req)->catalog;
}

static int read_plan(struct reader *reader, const struct hand_request *hand, int64_t job,
                     struct search_plan **out, struct error *err)
{
    json_auto_t *request = NULL;
    if (read_request(reader, job, &request, err) < 0)
        return -1;
    AUTO_FREE char *text = json_ordered(request);
    *out = search_plan_of(catalog_of(hand), text);
    return 0;
}

static bool is_object(const json_t *body, const char *example, struct problems *problems)
{
    if (json_is_object(body))
        return true;
    problems_add(problems, "", NULL, "must be an object such as %s", example);
    return false;
}

/* The request as a person would send it today, all of it checked again; NULL with problems. */
static struct search_plan *plan_again(struct reader *reader, struct hand_request *hand,
                                      json_t *request)
{
    struct job_plan plan;
    search_request_plain(request);
    job_plan_read(catalog_of(hand), api_data_facts, &hand->view, request, &plan, &hand->problems);
    search_check_plan(reader, hand->view.team, &plan, &hand->problems);
    search_check_population(catalog_of(hand), &plan, &hand->problems);
    struct search_plan *search = plan.search;
    plan.search = NULL;
    job_plan_release(&plan);
    return search;
}

/* --- sections -----------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    unsigned section;
} sections[] = {
    {"parallel", SECTION_PARALLEL},
    {"pruner", SECTION_PRUNER},
    {"stop", SECTION_STOP},
};

static const struct {
    const char *name;
    unsigned section;
} budgets[] = {
    {"runs", SECTION_RUNS},
    {"time_s", SECTION_TIME},
    {"steps", SECTION_STEPS},
};

static void lay_budget(struct hand_request *hand, json_t *request)
{
    static const char *const fields[] = {"runs", "time_s", "steps"};
    json_t *budget = json_object_get(hand->req->json, "budget");
    if (!budget)
        return;
    if (!json_is_object(budget)) {
        problems_add(&hand->problems, "", "budget", "must be an object such as {\"runs\": 200}");
        return;
    }
    fields_refuse_unknown(budget, "/budget", fields, (int)COUNT_OF(fields), &hand->problems);
    json_t *laid = json_copy(json_object_get(request, "budget"));
    json_object_update(laid, budget);
    json_object_set_new(request, "budget", laid);
    for (size_t i = 0; i < COUNT_OF(budgets); i++)
        if (json_object_get(budget, budgets[i].name))
            hand->wish.sections |= budgets[i].section;
}

static void lay_sections(struct hand_request *hand, json_t *request)
{
    lay_budget(hand, request);
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        json_t *value = json_object_get(hand->req->json, sections[i].name);
        if (!value)
            continue;
        json_object_set(request, sections[i].name, value);
        hand->wish.sections |= sections[i].section;
    }
    if (json_object_get(hand->req->json, "priority"))
        hand->wish.sections |= SECTION_PRIORITY;
    hand->wish.priority = (int)fields_integer(hand->req->json, "", "priority", -PRIORITY_MAX,
                                              PRIORITY_MAX, 0, &hand->problems);
}

static int check_sections(struct reader *reader, struct hand_request *hand, struct error *err)
{
    static const char *const fields[] = {"priority", "budget", "parallel", "pruner", "stop"};
    json_auto_t *kept = NULL;
    if (read_request(reader, hand->id, &kept, err) < 0)
        return -1;
    json_auto_t *request = json_copy(kept);
    fields_refuse_unknown(hand->req->json, "", fields, (int)COUNT_OF(fields), &hand->problems);
    lay_sections(hand, request);
    if (hand->problems.found == 0)
        hand->wish.plan = plan_again(reader, hand, request);
    return 0;
}

/* --- one more choice ----------------------------------------------------------------------------
 */

static int find_choice(struct hand_request *hand, const struct space *space)
{
    const char *name =
        fields_text(hand->req->json, "", "parameter", PARAMETER_NAME_BYTES, true, &hand->problems);
    const int parameter = name ? space_find(space, name) : -1;
    if (!name)
        return -1;
    if (parameter < 0)
        problems_add(&hand->problems, "", "parameter", "the search has no parameter \"%.100s\"",
                     name);
    else if (space->parameters[parameter].type != PARAMETER_CHOICE)
        problems_add(&hand->problems, "", "parameter",
                     "\"%.100s\" is no choice; only a choice gets more values", name);
    else
        return parameter;
    return -1;
}

/* What is wrong with the whole is wrong with the value, which is all that is new. */
static void check_value(struct reader *reader, struct hand_request *hand, const json_t *kept,
                        struct search_plan *plan, int parameter)
{
    struct error err;
    json_t *value = json_object_get(hand->req->json, "value");
    if (!value) {
        problems_add(&hand->problems, "", "value", "is missing: one more value of the choice");
        return;
    }
    if (space_add_choice(&plan->space, parameter, value, &err) < 0) {
        problems_add(&hand->problems, "", "value", "%s", err.sentence);
        return;
    }
    json_auto_t *request = json_copy((json_t *)(uintptr_t)kept);
    json_object_set_new(request, "space", space_json(&plan->space));
    search_plan_free(plan_again(reader, hand, request));
    for (int i = 0; i < hand->problems.count; i++) {
        free(hand->problems.list[i].pointer);
        hand->problems.list[i].pointer = xstrdup("/value");
    }
    hand->wish.parameter = xstrdup(plan->space.parameters[parameter].name);
    hand->wish.choice = json_deep_copy(value);
}

static int check_choice(struct reader *reader, struct hand_request *hand, struct error *err)
{
    static const char *const fields[] = {"parameter", "value"};
    json_auto_t *kept = NULL;
    if (read_request(reader, hand->id, &kept, err) < 0)
        return -1;
    if (!is_object(hand->req->json, "{\"parameter\": \"/optimizer/type\", \"value\": \"lion\"}",
                   &hand->problems))
        return 0;
    fields_refuse_unknown(hand->req->json, "", fields, (int)COUNT_OF(fields), &hand->problems);
    AUTO_FREE char *text = json_ordered(kept);
    struct search_plan *plan = search_plan_of(catalog_of(hand), text);
    const int parameter = find_choice(hand, &plan->space);
    if (parameter >= 0)
        check_value(reader, hand, kept, plan, parameter);
    search_plan_free(plan);
    return 0;
}

/* --- points and results -------------------------------------------------------------------------
 */

static void add_variant(struct hand_request *hand, const struct search_plan *plan,
                        struct hand_point *point)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct planner planner = {catalog_of(hand), api_data_facts, &hand->view, &problems};
    point->variant = search_variant(&planner, plan, point->values);
}

/* Members go on from checkpoints of each other. */
static void refuse_results(struct hand_request *hand, const struct search_plan *plan)
{
    struct population population;
    if (population_of(plan, &population))
        problems_add(&hand->problems, "", NULL,
                     "\"pbt\" goes on from the checkpoints of its runs, which results from "
                     "elsewhere do not have; add points without results");
}

/* Where workers train, values must go together. */
static void try_point(struct hand_request *hand, const struct search_plan *plan,
                      const struct hand_point *point)
{
    AUTO_PROBLEMS struct problems shown = {0};
    const struct planner planner = {catalog_of(hand), api_data_facts, &hand->view, &hand->problems};
    json_t *spec;
    if (plan->external || search_spec(planner.catalog, plan, point->values, &spec, &shown) < 0)
        return;
    json_decref(plan_resolve(&planner, spec, "", &shown));
    json_decref(spec);
    for (int i = 0; i < shown.count; i++)
        problems_add(&hand->problems, "/parameters",
                     shown.list[i].pointer[0] ? shown.list[i].pointer : NULL, "%s",
                     shown.list[i].detail);
}

static int check_point(struct reader *reader, struct hand_request *hand, struct error *err)
{
    static const char *const fields[] = {"parameters", "values", "constraints",
                                         "error",      "state",  "step"};
    struct search_plan *plan = NULL;
    struct problems *problems = &hand->problems;
    if (read_plan(reader, hand, hand->id, &plan, err) < 0)
        return -1;
    if (is_object(hand->req->json, "{\"parameters\": {\"/optimizer/lr\": 0.01}}", problems)) {
        struct hand_point *point = hand->wish.points = xcalloc(1, sizeof *point);
        hand->wish.point_count = 1;
        fields_refuse_unknown(hand->req->json, "", fields, (int)COUNT_OF(fields), problems);
        hand_point_read(plan, hand->req->json, "", point, problems);
        if (problems->found == 0 && !point->has_results)
            try_point(hand, plan, point);
        else if (problems->found == 0)
            refuse_results(hand, plan);
        if (problems->found == 0)
            add_variant(hand, plan, point);
    }
    search_plan_free(plan);
    return 0;
}

/* --- import -------------------------------------------------------------------------------------
 */

static void take_runs(struct hand_request *hand, const struct search_plan *plan,
                      const json_t *document)
{
    struct hand_points points;
    hand_points_read(plan, document, &points, &hand->problems);
    hand->wish.points = points.list;
    hand->wish.point_count = points.count;
    hand->skipped = points.skipped;
    refuse_results(hand, plan);
    for (int i = 0; hand->problems.found == 0 && i < points.count; i++)
        add_variant(hand, plan, &points.list[i]);
}

static int check_import(struct reader *reader, struct hand_request *hand, struct error *err)
{
    const struct request *req = hand->req;
    struct search_plan *plan = NULL;
    struct error trouble;
    if (read_plan(reader, hand, hand->id, &plan, err) < 0)
        return -1;
    const bool is_table = req->body && !req->json;
    json_t *document = is_table ? hand_points_of_csv(plan, req->body, req->body_bytes, &trouble)
                                : json_incref(req->json);
    if (is_table && !document)
        problems_add(&hand->problems, "", NULL, "%s", trouble.sentence);
    else if (is_object(document, "{\"runs\": […]}, as an export is, or text/csv", &hand->problems))
        take_runs(hand, plan, document);
    json_decref(document);
    search_plan_free(plan);
    return 0;
}

/* --- to the conductor ---------------------------------------------------------------------------
 */

static void edited(void *context, json_t *body, const struct error *err)
{
    struct hand_request *hand = context;
    struct reply reply = err ? reply_error(err) : hand->answer(hand, body);
    if (err && (err->kind == ERROR_UNAVAILABLE || err->kind == ERROR_LIMIT))
        reply.retry_after_s = 1;
    if (reply.kind != REPLY_LATER)
        request_answer(hand->req, reply);
    hand_free(hand);
}

static void edit_search(struct hand_request *hand)
{
    struct audit_entry entry;
    conductor_edit_search(world_of(hand->req)->conductor, hand->id, &hand->wish,
                          access_note(hand->req, &entry), edited, hand);
}

static struct reply answer_job(struct hand_request *hand, json_t *body)
{
    json_decref(body);
    api_answer_job(hand->req, NULL);
    return reply_later();
}

static struct reply answer_point(struct hand_request *hand, json_t *body)
{
    const int64_t run = json_integer_at(body, "first_run", 0);
    json_decref(body);
    if (run == 0)
        return reply_json(202, json_pack("{s:I, s:n}", "job", hand->id, "run"));
    return reply_created(xprintf("/api/v1/runs/%" PRId64, run),
                         json_pack("{s:I, s:I}", "job", hand->id, "run", run));
}

static struct reply answer_import(struct hand_request *hand, json_t *body)
{
    json_object_set_new(body, "skipped", json_integer(hand->skipped));
    return reply_json(200, body);
}

/* Nothing to add: not worth an edit. */
static void import_runs(struct hand_request *hand)
{
    if (hand->wish.point_count > 0) {
        edit_search(hand);
        return;
    }
    answer_hand(hand,
                reply_json(200, json_pack("{s:I, s:n, s:i, s:i}", "job", hand->id, "first_run",
                                          "added", 0, "skipped", hand->skipped)));
}

struct reply api_change_search(struct request *req)
{
    return begin(req, &(struct hand_request){
                          .check = check_sections, .act = edit_search, .answer = answer_job});
}

static struct reply add_choice(struct request *req)
{
    return begin(req, &(struct hand_request){
                          .check = check_choice, .act = edit_search, .answer = answer_job});
}

static struct reply add_run(struct request *req)
{
    return begin(req, &(struct hand_request){
                          .check = check_point, .act = edit_search, .answer = answer_point});
}

static struct reply import_search(struct request *req)
{
    return begin(req, &(struct hand_request){
                          .check = check_import, .act = import_runs, .answer = answer_import});
}

/* --- a run's result -----------------------------------------------------------------------------
 */

/* With what it was told with, which stays where the body says nothing of it. */
static int read_told(struct reader *reader, struct hand_request *hand, struct kept_proposal *kept,
                     struct error *err)
{
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    json_auto_t *run = NULL;
    if (store_read_run(reader, hand->id, &run, err) < 0)
        return -1;
    hand->correction =
        (struct run_correction){.job = json_integer_at(run, "job", 0), .run = hand->id};
    if (strcmp(json_text_at(run, "phase", ""), run_phase_names[PHASE_SEARCH]) != 0)
        return error_of(err, ERROR_CONFLICT, "run %" PRId64 " is not of a search", hand->id);
    if (store_read_proposal(reader, hand->id, rooms, kept, err) < 0 || kept->told < 0)
        return error_of(err, ERROR_CONFLICT,
                        "run %" PRId64 " is %s and has no result yet; cancel it first", hand->id,
                        json_text_at(run, "state", ""));
    memcpy(hand->correction.results, kept->results, sizeof hand->correction.results);
    hand->correction.outcome = kept->outcome;
    return 0;
}

static int check_result(struct reader *reader, struct hand_request *hand, struct error *err)
{
    static const char *const fields[] = {"values", "constraints", "error"};
    const json_t *body = hand->req->json;
    struct kept_proposal kept;
    struct search_plan *plan = NULL;
    if (read_told(reader, hand, &kept, err) < 0 ||
        read_plan(reader, hand, hand->correction.job, &plan, err) < 0)
        return -1;
    if (is_object(body, "{\"values\": [0.25]}", &hand->problems)) {
        fields_refuse_unknown(body, "", fields, (int)COUNT_OF(fields), &hand->problems);
        hand_result_read(plan, body, "", true, hand->correction.results, &hand->correction.outcome,
                         &hand->problems);
        if (kept.outcome == PROPOSAL_PRUNED && hand->correction.outcome == PROPOSAL_DONE)
            hand->correction.outcome = PROPOSAL_PRUNED; /* it was not trained to its end */
    }
    search_plan_free(plan);
    return 0;
}

static int check_deletion(struct reader *reader, struct hand_request *hand, struct error *err)
{
    struct kept_proposal kept;
    if (read_told(reader, hand, &kept, err) < 0)
        return -1;
    if (kept.outcome == PROPOSAL_DELETED)
        return error_of(err, ERROR_CONFLICT, "run %" PRId64 " counts for nothing already",
                        hand->id);
    hand->correction.outcome = PROPOSAL_DELETED;
    return 0;
}

static void corrected(void *context, const struct error *err)
{
    struct hand_request *hand = context;
    api_answer_run(hand->req, err);
    hand_free(hand);
}

static void correct_run(struct hand_request *hand)
{
    struct audit_entry entry;
    conductor_correct_run(world_of(hand->req)->conductor, &hand->correction,
                          access_note(hand->req, &entry), corrected, hand);
}

static struct reply change_run(struct request *req)
{
    return begin(req, &(struct hand_request){.check = check_result, .act = correct_run});
}

static struct reply delete_run(struct request *req)
{
    return begin(req, &(struct hand_request){.check = check_deletion, .act = correct_run});
}

const struct route search_edit_routes[] = {
    {METHOD_POST, "/api/v1/jobs/{id}/choices", add_choice, BODY_JSON, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_POST, "/api/v1/jobs/{id}/runs", add_run, BODY_JSON, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_POST, "/api/v1/jobs/{id}/import", import_search, BODY_TABLE, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_PATCH, "/api/v1/runs/{id}", change_run, BODY_JSON, 0, FOR_MEMBERS | OF_RUN},
    {METHOD_DELETE, "/api/v1/runs/{id}", delete_run, BODY_NONE, 0, FOR_MEMBERS | OF_RUN},
    {0},
};
