/*
 * Bad input over real HTTP: each refusal names what is wrong and what is accepted, stores nothing,
 * writes one line to the log, and leaves the server as it was.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "json.h"
#include "memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* --- one refusal ---------------------------------------------------------------------------- */

struct refusal {
    const char *method, *target, *headers, *body;
    int status;
    const char *pointer; /* among the errors; NULL: the whole request is refused */
    const char *says;    /* a piece of the detail, of that error where there is a pointer */
};

static int count_lines(const char *text)
{
    int count = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        count++;
    return count;
}

static const char *detail_at(const json_t *problem, const char *pointer)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(problem, "errors"), i, entry)
    {
        if (strcmp(api_text(entry, "/pointer"), pointer) == 0)
            return api_text(entry, "/detail");
    }
    AUTO_FREE char *text = json_dumps(problem, 0);
    fail_msg("no error points at %s: %s", pointer, text);
    return NULL;
}

static void check_answer(const struct http_answer *answer, int status, const char *pointer,
                         const char *says)
{
    api_expect(answer, status);
    assert_string_equal(answer_header(answer, "Content-Type"), "application/problem+json");
    json_auto_t *problem = api_json(answer);
    assert_int_equal(api_integer(problem, "/status"), status);
    assert_true(*api_text(problem, "/title") != '\0');
    assert_string_equal(api_text(problem, "/type"), "about:blank");
    assert_says(pointer ? detail_at(problem, pointer) : api_text(problem, "/detail"), says);
}

/* One line more than before, and it tells the status. It is written before the answer. */
static void check_log(int lines_before, int status)
{
    AUTO_FREE char *log = service_log(&service);
    AUTO_FREE char *want = xprintf(" %d ", status);
    if (count_lines(log) != lines_before + 1)
        fail_msg("%d lines instead of one:\n%s", count_lines(log) - lines_before, log);
    log[strlen(log) - 1] = '\0';
    const char *last = strrchr(log, '\n');
    assert_says(last ? last : log, want);
}

static int log_lines(void)
{
    AUTO_FREE char *log = service_log(&service);
    return count_lines(log);
}

static void check(const struct refusal *refusal)
{
    const int lines = log_lines();
    struct http_answer answer =
        api_ask(port, refusal->method, refusal->headers, refusal->body, "%s", refusal->target);
    if (answer.status != refusal->status)
        print_error("%s %s %.200s\n", refusal->method, refusal->target,
                    refusal->body ? refusal->body : "");
    check_answer(&answer, refusal->status, refusal->pointer, refusal->says);
    check_log(lines, refusal->status);
    answer_release(&answer);
}

/* Everything that could have been stored. */
static json_t *stored(void)
{
    json_t *all = json_object();
    json_object_set_new(all, "jobs", api_get(port, "/api/v1/jobs?limit=1000"));
    json_object_set_new(all, "datasets", api_get(port, "/api/v1/datasets"));
    json_object_set_new(all, "queue", api_get(port, "/api/v1/queue"));
    return all;
}

static void check_all(const struct refusal *refusals, size_t count)
{
    json_auto_t *before = stored();
    for (size_t i = 0; i < count; i++)
        check(&refusals[i]);
    json_auto_t *after = stored();
    assert_true(json_equal(before, after));
}

/* --- bodies --------------------------------------------------------------------------------- */

#define PROBLEM     "'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}"
#define OPTIMIZER   "'optimizer': {'type': 'sgd', 'lr': 0.1}"
#define TRAIN(spec) "POST", "/api/v1/jobs", NULL, "{'kind': 'train', 'spec': {" spec "}}"
#define COMPARE(more)                                                                              \
    "POST", "/api/v1/jobs", NULL,                                                                  \
        "{'kind': 'compare', 'base': {" PROBLEM ", " OPTIMIZER "}, " more "}"
#define ARMS       "'arms': [{'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {'steps': 9}}]"
#define SEEDS      "'seeds': [1, 2]"
#define BODY(text) "POST", "/api/v1/jobs", NULL, text

