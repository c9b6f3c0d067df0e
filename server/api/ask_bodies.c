#include "api/ask_bodies.h"

#include "jobs/fields.h"
#include "jobs/search_plan.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEASE_S = 600, LEASE_S_LEAST = 1, LEASE_S_MOST = 604800, WORKER_BYTES = 100 };

static void refuse_others(const json_t *body, const char *const *fields, int count,
                          struct problems *problems)
{
    if (json_is_object(body))
        fields_refuse_unknown(body, "", fields, count, problems);
    else
        problems_add(problems, "", NULL, "must be an object");
}

/* --- ask ----------------------------------------------------------------------------------------
 */

struct ask_options ask_read(const json_t *body, struct problems *problems)
{
    static const char *const fields[] = {"count", "lease_s", "worker"};
    if (body)
        refuse_others(body, fields, (int)COUNT_OF(fields), problems);
    const char *worker = fields_text(body, "", "worker", WORKER_BYTES, false, problems);
    return (struct ask_options){
        .count = (int)fields_integer(body, "", "count", 1, ASK_MOST, 1, problems),
        .lease_ms = 1000 * fields_integer(body, "", "lease_s", LEASE_S_LEAST, LEASE_S_MOST, LEASE_S,
                                          problems),
        .worker = worker ? worker : "external",
    };
}

/* --- metrics ------------------------------------------------------------------------------------
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

static void read_rows(const json_t *body, struct report_body *report, struct problems *problems)
{
    const json_t *list = json_object_get(body, "rows");
    const size_t count = json_array_size(list);
    if (!json_is_array(list) || count > ASK_ROWS_MOST) {
        problems_add(problems, "", "rows",
                     "%s a list of at most %d rows such as [100, \"valid_loss\", 0.25]",
                     list ? "must be" : "is missing:", ASK_ROWS_MOST);
        return;
    }
    report->rows = xcalloc(count, sizeof *report->rows);
    for (size_t i = 0; i < count && problems->count < PROBLEMS_MAX; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/rows/%zu", i);
        if (read_row(json_array_get(list, i), pointer, &report->rows[report->count], problems))
            report->count++;
    }
}

void report_read(const json_t *body, struct report_body *report, struct problems *problems)
{
    static const char *const fields[] = {"rows", "attempt"};
    refuse_others(body, fields, (int)COUNT_OF(fields), problems);
    *report = (struct report_body){
        .attempt = (int)fields_integer(body, "", "attempt", 1, 1000000, 0, problems)};
    read_rows(body, report, problems);
}

/* --- tell ---------------------------------------------------------------------------------------
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

/* The pointers follow the room. */
static void point_within(struct tell_body *tell)
{
    tell->options.values = tell->values;
    tell->options.constraints = tell->constraints;
    tell->options.message = tell->message[0] ? tell->message : NULL;
}

void tell_read(const json_t *body, struct tell_body *tell, struct problems *problems)
{
    static const char *const states[] = {"succeeded", "failed", "pruned"};
    static const char *const fields[] = {"state",   "values",  "constraints",
                                         "attempt", "message", "error"};
    static const enum run_state state_of[] = {RUN_SUCCEEDED, RUN_FAILED, RUN_PRUNED};
    refuse_others(body, fields, (int)COUNT_OF(fields), problems);
    const char *message = fields_text(body, "", "message", TELL_MESSAGE_BYTES, false, problems);
    const int state = fields_choice(body, "", "state", states, (int)COUNT_OF(states), problems);
    if (json_is_object(body) && !json_object_get(body, "state"))
        problems_add(problems, "", "state", "is missing: succeeded, failed or pruned");
    *tell = (struct tell_body){.options.state = state_of[state > 0 ? state : 0]};
    tell->options.value_count =
        read_numbers(body, "values", OBJECTIVES_MAX, tell->values, problems);
    tell->options.constraint_count =
        read_numbers(body, "constraints", CONSTRAINTS_MAX, tell->constraints, problems);
    tell->options.error = read_error(body, problems);
    tell->options.attempt = (int)fields_integer(body, "", "attempt", 1, 1000000, 0, problems);
    snprintf(tell->message, sizeof tell->message, "%s", message ? message : "");
    point_within(tell);
}

void tell_copy(const struct tell_body *tell, struct tell_body *out_copy)
{
    *out_copy = *tell;
    point_within(out_copy);
}
