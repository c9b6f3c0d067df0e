/* External runners: ask for points, report on the way, tell how it ended. */
#include "api/api.h"

#include "jobs/fields.h"
#include "jobs/search_plan.h"
#include "jobs/space.h"
#include "json.h"
#include "memory.h"
#include "store/searches.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ASK_MOST = 1000,
    LEASE_S = 600,
    LEASE_S_LEAST = 1,
    LEASE_S_MOST = 604800,
    WORKER_BYTES = 100,
    MESSAGE_BYTES = 1000,
    ROWS_MOST = 10000,
};

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

static bool is_object(const json_t *body, struct problems *problems)
{
    if (json_is_object(body))
        return true;
    problems_add(problems, "", NULL, "must be an object");
    return false;
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
    static const char *const fields[] = {"count", "lease_s", "worker"};
    AUTO_PROBLEMS struct problems problems = {0};
    const json_t *body = req->json;
    struct error err;
    int64_t id;

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    if (body && is_object(body, &problems)) /* without one: a point */
        fields_refuse_unknown(body, "", fields, (int)COUNT_OF(fields), &problems);
    const char *worker = fields_text(body, "", "worker", WORKER_BYTES, false, &problems);
    const struct ask_options options = {
        .count = (int)fields_integer(body, "", "count", 1, ASK_MOST, 1, &problems),
        .lease_ms = 1000 * fields_integer(body, "", "lease_s", LEASE_S_LEAST, LEASE_S_MOST, LEASE_S,
                                          &problems),
        .worker = worker ? worker : "external",
    };
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

/* As the store takes them. */
static bool is_metric_name(const json_t *name, size_t most)
{
    const char *text = json_string_value(name);
    const size_t bytes = json_string_length(name);
    for (size_t i = 0; i < bytes; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return text && bytes > 0 && bytes < most;
}

static bool read_row(const json_t *row, const char *pointer, struct report_row *out,
                     struct problems *problems)
{
    const json_t *name = json_array_get(row, 1), *value = json_array_get(row, 2);
    const bool has_value = json_is_number(value) || json_is_null(value);
    int64_t step = 0;
    if (json_array_size(row) != 3 ||
        !fields_is_whole(json_array_get(row, 0), 0, RUN_STEPS_MAX, &step) ||
        !is_metric_name(name, sizeof out->name) || !has_value) {
        problems_add(
            problems, pointer, NULL,
            "must be [step, \"name\", number], such as [100, \"valid_loss\", 0.25]: a step "
            "of at least 0 and at most %lld, a name of 1 to %zu letters without spaces, and "
            "null for a value that is not finite",
            (long long)RUN_STEPS_MAX, sizeof out->name - 1);
        return false;
    }
    out->step = step;
    out->value = json_is_null(value) ? (double)NAN : json_number_value(value);
    snprintf(out->name, sizeof out->name, "%s", json_string_value(name));
    return true;
}

static struct report_row *read_rows(const json_t *body, int *out_count, struct problems *problems)
{
    const json_t *list = json_object_get(body, "rows");
    const size_t count = json_array_size(list);
    *out_count = 0;
    if (!json_is_array(list) || count > ROWS_MOST) {
        problems_add(problems, "", "rows",
                     "%s a list of at most %d rows such as [100, \"valid_loss\", 0.25]",
                     list ? "must be" : "is missing:", ROWS_MOST);
        return NULL;
    }
    struct report_row *rows = xcalloc(count, sizeof *rows);
    for (size_t i = 0; i < count && problems->count < PROBLEMS_MAX; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/rows/%zu", i);
        if (read_row(json_array_get(list, i), pointer, &rows[*out_count], problems))
            ++*out_count;
    }
    return rows;
}

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
    static const char *const fields[] = {"rows", "attempt"};
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;
    int64_t id;
    int count;

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    if (is_object(req->json, &problems))
        fields_refuse_unknown(req->json, "", fields, (int)COUNT_OF(fields), &problems);
    const int attempt = (int)fields_integer(req->json, "", "attempt", 1, 1000000, 0, &problems);
    AUTO_FREE struct report_row *rows = read_rows(req->json, &count, &problems);
    if (problems.found)
        return reply_problems(&problems);
    if (is_busy(req))
        return busy("the disk does not keep up");
    if (!conductor_has_run(world_of(req)->conductor, id))
        return api_read(req, &(struct api_read){.id = id, .work = read_ended});
    conductor_report(world_of(req)->conductor, id, attempt, rows, count, answered, req);
    return reply_later();
}

/* --- telling -------------------------------------------------------------------------------------
 */

/* A list of numbers; null stands for one that is not finite. */
static int read_numbers(const json_t *body, const char *key, int most, double *out,
                        struct problems *problems)
{
    const json_t *list = json_object_get(body, key);
    const size_t count = json_array_size(list);
    bool sound = json_is_array(list) && count <= (size_t)most;
    for (size_t i = 0; sound && i < count; i++) {
        const json_t *value = json_array_get(list, i);
        sound = json_is_number(value) || json_is_null(value);
        out[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    if (!list || sound)
        return (int)count;
    problems_add(problems, "", key,
                 "must be a list of at most %d numbers; null for one that is not finite", most);
    return 0;
}

static double read_error(const json_t *body, struct problems *problems)
{
    const json_t *value = json_object_get(body, "error");
    const double error = json_number_value(value);
    if (!value || (json_is_number(value) && error >= 0))
        return error;
    problems_add(problems, "", "error",
                 "must be a number, at least 0: the standard error of the first value");
    return 0;
}

/* What a body says, with room for it. */
struct telling {
    struct tell_options options;
    double values[OBJECTIVES_MAX], constraints[CONSTRAINTS_MAX];
    char message[MESSAGE_BYTES + 1];
};

/* Of a search that has ended: the same again is fine, and a run that has failed by its leases can
 * still be told. */
struct repeat {
    struct request *req;
    struct telling telling;
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
    told_results_of(plan, &repeat->telling.options, &told);
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
    tell_check(plan, &repeat->telling.options, &repeat->problems);
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
                             &repeat->telling.options, answer_late, repeat);
        return;
    }
    request_answer(repeat->req, reply_repeat(repeat));
    repeat_free(repeat);
}

/* The pointers follow the room. */
static void keep_telling(struct telling *telling)
{
    telling->options.values = telling->values;
    telling->options.constraints = telling->constraints;
    telling->options.message = telling->message[0] ? telling->message : NULL;
}

static struct reply tell_again(struct request *req, int64_t run, const struct telling *telling)
{
    struct repeat *repeat = xcalloc(1, sizeof *repeat);
    *repeat = (struct repeat){.req = req, .telling = *telling, .run = run};
    keep_telling(&repeat->telling);
    if (helpers_run(world_of(req)->helpers, read_told, answer_repeat, repeat))
        return reply_later();
    repeat_free(repeat);
    return busy("too many reads are waiting");
}

static void read_telling(const json_t *body, struct telling *telling, struct problems *problems)
{
    static const char *const states[] = {"succeeded", "failed", "pruned"};
    static const enum run_state state_of[] = {RUN_SUCCEEDED, RUN_FAILED, RUN_PRUNED};
    const char *message = fields_text(body, "", "message", MESSAGE_BYTES, false, problems);
    const int state = fields_choice(body, "", "state", states, (int)COUNT_OF(states), problems);
    if (json_is_object(body) && !json_object_get(body, "state"))
        problems_add(problems, "", "state", "is missing: succeeded, failed or pruned");
    *telling = (struct telling){.options.state = state_of[state > 0 ? state : 0]};
    telling->options.value_count =
        read_numbers(body, "values", OBJECTIVES_MAX, telling->values, problems);
    telling->options.constraint_count =
        read_numbers(body, "constraints", CONSTRAINTS_MAX, telling->constraints, problems);
    telling->options.error = read_error(body, problems);
    telling->options.attempt = (int)fields_integer(body, "", "attempt", 1, 1000000, 0, problems);
    snprintf(telling->message, sizeof telling->message, "%s", message ? message : "");
    keep_telling(telling);
}

static struct reply tell(struct request *req)
{
    static const char *const fields[] = {"state",   "values",  "constraints",
                                         "attempt", "message", "error"};
    AUTO_PROBLEMS struct problems problems = {0};
    struct conductor *conductor = world_of(req)->conductor;
    struct telling telling;
    struct error err;
    int64_t id;

    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    if (is_object(req->json, &problems))
        fields_refuse_unknown(req->json, "", fields, (int)COUNT_OF(fields), &problems);
    read_telling(req->json, &telling, &problems);
    if (problems.found == 0)
        conductor_check_tell(conductor, id, &telling.options, &problems);
    if (problems.found)
        return reply_problems(&problems);
    if (is_busy(req))
        return busy("the disk does not keep up");
    if (!conductor_has_run(conductor, id))
        return tell_again(req, id, &telling);
    conductor_tell(conductor, id, &telling.options, answered, req);
    return reply_later();
}

const struct route ask_routes[] = {
    {METHOD_POST, "/api/v1/jobs/{id}/ask", ask, BODY_JSON, 0, FOR_MEMBERS | OF_JOB},
    {METHOD_POST, "/api/v1/runs/{id}/metrics", report, BODY_JSON, 0, FOR_MEMBERS | OF_RUN},
    {METHOD_POST, "/api/v1/runs/{id}/tell", tell, BODY_JSON, 0, FOR_MEMBERS | OF_RUN},
    {0},
};