static void what_is_no_json_is_refused_with_line_and_column(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {BODY("{'kind':\n 'train',,}"), 400, NULL, "line 2 column 10"},
        {BODY("{'kind': 'train'"), 400, NULL, "line 1 column 16"},
        {BODY("{'kind': 'train'} x"), 400, NULL, "line 1 column 19"},
        {BODY("{'kind': 'train', 'kind': 'compare'}"), 400, NULL, "duplicate object key"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 1e400}"), 400, NULL, "1e400"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': NaN}"), 400, NULL, "NaN"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': -Infinity}"), 400, NULL, "column"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'steps': 99999999999999999999"), 400, NULL, "too big"},
        {BODY("{'kind': '\xff'}"), 400, NULL, "line 1 column"},
        {BODY("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), 400, NULL,
         "deeper than 32 levels at line 1 column 33"},
        {BODY(""), 400, NULL, "empty"},
        {BODY(NULL), 400, NULL, "empty"},
    };
    check_all(refusals, COUNT_OF(refusals));
}

static void what_is_no_job_is_refused_field_by_field(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {BODY("[]"), 422, "", "must be an object"},
        {BODY("'train'"), 422, "", "must be an object"},
        {BODY("{}"), 422, "/kind", "is missing"},
        {BODY("{'kind': 'trane'}"), 422, "/kind", "did you mean \"train\"?"},
        {BODY("{'kind': 'train'}"), 422, "/spec", "is missing"},
        {BODY("{'kind': 'train', 'spec': 3}"), 422, "/spec", "must be"},
        {BODY("{'kind': 'train', 'colour': 1, 'spec': {}}"), 422, "/colour", "accepted: kind"},
        {BODY("{'kind': 'train', 'priority': 5000, 'spec': {}}"), 422, "/priority", "at most 1000"},
        {BODY("{'kind': 'train', 'priority': 1.5, 'spec': {}}"), 422, "/priority", "whole number"},
        {BODY("{'kind': 'train', 'name': 7, 'spec': {}}"), 422, "/name", "text"},
        {BODY("{'kind': 'train', 'name': 'a\\u0007b', 'spec': {}}"), 422, "/name", "control"},
        {BODY("{'kind': 'train', 'name': '', 'spec': {}}"), 422, "/name", "1 to 200 bytes"},
        {TRAIN(PROBLEM), 422, "/spec/optimizer", "is missing"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd'}"), 422, "/spec/optimizer/lr", "is missing"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'stepz': 5"), 422, "/spec/stepz",
         "did you mean \"steps\"?"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 'fast'}"), 422, "/spec/optimizer/lr",
         "greater than 0 and at most 1000000"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': -1}"), 422, "/spec/optimizer/lr",
         "greater than 0"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 0}"), 422, "/spec/optimizer/lr",
         "greater than 0"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'sgd', 'lr': 1, 'momentum': 0.9}"), 422,
         "/spec/optimizer/momentum", "unknown field"},
        {TRAIN(PROBLEM ", 'optimizer': {'type': 'momentun', 'lr': 1}"), 422, "/spec/optimizer/type",
         "did you mean \"momentum\"?"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'schedule': 'cosin'"), 422, "/spec/schedule/type",
         "did you mean \"cosine\"?"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'schedule': {'type': 'linear', 'warmup': 2}"), 422,
         "/spec/schedule/warmup", "less than 1"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'steps': 1.5"), 422, "/spec/steps", "whole number"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'steps': 5, 'epochs': 1"), 422, "/spec/steps", "not both"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'dataset': 'digits'"), 422, "/spec/problem", "not both"},
        {TRAIN(OPTIMIZER), 422, "/spec/dataset", "is missing"},
        {TRAIN("'dataset': 'digits', " OPTIMIZER), 422, "/spec/model", "is missing"},
        {TRAIN("'dataset': 'digit', 'model': {'type': 'softmax'}, " OPTIMIZER), 422,
         "/spec/dataset", "did you mean \"digits\"?"},
        {TRAIN("'dataset': '../../etc/passwd', 'model': {'type': 'softmax'}, " OPTIMIZER), 422,
         "/spec/dataset", "GET /api/v1/datasets lists them"},
        {TRAIN("'dataset': 'digits', 'model': {'type': 'cnn'}, " OPTIMIZER), 422,
         "/spec/model/type", "accepted: softmax, mlp"},
        {TRAIN("'dataset': 'digits', 'model': {'type': 'mlp', 'hidden': [0]}, " OPTIMIZER), 422,
         "/spec/model/hidden/0", "at least 1"},
        {TRAIN("'dataset': 'digits', 'loss': 'mean_squared', 'model': {'type': "
               "'softmax'}, " OPTIMIZER),
         422, "/spec/loss", "cross_entropy"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'seed': -1"), 422, "/spec/seed", "at least 0"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'threads': 65"), 422, "/spec/threads", "at most 64"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'stop_when': {'metric': 'train_loss'}"), 422,
         "/spec/stop_when", "at_most"},
        {TRAIN(PROBLEM ", " OPTIMIZER ", 'stop_when': {'metric': 'los', 'at_most': 1}"), 422,
         "/spec/stop_when/metric", "train_loss"},
        {TRAIN("'problem': {'type': 'quadratic', 'eigenvalues': []}, " OPTIMIZER), 422,
         "/spec/problem/eigenvalues", "1 to 10000"},
        {TRAIN("'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1, 2]}, " OPTIMIZER),
         422, "/spec/problem/start", "1"},
    };
    check_all(refusals, COUNT_OF(refusals));
}

