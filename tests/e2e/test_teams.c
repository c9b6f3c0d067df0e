/*
 * Teams that share a server: tokens, roles, limits, and that none learns of another's. The walk
 * over the OpenAPI document covers every route there is, also those that come after this was
 * written.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/program.h"

#include "json.h"
#include "memory.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { TOKEN_BYTES = 80 };

static char red[TOKEN_BYTES], blue[TOKEN_BYTES], viewer[TOKEN_BYTES], admin[TOKEN_BYTES];
static int64_t red_job, blue_job, blue_run, open_job, open_run;

/* --- the command --------------------------------------------------------------------------------
 */

static struct ran command_in(const char *data, const char *const *words)
{
    const char *arguments[24] = {getenv("SWEEPD_PROGRAM"), "admin", "--data", data};
    for (int i = 0; words[i]; i++)
        arguments[4 + i] = words[i];
    return program_run(&service.folder, arguments);
}

static struct ran command(const char *const *words)
{
    AUTO_FREE char *data = xstrdup(folder_path(&service.folder, "data"));
    return command_in(data, words);
}

#define ADMIN(...) command((const char *const[]){__VA_ARGS__, NULL})

static void done(struct ran ran)
{
    if (ran.status != 0)
        fail_msg("sweepd admin ended with %d: %s", ran.status, ran.err);
    ran_release(&ran);
}

static void refused(struct ran ran, int status, const char *says)
{
    assert_says(ran.err, says);
    assert_int_equal(ran.status, status);
    assert_string_equal(ran.out, "");
    ran_release(&ran);
}

static void make_token(const char *team, const char *role, char token[TOKEN_BYTES])
{
    struct ran ran = ADMIN("token", "create", "--team", team, "--role", role, "--name", role);
    if (ran.status != 0)
        fail_msg("%s", ran.err);
    snprintf(token, TOKEN_BYTES, "%.*s", (int)strcspn(ran.out, "\n"), ran.out);
    ran_release(&ran);
}

/* --- the scene ----------------------------------------------------------------------------------
 */

#define JOB(name, more)                                                                            \
    "{'kind': 'train', 'name': '" name "', " more " 'spec': {'optimizer': {'type': 'sgd', 'lr': "  \
    "0.1}, 'steps': 40, 'norms_every_steps': 1, 'problem': {'type': 'quadratic', 'eigenvalues': "  \
    "[1], 'start': [1]}}}"

static int64_t submit(const char *token, const char *body)
{
    client_use_token(token);
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return job;
}

static struct http_answer send_points(const char *name, const char *visibility)
{
    static const char points[] = "x,k\n1,a\n2,b\n3,a\n4,b\n";
    struct form form = {0};
    AUTO_FREE char *target = xprintf("/api/v1/datasets/%s", name);
    form_value(&form, "format", "csv");
    if (visibility)
        form_value(&form, "visibility", visibility);
    form_file(&form, "train", points, sizeof points - 1);
    return form_send(&form, port, target);
}

static void upload(const char *token, const char *name, const char *visibility, int status)
{
    client_use_token(token);
    struct http_answer answer = send_points(name, visibility);
    api_expect(&answer, status);
    answer_release(&answer);
}

static int start(void **state)
{
    static const char *const arguments[] = {"--slots", "1", "--trusted-proxy", "127.0.0.2", NULL};
    (void)state;
    start_service_with(arguments);
    done(ADMIN("team", "add", "red"));
    done(ADMIN("team", "add", "blue", "--share", "2", "--max-queued", "50"));
    make_token("red", "member", red);
    make_token("blue", "member", blue);
    make_token("red", "viewer", viewer);
    make_token("default", "admin", admin);
    red_job = submit(red, JOB("red one", ""));
    blue_job = submit(blue, JOB("secret one", ""));
    blue_run = api_run_of(port, blue_job, 0);
    open_job = submit(blue, JOB("shown to all", "'visibility': 'everyone',"));
    open_run = api_run_of(port, open_job, 0);
    upload(blue, "secret-points", NULL, 201);
    upload(blue, "open-points", "everyone", 201);
    return 0;
}

/* --- without a token ----------------------------------------------------------------------------
 */

static void check_no_way_in(const char *headers)
{
    struct http_answer answer = api_ask(port, "GET", headers, NULL, "/api/v1/jobs");
    api_expect(&answer, 401);
    assert_string_equal(answer_header(&answer, "WWW-Authenticate"), "Bearer realm=\"sweepd\"");
    assert_says(answer.body, "this needs a valid token");
    answer_release(&answer);
}

