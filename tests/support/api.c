#include "support/api.h"

#include "support/check.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For what hangs, not for what is slow: training takes ten times as long under AddressSanitizer,
 * and others may have the machine, too. */
enum { DEADLINE_MS = 60000, AGAIN_MS = 10 };

#define BOUNDARY "----a-line-that-no-file-holds"

/* --- text ----------------------------------------------------------------------------------- */

char *api_quoted(const char *text)
{
    char *quoted = xstrdup(text);
    for (char *at = quoted; (at = strchr(at, '\'')) != NULL;)
        *at = '"';
    return quoted;
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
                                                               va_list arguments)
{
    char *text = NULL;
    assert_true(vasprintf(&text, format, arguments) >= 0);
    return text;
}

#define FORMAT_TARGET(out, format)                                                                 \
    AUTO_FREE char *out = NULL;                                                                    \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        (out) = format_text(format, arguments);                                                    \
        va_end(arguments);                                                                         \
    } while (0)

/* --- asking --------------------------------------------------------------------------------- */

static struct http_answer ask(int port, const char *method, const char *headers, const char *body,
                              const char *target)
{
    AUTO_FREE char *quoted = body ? api_quoted(body) : NULL;
    return http_request(port, method, target, headers, quoted);
}

struct http_answer api_ask(int port, const char *method, const char *headers, const char *body,
                           const char *target, ...)
{
    FORMAT_TARGET(path, target);
    return ask(port, method, headers, body, path);
}

void api_expect(const struct http_answer *answer, int status)
{
    if (answer->status != status)
        fail_msg("answered %d instead of %d: %s", answer->status, status,
                 answer->body ? answer->body : "");
}

json_t *api_json(const struct http_answer *answer)
{
    json_t *json = NULL;
    struct error err;
    if (!answer->body || json_read(answer->body, answer->body_bytes, &json, &err) < 0)
        fail_msg("not JSON: %s", answer->body ? answer->body : "(no answer)");
    return json;
}

static json_t *answered(struct http_answer *answer, int status)
{
    api_expect(answer, status);
    json_t *json = status == 204 ? NULL : api_json(answer);
    answer_release(answer);
    return json;
}

json_t *api_get(int port, const char *target, ...)
{
    FORMAT_TARGET(path, target);
    struct http_answer answer = ask(port, "GET", NULL, NULL, path);
    return answered(&answer, 200);
}

json_t *api_change(int port, const char *method, const char *body, int status, const char *target,
                   ...)
{
    FORMAT_TARGET(path, target);
    struct http_answer answer = ask(port, method, NULL, body, path);
    return answered(&answer, status);
}

int64_t api_submit(int port, const char *body)
{
    json_auto_t *job = api_change(port, "POST", body, 201, "/api/v1/jobs");
    return api_integer(job, "/id");
}

json_t *api_runs(int port, int64_t job)
{
    json_auto_t *page = api_get(port, "/api/v1/jobs/%lld/runs?limit=1000", (long long)job);
    return json_incref(json_object_get(page, "runs"));
}

int64_t api_run_of(int port, int64_t job, int number)
{
    json_auto_t *runs = api_runs(port, job);
    return api_integer(json_array_get(runs, (size_t)number), "/id");
}

/* --- waiting -------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool api_wait_on(int64_t *started_ms)
{
    if (*started_ms == 0)
        *started_ms = now_ms();
    nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000L}, NULL);
    return now_ms() - *started_ms < DEADLINE_MS;
}

static bool is_final(const char *state)
{
    static const char *const final[] = {"succeeded", "failed", "cancelled", "pruned"};
    for (size_t i = 0; i < COUNT_OF(final); i++)
        if (strcmp(state, final[i]) == 0)
            return true;
    return false;
}

static json_t *await(int port, const char *what, int64_t id, const char *state)
{
    for (int64_t started_ms = 0; api_wait_on(&started_ms);) {
        json_t *json = api_get(port, "/api/v1/%s/%lld", what, (long long)id);
        const char *now = api_text(json, "/state");
        if (strcmp(now, state) == 0)
            return json;
        if (is_final(now)) {
            char *text = json_dumps(json, JSON_INDENT(1));
            fail_msg("%s/%lld is not %s but: %s", what, (long long)id, state, text);
        }
        json_decref(json);
    }
    fail_msg("%s/%lld was not %s in time", what, (long long)id, state);
    return NULL;
}

json_t *api_await_run(int port, int64_t run, const char *state)
{
    return await(port, "runs", run, state);
}

json_t *api_await_job(int port, int64_t job, const char *state)
{
    return await(port, "jobs", job, state);
}

void api_await_step(int port, int64_t run, int64_t step)
{
    for (int64_t started_ms = 0; api_wait_on(&started_ms);) {
        json_auto_t *json = api_get(port, "/api/v1/runs/%lld", (long long)run);
        const json_t *series = json_pointer_get(json, "/series/0/last_step");
        if (json_integer_value(series) >= step)
            return;
        if (is_final(api_text(json, "/state")))
            fail_msg("run %lld ended before step %lld", (long long)run, (long long)step);
    }
    fail_msg("run %lld did not come to step %lld in time", (long long)run, (long long)step);
}

/* --- looking into JSON ------------------------------------------------------------------------ */