static void comparisons_that_prove_nothing_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {COMPARE(SEEDS), 422, "/arms", "is missing"},
        {COMPARE("'arms': [], " SEEDS), 422, "/arms", "1 to 64"},
        {COMPARE(ARMS), 422, "/seeds", "is missing"},
        {COMPARE(ARMS ", 'seeds': [1, 1]"), 422, "/seeds/1", "already"},
        {COMPARE(ARMS ", 'seeds': [-1]"), 422, "/seeds/0", "0"},
        {COMPARE(
             "'arms': [{'name': 'a', 'patch': {}}, {'name': 'a', 'patch': {'steps': 9}}], " SEEDS),
         422, "/arms/1/name", "names must differ"},
        {COMPARE("'arms': [{'patch': {}}], " SEEDS), 422, "/arms/0/name", "is missing"},
        {COMPARE("'arms': [{'name': 'a', 'patch': 3}], " SEEDS), 422, "/arms/0/patch", "must be"},
        {COMPARE("'arms': [{'name': 'a', 'patch': {'optimizer': {'lr': -1}}}], " SEEDS), 422,
         "/arms/0/patch/optimizer/lr", "greater than 0"},
        {COMPARE(ARMS ", " SEEDS ", 'baseline': 'c'"), 422, "/baseline", "accepted: a, b"},
        {COMPARE(ARMS ", " SEEDS ", 'metric': {'name': 'valid_los'}"), 422, "/metric/name",
         "did you mean \"valid_loss\"?"},
        {COMPARE(ARMS ", " SEEDS ", 'metric': {'name': 'train_loss', 'goal': 'up'}"), 422,
         "/metric/goal", "minimize"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'/optimizer/lr': [0.1]}, 'seeds': [9]}"), 422,
         "/tune/over", "changes nothing"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'/optimizer/lr': [0.2, 0.2]},"
                      " 'seeds': [9]}"),
         422, "/tune/over/~1optimizer~1lr/1", "changes nothing"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'/optimizer/momentum': [0.1, 0.2]},"
                      " 'seeds': [9]}"),
         422, "/tune/over/~1optimizer~1momentum/0", "unknown field"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'optimizer': [0.1, 0.2]}, 'seeds': [9]}"),
         422, "/tune/over/optimizer", "JSON pointer"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'/optimizer/lr': [0.1, 'x']},"
                      " 'seeds': [9]}"),
         422, "/tune/over/~1optimizer~1lr/1", "must be a number"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'/seed': [1, 2]}, 'seeds': [9]}"), 422,
         "/tune/over/~1seed", "seeds are not tuned"},
        {COMPARE(ARMS ", " SEEDS ", 'tune': {'over': {'/optimizer/lr': [0.1, 0.2]},"
                      " 'seeds': [2]}"),
         422, "/tune/seeds/0", "must not share"},
    };
    check_all(refusals, COUNT_OF(refusals));
}

static void every_wrong_field_is_named_at_once(void **state)
{
    (void)state;
    json_auto_t *problem = api_change(
        port, "POST",
        "{'kind': 'train', 'prioritee': 1, 'spec': {'dataset': 'digits', 'batch_size': 0,"
        " 'model': {'type': 'mlp', 'hidden': [], 'activation': 'rely'}, 'x/y~z': 1,"
        " 'optimizer': {'type': 'adam', 'lr': 'x', 'beta1': 1}}}",
        422, "/api/v1/jobs");
    static const char *const pointers[] = {
        "/prioritee",    "/spec/batch_size",   "/spec/model/hidden",   "/spec/model/activation",
        "/spec/x~1y~0z", "/spec/optimizer/lr", "/spec/optimizer/beta1"};
    for (size_t i = 0; i < COUNT_OF(pointers); i++)
        detail_at(problem, pointers[i]);
    assert_int_equal(api_size(problem, "/errors"), COUNT_OF(pointers));
}