static void wrong_tokens_are_all_answered_alike(void **state)
{
    (void)state;
    client_use_token(NULL);
    AUTO_FREE char *almost = xprintf("Authorization: Bearer %s\r\n", blue);
    AUTO_FREE char *basic = xprintf("Authorization: Basic %s\r\n", blue);
    char *last = strrchr(almost, '\r') - 1;
    *last = *last == '0' ? '1' : '0';
    check_no_way_in(NULL);
    check_no_way_in(almost);
    check_no_way_in(basic);
    check_no_way_in("Authorization: Bearer\r\n");
    check_no_way_in("Authorization: Bearer swp_\r\n");
    check_no_way_in("Cookie: sweepd=swp_12\r\n");
}

typedef void visitor(const char *method, const char *path, const json_t *operation);

static void each_operation(visitor *visit)
{
    client_use_token(NULL);
    json_auto_t *document = api_get(port, "/api/v1/openapi.json");
    const char *path, *method;
    json_t *item, *operation;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            char upper[16] = "";
            for (size_t i = 0; method[i] && i + 1 < sizeof upper; i++)
                upper[i] = (char)toupper((unsigned char)method[i]);
            visit(upper, path, operation);
        }
    }
}

/* The path with its parameter put in. */
static char *filled(const char *path, const char *parameter)
{
    const char *open = strchr(path, '{');
    return open ? xprintf("%.*s%s%s", (int)(open - path), path, parameter, strchr(open, '}') + 1)
                : xstrdup(path);
}

static const char *body_for(const json_t *operation)
{
    return json_object_get(operation, "requestBody") ? "{}" : NULL;
}

static bool is_open(const char *path)
{
    static const char *const open[] = {"/healthz", "/api/v1/openapi.json", "/api/v1/login",
                                       "/api/v1/logout"};
    for (size_t i = 0; i < COUNT_OF(open); i++)
        if (strcmp(open[i], path) == 0)
            return true;
    return false;
}

static void check_needs_token(const char *method, const char *path, const json_t *operation)
{
    AUTO_FREE char *target = filled(path, "1");
    struct http_answer answer = api_ask(port, method, NULL, body_for(operation), "%s", target);
    if (!is_open(path) && answer.status != 401)
        fail_msg("%s %s answers %d without a token", method, path, answer.status);
    answer_release(&answer);
}

static void every_route_needs_a_token_but_those_that_are_for_anyone(void **state)
{
    (void)state;
    each_operation(check_needs_token);
}

/* --- what is another team's ---------------------------------------------------------------------
 */

static struct http_answer ask_with(const char *token, const char *method, const char *path,
                                   const json_t *operation, const char *parameter)
{
    AUTO_FREE char *target = filled(path, parameter);
    client_use_token(token);
    struct http_answer answer = api_ask(port, method, NULL, body_for(operation), "%s", target);
    client_use_token(NULL);
    return answer;
}

/* Blue's thing of the kind that the path names, and one that nobody has. */
static void things(const char *path, char theirs[64], char nobodys[64])
{
    static const char collection[] = "/api/v1/";
    const char *kind = path + sizeof collection - 1;
    snprintf(nobodys, 64, "%s", "98765");
    if (strncmp(kind, "jobs/", 5) == 0) {
        snprintf(theirs, 64, "%lld", (long long)blue_job);
    } else if (strncmp(kind, "runs/", 5) == 0) {
        snprintf(theirs, 64, "%lld", (long long)blue_run);
    } else if (strncmp(kind, "tokens/", 7) == 0) {
        snprintf(theirs, 64, "2");
    } else if (strncmp(kind, "datasets/", 9) == 0) {
        snprintf(theirs, 64, "secret-points");
        snprintf(nobodys, 64, "none-points");
    } else if (strncmp(kind, "teams/", 6) == 0) {
        snprintf(theirs, 64, "blue");
        snprintf(nobodys, 64, "none");
    } else {
        fail_msg("this test does not know what %s names: teach it", path);
    }
}

/* With what was asked for taken out, nothing is left to tell the two apart. */
static char *without(const char *text, const char *word)
{
    char *rest = xstrdup(text);
    for (char *at; (at = strstr(rest, word)) != NULL;)
        memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
    return rest;
}

