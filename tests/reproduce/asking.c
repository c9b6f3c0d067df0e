#include "reproduce/asking.h"

#include "support/api.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AGAIN_MS = 100, FILE_BYTES_MAX = 64 * 1024 * 1024 };

#define FORMAT_TEXT(out, format)                                                                   \
    AUTO_FREE char *out = NULL;                                                                    \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        if (vasprintf(&(out), format, arguments) < 0)                                              \
            abort();                                                                               \
        va_end(arguments);                                                                         \
    } while (0)

/* --- requests --------------------------------------------------------------------------------- */

static int answered(struct http_answer *answer, const char *what, json_t **out, struct error *err)
{
    int outcome = -1;
    if (answer->status == 0)
        error_set(err, "%s: no answer", what);
    else if (answer->status / 100 != 2)
        error_set(err, "%s: answered %d: %s", what, answer->status,
                  answer->body ? answer->body : "");
    else
        outcome = json_read(answer->body, answer->body_bytes, out, err);
    answer_release(answer);
    return outcome;
}

int ask_get(const struct reproduction *all, json_t **out, struct error *err, const char *target,
            ...)
{
    FORMAT_TEXT(path, target);
    struct http_answer answer = http_request(all->port, "GET", path, NULL, NULL);
    return answered(&answer, path, out, err);
}

static int post(const struct reproduction *all, const char *target, const char *body, json_t **out,
                struct error *err)
{
    AUTO_FREE char *quoted = api_quoted(body);
    struct http_answer answer =
        http_request(all->port, "POST", target, "Content-Type: application/json\r\n", quoted);
    return answered(&answer, target, out, err);
}

int ask_post(const struct reproduction *all, const char *target, json_t **out, struct error *err,
             const char *body, ...)
{
    FORMAT_TEXT(text, body);
    return post(all, target, text, out, err);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static int runs_of(const struct reproduction *all, int64_t job, json_t **out, struct error *err)
{
    return ask_get(all, out, err, "/api/v1/jobs/%" PRId64 "/runs?limit=1000", job);
}

int ask_runs_of(const struct reproduction *all, int64_t job, const char *arm, int64_t *runs,
                int most, struct error *err)
{
    json_auto_t *page = NULL;
    if (runs_of(all, job, &page, err) < 0)
        return -1;
    int count = 0;
    size_t i;
    json_t *run;
    json_array_foreach(json_object_get(page, "runs"), i, run)
    {
        const bool is_tuning = strcmp(json_text_at(run, "phase", ""), "tune") == 0;
        const bool is_its = !arm || strcmp(json_text_at(run, "arm", ""), arm) == 0;
        if (is_its && !is_tuning && count < most)
            runs[count++] = json_integer_at(run, "id", 0);
    }
    if (count == 0)
        return error_set(err, "job %" PRId64 " has no run of \"%s\"", job, arm ? arm : "");
    return count;
}

static int blame(const struct reproduction *all, int64_t job, const char *state, struct error *err)
{
    json_auto_t *page = NULL;
    if (runs_of(all, job, &page, err) < 0)
        return -1;
    size_t i;
    json_t *run;
    json_array_foreach(json_object_get(page, "runs"), i, run)
    {
        const char *message = json_text_at(run, "message", "");
        if (strcmp(json_text_at(run, "state", ""), "failed") == 0)
            return error_set(err, "job %" PRId64 ": run %" PRId64 " (%s) failed: %s", job,
                             json_integer_at(run, "id", 0), json_text_at(run, "arm", ""), message);
    }
    return error_set(err, "job %" PRId64 " ended as %s", job, state);
}

static void show_progress(const struct reproduction *all, const char *label, const json_t *job)
{
    const json_t *runs = json_object_get(job, "runs");
    json_auto_t *queue = NULL;
    struct error ignored;
    char steps[80] = "";
    if (ask_get(all, &queue, &ignored, "/api/v1/queue") == 0) {
        const json_t *first = json_pointer_get(queue, "/running/0");
        if (first)
            snprintf(steps, sizeof steps, "; %s at step %" PRId64 " of %" PRId64,
                     json_text_at(first, "arm", "run"), json_integer_at(first, "step", 0),
                     json_integer_at(first, "steps", 0));
    }
    table_progress(&all->table, "%s: %" PRId64 " of %" PRId64 " runs%s", label,
                   json_integer_at(runs, "succeeded", 0), json_integer_at(runs, "total", 0), steps);
}

static int await(const struct reproduction *all, const char *label, int64_t job, struct error *err)
{
    for (;;) {
        json_auto_t *now = NULL;
        if (ask_get(all, &now, err, "/api/v1/jobs/%" PRId64, job) < 0)
            return -1;
        const char *state = json_text_at(now, "state", "");
        if (strcmp(state, "succeeded") == 0)
            return 0;
        if (json_is_integer(json_object_get(now, "finished_ms")))
            return blame(all, job, state, err);
        show_progress(all, label, now);
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_MS * 1000000L}, NULL);
    }
}