/* --- too much --------------------------------------------------------------------------------- */

static char *list_of(int count, const char *format)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    for (int i = 0; i < count; i++) {
        fputs(i ? ", " : "", out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(out, format, i);
#pragma GCC diagnostic pop
    }
    fclose(out);
    return text;
}

static void too_many_runs_are_refused_with_the_sum(void **state)
{
    (void)state;
    AUTO_FREE char *seeds = list_of(50001, "%d");
    AUTO_FREE char *body = xprintf("{'kind': 'compare', 'base': {" PROBLEM ", " OPTIMIZER "}, " ARMS
                                   ", 'seeds': [%s]}",
                                   seeds);
    const struct refusal refusals[] = {{BODY(body), 422, "", "would be 100002 runs"}};
    check_all(refusals, 1);
}

static void a_body_that_is_too_large_is_refused(void **state)
{
    (void)state;
    AUTO_FREE char *long_text = xcalloc(1, 1100000 + 1);
    memset(long_text, 'x', 1100000);
    AUTO_FREE char *body = xprintf("{'kind': '%s'}", long_text);
    const struct refusal refusals[] = {{BODY(body), 413, NULL, "1048576"}};
    check_all(refusals, 1);
}

/* What a worker could never be told is refused when it is sent, not when it should start. */
static void a_specification_too_long_for_a_worker_is_refused(void **state)
{
    (void)state;
    AUTO_FREE char *numbers = list_of(3000, "0.12345678901%04d");
    AUTO_FREE char *spec =
        xprintf("{'problem': {'type': 'quadratic', 'eigenvalues': [%s]}, " OPTIMIZER "}", numbers);
    AUTO_FREE char *train = xprintf("{'kind': 'train', 'spec': %s}", spec);
    AUTO_FREE char *compare = xprintf("{'kind': 'compare', 'base': %s, " ARMS ", " SEEDS "}", spec);
    AUTO_FREE char *patched =
        xprintf("{'kind': 'compare', 'base': {" PROBLEM ", " OPTIMIZER "}, " SEEDS
                ", 'arms': [{'name': 'a',"
                " 'patch': {}}, {'name': 'b', 'patch': {'problem': {'eigenvalues': [%s],"
                " 'start': null}}}]}",
                numbers);
    const struct refusal refusals[] = {
        {BODY(train), 422, "/spec", "longer than 49152 bytes"},
        {BODY(compare), 422, "/base", "longer than 49152 bytes"},
        {BODY(patched), 422, "/arms/1/patch", "longer than 49152 bytes"},
    };
    check_all(refusals, COUNT_OF(refusals));
}

/* A small body that asks for gigabytes of specifications. */
static void specifications_that_are_too_long_together_are_refused(void **state)
{
    (void)state;
    AUTO_FREE char *numbers = list_of(2300, "0.12345678901%04d");
    AUTO_FREE char *rates = list_of(2000, "0.1%04d");
    AUTO_FREE char *body = xprintf(
        "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [%s]},"
        " " OPTIMIZER "}, " ARMS ", " SEEDS ", 'tune': {'over': {'/optimizer/lr': [%s]},"
        " 'seeds': [9]}}",
        numbers, rates);
    const struct refusal refusals[] = {{BODY(body), 422, "", "more than 128 MiB together"}};
    check_all(refusals, 1);
}

/* --- requests -----------------------------------------------------------------------------------
 */

#define JSON_TYPE "Content-Type: application/json\r\n"
#define A_JOB     "{'kind': 'train', 'spec': {" PROBLEM ", " OPTIMIZER "}}"

