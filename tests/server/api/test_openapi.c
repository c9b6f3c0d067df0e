/*
 * The OpenAPI document against the server: the same routes on both sides, and every answer of a
 * real server described, with its status, its type and each member of its JSON.
 */
#include "api/api.h"

#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/schema.h"

#include "json.h"
#include "memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const method_names[METHODS] = {
    [METHOD_GET] = "get",     [METHOD_POST] = "post",     [METHOD_PUT] = "put",
    [METHOD_PATCH] = "patch", [METHOD_DELETE] = "delete",
};

static json_t *document;
static json_t *answered; /* "get /api/v1/jobs" -> true: it has answered well once */

/* --- routes --------------------------------------------------------------------------------- */

static const json_t *operation_of(const char *method, const char *path)
{
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

static void every_route_is_described(void **state)
{
    (void)state;
    int count = 0;
    for (const struct route *const *table = api_tables; *table; table++) {
        for (const struct route *route = *table; route->path; route++, count++) {
            if (!operation_of(method_names[route->method], route->path))
                fail_msg("%s %s is not described", method_names[route->method], route->path);
        }
    }
    assert_true(count > 20);
}

static bool has_route(const char *method, const char *path)
{
    for (const struct route *const *table = api_tables; *table; table++)
        for (const struct route *route = *table; route->path; route++)
            if (strcmp(route->path, path) == 0 && strcmp(method_names[route->method], method) == 0)
                return true;
    return false;
}

/* Calls `visit` for every operation of the document. */
static void each_operation(void (*visit)(const char *method, const char *path))
{
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            if (strcmp(method, "parameters") != 0)
                visit(method, path);
        }
    }
}

static void check_has_route(const char *method, const char *path)
{
    if (!has_route(method, path))
        fail_msg("%s %s is described, but there is no such route", method, path);
}

static void everything_described_is_a_route(void **state)
{
    (void)state;
    each_operation(check_has_route);
}

static void the_document_is_served_as_it_is(void **state)
{
    (void)state;
    json_auto_t *served = api_get(port, "/api/v1/openapi.json");
    assert_true(json_equal(served, document));
}

/* --- the check itself ----------------------------------------------------------------------- */