static void check_hides(const char *method, const char *path, const json_t *operation)
{
    char theirs[64], nobodys[64];
    if (!strchr(path, '{'))
        return;
    things(path, theirs, nobodys);
    struct http_answer hidden = ask_with(red, method, path, operation, theirs);
    struct http_answer absent = ask_with(red, method, path, operation, nobodys);
    const bool makes_it = strcmp(method, "POST") == 0 && strstr(path, "/datasets/");
    if (hidden.status != absent.status || (!makes_it && hidden.status != 404))
        fail_msg("%s %s answers %d for what is another team's and %d for what is not there", method,
                 path, hidden.status, absent.status);
    AUTO_FREE char *told = without(hidden.body, theirs);
    AUTO_FREE char *expected = without(absent.body, nobodys);
    assert_string_equal(told, expected);
    answer_release(&hidden);
    answer_release(&absent);
}

static void over_all_routes_what_is_another_team_s_is_not_there(void **state)
{
    (void)state;
    each_operation(check_hides);
    client_use_token(blue); /* and all of it is as it was */
    json_decref(api_get(port, "/api/v1/runs/%lld", (long long)blue_run));
    json_decref(api_get(port, "/api/v1/datasets/secret-points"));
}

static void check_lists_nothing(const char *method, const char *path, const json_t *operation)
{
    if (strchr(path, '{') || strcmp(method, "GET") != 0 || is_open(path) ||
        strcmp(path, "/api/v1/events") == 0)
        return;
    struct http_answer answer = ask_with(red, method, path, operation, "");
    if (strstr(answer.body, "secret"))
        fail_msg("%s tells another team: %s", path, answer.body);
    answer_release(&answer);
}

static void no_list_tells_of_another_team(void **state)
{
    (void)state;
    /* One that runs and one that waits, for the queue. */
    client_use_token(blue);
    static const char endless[] =
        "{'kind': 'train', 'name': 'secret endless', 'spec': {'optimizer': {'type': 'sgd', 'lr': "
        "0.1}, 'steps': 1e12, 'report_every_steps': 100000, 'problem': {'type': 'quadratic', "
        "'eigenvalues': [1], 'start': [1]}}}";
    const int64_t running = api_submit(port, endless);
    json_decref(api_await_job(port, running, "running"));
    const int64_t waiting = api_submit(port, endless);
    client_use_token(red);
    struct http_answer all = api_ask(port, "GET", NULL, NULL, "/api/v1/jobs?limit=1000");
    assert_says(all.body, "shown to all");
    answer_release(&all);
    each_operation(check_lists_nothing);

    client_use_token(red);
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_int_equal(api_size(queue, "/running"), 0);
    assert_int_equal(api_size(queue, "/waiting"), 0);
    assert_int_equal(api_integer(queue, "/others/running_runs"), 1);
    assert_int_equal(api_integer(queue, "/others/waiting_runs"), 1);
    client_use_token(blue);
    json_auto_t *own = api_get(port, "/api/v1/queue");
    assert_int_equal(api_size(own, "/running"), 1);
    assert_int_equal(api_size(own, "/waiting"), 1);
    json_decref(
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)waiting));
    json_decref(
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)running));
    json_decref(api_await_job(port, running, "cancelled"));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *refusal_of(const char *target, const char *format, int64_t run)
{
    AUTO_FREE char *number = xprintf("run %lld", (long long)run);
    AUTO_FREE char *body = xprintf(format, (long long)run);
    struct http_answer answer = api_ask(port, "POST", NULL, body, "%s", target);
    char *rest = without(answer.body, number);
    api_expect(&answer, 422);
    assert_says(rest, "there is no ");
    answer_release(&answer);
    return rest;
}