static void wrong_methods_types_and_names_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"POST", "/api/v1/jobs", "Content-Type: text/plain\r\n", A_JOB, 415, NULL,
         "application/json"},
        {"POST", "/api/v1/jobs", "Content-Encoding: gzip\r\n", A_JOB, 415, NULL,
         "Content-Encoding"},
        {"POST", "/api/v1/datasets/x", JSON_TYPE, "{}", 415, NULL, "multipart/form-data"},
        {"POST", "/api/v1/datasets/x", "Content-Type: multipart/form-data\r\n", "x", 400, NULL,
         "boundary"},
        {"POST", "/api/v1/jobs/1/cancel", NULL, "{}", 400, NULL, "no body"},
        {"POST", "/api/v1/jobs", "Origin: http://evil.example\r\n", A_JOB, 403, NULL, "Origin"},
        {"POST", "/api/v1/jobs", "Origin: null\r\n", A_JOB, 403, NULL, "Origin"},
        {"GET", "/healthz", "Host: evil.example\r\n", NULL, 400, NULL, "one Host"},
        {"POST", "/api/v1/jobs", "Idempotency-Key: \r\n", A_JOB, 400, NULL, "1 to 200 bytes"},
        {"POST", "/api/v1/jobs", "Content-Length: 7\r\n", A_JOB, 400, NULL, "Content-Length"},
        {"POST", "/api/v1/jobs", "Transfer-Encoding: chunked\r\n", A_JOB, 400, NULL,
         "Transfer-Encoding"},
        {"PATCH", "/api/v1/jobs/1", NULL, "{'priority': 'high'}", 422, "/priority", "whole number"},
        {"PATCH", "/api/v1/jobs/1", NULL, "{'priority': 1, 'state': 'x'}", 422, "/state",
         "accepted: priority"},
        {"PATCH", "/api/v1/jobs/1", NULL, "[]", 422, "", "object"},
        {"PATCH", "/api/v1/jobs/77", NULL, "{'priority': 1}", 404, NULL, "no job 77"},
        {"BREW", "/api/v1/jobs", NULL, NULL, 501, NULL, "GET"},
    };
    check_all(refusals, COUNT_OF(refusals));
}

static void wrong_methods_are_answered_with_those_that_are_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *method, *target, *allow;
    } wrong[] = {
        {"PUT", "/api/v1/jobs", "GET, HEAD, POST, OPTIONS"},
        {"DELETE", "/api/v1/jobs/1", "GET, HEAD, PATCH, OPTIONS"},
        {"GET", "/api/v1/jobs/1/cancel", "POST, OPTIONS"},
        {"POST", "/healthz", "GET, HEAD, OPTIONS"},
        {"PUT", "/api/v1/datasets/x", "GET, HEAD, POST, DELETE, OPTIONS"},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const int lines = log_lines();
        struct http_answer answer =
            api_ask(port, wrong[i].method, NULL, NULL, "%s", wrong[i].target);
        check_answer(&answer, 405, NULL, wrong[i].allow);
        assert_string_equal(answer_header(&answer, "Allow"), wrong[i].allow);
        check_log(lines, 405);
        answer_release(&answer);
    }
}

static void a_host_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    const int lines = log_lines();
    struct http_client client = client_open(port);
    client_send_text(&client, "GET /api/v1/jobs HTTP/1.1\r\nHost: rebound.example\r\n\r\n");
    struct http_answer answer = client_read(&client);
    check_answer(&answer, 421, NULL, "Host");
    check_log(lines, 421);
    answer_release(&answer);
    client_close(&client);
}

#define GET(target) "GET", target, NULL, NULL