int ask_run(const struct reproduction *all, const char *label, int64_t *out_job, struct error *err,
            const char *body, ...)
{
    FORMAT_TEXT(text, body);
    json_auto_t *job = NULL;
    if (post(all, "/api/v1/jobs", text, &job, err) < 0)
        return -1;
    *out_job = json_integer_at(job, "id", 0);
    return await(all, label, *out_job, err);
}

double ask_number(const json_t *document, const char *pointer)
{
    const json_t *value = json_pointer_get(document, pointer);
    return json_is_number(value) ? json_number_value(value) : UNKNOWN;
}

/* --- metrics ---------------------------------------------------------------------------------- */

static double value_at(const json_t *list, size_t i)
{
    const json_t *value = json_array_get(list, i);
    return json_is_number(value) ? json_number_value(value) : UNKNOWN;
}

int ask_curve(const struct reproduction *all, int64_t run, const char *metric, const char *name,
              struct curve *out, struct error *err)
{
    json_auto_t *answer = NULL;
    if (ask_get(all, &answer, err, "/api/v1/runs/%" PRId64 "/metrics?name=%s&points=0", run,
                metric) < 0)
        return -1;
    const json_t *series = json_pointer_get(answer, "/series/0");
    const json_t *steps = json_object_get(series, "step");
    if (json_array_size(steps) == 0)
        return error_set(err, "run %" PRId64 " has no rows of %s", run, metric);
    *out = curve_make(name, json_array_size(steps));
    for (size_t i = 0; i < out->count; i++) {
        out->x[i] = value_at(steps, i);
        out->y[i] = value_at(json_object_get(series, "value"), i);
    }
    return 0;
}

int ask_curve_over(const struct reproduction *all, int64_t run, const char *metric,
                   const char *over, const char *name, struct curve *out, struct error *err)
{
    struct curve across;
    if (ask_curve(all, run, over, name, &across, err) < 0)
        return -1;
    if (ask_curve(all, run, metric, name, out, err) < 0) {
        curve_release(&across);
        return -1;
    }
    size_t from = 0;
    for (size_t i = 0; i < out->count; i++) { /* steps rise in both */
        while (from + 1 < across.count && across.x[from] < out->x[i])
            from++;
        out->x[i] = across.x[from] == out->x[i] ? across.y[from] : UNKNOWN;
    }
    curve_release(&across);
    return 0;
}

int ask_last(const struct reproduction *all, int64_t run, const char *metric, double *out,
             struct error *err)
{
    struct curve curve;
    if (ask_curve(all, run, metric, metric, &curve, err) < 0)
        return -1;
    *out = curve.y[curve.count - 1];
    curve_release(&curve);
    return 0;
}

/* --- data sets -------------------------------------------------------------------------------- */

static char *path_of(const char *path)
{
    const char *data = getenv("SWEEPD_TEST_DATA");
    return strncmp(path, "data/", 5) == 0 ? xprintf("tests/%s", path)
                                          : xprintf("%s/%s", data ? data : "../shared/data", path);
}

static int add_file(struct form *form, const struct ask_file *file)
{
    AUTO_FREE char *path = path_of(file->path);
    FILE *in = fopen(path, "re");
    if (!in)
        return 0;
    AUTO_FREE char *bytes = xcalloc(FILE_BYTES_MAX, 1);
    form_file(form, file->part, bytes, fread(bytes, 1, FILE_BYTES_MAX, in));
    fclose(in);
    return 1;
}

static void add_setting(struct form *form, const char *setting)
{
    const size_t name_bytes = strcspn(setting, "=");
    AUTO_FREE char *name = xstrndup(setting, name_bytes);
    form_value(form, name, setting + name_bytes + 1);
}

int ask_upload(const struct reproduction *all, const char *name, const char *format,
               const struct ask_file *files, const char *const *settings, struct error *err)
{
    struct form form = {0};
    form_value(&form, "format", format);
    for (; settings && *settings; settings++)
        add_setting(&form, *settings);
    for (; files->part; files++) {
        if (!add_file(&form, files)) {
            free(form.bytes);
            return 0;
        }
    }
    AUTO_FREE char *target = xprintf("/api/v1/datasets/%s", name);
    struct http_answer answer = form_send(&form, all->port, target);
    json_auto_t *dataset = NULL;
    return answered(&answer, target, &dataset, err) < 0 ? -1 : 1;
}

int ask_mnist(const struct reproduction *all, struct error *err)
{
    static const struct ask_file files[] = {
        {"train_features", "mnist/train-images-idx3-ubyte.gz"},
        {"train_labels", "mnist/train-labels-idx1-ubyte.gz"},
        {"valid_features", "mnist/t10k-images-idx3-ubyte.gz"},
        {"valid_labels", "mnist/t10k-labels-idx1-ubyte.gz"},
        {NULL, NULL},
    };
    static int there = -1;
    if (there != 1)
        there = ask_upload(all, "mnist", "idx", files, NULL, err);
    return there;
}
