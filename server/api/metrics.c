/* Curves: of one run, reduced or whole, as JSON, CSV or NDJSON; and of all runs of a job. */
#include "api/api.h"
#include "api/job_runs.h"

#include "json.h"
#include "memory.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS_MOST = 100000 };

/* --- as JSON
 * -------------------------------------------------------------------------------------- */

static json_t *numbers_json(const double *values, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_number(values[i]));
    return array;
}

static json_t *integers_json(const int64_t *values, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(values[i]));
    return array;
}

static json_t *series_json(const struct series *series)
{
    json_t *json =
        json_pack("{s:s, s:i, s:b, s:o, s:o, s:o}", "name", series->name, "count", series->count,
                  "reduced", series->reduced, "step", integers_json(series->step, series->count),
                  "value", numbers_json(series->value, series->count), "wall_ms",
                  integers_json(series->wall_ms, series->count));
    if (series->reduced) {
        json_object_set_new(json, "low", numbers_json(series->low, series->count));
        json_object_set_new(json, "high", numbers_json(series->high, series->count));
    }
    return json;
}

static void release_all(struct series *series, int count)
{
    for (int i = 0; i < count; i++)
        series_release(&series[i]);
    free(series);
}

static int read_series(struct reader *reader, struct api_read *read, json_t **out,
                       struct error *err)
{
    struct series *series = NULL;
    json_t *run = NULL;
    int count = 0;

    if (store_read_run(reader, read->id, &run, err) < 0) /* 404 where there is none */
        return -1;
    json_decref(run);
    if (store_read_series(reader, read->id, read->name[0] ? read->name : NULL, read->first,
                          read->last, read->points, &series, &count, err) < 0)
        return -1;
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, series_json(&series[i]));
    release_all(series, count);
    *out = json_pack("{s:I, s:o}", "run", read->id, "series", list);
    return 0;
}

/* --- as text, to a file without a name
 * -------------------------------------------------------------- */

struct text_rows {
    FILE *out;
    bool ndjson;
};

static int write_row(void *context, const char *name, int64_t step, double value, int64_t wall_ms)
{
    struct text_rows *rows = context;
    char number[32] = "";

    if (isfinite(value))
        snprintf(number, sizeof number, "%.17g", value);
    if (rows->ndjson)
        fprintf(rows->out,
                "{\"name\":\"%s\",\"step\":%" PRId64 ",\"value\":%s,\"wall_ms\":%" PRId64 "}\n",
                name, step, *number ? number : "null", wall_ms);
    else
        fprintf(rows->out, "%s,%" PRId64 ",%s,%" PRId64 "\n", name, step, number, wall_ms);
    return ferror(rows->out);
}

/* A stream that writes to the file; closing it leaves the descriptor open. NULL: errno says why. */
static FILE *stream_to(int fd)
{
    const int duplicate = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *stream = duplicate < 0 ? NULL : fdopen(duplicate, "w");
    if (!stream && duplicate >= 0)
        close(duplicate);
    return stream;
}

static int make_text(struct reader *reader, struct api_read *read, struct reply *out,
                     struct error *err)
{
    struct text_rows rows = {.ndjson = strcmp(read->state, "ndjson") == 0};
    json_t *run = NULL;

    if (store_read_run(reader, read->id, &run, err) < 0)
        return -1;
    json_decref(run);
    const int fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    rows.out = stream_to(fd);
    if (!rows.out) {
        error_errno(err, "make a temporary file");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (!rows.ndjson)
        fputs("name,step,value,wall_ms\n", rows.out);
    int outcome =
        store_each_row(reader, read->id, read->name[0] ? read->name : NULL, write_row, &rows, err);
    if (fclose(rows.out) != 0 && outcome == 0)
        outcome = error_errno(err, "write a temporary file");
    if (outcome < 0) {
        close(fd);
        return -1;
    }
    *out = reply_file(rows.ndjson ? "application/x-ndjson" : "text/csv; charset=utf-8", fd);
    out->filename = xprintf("run-%" PRId64 "-metrics.%s", read->id, rows.ndjson ? "ndjson" : "csv");
    return 0;
}

/* --- routes
 * -------------------------------------------------------------------------------------------- */

static int read_query(const struct request *req, struct api_read *read, int points,
                      struct error *err)
{
    int64_t wanted;
    const char *name = request_query(req, "name");