static void targets_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {GET("/nope"), 404, NULL, "/nope"},
        {GET("/api/v1"), 404, NULL, "/api/v1"},
        {GET("/api/v1/jobs/"), 404, NULL, "/api/v1/jobs/"},
        {GET("/api/v1/jobs/0"), 404, NULL, "whole numbers from 1"},
        {GET("/api/v1/jobs/-1"), 404, NULL, "whole numbers from 1"},
        {GET("/api/v1/jobs/one"), 404, NULL, "whole numbers from 1"},
        {GET("/api/v1/jobs/1.5"), 404, NULL, "whole numbers from 1"},
        {GET("/api/v1/jobs/99999999999999999999999"), 404, NULL, "whole numbers from 1"},
        {GET("/api/v1/jobs/7"), 404, NULL, "no job 7"},
        {GET("/api/v1/jobs/7/runs"), 404, NULL, "no job 7"},
        {GET("/api/v1/jobs/7/report"), 404, NULL, "no job 7"},
        {GET("/api/v1/jobs/7/metrics"), 404, NULL, "no job 7"},
        {GET("/api/v1/runs/7"), 404, NULL, "no run 7"},
        {GET("/api/v1/runs/7/metrics"), 404, NULL, "no run 7"},
        {GET("/api/v1/runs/7/metrics?format=csv"), 404, NULL, "no run 7"},
        {GET("/api/v1/runs/7/log"), 404, NULL, "no run 7"},
        {GET("/api/v1/runs/7/model"), 404, NULL, "no run 7"},
        {GET("/api/v1/datasets/none"), 404, NULL, "none"},
        {GET("/../../etc/passwd"), 404, NULL, "nothing at"},
        {GET("/assets/../../../etc/passwd"), 404, NULL, "nothing at"},
        {GET("/api/v1/datasets/%2e%2e%2fjobs"), 400, NULL, "encoded slash"},
        {GET("/api/v1/datasets/..%5c"), 400, NULL, "encoded slash or backslash"},
        {GET("/%00"), 400, NULL, "NUL"},
        {GET("/%zz"), 400, NULL, "hexadecimal"},
        {GET("/api/v1/jobs?limit=-1"), 422, NULL, "from 1 to 1000"},
        {GET("/api/v1/jobs?limit=0"), 422, NULL, "from 1 to 1000"},
        {GET("/api/v1/jobs?limit=1001"), 422, NULL, "from 1 to 1000"},
        {GET("/api/v1/jobs?limit=ten"), 422, NULL, "from 1 to 1000"},
        {GET("/api/v1/jobs?after=-5"), 422, NULL, "after"},
        {GET("/api/v1/jobs?after=99999999999999999999"), 422, NULL, "after"},
        {GET("/api/v1/jobs?state=done"), 422, NULL, "succeeded"},
        {GET("/api/v1/queue?limit=-1"), 422, NULL, "from 1 to 1000"},
        {GET("/api/v1/events?after=x"), 422, NULL, "after"},
        {GET("/api/v1/events?job=-1"), 422, NULL, "job"},
        {GET("/api/v1/runs/1/metrics?points=-1"), 422, NULL, "points"},
        {GET("/api/v1/runs/1/metrics?format=xml"), 406, NULL, "json, csv or ndjson"},
        {GET("/api/v1/jobs/1/report?format=xml"), 406, NULL, "json or csv"},
        {GET("/api/v1/jobs/1/report?points=1"), 422, NULL, "from 2 to 10000"},
        {GET("/api/v1/jobs/1/metrics?phase=night"), 422, NULL, "train, tune or report"},
        {"GET", "/api/v1/events", "Last-Event-ID: x\r\n", NULL, 422, NULL, "Last-Event-ID"},
    };
    check_all(refusals, COUNT_OF(refusals));
}

/* --- data files ---------------------------------------------------------------------------------
 */

struct file_refusal {
    const char *format;
    const char *part[2], *bytes[2]; /* two files, or one and NULL */
    int counts[2];                  /* of their bytes */
    const char *setting, *value;    /* or NULL */
    const char *pointer, *says;
};

#define BYTES(text) text, (int)sizeof(text) - 1

static void check_file(const struct file_refusal *refusal)
{
    struct form form = {0};
    const int lines = log_lines();
    form_value(&form, "format", refusal->format);
    for (int i = 0; i < 2 && refusal->part[i]; i++)
        form_file(&form, refusal->part[i], refusal->bytes[i], (size_t)refusal->counts[i]);
    if (refusal->setting)
        form_value(&form, refusal->setting, refusal->value);
    struct http_answer answer = form_send(&form, port, "/api/v1/datasets/broken");
    check_answer(&answer, 422, refusal->pointer, refusal->says);
    check_log(lines, 422);
    answer_release(&answer);
}

static void check_idx(const char *features, int feature_bytes, const char *labels, int label_bytes,
                      const char *pointer, const char *says)
{
    check_file(&(struct file_refusal){.format = "idx",
                                      .part = {"train_features", "train_labels"},
                                      .bytes = {features, labels},
                                      .counts = {feature_bytes, label_bytes},
                                      .pointer = pointer,
                                      .says = says});
}

static void check_text(const char *format, const char *text, const char *says)
{
    check_file(&(struct file_refusal){.format = format,
                                      .part = {"train"},
                                      .bytes = {text},
                                      .counts = {(int)strlen(text)},
                                      .pointer = "/train",
                                      .says = says});
}

