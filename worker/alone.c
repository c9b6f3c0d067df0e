#include "alone.h"

#include "checkpoint.h"
#include "datasets/dataset.h"
#include "describe.h"
#include "json.h"
#include "log.h"
#include "math/fingerprint.h"
#include "memory.h"
#include "spec.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 20, RUN = 1, ATTEMPT = 1 };

static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
    (void)number;
    asked_to_stop = 1;
}

json_t *alone_read_spec(const char *path, struct problems *problems)
{
    json_auto_t *given = NULL;
    struct error err;

    if (json_read_file(path, FILE_BYTES_MAX, &given, &err) < 0) {
        problems_add(problems, "", NULL, "%s", err.sentence);
        return NULL;
    }
    json_auto_t *catalog = describe();
    json_t *spec = spec_resolve(catalog, given, "", problems);
    if (problems->found == 0)
        return spec;
    json_decref(spec);
    return NULL;
}

/* --- the training's report: lines, and no one who answers ---------------------------------- */

static void send(struct line_report *lines, enum wire_type type, json_t *body)
{
    struct error err;
    if (line_report_about_run(lines, type, body, &err) < 0)
        log_line("%s", err.sentence);
}

static void on_started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    struct line_report *lines = context;
    lines->earlier_ms = earlier_ms;
    send(lines, WIRE_STARTED,
         json_pack("{s:o, s:I, s:I}", "fingerprint", fingerprint(), "resumed", (json_int_t)resumed,
                   "steps", (json_int_t)steps));
}

static void on_row(void *context, int64_t step, const char *name, double value)
{
    line_report_row(context, step, name, value);
}

static void on_log(void *context, const char *text)
{
    send(context, WIRE_LOG, json_pack("{s:o}", "text", json_text(text)));
}

static void on_checkpoint(void *context, int64_t step)
{
    send(context, WIRE_CHECKPOINT, json_pack("{s:I}", "step", (json_int_t)step));
}

static bool on_poll(void *context, int64_t now_ns)
{
    struct line_report *lines = context;
    line_report_tick(lines, now_ns);
    return asked_to_stop || lines->broken;
}

static void on_alive(void *context)
{
    line_report_tick(context, monotonic_ns());
}

/* There is no other record than the folder: the newest file counts. */
static int64_t on_kept(void *context)
{
    (void)context;
    return INT64_MAX;
}

static void stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static json_t *result_of(const struct outcome *outcome)
{
    json_t *result = json_pack("{s:s, s:o, s:I, s:O}", "state", outcome_names[outcome->state],
                               "message", json_text(outcome->message), "step",
                               (json_int_t)outcome->step, "metrics", outcome->metrics);
    if (outcome->weights)
        json_object_set(result, "weights", outcome->weights);
    return result;
}

enum outcome_state alone_train(const json_t *spec, const struct alone_options *options, int fd)
{
    struct line_report lines;
    struct outcome outcome;
    const struct report report = {
        .context = &lines,
        .started = on_started,
        .row = on_row,
        .log = on_log,
        .checkpoint = on_checkpoint,
        .poll = on_poll,
        .alive = on_alive,
        .kept = on_kept,
    };
    const int64_t newest = options->folder ? checkpoint_newest(options->folder, INT64_MAX) : 0;
    const struct training training = {
        .spec = spec,
        .data = options->data,
        .cache = options->cache,
        .folder = options->folder,
        .run = RUN,
        .attempt = ATTEMPT,
        .checkpoint = newest > 0 ? newest : 0,
        .wants_weights = options->weights,
    };

    stop_on_signals();
    line_report_init(&lines, fd);
    lines.unlimited = true;
    line_report_begin(&lines, RUN, ATTEMPT);
    train(&training, &report, &outcome);
    send(&lines, WIRE_RESULT, result_of(&outcome));
    const enum outcome_state state = outcome.state;
    outcome_release(&outcome);
    line_report_release(&lines);
    return state;
}

/* --- preparing a data set ------------------------------------------------------------------ */

/* A built-in is made where it is absent; its file keeps its own name. */
static json_t *builtin_line(json_int_t request, const char *name, const char *cache)
{
    struct dataset *dataset;
    struct error err;

    if (dataset_open_builtin(name, cache, &dataset, &err) < 0)
        return json_pack("{s:I, s:o, s:s}", "request", request, "message", json_text(err.sentence),
                         "pointer", "");
    AUTO_FREE char *file = dataset_builtin_file(name);
    json_t *line = json_pack("{s:I, s:s, s:s, s:o}", "request", request, "file", file, "digest",
                             dataset->digest, "summary", dataset_summary(dataset));
    dataset_free(dataset);
    return line;
}

json_t *prepared_line(const json_t *body, const char *cache)
{
    char digest[65];
    json_t *summary = NULL;
    const char *part = "";
    struct error err;
    const json_int_t request = json_integer_at(body, "request", 0);

    if (strcmp(json_text_at(body, "format", ""), "built-in") == 0)
        return builtin_line(request, json_text_at(body, "dataset", ""), cache);
    if (dataset_prepare(json_text_at(body, "format", ""), json_object_get(body, "settings"),
                        json_object_get(body, "parts"), cache, digest, &summary, &part, &err) < 0) {
        AUTO_FREE char *pointer = *part ? json_pointer_join("", part) : xstrdup("");
        return json_pack("{s:I, s:o, s:s}", "request", request, "message", json_text(err.sentence),
                         "pointer", pointer);
    }
    AUTO_FREE char *file = xprintf("%s.data", digest);
    return json_pack("{s:I, s:s, s:s, s:o}", "request", request, "file", file, "digest", digest,
                     "summary", summary);
}

int alone_prepare(const char *path, const char *cache, int fd, struct error *err)
{
    struct line_report lines;
    json_auto_t *request = NULL;

    if (json_read_file(path, FILE_BYTES_MAX, &request, err) < 0)
        return -1;
    if (!json_is_object(json_object_get(request, "parts")))
        return error_set(err, "%s: must be an object with \"format\", \"settings\" and \"parts\"",
                         path);
    if (!json_object_get(request, "settings"))
        json_object_set_new(request, "settings", json_object());
    json_t *line = prepared_line(request, cache);
    const bool refused = json_object_get(line, "message") != NULL;
    if (refused)
        error_set(err, "%s", json_text_at(line, "message", ""));
    line_report_init(&lines, fd);
    lines.unlimited = true;
    line_report_send(&lines, WIRE_PREPARED, line, NULL);
    line_report_release(&lines);
    return refused ? -1 : 0;
}