static void a_run_named_in_a_body_is_not_there_either(void **state)
{
    static const struct {
        const char *target, *body;
    } cases[] = {
        {"/api/v1/schedules/preview", "{'steps': 100, 'schedules': ['linear'], 'run': %lld}"},
        {"/api/v1/schedules/preview",
         "{'steps': 100, 'schedules': [{'type': 'refined', 'from': {'run': %lld}}]}"},
        {"/api/v1/jobs", "{'kind': 'train', 'spec': {'steps': 40, 'optimizer': {'type': 'sgd', "
                         "'lr': 0.1}, 'problem': {'type': 'quadratic', 'eigenvalues': [1], "
                         "'start': [1]}, 'schedule': {'type': 'refined', 'from': {'run': %lld}}}}"},
        {"/api/v1/jobs", "{'kind': 'compare', 'base': {'steps': 40, 'optimizer': {'type': 'sgd', "
                         "'lr': 0.1}, 'problem': {'type': 'quadratic', 'eigenvalues': [1], "
                         "'start': [1]}, 'schedule': {'type': 'refined'}}, 'arms': [{'name': 'a'}, "
                         "{'name': 'b', 'patch': {'optimizer': {'lr': 0.2}}}], 'seeds': [1, 2], "
                         "'tune': {'seeds': [3], 'over': {'/schedule/from/run': [%1$lld, "
                         "%1$lld]}}}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        client_use_token(red);
        AUTO_FREE char *hidden = refusal_of(cases[i].target, cases[i].body, blue_run);
        AUTO_FREE char *absent = refusal_of(cases[i].target, cases[i].body, 98765);
        assert_string_equal(hidden, absent);
        client_use_token(blue);
        AUTO_FREE char *body = xprintf(cases[i].body, (long long)blue_run);
        struct http_answer own = api_ask(port, "POST", NULL, body, "%s", cases[i].target);
        assert_null(strstr(own.body, "there is no run"));
        answer_release(&own);
    }
}
#pragma GCC diagnostic pop

static void a_data_set_s_name_does_not_tell_of_another_team_s(void **state)
{
    static const char body[] = "{'kind': 'train', 'spec': {'dataset': '%s', 'epochs': 1, 'model': "
                               "{'type': 'softmax'}, 'optimizer': {'type': 'sgd', 'lr': 0.1}}}";
    (void)state;
    client_use_token(red);
    AUTO_FREE char *near = xprintf(body, "secret-pointz");
    struct http_answer refused = api_ask(port, "POST", NULL, near, "/api/v1/jobs");
    api_expect(&refused, 422);
    assert_null(strstr(refused.body, "secret-points"));
    answer_release(&refused);

    upload(red, "secret-points", NULL, 201); /* the same name is free here */
    AUTO_FREE char *own = xprintf(body, "secret-points");
    json_decref(api_await_job(port, api_submit(port, own), "succeeded"));
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/datasets/secret-points"));
    client_use_token(blue);
    json_decref(api_get(port, "/api/v1/datasets/secret-points"));
}

static void what_is_for_everyone_is_read_and_not_changed(void **state)
{
    (void)state;
    client_use_token(red);
    json_auto_t *job = api_get(port, "/api/v1/jobs/%lld", (long long)open_job);
    assert_string_equal(api_text(job, "/team"), "blue");
    assert_string_equal(api_text(job, "/visibility"), "everyone");
    json_decref(api_get(port, "/api/v1/runs/%lld", (long long)open_run));
    json_decref(api_get(port, "/api/v1/datasets/open-points"));
    json_decref(
        api_change(port, "POST", NULL, 403, "/api/v1/jobs/%lld/cancel", (long long)open_job));
    json_decref(
        api_change(port, "POST", NULL, 403, "/api/v1/runs/%lld/retry", (long long)open_run));
    json_decref(api_change(port, "DELETE", NULL, 403, "/api/v1/datasets/open-points"));
}

static void the_same_key_of_two_teams_is_two_keys(void **state)
{
    static const char key[] = "Idempotency-Key: nightly\r\n";
    (void)state;
    client_use_token(blue);
    struct http_answer theirs = api_ask(port, "POST", key, JOB("secret key", ""), "/api/v1/jobs");
    api_expect(&theirs, 201);
    client_use_token(red);
    struct http_answer ours = api_ask(port, "POST", key, JOB("red key", ""), "/api/v1/jobs");
    api_expect(&ours, 201);
    struct http_answer again = api_ask(port, "POST", key, JOB("red key", ""), "/api/v1/jobs");
    api_expect(&again, 200);
    assert_says(again.body, "red key");
    answer_release(&theirs);
    answer_release(&ours);
    answer_release(&again);
}

/* --- events -------------------------------------------------------------------------------------
 */

static void events_of_another_team_do_not_come(void **state)
{
    struct sse_event event;
    (void)state;
    client_use_token(red);
    struct http_client client = client_open(port);
    client_send_request(&client, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer head = client_read_head(&client);
    api_expect(&head, 200);
    answer_release(&head);
    const int64_t noise = submit(blue, JOB("secret noise", ""));
    const int64_t own = submit(red, JOB("red signal", ""));
    bool seen = false;
    while (!seen && sse_next(&client, &event, 10000)) {
        assert_null(strstr(event.data, "secret"));
        json_auto_t *data = json_loads(event.data, 0, NULL);
        const char *member = strcmp(event.type, "job") == 0 ? "id" : "job";
        const json_t *job = json_object_get(data, member);
        assert_int_not_equal(json_integer_value(job), noise);
        seen = strcmp(member, "id") == 0 && json_integer_value(job) == own &&
               strcmp(json_text_at(data, "state", ""), "succeeded") == 0;
        sse_release(&event);
    }
    assert_true(seen);
    client_close(&client);
}

static void a_stream_ends_with_its_token(void **state)
{
    char token[TOKEN_BYTES];
    struct sse_event event;
    (void)state;
    make_token("red", "viewer", token);
    client_use_token(token);
    json_auto_t *me = api_get(port, "/api/v1/me");
    AUTO_FREE char *id = xprintf("%lld", (long long)api_integer(me, "/token/id"));
    struct http_client client = client_open(port);
    client_send_request(&client, "GET", "/api/v1/events", NULL, NULL, 0);
    struct http_answer head = client_read_head(&client);
    api_expect(&head, 200);
    answer_release(&head);
    done(ADMIN("token", "revoke", id));
    client_use_token(token);
    check_no_way_in(NULL);
    submit(red, JOB("behind the door", ""));
    while (sse_next(&client, &event, 10000)) { /* until it ends */
        assert_null(strstr(event.data, "behind the door"));
        sse_release(&event);
    }
    client_close(&client);
}

/* --- roles --------------------------------------------------------------------------------------
 */

static void a_viewer_reads_and_computes_and_changes_nothing(void **state)
{
    (void)state;
    client_use_token(viewer);
    json_decref(api_get(port, "/api/v1/jobs/%lld", (long long)red_job));
    json_decref(api_change(port, "POST", "{'steps': 10, 'schedules': ['linear']}", 200,
                           "/api/v1/schedules/preview"));
    json_auto_t *problem = api_change(port, "POST", JOB("no", ""), 403, "/api/v1/jobs");
    assert_string_equal(api_text(problem, "/detail"),
                        "this takes the role of member, and the token's is viewer");
    json_decref(
        api_change(port, "POST", NULL, 403, "/api/v1/jobs/%lld/cancel", (long long)red_job));
    upload(viewer, "viewed", NULL, 403);
}

static void check_is_for_admins(const char *method, const char *path, const json_t *operation)
{
    if (strncmp(path, "/api/v1/tokens", 14) != 0 && strncmp(path, "/api/v1/audit", 13) != 0 &&
        strcmp(path, "/api/v1/teams") != 0)
        return;
    struct http_answer answer = ask_with(red, method, path, operation, "1");
    if (answer.status != 403 && answer.status != 404)
        fail_msg("%s %s answers a member with %d", method, path, answer.status);
    answer_release(&answer);
}

static void teams_and_tokens_are_for_admins(void **state)
{
    (void)state;
    each_operation(check_is_for_admins);
    client_use_token(red);
    json_auto_t *own = api_get(port, "/api/v1/teams/red");
    assert_near(api_number(own, "/share"), 1, 0);
    json_decref(api_change(port, "PATCH", "{'share': 100}", 403, "/api/v1/teams/red"));
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'share': 3}", 200, "/api/v1/teams/red"));
    json_decref(api_change(port, "PATCH", "{'share': 0}", 422, "/api/v1/teams/red"));
    json_decref(api_change(port, "PATCH", "{'share': 1e-300}", 422, "/api/v1/teams/red"));
    json_decref(api_change(port, "PATCH", "{'requests_per_s': 1e-300}", 422, "/api/v1/teams/red"));
    json_decref(api_change(port, "POST", "{'team': 'red', 'role': 'king', 'name': 'x'}", 422,
                           "/api/v1/tokens"));
    json_auto_t *tokens = api_get(port, "/api/v1/tokens");
    AUTO_FREE char *text = json_dumps(tokens, 0);
    assert_null(strstr(text, red)); /* the prefix alone */
    assert_null(strstr(text, "hash"));
}

/* --- limits -------------------------------------------------------------------------------------
 */

/* Two arms with that many seeds, which run for ever. */
static json_t *submit_many(int seeds, int status)
{
    char list[256] = "1";
    for (int seed = 2; seed <= seeds; seed++)
        snprintf(list + strlen(list), sizeof list - strlen(list), ", %d", seed);
    AUTO_FREE char *body =
        xprintf("{'kind': 'compare', 'base': {'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': "
                "1e12, 'report_every_steps': 100000, 'problem': {'type': 'quadratic', "
                "'eigenvalues': [1], 'start': [1]}}, 'arms': [{'name': 'a', 'patch': {}}, {'name': "
                "'b', 'patch': {'optimizer': {'lr': 0.2}}}], 'seeds': [%s]}",
                list);
    return api_change(port, "POST", body, status, "/api/v1/jobs");
}

static void a_team_queues_no_more_than_it_may(void **state)
{
    (void)state;
    client_use_token(blue); /* 50 at most; one of them runs */
    json_auto_t *alone = submit_many(26, 403);
    assert_says(api_text(alone, "/detail"), "the job has 52 runs, and the team may have 50");
    json_auto_t *first = submit_many(20, 201);
    const int64_t job = api_integer(first, "/id");
    json_decref(api_await_job(port, job, "running"));
    json_auto_t *second = submit_many(6, 429);
    assert_says(api_text(second, "/detail"),
                "the team may have 50 runs queued: 39 are, and this job brings 12");

    client_use_token(admin);
    json_auto_t *below = api_change(port, "PATCH", "{'max_queued': 30}", 422, "/api/v1/teams/blue");
    assert_says(api_text(below, "/detail"), "max_queued 30 is below what the team has");
    client_use_token(blue);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
}

/* What was cancelled makes room, and would be above it if it came back. */
static void a_retried_run_counts_as_queued(void **state)
{
    (void)state;
    client_use_token(blue);
    json_auto_t *first = submit_many(20, 201);
    const int64_t job = api_integer(first, "/id");
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
    json_auto_t *full = submit_many(25, 201);
    const int64_t other = api_integer(full, "/id");
    json_decref(api_await_job(port, other, "running")); /* 49 wait */
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/runs/%lld/retry",
                           (long long)api_run_of(port, job, 0)));
    struct http_answer answer = api_ask(port, "POST", NULL, NULL, "/api/v1/runs/%lld/retry",
                                        (long long)api_run_of(port, job, 1));
    api_expect(&answer, 429);
    assert_says(answer.body, "the team may have 50 runs queued, and 50 are");
    assert_string_equal(answer_header(&answer, "Retry-After"), "30");
    answer_release(&answer);
    struct http_answer more = api_ask(port, "POST", NULL, JOB("one more", ""), "/api/v1/jobs");
    api_expect(&more, 429);
    assert_string_equal(answer_header(&more, "Retry-After"), "30");
    answer_release(&more);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)other));
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, other, "cancelled"));
    json_decref(api_await_job(port, job, "cancelled"));
}