/* Two pictures of 1 x 2, and two labels. */
#define PICTURES "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02\1\2\3\4"
#define LABELS   "\0\0\x08\x01\0\0\0\x02\0\1"

static void broken_idx_files_are_refused_with_the_byte(void **state)
{
    (void)state;
    json_auto_t *before = stored();
    check_idx(PICTURES, 18, BYTES(LABELS), "/train_features", "ends at byte 18; expected 20 bytes");
    check_idx(PICTURES, 6, BYTES(LABELS), "/train_features", "ends at byte 6; expected 16 bytes");
    check_idx("", 0, BYTES(LABELS), "/train_features", "ends at byte 0");
    check_idx(BYTES(PICTURES "x"), BYTES(LABELS), "/train_features", "byte 20: more bytes follow");
    check_idx(BYTES("a,b\n1,2\n"), BYTES(LABELS), "/train_features",
              "byte 0: wrong magic: 61 2c 62 0a");
    check_idx(BYTES("\0\0\x0d\x02\0\0\0\x01\0\0\0\x01zzzz"), BYTES(LABELS), "/train_features",
              "byte 2: element type 0d");
    check_idx(BYTES(LABELS), BYTES(PICTURES), "/train_features", "byte 3: rank 1");
    check_idx(BYTES(PICTURES), BYTES("\0\0\x08\x01\0\0\0\x03\0\1\0"), "/train_labels",
              "3 labels, but train_features holds 2");
    check_idx(BYTES(PICTURES), NULL, 0, "/train_labels", "ends at byte 0");
    check_idx(BYTES("\x1f\x8b\x08\0\0\0\0\0\0\x03garbage"), BYTES(LABELS), "/train_features",
              "of the gzip file");
    check_file(&(struct file_refusal){.format = "idx",
                                      .part = {"train_features"},
                                      .bytes = {PICTURES},
                                      .counts = {20},
                                      .pointer = "/train_labels",
                                      .says = "is missing"});
    json_auto_t *after = stored();
    assert_true(json_equal(before, after));
}

static void broken_text_files_are_refused_with_line_and_column(void **state)
{
    (void)state;
    json_auto_t *before = stored();
    check_text("csv", "x,y,k\n1,2,a\n1,oops,b\n", "line 3, column 2: \"oops\" is not a number");
    check_text("csv", "x,y,k\n1,2,a\n1,b\n", "line 3: 2 columns, expected 3");
    check_text("csv", "", "no examples");
    check_text("csv", "x,y,k\n", "no examples");
    check_text("csv", "x,y,k\n1,nan,a\n2,1,b\n", "line 2, column 2");
    check_text("csv", "x,y,k\n1,1e999,a\n2,1,b\n", "line 2, column 2");
    check_text("csv", "x\n1\n2\n", "one column");
    check_text("libsvm", "1 0:1\n-1 1:1\n", "line 1, column 3: index 0; indices begin with 1");
    check_text("libsvm", "1 2:1 1:1\n-1 1:1\n", "line 1, column 7: index 1 behind 2");
    check_text("libsvm", "1 1:1\n-1 2\n", "line 2, column 4: \"2\" is not INDEX:VALUE");
    check_file(&(struct file_refusal){.format = "csv",
                                      .part = {"train"},
                                      .bytes = {"x,y,k\n1,2,a\n2,1,b\n"},
                                      .counts = {18},
                                      .setting = "label",
                                      .value = "kin",
                                      .pointer = "/train",
                                      .says = "no column is named \"kin\""});
    json_auto_t *after = stored();
    assert_true(json_equal(before, after));
}

static void broken_npy_files_are_refused_with_the_byte(void **state)
{
    (void)state;
    json_auto_t *before = stored();
    const struct {
        const char *features;
        int count;
        const char *says;
    } broken[] = {
        {BYTES("PK\3\4 a zip file"), "byte 0: wrong magic: 50 4b 03 04"},
        {BYTES("\x93NUMPY\1\0\x76\0{'descr': "), "ends at byte 20"},
    };
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        check_file(&(struct file_refusal){.format = "npy",
                                          .part = {"train_features", "train_labels"},
                                          .bytes = {broken[i].features, broken[i].features},
                                          .counts = {broken[i].count, broken[i].count},
                                          .pointer = "/train_features",
                                          .says = broken[i].says});
    json_auto_t *after = stored();
    assert_true(json_equal(before, after));
}

