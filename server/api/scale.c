/* A specification for another batch size. Pure: nothing is stored. */
#include "api/api.h"
#include "jobs/fields.h"
#include "jobs/planner.h"
#include "jobs/scale_spec.h"

#include "json.h"
#include "memory.h"

/* Above 0 and at most SCALE_FACTOR_MAX; 0 with a problem otherwise. */
static double read_factor(const json_t *body, struct problems *problems)
{
    const json_t *factor = json_object_get(body, "factor");
    const double value = json_number_value(factor);
    if (json_is_number(factor) && value > 0 && value <= SCALE_FACTOR_MAX)
        return value;
    problems_add(problems, "", "factor",
                 "%s a number, greater than 0 and at most %.0f: the new batch size by the old one",
                 factor ? "must be" : "is missing:", SCALE_FACTOR_MAX);
    return 0;
}

/* What comes out must be a specification too: a rate may have left its range. */
static void check_scaled(const struct planner *planner, const json_t *spec)
{
    if (!planner->problems->found)
        json_decref(plan_resolve(planner, spec, "/spec", planner->problems));
}

static struct reply answer(const struct planner *planner, const json_t *sent,
                           const json_t *resolved, double factor)
{
    const char *optimizer = json_text_at(json_object_get(resolved, "optimizer"), "type", "");
    struct scaled scaled = {0};

    scale_spec(planner->catalog, resolved, factor, SCALE_RULE, "/spec", &scaled, planner->problems);
    json_t *spec = scaled_apply(&scaled, planner->catalog, sent);
    check_scaled(planner, spec);
    struct reply reply =
        planner->problems->found
            ? reply_problems(planner->problems)
            : reply_json(200,
                         json_pack("{s:s, s:s, s:f, s:O, s:O, s:O}", "optimizer", optimizer, "rule",
                                   scale_rule_name(optimizer), "factor", factor, "spec", spec,
                                   "changes", scaled.changes, "warnings", scaled.warnings));
    json_decref(spec);
    scaled_release(&scaled);
    return reply;
}

static struct reply scale(struct request *req)
{
    static const char *const fields[] = {"spec", "factor"};
    AUTO_PROBLEMS struct problems problems = {0};
    struct world *world = world_of(req);
    struct data_view view = {world->datasets, team_of(req)};
    const struct planner planner = {world->catalog, api_data_facts, &view, &problems};
    const json_t *sent = json_object_get(req->json, "spec");

    if (!json_is_object(req->json)) {
        problems_add(&problems, "", NULL, "must be an object: {\"spec\": {…}, \"factor\": 4}");
        return reply_problems(&problems);
    }
    fields_refuse_unknown(req->json, "", fields, (int)COUNT_OF(fields), &problems);
    const double factor = read_factor(req->json, &problems);
    if (!sent)
        problems_add(&problems, "", "spec", "is missing: the specification to scale");
    json_auto_t *resolved = sent ? plan_resolve(&planner, sent, "/spec", &problems) : NULL;
    if (problems.found)
        return reply_problems(&problems);
    return answer(&planner, sent, resolved, factor);
}

const struct route scale_routes[] = {
    {METHOD_POST, "/api/v1/scale", scale, BODY_JSON, 0, FOR_VIEWERS},
    {0},
};