static void the_check_sees_what_is_wrong(void **state)
{
    (void)state;
    AUTO_FREE char *text = api_quoted("{'type': 'object', 'required': ['a'], 'properties': {"
                                      "'a': {'type': ['integer', 'null'], 'minimum': 1},"
                                      "'b': {'type': 'array', 'items': {'enum': ['x', 'y']}}}}");
    json_auto_t *schema = json_loads(text, 0, NULL);
    static const struct {
        const char *value, *says; /* NULL: it is fine */
    } cases[] = {
        {"{'a': 1, 'b': ['x', 'y']}", NULL},
        {"{'a': null}", NULL},
        {"{'b': []}", "lacks \"a\""},
        {"{'a': 0}", "/a: minimum"},
        {"{'a': 1.5}", "/a: number"},
        {"{'a': 1, 'b': ['z']}", "/b/0: is none of"},
        {"{'a': 1, 'c': 2}", "/c: is not described"},
        {"[]", "array"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err;
        AUTO_FREE char *quoted = api_quoted(cases[i].value);
        json_auto_t *value = json_loads(quoted, 0, NULL);
        const int outcome = schema_check(document, schema, value, &err);
        assert_int_equal(outcome, cases[i].says ? -1 : 0);
        if (cases[i].says)
            assert_says(err.sentence, cases[i].says);
    }
}

/* --- answers -------------------------------------------------------------------------------- */

static const json_t *resolved(const json_t *value)
{
    const char *reference = json_text_at(value, "$ref", NULL);
    return reference ? json_pointer_get(document, reference + 1) : value;
}

/* The schema for that answer, or NULL where it has no JSON; fails where it is not described. */
static const json_t *schema_of(const char *method, const char *path,
                               const struct http_answer *answer)
{
    char status[16], type[64] = "";
    snprintf(status, sizeof status, "%d", answer->status);
    const json_t *responses = json_object_get(operation_of(method, path), "responses");
    const json_t *response = resolved(json_object_get(responses, status));
    if (!response)
        fail_msg("%s %s answers %s, which is not described: %s", method, path, status,
                 answer->body);
    const char *header = answer_header(answer, "Content-Type");
    if (!header) {
        assert_null(json_object_get(response, "content"));
        return NULL;
    }
    snprintf(type, sizeof type, "%.*s", (int)strcspn(header, ";"), header);
    const json_t *content = json_object_get(json_object_get(response, "content"), type);
    if (!content)
        fail_msg("%s %s answers %s with %s, which is not described", method, path, status, type);
    return strstr(type, "json") && !strstr(type, "ndjson") ? json_object_get(content, "schema")
                                                           : NULL;
}

static void check_answer(const char *method, const char *path, int status,
                         struct http_answer *answer)
{
    struct error err;
    char lower[16];
    for (size_t i = 0; i <= strlen(method); i++)
        lower[i] = (char)tolower((unsigned char)method[i]);
    api_expect(answer, status);
    const json_t *schema = schema_of(lower, path, answer);
    if (schema) {
        json_auto_t *json = api_json(answer);
        if (schema_check(document, schema, json, &err) < 0)
            fail_msg("%s %s, %d: %s", method, path, status, err.sentence);
    }
    if (status < 300) {
        AUTO_FREE char *key = xprintf("%s %s", lower, path);
        json_object_set_new(answered, key, json_true());
    }
    answer_release(answer);
}

/* {id} or {name} becomes `param`; more is put behind the path. */
static void ask(const char *method, const char *path, const char *param, const char *more,
                const char *body, int status)
{
    const char *brace = strchr(path, '{');
    const int head = brace ? (int)(brace - path) : (int)strlen(path);
    const char *tail = brace ? strchr(brace, '}') + 1 : "";
    struct http_answer answer =
        api_ask(port, method, NULL, body, "%.*s%s%s%s", head, path, brace ? param : "", tail, more);
    check_answer(method, path, status, &answer);
}

#define PROBLEM "'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}"
#define TRAIN                                                                                      \
    "{'kind': 'train', 'spec': {'dataset': 'gaussians', 'model': {'type': 'softmax'},"             \
    " 'epochs': 2, 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"
#define DIVERGING                                                                                  \
    "{'kind': 'train', 'spec': {" PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 1000}}}"
#define ENDLESS                                                                                    \
    "{'kind': 'train', 'spec': {" PROBLEM ", 'steps': 1e12, 'report_every_steps': 100000,"         \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"
#define COMPARE                                                                                    \
    "{'kind': 'compare', 'reuse': false, 'base': {" PROBLEM                                        \
    ", 'optimizer': {'type': 'sgd', 'lr': 0.1}},"                                                  \
    " 'arms': [{'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {'schedule': 'linear'}}],"       \
    " 'tune': {'over': {'/optimizer/lr': [0.1, 0.2]}, 'seeds': [9]}, 'seeds': [1, 2, 3],"          \
    " 'target': 0.001, 'equivalent_within': 0.1}"

#define ON_TASKS                                                                                   \
    "{'kind': 'compare', 'base': {" PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 0.1}},"          \
    " 'tasks': [{'name': 'short', 'spec': {}}, {'name': 'long', 'spec': {'steps': 20}}],"          \
    " 'arms': [{'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {'schedule': 'linear'}},"        \
    "          {'name': 'c', 'patch': {'schedule': 'cosine'}}], 'seeds': [1, 2, 3]}"

#define LOOKED_AT                                                                                  \
    "{'kind': 'compare', 'base': {" PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 0.1}},"          \
    " 'arms': [{'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {}},"                            \
    "          {'name': 'c', 'patch': {'schedule': 'linear'}}], 'seeds': [1, 2, 3, 4, 5, 6],"      \
    " 'sequential': {'looks': 2}, 'equivalent_within': 0.1}"

#define SEARCH                                                                                     \
    "{'kind': 'search', 'base': {" PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 0.1},"            \
    " 'steps': 300}, 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.01, 'high': 1000,"      \
    " 'scale': 'log'}}, 'algorithm': 'random', 'budget': {'runs': 4},"                             \
    " 'enqueue': [{'/optimizer/lr': 0.1}, {'/optimizer/lr': 1000}]}"
#define SEARCH_THAT_CANNOT_BE                                                                      \
    "{'kind': 'search', 'runner': 'external', 'space': {'x': {'type': 'float', 'low': 0,"          \
    " 'high': 1}}, 'objectives': [{'metric': 'a'}, {'metric': 'b'}], 'algorithm': 'cmaes'}"