static void a_team_keeps_no_more_bytes_than_it_may(void **state)
{
    (void)state;
    upload(red, "first", NULL, 201);
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'max_bytes': 1}", 422, "/api/v1/teams/red"));
    client_use_token(red);
    json_auto_t *team = api_get(port, "/api/v1/teams/red");
    AUTO_FREE char *limit =
        xprintf("{'max_bytes': %lld}", (long long)(api_integer(team, "/stored_bytes/datasets") +
                                                   api_integer(team, "/stored_bytes/runs") +
                                                   api_integer(team, "/stored_bytes/metrics")));
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", limit, 200, "/api/v1/teams/red"));
    upload(red, "second", NULL, 403);
    client_use_token(red);
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/datasets/first"));
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'max_bytes': 0}", 200, "/api/v1/teams/red"));
}

static void a_team_asks_no_more_often_than_it_may(void **state)
{
    (void)state;
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'requests_per_s': 2}", 200, "/api/v1/teams/red"));
    client_use_token(red);
    int refusals = 0;
    for (int i = 0; i < 40; i++) {
        struct http_answer answer = api_ask(port, "GET", NULL, NULL, "/api/v1/me");
        refusals += answer.status == 429;
        if (answer.status == 429) {
            assert_says(answer.body, "may ask 2 times a second");
            assert_string_equal(answer_header(&answer, "Retry-After"), "1");
        }
        answer_release(&answer);
    }
    assert_in_range(refusals, 20, 30); /* ten at once, then two a second */
    client_use_token(blue);
    json_decref(api_get(port, "/api/v1/me"));
    client_use_token(admin);
    json_decref(api_change(port, "PATCH", "{'requests_per_s': 0}", 200, "/api/v1/teams/red"));
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Behind the others that send wrong tokens. A good one is not held up. */
static void wrong_tokens_are_slowed_down(void **state)
{
    (void)state;
    client_use_token("swp_wrong");
    double longest = 0;
    for (int i = 0; i < 60 && longest < 0.9; i++) { /* 20, and one more every three seconds */
        const double before = seconds();
        check_no_way_in(NULL);
        longest = fmax(longest, seconds() - before);
    }
    assert_true(longest >= 0.9);
    client_use_token(red);
    const double good = seconds();
    json_decref(api_get(port, "/api/v1/me"));
    assert_true(seconds() - good < 0.5);
}