    if (request_id(req, 0, &read->id, err) < 0 ||
        request_query_integer(req, "points", 0, POINTS_MOST, points, &wanted, err) < 0 ||
        request_query_integer(req, "first", 0, INT64_MAX, 0, &read->first, err) < 0 ||
        request_query_integer(req, "last", 0, INT64_MAX, INT64_MAX, &read->last, err) < 0)
        return -1;
    read->points = (int)wanted;
    if (name && (!*name || strlen(name) > 64))
        return error_set(err, "?name= must be the name of a metric, such as valid_loss");
    snprintf(read->name, sizeof read->name, "%s", name ? name : "");
    return 0;
}

static struct reply show_run_metrics(struct request *req)
{
    static const char *const offered[] = {"json", "csv", "ndjson", NULL};
    struct api_read read = {.work = read_series};
    struct error err;
    const char *format = api_format(req, offered);

    if (!format)
        return reply_problem(406, "?format= must be json, csv or ndjson");
    if (read_query(req, &read, 1000, &err) < 0)
        return reply_error(&err);
    if (strcmp(format, "json") != 0) {
        read.make = make_text;
        snprintf(read.state, sizeof read.state, "%s", format);
    }
    return api_read(req, &read);
}

static int phase_of(const char *name, struct error *err)
{
    for (int phase = 0; phase < PHASES; phase++)
        if (strcmp(run_phase_names[phase], name) == 0)
            return phase;
    return error_set(err, "?phase= must be train, tune or report");
}

static json_t *job_series_json(const struct job_runs *job, const struct series *series)
{
    const struct live_run *run = job_runs_find(job, series->run);
    json_t *entry = series_json(series);
    json_object_del(entry, "name");
    json_object_del(entry, "wall_ms");
    json_object_set_new(entry, "run", json_integer(series->run));
    json_object_set_new(entry, "arm",
                        run->arm < 0 ? json_null() : json_text(job_runs_arm(job, run->arm)));
    json_object_set_new(entry, "seed", json_integer((json_int_t)run->seed));
    json_object_set_new(entry, "phase", json_string(run_phase_names[run->phase]));
    return entry;
}

static int read_job_series(struct reader *reader, struct api_read *read, json_t **out,
                           struct error *err)
{
    struct series *series = NULL;
    struct job_runs job;
    int count = 0;

    if (job_runs_read(reader, read->id, &job, err) < 0)
        return -1;
    const int outcome = store_read_job_series(reader, read->id, read->name, read->phase,
                                              read->points, &series, &count, err);
    if (outcome == 0) {
        json_t *list = json_array();
        for (int i = 0; i < count; i++)
            json_array_append_new(list, job_series_json(&job, &series[i]));
        *out = json_pack("{s:s, s:o}", "name", read->name, "series", list);
        release_all(series, count);
    }
    job_runs_release(&job);
    return outcome;
}

static struct reply show_job_metrics(struct request *req)
{
    struct api_read read = {.work = read_job_series, .phase = -1};
    struct error err;
    const char *phase = request_query(req, "phase");

    if (read_query(req, &read, 200, &err) < 0)
        return reply_error(&err);
    if (phase && (read.phase = phase_of(phase, &err)) < 0)
        return reply_error(&err);
    if (!read.name[0])
        snprintf(read.name, sizeof read.name, "valid_loss");
    return api_read(req, &read);
}

const struct route metric_routes[] = {
    {METHOD_GET, "/api/v1/runs/{id}/metrics", show_run_metrics, BODY_NONE, 0, FOR_VIEWERS | OF_RUN},
    {METHOD_GET, "/api/v1/jobs/{id}/metrics", show_job_metrics, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {0},
};