#define POPULATION                                                                                 \
    "{'kind': 'search', 'base': {" PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 0.1},"            \
    " 'steps': 40}, 'space': {'/optimizer/lr': {'type': 'float', 'low': 0.01, 'high': 1}},"        \
    " 'algorithm': {'type': 'pbt', 'population': 2, 'interval': 0.5}, 'budget': {'runs': 4}}"

static char *submitted(const char *body, const char *state)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, state));
    return xprintf("%lld", (long long)job);
}

static char *run_of(const char *job)
{
    return xprintf("%lld", (long long)api_run_of(port, atoll(job), 0));
}

static void check_job_and_run(const char *job, const char *run)
{
    ask("GET", "/api/v1/jobs/{id}", job, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/runs", job, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/metrics", job, "?name=train_loss&points=2", NULL, 200);
    ask("GET", "/api/v1/runs/{id}", run, "", NULL, 200);
    ask("GET", "/api/v1/runs/{id}/metrics", run, "", NULL, 200);
    ask("GET", "/api/v1/runs/{id}/metrics", run, "?points=2", NULL, 200);
    ask("GET", "/api/v1/runs/{id}/metrics", run, "?format=csv", NULL, 200);
    ask("GET", "/api/v1/runs/{id}/metrics", run, "?format=ndjson", NULL, 200);
    ask("GET", "/api/v1/runs/{id}/log", run, "", NULL, 200);
}

static void answers_about_jobs_and_runs_are_described(void **state)
{
    (void)state;
    AUTO_FREE char *trained = submitted(TRAIN, "succeeded");
    AUTO_FREE char *trained_run = run_of(trained);
    AUTO_FREE char *diverged = submitted(DIVERGING, "failed");
    AUTO_FREE char *diverged_run = run_of(diverged);
    AUTO_FREE char *compared = submitted(COMPARE, "succeeded");
    AUTO_FREE char *compared_run = run_of(compared);
    ask("POST", "/api/v1/jobs", NULL, "", TRAIN, 201);
    AUTO_FREE char *looked_at = submitted(LOOKED_AT, "succeeded");
    ask("POST", "/api/v1/jobs", NULL, "", COMPARE, 201);
    ask("GET", "/api/v1/jobs/{id}/report", looked_at, "", NULL, 200);
    ask("GET", "/api/v1/jobs", NULL, "?limit=2", NULL, 200);
    check_job_and_run(trained, trained_run);
    check_job_and_run(diverged, diverged_run);
    check_job_and_run(compared, compared_run);
    ask("GET", "/api/v1/runs/{id}/model", trained_run, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?format=csv", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?format=csv&table=pairs", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?pairs=baseline", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?pairs=some", NULL, 422);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?by=wall_time&band=quantiles", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?by=work", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", compared, "?by=time", NULL, 422);
    ask("POST", "/api/v1/runs/{id}/retry", diverged_run, "", NULL, 200);
    json_decref(api_await_job(port, atoll(diverged), "failed"));
}