/* --- the page's way in --------------------------------------------------------------------------
 */

static void the_page_s_cookie_opens_and_other_sites_cannot_use_it(void **state)
{
    (void)state;
    client_use_token(NULL);
    AUTO_FREE char *body = xprintf("{'token': '%s'}", red);
    struct http_answer foreign = api_ask(port, "POST", NULL, body, "/api/v1/login");
    api_expect(&foreign, 403);
    answer_release(&foreign);
    struct http_answer login = api_ask(port, "POST", "X-Sweepd-Page: 1\r\n", body, "/api/v1/login");
    api_expect(&login, 200);
    const char *cookie = answer_header(&login, "Set-Cookie");
    assert_says(cookie, "HttpOnly");
    assert_says(cookie, "SameSite=Strict");
    assert_null(strstr(cookie, "Secure"));
    AUTO_FREE char *header = xprintf("Cookie: %.*s\r\n", (int)strcspn(cookie, ";"), cookie);
    AUTO_FREE char *page = xprintf("%sX-Sweepd-Page: 1\r\n", header);
    answer_release(&login);

    struct http_answer me = api_ask(port, "GET", header, NULL, "/api/v1/me");
    api_expect(&me, 200);
    assert_says(me.body, "\"red\"");
    answer_release(&me);
    struct http_answer forged = api_ask(port, "POST", header, JOB("forged", ""), "/api/v1/jobs");
    api_expect(&forged, 403);
    assert_says(forged.body, "X-Sweepd-Page");
    answer_release(&forged);
    struct http_answer meant = api_ask(port, "POST", page, JOB("red meant", ""), "/api/v1/jobs");
    api_expect(&meant, 201);
    answer_release(&meant);
    struct http_answer out = api_ask(port, "POST", page, NULL, "/api/v1/logout");
    api_expect(&out, 204);
    assert_says(answer_header(&out, "Set-Cookie"), "sweepd=; Path=/; Max-Age=0");
    answer_release(&out);
}

