/* All that a search has found, as JSON or CSV: what POST …/import takes. */
#include "api/api.h"

#include "compare/csv.h"
#include "jobs/search_goals.h"
#include "json.h"
#include "memory.h"
#include "store/searches.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A proposal with its run; texts and numbers of its own. */
struct row {
    struct kept_proposal kept;
    struct proposed_run run;
    char how[32];
    double *numbers; /* point, results */
};

struct export
{
    struct search_plan *plan;
    struct kept_search kept;
    struct row *rows; /* [count] by number */
    int count, room;
    int placed; /* of them, those whose run is known */
};

static void export_release(struct export *export)
{
    for (int i = 0; i < export->count; i++)
        free(export->rows[i].numbers);
    free(export->rows);
    search_plan_free(export->plan);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static void take_proposal(void *context, const struct kept_proposal *kept)
{
    struct export *export = context;
    const size_t points = (size_t)kept->point_count, results = (size_t)kept->result_count;
    if (export->count == export->room) {
        export->room = export->room ? 2 * export->room : 256;
        export->rows = xrealloc(export->rows, (size_t) export->room, sizeof *export->rows);
    }
    struct row *row = &export->rows[export->count++];
    *row = (struct row){.kept = *kept, .numbers = xcalloc(points + results, sizeof(double))};
    snprintf(row->how, sizeof row->how, "%s", kept->how);
    memcpy(row->numbers, kept->point, points * sizeof(double));
    memcpy(row->numbers + points, kept->results, results * sizeof(double));
    row->kept.point = row->numbers;
    row->kept.results = row->numbers + points;
}

/* Both come in the order of numbers. */
static void take_run(void *context, const struct proposed_run *run)
{
    struct export *export = context;
    while (export->placed < export->count && export->rows[export->placed].kept.run < run->id)
        export->placed++;
    if (export->placed < export->count && export->rows[export->placed].kept.run == run->id)
        export->rows[export->placed].run = *run;
}

static int read_plan(struct reader *reader, const struct api_read *read, struct export *export,
                     struct error *err)
{
    json_auto_t *job = NULL;
    if (store_read_job(reader, read->id, &job, err) < 0)
        return -1;
    if (strcmp(json_text_at(job, "kind", ""), "search") != 0)
        return error_of(err, ERROR_CONFLICT, "job %" PRId64 " is not a search", read->id);
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    export->plan = search_plan_of(world_of(read->req)->catalog, request);
    return 0;
}

static int read_export(struct reader *reader, const struct api_read *read, struct export *export,
                       struct error *err)
{
    *export = (struct export){0};
    if (read_plan(reader, read, export, err) == 0 &&
        store_read_search(reader, read->id, &export->kept, take_proposal, export, err) == 0 &&
        store_read_proposed(reader, read->id, take_run, export, err) == 0)
        return 0;
    export_release(export);
    return -1;
}

/* As it may be imported: how it ended where it was told, else where its run is. */
static const char *state_of(const struct row *row)
{
    static const char *const told[PROPOSAL_OUTCOMES] = {
        [PROPOSAL_DONE] = "succeeded",
        [PROPOSAL_PRUNED] = "pruned",
        [PROPOSAL_FAILED] = "failed",
        [PROPOSAL_DELETED] = "deleted",
    };
    return row->kept.told >= 0 ? told[row->kept.outcome] : run_state_names[row->run.state];
}

static bool has_results(const struct export *export, const struct row *row)
{
    return row->kept.told >= 0 && row->kept.result_count == export->plan->objective_count +
                                                                export->plan->constraint_count + 1;
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static json_t *numbers_json(const double *numbers, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_number(numbers[i]));
    return list;
}

static json_t *integer_or_null(int64_t value, bool known)
{
    return known ? json_integer(value) : json_null();
}

static json_t *row_json(const struct export *export, const struct row *row)
{
    const struct search_plan *plan = export->plan;
    const double *results = row->kept.results;
    json_t *json =
        json_pack("{s:i, s:I, s:s, s:s, s:o, s:b, s:o}", "number", row->kept.number, "run",
                  row->kept.run, "state", state_of(row), "how", row->how, "told",
                  integer_or_null(row->kept.told, row->kept.told >= 0), "late", (int)row->kept.late,
                  "parameters", space_values_json(&plan->space, row->kept.point));
    if (has_results(export, row)) {
        const int objectives = plan->objective_count, constraints = plan->constraint_count;
        json_object_set_new(json, "values", numbers_json(results, objectives));
        json_object_set_new(json, "constraints", numbers_json(results + objectives, constraints));
        json_object_set_new(json, "error", json_number(results[objectives + constraints]));
    }
    json_object_set_new(json, "step", integer_or_null(row->kept.step, row->kept.step >= 0));
    json_object_set_new(json, "attempt", json_integer(row->run.attempt));
    json_object_set_new(json, "started_ms",
                        integer_or_null(row->run.started_ms, row->run.started_ms > 0));
    json_object_set_new(json, "finished_ms",
                        integer_or_null(row->run.finished_ms, row->run.finished_ms > 0));
    return json;
}

static int export_json(struct reader *reader, struct api_read *read, json_t **out,
                       struct error *err)
{
    struct export export;
    if (read_export(reader, read, &export, err) < 0)
        return -1;
    json_t *runs = json_array();
    for (int i = 0; i < export.count; i++)
        json_array_append_new(runs, row_json(&export, &export.rows[i]));
    *out = json_pack("{s:I, s:o, s:o, s:o, s:o}", "job", read->id, "space",
                     space_json(&export.plan->space), "objectives",
                     search_objectives_json(export.plan), "constraints",
                     search_constraints_json(export.plan), "runs", runs);
    export_release(&export);
    return 0;
}

/* --- CSV ----------------------------------------------------------------------------------------
 */

/* Parameters come first, then objectives: of columns with the same name a reader takes the first
 * for the parameter. */
static void write_head(FILE *out, const struct search_plan *plan)
{
    for (int i = 0; i < plan->space.count; i++) {
        csv_text(out, plan->space.parameters[i].name);
        fputc(',', out);
    }
    for (int i = 0; i < plan->objective_count; i++) {
        csv_text(out, plan->objectives[i].name);
        fputc(',', out);
    }
    for (int i = 0; i < plan->constraint_count; i++) {
        csv_text(out, plan->constraints[i].metric.name);
        fputc(',', out);
    }
    fputs("state,error,step,number,run,how,told,late,attempt,started_ms,finished_ms\n", out);
}

/* A word stands as it is, other values as JSON. */
static void write_choice(FILE *out, const struct parameter *parameter, double value)
{
    const json_t *choice = json_array_get(parameter->values, (size_t)value);
    const char *word = json_string_value(choice);
    AUTO_FREE char *text = word && *word ? NULL : json_compact(choice);
    csv_text(out, text ? text : word);
}

static void write_point(FILE *out, const struct space *space, const double *values)
{
    for (int i = 0; i < space->count; i++) {
        if (!isnan(values[i]) && space->parameters[i].type == PARAMETER_CHOICE)
            write_choice(out, &space->parameters[i], values[i]);
        else
            csv_number(out, values[i]);
        fputc(',', out);
    }
}

static void write_known(FILE *out, int64_t value, bool known)
{
    if (known)
        fprintf(out, ",%" PRId64, value);
    else
        fputc(',', out);
}

static void write_row(FILE *out, const struct export *export, const struct row *row)
{
    const struct search_plan *plan = export->plan;
    const int results = plan->objective_count + plan->constraint_count;
    const bool known = has_results(export, row);
    write_point(out, &plan->space, row->kept.point);
    for (int i = 0; i < results; i++) {
        if (known)
            csv_number(out, row->kept.results[i]);
        fputc(',', out);
    }
    fputs(state_of(row), out);
    fputc(',', out);
    if (known)
        csv_number(out, row->kept.results[results]);
    write_known(out, row->kept.step, row->kept.step >= 0);
    fprintf(out, ",%d,%" PRId64 ",", row->kept.number, row->kept.run);
    csv_text(out, row->how);
    write_known(out, row->kept.told, row->kept.told >= 0);
    fprintf(out, ",%d,%d", (int)row->kept.late, row->run.attempt);
    write_known(out, row->run.started_ms, row->run.started_ms > 0);
    write_known(out, row->run.finished_ms, row->run.finished_ms > 0);
    fputc('\n', out);
}

static int export_csv(struct reader *reader, struct api_read *read, struct reply *out,
                      struct error *err)
{
    struct export export;
    char *text;
    size_t bytes;
    if (read_export(reader, read, &export, err) < 0)
        return -1;
    FILE *stream = xmemstream(&text, &bytes);
    write_head(stream, export.plan);
    for (int i = 0; i < export.count; i++)
        write_row(stream, &export, &export.rows[i]);
    fclose(stream);
    export_release(&export);
    *out = reply_bytes(200, "text/csv; charset=utf-8", text, bytes);
    out->filename = xprintf("search-%" PRId64 ".csv", read->id);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 */

static struct reply export_search(struct request *req)
{
    static const char *const formats[] = {"json", "csv", NULL};
    const char *format = api_format(req, formats);
    struct api_read read = {.work = export_json};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0)
        return reply_error(&err);
    if (!format)
        return reply_problem(422, "the query's \"format\" must be one of json, csv");
    if (strcmp(format, "csv") == 0)
        read.make = export_csv;
    return api_read(req, &read);
}

const struct route search_export_routes[] = {
    {METHOD_GET, "/api/v1/jobs/{id}/export", export_search, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {0},
};