static void answers_about_tasks_are_described(void **state)
{
    (void)state;
    AUTO_FREE char *job = submitted(ON_TASKS, "succeeded");
    AUTO_FREE char *run = run_of(job);
    AUTO_FREE char *alone = submitted(COMPARE, "succeeded");
    ask("POST", "/api/v1/jobs", NULL, "", ON_TASKS, 201);
    check_job_and_run(job, run);
    ask("GET", "/api/v1/jobs/{id}/report", job, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", job, "?pairs=baseline&by=wall_time", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", job, "?format=csv", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", job, "?format=csv&table=pairs", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", job, "?format=csv&table=tasks", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", alone, "?format=csv&table=tasks", NULL, 422);
}

#define BY_HAND                                                                                    \
    "{'kind': 'search', 'runner': 'external', 'space': {'x': {'type': 'float', 'low': 0,"          \
    " 'high': 1}, 'c': {'type': 'choice', 'values': ['a', 'b']}}, 'algorithm': 'random',"          \
    " 'objectives': [{'metric': 'cost'}, {'metric': 'score', 'goal': 'maximize'}],"                \
    " 'constraints': [{'metric': 'size', 'at_most': 9}], 'budget': {'runs': 12}}"

static void answers_about_reports_of_searches_are_described(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, BY_HAND);
    AUTO_FREE char *id = xprintf("%lld", (long long)job);
    ask("GET", "/api/v1/jobs/{id}/report", id, "", NULL, 200);
    json_auto_t *asked = api_change(port, "POST", "{'count': 12}", 200, "/api/v1/jobs/%s/ask", id);
    for (int i = 0; i < 12; i++) {
        AUTO_FREE char *pointer = xprintf("/runs/%d/id", i);
        AUTO_FREE char *body =
            xprintf("{'state': 'succeeded', 'values': [%d, %d], 'constraints': [%d]}", i, i / 2, i);
        json_decref(api_change(port, "POST", body, 200, "/api/v1/runs/%lld/tell",
                               (long long)api_integer(asked, pointer)));
    }
    ask("GET", "/api/v1/jobs/{id}/report", id, "?top=3&contour=x,c", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", id, "?importance=fanova&objective=1", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", id, "?format=csv", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", id, "?contour=x", NULL, 422);
}

static void answers_about_external_runners_are_described(void **state)
{
    (void)state;
    static const char tell[] = "/api/v1/runs/{id}/tell", rows[] = "/api/v1/runs/{id}/metrics";
    AUTO_FREE char *job = xprintf("%lld", (long long)api_submit(port, BY_HAND));
    ask("POST", "/api/v1/jobs/{id}/ask", job, "", "{'count': 1, 'lease_s': 60}", 200);
    ask("POST", "/api/v1/jobs/{id}/ask", job, "", NULL, 200);
    AUTO_FREE char *run = xprintf("%lld", (long long)api_run_of(port, atoll(job), 0));
    AUTO_FREE char *other = xprintf("%lld", (long long)api_run_of(port, atoll(job), 1));
    AUTO_FREE char *unasked = xprintf("%lld", atoll(other) + 1);
    ask("POST", tell, unasked, "", "{'state': 'failed'}", 409);
    ask("POST", "/api/v1/jobs/{id}/ask", job, "", "{'count': 0}", 422);
    ask("POST", rows, run, "", "{'rows': [[1, 'cost', 0.5], [2, 'cost', null]]}", 200);
    ask("POST", rows, run, "", "{'rows': [[-1, 'cost', 0.5]]}", 422);
    ask("POST", tell, run, "", "{'state': 'succeeded', 'values': [1]}", 422);
    ask("POST", tell, run, "", "{'state': 'succeeded', 'values': [1, 2]}", 200);
    ask("POST", tell, run, "", "{'state': 'succeeded', 'values': [1, 3]}", 409);
    ask("POST", rows, run, "", "{'rows': []}", 200); /* stop */
    ask("POST", "/api/v1/jobs/{id}/cancel", job, "", NULL, 200);
    json_decref(api_await_job(port, atoll(job), "cancelled"));
    ask("POST", "/api/v1/jobs/{id}/ask", job, "", NULL, 200);
    ask("POST", rows, other, "", "{'rows': []}", 200);
    ask("POST", tell, run, "", "{'state': 'succeeded', 'values': [1, 2]}", 200);
    ask("POST", tell, other, "", "{'state': 'failed'}", 409);
}

static void answers_about_changes_by_hand_are_described(void **state)
{
    (void)state;
    static const char runs[] = "/api/v1/jobs/{id}/runs", one[] = "/api/v1/runs/{id}";
    static const char result[] =
        "{'parameters': {'x': 0.5, 'c': 'a'}, 'values': [1, 2], 'constraints': [3]}";
    static const char imported[] =
        "{'runs': [{'parameters': {'x': 0.25, 'c': 'b'}, 'values': [1, 2]}]}";
    AUTO_FREE char *job = xprintf("%lld", (long long)api_submit(port, BY_HAND));
    ask("PATCH", "/api/v1/jobs/{id}", job, "", "{'budget': {'runs': 9}, 'parallel': 3}", 200);
    ask("PATCH", "/api/v1/jobs/{id}", job, "", "{'parallel': 0}", 422);
    ask("POST", "/api/v1/jobs/{id}/choices", job, "", "{'parameter': 'c', 'value': 'd'}", 200);
    ask("POST", "/api/v1/jobs/{id}/choices", job, "", "{'parameter': 'x', 'value': 1}", 422);
    ask("POST", runs, job, "", "{'parameters': {'x': 0.5}}", 202);
    ask("POST", runs, job, "", result, 201);
    ask("POST", runs, job, "", "{'parameters': {'x': 5}}", 422);
    ask("POST", "/api/v1/jobs/{id}/import", job, "", imported, 200);
    ask("POST", "/api/v1/jobs/{id}/import", job, "", "{'runs': 1}", 422);
    ask("POST", "/api/v1/jobs/{id}/ask", job, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/export", job, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/export", job, "?format=csv", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/export", job, "?format=xml", NULL, 422);
    ask("POST", "/api/v1/jobs/{id}/replay", job, "", NULL, 200);
    AUTO_FREE char *told = xprintf("%lld", (long long)api_run_of(port, atoll(job), 0));
    AUTO_FREE char *open = xprintf("%lld", (long long)api_run_of(port, atoll(job), 2));
    ask("PATCH", one, told, "", "{'values': [3, 4]}", 200);
    ask("PATCH", one, told, "", "{'values': [3]}", 422);
    ask("DELETE", one, told, "", NULL, 200);
    ask("DELETE", one, told, "", NULL, 409);
    ask("PATCH", one, open, "", "{'values': [3, 4]}", 409);
}

static void answers_about_searches_are_described(void **state)
{
    (void)state;
    AUTO_FREE char *job = submitted(SEARCH, "succeeded");
    AUTO_FREE char *run = run_of(job);
    AUTO_FREE char *diverged = xprintf("%lld", (long long)api_run_of(port, atoll(job), 1));
    ask("POST", "/api/v1/jobs", NULL, "", SEARCH, 201);
    ask("POST", "/api/v1/jobs", NULL, "", SEARCH_THAT_CANNOT_BE, 422);
    check_job_and_run(job, run);
    check_job_and_run(job, diverged);
}

#define TWO_RATES                                                                                  \
    "{'kind': 'search', 'base': {" PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 0.1},"            \
    " 'steps': 40}, 'space': {'/optimizer/lr': {'type': 'choice', 'values': [0.2, 0.3]}},"         \
    " 'algorithm': 'grid', 'budget': {'runs': 2}}"