/* --- who did it ---------------------------------------------------------------------------------
 */

static const json_t *find_entry(const json_t *page, const char *what, const char *subject)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(page, "audit"), i, entry)
    {
        if (strcmp(api_text(entry, "/what"), what) == 0 &&
            strcmp(api_text(entry, "/subject"), subject) == 0)
            return entry;
    }
    return NULL;
}

static void the_audit_tells_who_did_what_from_where(void **state)
{
    (void)state;
    client_use_token(admin);
    json_auto_t *page = api_get(port, "/api/v1/audit?limit=1000");
    AUTO_FREE char *job = xprintf("/api/v1/jobs/%lld", (long long)blue_job);
    const json_t *made = find_entry(page, "POST /api/v1/jobs", job);
    assert_non_null(made);
    assert_string_equal(api_text(made, "/team"), "blue");
    assert_string_equal(api_text(made, "/who"), "member");
    assert_string_equal(api_text(made, "/from"), "127.0.0.1");
    const json_t *team = find_entry(page, "POST /api/v1/teams", "/api/v1/teams/blue");
    assert_non_null(team);
    assert_string_equal(api_text(team, "/who"), "command line");
    assert_non_null(find_entry(page, "DELETE /api/v1/datasets/{name}", "/api/v1/datasets/first"));
    AUTO_FREE char *text = json_dumps(page, 0);
    assert_null(strstr(text, "/schedules/preview")); /* changes nothing */
    assert_null(strstr(text, "swp_"));
    json_auto_t *first = api_get(port, "/api/v1/audit?limit=2");
    json_auto_t *second =
        api_get(port, "/api/v1/audit?limit=2&after=%lld", (long long)api_integer(first, "/next"));
    assert_int_equal(api_integer(second, "/audit/0/id"), api_integer(first, "/audit/1/id") - 1);
}

/* --- the command, with and without a server -----------------------------------------------------
 */