static void wrong_settings_of_an_upload_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *value, *pointer, *says;
    } wrong[] = {
        {"valid_fraction", "2", "/valid_fraction", "at most 0.9"},
        {"valid_fraction", "half", "/valid_fraction", "must be a number"},
        {"colour", "red", "/colour", "accepted: header"},
        {"header", "perhaps", "/header", "auto, yes, no"},
        {"train", "x", "/train", "is given twice"},
    };
    json_auto_t *before = stored();
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        check_file(&(struct file_refusal){.format = "csv",
                                          .part = {"train"},
                                          .bytes = {"x,k\n1,a\n2,b\n"},
                                          .counts = {12},
                                          .setting = wrong[i].setting,
                                          .value = wrong[i].value,
                                          .pointer = wrong[i].pointer,
                                          .says = wrong[i].says});
    check_file(&(struct file_refusal){.format = "parquet",
                                      .part = {"train"},
                                      .bytes = {"x"},
                                      .counts = {1},
                                      .pointer = "/format",
                                      .says = "accepted: idx, csv, libsvm, npy"});
    json_auto_t *after = stored();
    assert_true(json_equal(before, after));
}

static void odd_names_of_data_sets_are_refused(void **state)
{
    static const char too_long[] =
        "sixty-five-characters-are-one-too-many-for-the-name-of-a-data-set";
    static const char *const names[] = {"Upper", "-dash",  ".hidden", "..",
                                        "a%20b", "%C3%A9", too_long};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct form form = {0};
        AUTO_FREE char *target = xprintf("/api/v1/datasets/%s", names[i]);
        form_value(&form, "format", "csv");
        form_file(&form, "train", "x,k\n1,a\n2,b\n", 12);
        struct http_answer answer = form_send(&form, port, target);
        check_answer(&answer, 422, NULL, "1 to 64 of a-z, 0-9");
        answer_release(&answer);
    }
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    bool empty = true;
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        empty = empty && entry->d_name[0] == '.';
    closedir(folder);
    return empty;
}

/* Behind all of the above. What was sent in goes on a helper thread, after the answer. */
static void nothing_is_left_in_the_folders(void **state)
{
    static const char *const folders[] = {"data/uploads", "data/datasets", "data/runs"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        int64_t started_ms = 0;
        while (!is_empty(folder_path(&service.folder, folders[i])))
            if (!api_wait_on(&started_ms))
                fail_msg("something is left in %s", folders[i]);
    }
}

static int start(void **state)
{
    static const char *const arguments[] = {"--slots", "0", NULL};
    (void)state;
    start_service_with(arguments);
    /* Job 1 with run 1, which never starts: for what is wrong with questions about one. */
    assert_int_equal(
        api_submit(port, "{'kind': 'train', 'spec': {'optimizer': {'type': 'sgd', 'lr': 0.1},"
                         " 'problem': {'type': 'quadratic', 'eigenvalues': [1], 'start': [1]}}}"),
        1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_json_is_refused_with_line_and_column),
        cmocka_unit_test(what_is_no_job_is_refused_field_by_field),
        cmocka_unit_test(comparisons_that_prove_nothing_are_refused),
        cmocka_unit_test(every_wrong_field_is_named_at_once),
        cmocka_unit_test(too_many_runs_are_refused_with_the_sum),
        cmocka_unit_test(a_body_that_is_too_large_is_refused),
        cmocka_unit_test(a_specification_too_long_for_a_worker_is_refused),
        cmocka_unit_test(specifications_that_are_too_long_together_are_refused),
        cmocka_unit_test(wrong_methods_types_and_names_are_refused),
        cmocka_unit_test(wrong_methods_are_answered_with_those_that_are_allowed),
        cmocka_unit_test(a_host_that_is_not_ours_is_refused),
        cmocka_unit_test(targets_that_lead_nowhere_are_refused),
        cmocka_unit_test(broken_idx_files_are_refused_with_the_byte),
        cmocka_unit_test(broken_text_files_are_refused_with_line_and_column),
        cmocka_unit_test(broken_npy_files_are_refused_with_the_byte),
        cmocka_unit_test(wrong_settings_of_an_upload_are_refused),
        cmocka_unit_test(odd_names_of_data_sets_are_refused),
        cmocka_unit_test(nothing_is_left_in_the_folders),
    };
    return cmocka_run_group_tests(tests, start, end_service);
}
