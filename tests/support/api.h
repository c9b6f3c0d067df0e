/*
 * The service's JSON API as tests use it. An answer that is not the expected one fails the test
 * and shows what was asked and what came.
 *
 * In bodies and expected JSON, ' stands for ": {'kind': 'train'}. Targets are printf formats of the
 * whole path. JSON that is answered is the caller's.
 */
#ifndef SUPPORT_API_H
#define SUPPORT_API_H

#include "support/http_client.h"
#include "support/server_process.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* --- asking --------------------------------------------------------------------------------- */

/* Any request and whatever is answered. headers: further lines, each ended by CRLF, or NULL. */
struct http_answer api_ask(int port, const char *method, const char *headers, const char *body,
                           const char *target, ...) __attribute__((format(printf, 5, 6)));

/* GET, answered 200 with JSON. */
json_t *api_get(int port, const char *target, ...) __attribute__((format(printf, 2, 3)));
/* Any other method, with a body or NULL, answered with that status and JSON (NULL for a 204). */
json_t *api_change(int port, const char *method, const char *body, int status, const char *target,
                   ...) __attribute__((format(printf, 5, 6)));
/* POST of a job, 201: its number. */
int64_t api_submit(int port, const char *body);
/* Its runs, in order. */
json_t *api_runs(int port, int64_t job);
/* The number of its run, counted from 0. */
int64_t api_run_of(int port, int64_t job, int number);

/* The body as JSON; fails where it is none. */
json_t *api_json(const struct http_answer *answer);
/* Fails with the answer shown unless it has that status. */
void api_expect(const struct http_answer *answer, int status);

/* --- waiting: asks again until it is so, 20 s at most ------------------------------------------
 */

/* Until the run (or job) is in that state; fails at once where it ends in another one. */
json_t *api_await_run(int port, int64_t run, const char *state);
json_t *api_await_job(int port, int64_t job, const char *state);
/* Until the run has stored a step of at least this one. */
void api_await_step(int port, int64_t run, int64_t step);

/* For loops of a test's own: false once 20 s are over since *started_ms, which begins as 0; sleeps
 * some milliseconds. */
bool api_wait_on(int64_t *started_ms);

/* --- looking into JSON ------------------------------------------------------------------------ */

/* The value at a JSON pointer; fails where there is none, or one of another type. */
const json_t *api_at(const json_t *document, const char *pointer);
const char *api_text(const json_t *document, const char *pointer);
int64_t api_integer(const json_t *document, const char *pointer);
double api_number(const json_t *document, const char *pointer);
bool api_is_null(const json_t *document, const char *pointer);
size_t api_size(const json_t *document, const char *pointer); /* of a list */

/* Fails, showing both, unless the values are equal. */
void api_assert_equal(const json_t *got, const char *want);

/* The text with ' made ". The caller frees it. */
char *api_quoted(const char *text);

/* --- multipart forms -------------------------------------------------------------------------- */

struct form {
    char *bytes;
    size_t count;
};

void form_value(struct form *form, const char *name, const char *value);
void form_file(struct form *form, const char *name, const void *bytes, size_t count);
/* Sends and releases it. */
struct http_answer form_send(struct form *form, int port, const char *target);

#endif