static void the_command_works_the_same_without_a_server(void **state)
{
    char token[TOKEN_BYTES];
    (void)state;
    assert_int_equal(server_stop(&service.process), 0);
    struct stat status;
    assert_int_equal(stat(folder_path(&service.folder, "data/admin.json"), &status), -1);
    done(ADMIN("team", "add", "green", "--max-running", "4"));
    done(ADMIN("team", "set", "green", "--share", "0.5", "--name", "olive"));
    make_token("olive", "member", token);
    refused(ADMIN("team", "add", "olive"), 1, "there is a team \"olive\" already");
    refused(ADMIN("team", "set", "olive", "--share", "0"), 1,
            "/share: must be a number, at least 0.001");
    refused(ADMIN("team", "remove", "red"), 1, "the team owns");
    refused(ADMIN("team", "remove", "nobody"), 1, "there is no team \"nobody\"");
    refused(ADMIN("token", "create", "--team", "olive", "--role", "king", "--name", "x"), 1,
            "/role: unknown role \"king\"");
    refused(ADMIN("token", "revoke", "99"), 1, "there is no token 99");
    struct ran teams = ADMIN("team", "list");
    assert_says(teams.out, "olive                           0.5              4");
    ran_release(&teams);

    service_launch(&service);
    port = service.port;
    client_use_token(token);
    json_auto_t *me = api_get(port, "/api/v1/me");
    assert_string_equal(api_text(me, "/team/name"), "olive");
    refused(ADMIN("team", "add", "olive"), 1, "there is a team \"olive\" already");
    refused(ADMIN("team", "set", "olive", "--share", "0"), 1,
            "/share: must be a number, at least 0.001");
    refused(ADMIN("team", "remove", "nobody"), 1, "there is no team \"nobody\"");
    assert_int_equal(stat(folder_path(&service.folder, "data/admin.json"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    done(ADMIN("team", "remove", "olive"));
    check_no_way_in(NULL);
}

/* What keeps teams apart would be worth little if anybody on the machine could read the files. */
static void files_are_for_the_server_alone(void **state)
{
    static const char *const made[] = {"data/sweepd.db", "data/sweepd.db-wal", "data/token.key",
                                       "data/runs",      "data/datasets",      "data/uploads"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(made); i++) {
        struct stat status;
        if (stat(folder_path(&service.folder, made[i]), &status) < 0)
            fail_msg("there is no %s", made[i]);
        if (status.st_mode & 077)
            fail_msg("%s has mode %o", made[i], status.st_mode & 0777U);
    }
}

static void a_misused_command_says_how(void **state)
{
    (void)state;
    refused(ADMIN("team"), 2, "a command is missing");
    refused(ADMIN("team", "bend", "red"), 2, "no command \"team bend\"");
    refused(ADMIN("team", "add"), 2, "the name of the team is missing");
    refused(ADMIN("team", "add", "a/b"), 2, "not the name of a team");
    refused(ADMIN("token", "revoke", "red"), 2, "not the number of a token");
    refused(ADMIN("team", "list", "--share", "2"), 2, "no option \"--share\"");
    refused(ADMIN("team", "list", "all"), 2, "one word too many");
    refused(command_in("/nonexistent", (const char *const[]){"team", "list", NULL}), 1,
            "no folder \"/nonexistent\"");
    struct ran help = ADMIN("--help");
    ran_release(&help);
}

static void tokens_hold_over_a_crash(void **state)
{
    (void)state;
    service_kill_and_restart(&service);
    port = service.port;
    client_use_token(red);
    json_decref(api_get(port, "/api/v1/jobs/%lld", (long long)red_job));
    json_decref(
        api_change(port, "POST", NULL, 404, "/api/v1/runs/%lld/retry", (long long)blue_run));
    client_use_token(NULL);
    check_no_way_in(NULL);
    done(ADMIN("team", "list")); /* its key is a new one, and found */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_tokens_are_all_answered_alike),
        cmocka_unit_test(every_route_needs_a_token_but_those_that_are_for_anyone),
        cmocka_unit_test(over_all_routes_what_is_another_team_s_is_not_there),
        cmocka_unit_test(no_list_tells_of_another_team),
        cmocka_unit_test(a_run_named_in_a_body_is_not_there_either),
        cmocka_unit_test(a_data_set_s_name_does_not_tell_of_another_team_s),
        cmocka_unit_test(what_is_for_everyone_is_read_and_not_changed),
        cmocka_unit_test(the_same_key_of_two_teams_is_two_keys),
        cmocka_unit_test(events_of_another_team_do_not_come),
        cmocka_unit_test(a_stream_ends_with_its_token),
        cmocka_unit_test(a_viewer_reads_and_computes_and_changes_nothing),
        cmocka_unit_test(teams_and_tokens_are_for_admins),
        cmocka_unit_test(a_team_queues_no_more_than_it_may),
        cmocka_unit_test(a_retried_run_counts_as_queued),
        cmocka_unit_test(a_team_keeps_no_more_bytes_than_it_may),
        cmocka_unit_test(a_team_asks_no_more_often_than_it_may),
        cmocka_unit_test(the_page_s_cookie_opens_and_other_sites_cannot_use_it),
        cmocka_unit_test(the_audit_tells_who_did_what_from_where),
        cmocka_unit_test(wrong_tokens_are_slowed_down),
        cmocka_unit_test(the_command_works_the_same_without_a_server),
        cmocka_unit_test(files_are_for_the_server_alone),
        cmocka_unit_test(a_misused_command_says_how),
        cmocka_unit_test(tokens_hold_over_a_crash),
    };
    return cmocka_run_group_tests(tests, start, end_service);
}