const json_t *api_at(const json_t *document, const char *pointer)
{
    const json_t *value = json_pointer_get(document, pointer);
    if (!value) {
        char *text = json_dumps(document, JSON_ENCODE_ANY | JSON_INDENT(1));
        fail_msg("there is no %s in %s", pointer, text);
    }
    return value;
}

static const json_t *of_type(const json_t *document, const char *pointer, json_type type)
{
    const json_t *value = api_at(document, pointer);
    if (json_typeof(value) != type) {
        char *text = json_dumps(document, JSON_ENCODE_ANY | JSON_INDENT(1));
        fail_msg("%s has another type in %s", pointer, text);
    }
    return value;
}

const char *api_text(const json_t *document, const char *pointer)
{
    return json_string_value(of_type(document, pointer, JSON_STRING));
}

int64_t api_integer(const json_t *document, const char *pointer)
{
    return json_integer_value(of_type(document, pointer, JSON_INTEGER));
}

double api_number(const json_t *document, const char *pointer)
{
    const json_t *value = api_at(document, pointer);
    return json_is_integer(value) ? (double)json_integer_value(value)
                                  : json_real_value(of_type(document, pointer, JSON_REAL));
}

bool api_is_null(const json_t *document, const char *pointer)
{
    return json_is_null(api_at(document, pointer));
}

size_t api_size(const json_t *document, const char *pointer)
{
    return json_array_size(of_type(document, pointer, JSON_ARRAY));
}

void api_assert_equal(const json_t *got, const char *want)
{
    AUTO_FREE char *quoted = api_quoted(want);
    json_auto_t *wanted = json_loads(quoted, JSON_DECODE_ANY, NULL);
    assert_non_null(wanted);
    AUTO_FREE char *got_text = json_compact(got);
    AUTO_FREE char *want_text = json_compact(wanted);
    assert_string_equal(got_text, want_text);
}

/* --- multipart forms -------------------------------------------------------------------------- */

static void append(struct form *form, const void *bytes, size_t count)
{
    form->bytes = xrealloc(form->bytes, form->count + count + 1, 1);
    if (count > 0)
        memcpy(form->bytes + form->count, bytes, count);
    form->count += count;
}

static void append_head(struct form *form, const char *name, const char *more)
{
    AUTO_FREE char *head = xprintf(
        "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n", name, more);
    append(form, head, strlen(head));
}

void form_value(struct form *form, const char *name, const char *value)
{
    append_head(form, name, "");
    append(form, value, strlen(value));
    append(form, "\r\n", 2);
}

void form_file(struct form *form, const char *name, const void *bytes, size_t count)
{
    append_head(form, name, "; filename=\"data.bin\"\r\nContent-Type: application/octet-stream");
    append(form, bytes, count);
    append(form, "\r\n", 2);
}

struct http_answer form_send(struct form *form, int port, const char *target)
{
    static const char headers[] = "Content-Type: multipart/form-data; boundary=" BOUNDARY "\r\n";
    append(form, "--" BOUNDARY "--\r\n", strlen("--" BOUNDARY "--\r\n"));
    struct http_client client = client_open(port);
    client_send_request(&client, "POST", target, headers, form->bytes, form->count);
    const struct http_answer answer = client_read(&client);
    client_close(&client);
    free(form->bytes);
    *form = (struct form){0};
    return answer;
}