static void answers_about_confirmations_are_described(void **state)
{
    (void)state;
    static const char confirm[] = "/api/v1/jobs/{id}/confirm";
    AUTO_FREE char *job = submitted(TWO_RATES, "succeeded");
    AUTO_FREE char *compared = submitted(COMPARE, "succeeded");
    ask("POST", confirm, job, "", "{'best': 1, 'seeds': 2}", 201);
    ask("POST", confirm, job, "", NULL, 201);
    ask("POST", confirm, job, "", "{'best': 0}", 422);
    ask("POST", confirm, job, "", "{'best':", 400);
    ask("POST", confirm, compared, "", NULL, 409);
    ask("POST", confirm, "98765", "", NULL, 404);
    ask("GET", "/api/v1/jobs/{id}/report", job, "", NULL, 200);
}

static void answers_about_lineages_are_described(void **state)
{
    (void)state;
    AUTO_FREE char *job = submitted(POPULATION, "succeeded");
    AUTO_FREE char *run = run_of(job);
    AUTO_FREE char *other = submitted(SEARCH, "succeeded");
    AUTO_FREE char *of_run = xprintf("?run=%s", run);
    ask("GET", "/api/v1/jobs/{id}/lineage", job, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/lineage", job, of_run, NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/lineage", job, "?run=999999", NULL, 404);
    ask("GET", "/api/v1/jobs/{id}/lineage", other, "", NULL, 409);
    ask("GET", "/api/v1/jobs/{id}/lineage", job, "?run=x", NULL, 422);
    check_job_and_run(job, run);
}

static void answers_about_what_runs_are_described(void **state)
{
    (void)state;
    AUTO_FREE char *job = submitted(ENDLESS, "running");
    AUTO_FREE char *run = run_of(job);
    AUTO_FREE char *other = submitted(ENDLESS, "running");
    AUTO_FREE char *behind = submitted(COMPARE, "queued");
    api_await_step(port, atoll(run), 1);
    check_job_and_run(job, run);
    ask("GET", "/api/v1/queue", NULL, "", NULL, 200);
    ask("GET", "/api/v1/health", NULL, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/report", behind, "", NULL, 200);
    ask("GET", "/api/v1/jobs/{id}/runs", behind, "?state=waiting", NULL, 200);
    ask("POST", "/api/v1/jobs/{id}/pause", behind, "", NULL, 200);
    ask("POST", "/api/v1/jobs/{id}/resume", behind, "", NULL, 200);
    ask("PATCH", "/api/v1/jobs/{id}", behind, "", "{'priority': 3}", 200);
    ask("POST", "/api/v1/jobs/{id}/cancel", behind, "", NULL, 200);
    ask("POST", "/api/v1/runs/{id}/cancel", run, "", NULL, 200);
    ask("POST", "/api/v1/jobs/{id}/cancel", other, "", NULL, 200);
    json_decref(api_await_job(port, atoll(job), "cancelled"));
    json_decref(api_await_job(port, atoll(other), "cancelled"));
    ask("GET", "/api/v1/runs/{id}", run, "", NULL, 200);
}

static void upload(const char *name, const char *text, int status)
{
    struct form form = {0};
    AUTO_FREE char *target = xprintf("/api/v1/datasets/%s", name);
    form_value(&form, "format", "csv");
    form_file(&form, "train", text, strlen(text));
    struct http_answer answer = form_send(&form, port, target);
    check_answer("POST", "/api/v1/datasets/{name}", status, &answer);
}

static void answers_about_data_sets_are_described(void **state)
{
    (void)state;
    upload("points", "x,k\n1,a\n2,b\n3,a\n4,b\n", 201);
    upload("points", "x,k\n1,a\n2,b\n", 409);
    upload("broken", "x,k\n1,a\nz,b\n", 422);
    ask("GET", "/api/v1/datasets", NULL, "", NULL, 200);
    ask("GET", "/api/v1/datasets/{name}", "points", "", NULL, 200);
    ask("GET", "/api/v1/datasets/{name}", "spirals", "", NULL, 200);
    ask("GET", "/api/v1/datasets/{name}", "none", "", NULL, 404);
    ask("DELETE", "/api/v1/datasets/{name}", "points", "", NULL, 204);
    ask("DELETE", "/api/v1/datasets/{name}", "points", "", NULL, 404);
    ask("DELETE", "/api/v1/datasets/{name}", "digits", "", NULL, 409);
}

static void answers_about_the_service_are_described(void **state)
{
    (void)state;
    ask("GET", "/healthz", NULL, "", NULL, 200);
    ask("GET", "/api/v1/health", NULL, "", NULL, 200);
    ask("GET", "/api/v1/catalog", NULL, "", NULL, 200);
    ask("GET", "/api/v1/openapi.json", NULL, "", NULL, 200);
    struct http_client client = client_open(port);
    client_send_request(&client, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer head = client_read_head(&client);
    check_answer("GET", "/api/v1/events", 200, &head);
    client_close(&client);
}

static void ask_as_page(const char *path, const char *body, int status)
{
    struct http_answer answer = api_ask(port, "POST", "X-Sweepd-Page: 1\r\n", body, "%s", path);
    check_answer("POST", path, status, &answer);
}

/* A good login is tried in tests/e2e/test_teams.c: once there is a token, all need one. */
static void answers_about_teams_are_described(void **state)
{
    (void)state;
    ask("GET", "/api/v1/me", NULL, "", NULL, 200);
    struct http_answer forwarded =
        api_ask(port, "GET", "X-Forwarded-For: 127.0.0.1\r\n", NULL, "/api/v1/me");
    check_answer("GET", "/api/v1/me", 403, &forwarded);
    ask_as_page("/api/v1/login", "{'token': 'swp_'}", 401);
    ask_as_page("/api/v1/login", "{'tokens': 'swp_'}", 422);
    ask("POST", "/api/v1/login", NULL, "", "{'token': 'swp_'}", 403);
    ask_as_page("/api/v1/logout", NULL, 204);
    ask("POST", "/api/v1/teams", NULL, "", "{'name': 'vision', 'share': 2, 'max_queued': 500}",
        201);
    ask("POST", "/api/v1/teams", NULL, "", "{'name': 'vision'}", 409);
    ask("POST", "/api/v1/teams", NULL, "", "{'name': 'speech', 'share': 0}", 422);
    ask("GET", "/api/v1/teams", NULL, "", NULL, 200);
    ask("GET", "/api/v1/teams/{name}", "vision", "", NULL, 200);
    ask("GET", "/api/v1/teams/{name}", "speech", "", NULL, 404);
    ask("PATCH", "/api/v1/teams/{name}", "vision", "", "{'max_running': 3}", 200);
    ask("PATCH", "/api/v1/teams/{name}", "vision", "", "{'max_running': -1}", 422);
    ask("DELETE", "/api/v1/teams/{name}", "vision", "", NULL, 204);
    ask("DELETE", "/api/v1/teams/{name}", "default", "", NULL, 409);
    ask("GET", "/api/v1/tokens", NULL, "", NULL, 200);
    ask("POST", "/api/v1/tokens", NULL, "", "{'team': 'vision', 'name': 'ci'}", 422);
    ask("GET", "/api/v1/tokens/{id}", "1", "", NULL, 404);
    ask("GET", "/api/v1/audit", NULL, "?limit=2", NULL, 200);
}

/* Behind all others. */
static void answers_about_tokens_are_described(void **state)
{
    (void)state;
    struct http_answer answer = api_ask(
        port, "POST", NULL, "{'team': 'default', 'role': 'admin', 'name': 'me'}", "/api/v1/tokens");
    json_auto_t *made = api_json(&answer);
    AUTO_FREE char *token = xstrdup(api_text(made, "/token"));
    check_answer("POST", "/api/v1/tokens", 201, &answer);
    AUTO_FREE char *login = xprintf("{'token': '%s'}", token);
    ask_as_page("/api/v1/login", login, 200);
    ask("GET", "/api/v1/tokens", NULL, "", NULL, 401);
    AUTO_FREE char *header = xprintf("Authorization: Bearer %s\r\n", token);
    struct http_answer shown = api_ask(port, "GET", header, NULL, "/api/v1/tokens/1");
    check_answer("GET", "/api/v1/tokens/{id}", 200, &shown);
    struct http_answer rotated = api_ask(port, "POST", header, NULL, "/api/v1/tokens/1/rotate");
    json_auto_t *next = api_json(&rotated);
    AUTO_FREE char *other = xprintf("Authorization: Bearer %s\r\n", api_text(next, "/token"));
    check_answer("POST", "/api/v1/tokens/{id}/rotate", 201, &rotated);
    struct http_answer old = api_ask(port, "GET", header, NULL, "/api/v1/tokens/1");
    check_answer("GET", "/api/v1/tokens/{id}", 401, &old);
    struct http_answer gone = api_ask(port, "DELETE", other, NULL, "/api/v1/tokens/2");
    check_answer("DELETE", "/api/v1/tokens/{id}", 204, &gone);
}

static void answers_about_schedules_are_described(void **state)
{
    (void)state;
    ask("POST", "/api/v1/schedules/preview", NULL, "",
        "{'steps': 100, 'prefixes': 3, 'schedules': ['linear', {'type': 'wsd', 'name': 'late'}]}",
        200);
}

#define QUESTION "'noise': {'deviation': [0.1, 0.2]}, 'curvatures': [1, 2], 'start': [0.1, 0.5]"
#define NOISY                                                                                      \
    "'problem': {'type': 'quadratic', 'eigenvalues': [1], 'noise': 0.1}, 'optimizer': {'type': "   \
    "'adamw', 'lr': 0.01}, 'steps': 100"

static void answers_about_theory_are_described(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"sgd", "signsgd", "adamw"};
    for (size_t i = 0; i < COUNT_OF(optimizers); i++) {
        AUTO_FREE char *body =
            xprintf("{'optimizer': {'type': '%s', 'lr': 0.01}, " QUESTION "}", optimizers[i]);
        ask("POST", "/api/v1/theory", NULL, "", body, 200);
    }
    ask("POST", "/api/v1/theory", NULL, "", "{", 400);
    ask("POST", "/api/v1/theory", NULL, "", "{}", 422);
    ask("POST", "/api/v1/scale", NULL, "", "{'spec': {" NOISY "}, 'factor': 4}", 200);
    ask("POST", "/api/v1/scale", NULL, "", "{'spec': {" NOISY "}, 'factor': 0}", 422);
    AUTO_FREE char *scaled =
        submitted("{'kind': 'compare', 'base': {" NOISY "}, 'seeds': [1], 'scale_batch': [1, 4]}",
                  "succeeded");
    ask("GET", "/api/v1/jobs/{id}/report", scaled, "", NULL, 200);
}

static void refusals_are_described(void **state)
{
    (void)state;
    ask("POST", "/api/v1/jobs", NULL, "", "{'kind':", 400);
    ask("POST", "/api/v1/jobs", NULL, "", "{'kind': 'trane'}", 422);
    ask("POST", "/api/v1/schedules/preview", NULL, "", "{'steps':", 400);
    ask("POST", "/api/v1/schedules/preview", NULL, "", "{'steps': 0}", 422);
    ask("GET", "/api/v1/jobs", NULL, "?limit=0", NULL, 422);
    ask("GET", "/api/v1/queue", NULL, "?limit=0", NULL, 422);
    ask("GET", "/api/v1/events", NULL, "?job=x", NULL, 422);
    static const char *const of_a_job[] = {"", "/runs", "/report", "/metrics"};
    static const char *const of_a_run[] = {"", "/metrics", "/log", "/model"};
    for (int i = 0; i < 4; i++) {
        AUTO_FREE char *job = xprintf("/api/v1/jobs/{id}%s", of_a_job[i]);
        AUTO_FREE char *run = xprintf("/api/v1/runs/{id}%s", of_a_run[i]);
        ask("GET", job, "98765", "", NULL, 404);
        ask("GET", run, "98765", "", NULL, 404);
    }
    ask("PATCH", "/api/v1/jobs/{id}", "98765", "", "{'priority': 1}", 404);
    ask("PATCH", "/api/v1/jobs/{id}", "1", "", "{'priority': 'x'}", 422);
    ask("POST", "/api/v1/jobs/{id}/cancel", "98765", "", NULL, 404);
    ask("POST", "/api/v1/jobs/{id}/cancel", "1", "", "{}", 400);
    ask("POST", "/api/v1/runs/{id}/cancel", "98765", "", NULL, 404);
    ask("POST", "/api/v1/runs/{id}/retry", "98765", "", NULL, 404);
    ask("GET", "/api/v1/runs/{id}/metrics", "1", "?format=xml", NULL, 406);
    ask("POST", "/api/v1/jobs/{id}/cancel", "1", "", NULL, 409);
    ask("POST", "/api/v1/runs/{id}/retry", "1", "", NULL, 409);
}

static void check_was_answered(const char *method, const char *path)
{
    AUTO_FREE char *key = xprintf("%s %s", method, path);
    if (!json_object_get(answered, key))
        fail_msg("no test above had a good answer from %s", key);
}

/* Behind all of the above: a new operation needs a line there. */
static void every_operation_was_tried(void **state)
{
    (void)state;
    each_operation(check_was_answered);
}

static int start(void **state)
{
    document = json_loadb(openapi_text, openapi_bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    answered = json_object();
    return start_service(state);
}

static int end(void **state)
{
    json_decref(document);
    json_decref(answered);
    return end_service(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(everything_described_is_a_route),
        cmocka_unit_test(the_document_is_served_as_it_is),
        cmocka_unit_test(the_check_sees_what_is_wrong),
        cmocka_unit_test(answers_about_jobs_and_runs_are_described),
        cmocka_unit_test(answers_about_tasks_are_described),
        cmocka_unit_test(answers_about_reports_of_searches_are_described),
        cmocka_unit_test(answers_about_external_runners_are_described),
        cmocka_unit_test(answers_about_changes_by_hand_are_described),
        cmocka_unit_test(answers_about_searches_are_described),
        cmocka_unit_test(answers_about_confirmations_are_described),
        cmocka_unit_test(answers_about_lineages_are_described),
        cmocka_unit_test(answers_about_what_runs_are_described),
        cmocka_unit_test(answers_about_data_sets_are_described),
        cmocka_unit_test(answers_about_the_service_are_described),
        cmocka_unit_test(answers_about_schedules_are_described),
        cmocka_unit_test(answers_about_theory_are_described),
        cmocka_unit_test(refusals_are_described),
        cmocka_unit_test(answers_about_teams_are_described),
        cmocka_unit_test(answers_about_tokens_are_described),
        cmocka_unit_test(every_operation_was_tried),
    };
    return cmocka_run_group_tests(tests, start, end);
}
