#include "api/hand_points.h"

#include "compare/csv_read.h"
#include "jobs/fields.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in an export, and in the states of runs. */
static const char *const states[] = {"succeeded", "pruned", "failed"};
static const enum proposal_outcome outcomes[] = {PROPOSAL_DONE, PROPOSAL_PRUNED, PROPOSAL_FAILED};

/* --- results ------------------------------------------------------------------------------------
 */

static bool is_number_or_null(const json_t *value)
{
    return json_is_number(value) || json_is_null(value);
}

static bool all_numbers(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!is_number_or_null(json_array_get(list, i)))
            return false;
    return json_is_array(list);
}

/* False: it is absent or wrong. */
static bool read_numbers(const json_t *object, const char *pointer, const char *key, int count,
                         double *out, struct problems *problems)
{
    const json_t *list = json_object_get(object, key);
    if (!list)
        return false;
    if (!all_numbers(list) || json_array_size(list) != (size_t)count) {
        problems_add(problems, pointer, key,
                     "must be a list of %d number%s; null for one that is not finite", count,
                     count == 1 ? "" : "s");
        return false;
    }
    for (int i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        out[i] = json_is_null(value) ? (double)NAN : json_number_value(value);
    }
    return true;
}

static void read_error(const json_t *object, const char *pointer, double *out,
                       struct problems *problems)
{
    const json_t *value = json_object_get(object, "error");
    if (!value || json_is_null(value))
        return;
    if (json_is_number(value) && json_number_value(value) >= 0)
        *out = json_number_value(value);
    else
        problems_add(problems, pointer, "error",
                     "must be a number, at least 0: the standard error of the first value");
}

static bool all_finite(const double *values, int count)
{
    for (int i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

void hand_result_read(const struct search_plan *plan, const json_t *object, const char *pointer,
                      bool required, double *results, enum proposal_outcome *out_outcome,
                      struct problems *problems)
{
    const int objectives = plan->objective_count, constraints = plan->constraint_count;
    const int state = fields_choice(object, pointer, "state", states, 3, problems);
    const bool has_values = read_numbers(object, pointer, "values", objectives, results, problems);

    read_numbers(object, pointer, "constraints", constraints, results + objectives, problems);
    read_error(object, pointer, results + objectives + constraints, problems);
    if (!has_values && !json_object_get(object, "values") && required &&
        (state < 0 || outcomes[state] == PROPOSAL_DONE))
        problems_add(problems, pointer, "values", "is missing: a number for each objective");
    if (state >= 0)
        *out_outcome = outcomes[state];
    else if (has_values)
        *out_outcome = PROPOSAL_DONE;
    if (*out_outcome == PROPOSAL_DONE && has_values && !all_finite(results, objectives))
        *out_outcome = PROPOSAL_FAILED;
}

/* --- points -------------------------------------------------------------------------------------
 */

static void read_values(const struct search_plan *plan, const json_t *object, const char *pointer,
                        struct hand_point *point, struct problems *problems)
{
    const json_t *parameters = json_object_get(object, "parameters");
    AUTO_FREE char *below = json_pointer_join(pointer, "parameters");
    if (!json_is_object(parameters))
        problems_add(problems, pointer, "parameters", "%s",
                     parameters ? "must be an object" : "is missing: the point");
    else if (space_values_read(&plan->space, parameters, below, !point->has_results, point->values,
                               problems))
        space_settle(&plan->space, point->values);
}

static void clear_results(const struct search_plan *plan, double *results)
{
    const int count = plan->objective_count + plan->constraint_count;
    for (int i = 0; i < count; i++)
        results[i] = (double)NAN;
    results[count] = 0;
}

void hand_point_read(const struct search_plan *plan, const json_t *object, const char *pointer,
                     struct hand_point *point, struct problems *problems)
{
    *point = (struct hand_point){
        .values = xcalloc((size_t)plan->space.count, sizeof(double)),
        .has_results = json_object_get(object, "values") || json_object_get(object, "state"),
        .step = fields_integer(object, pointer, "step", 0, RUN_STEPS_MAX, -1, problems),
    };
    read_values(plan, object, pointer, point, problems);
    clear_results(plan, point->results);
    if (point->has_results)
        hand_result_read(plan, object, pointer, true, point->results, &point->outcome, problems);
}

/* --- documents ----------------------------------------------------------------------------------
 */

static bool has_ended(const json_t *run)
{
    const char *state = json_text_at(run, "state", "succeeded");
    for (int i = 0; i < 3; i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

static bool is_of_export(const char *state)
{
    static const char *const others[] = {"deleted", "waiting", "queued", "running", "cancelled"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(state, others[i]) == 0)
            return true;
    return false;
}

static void read_run(const struct search_plan *plan, const json_t *run, const char *pointer,
                     struct hand_points *points, struct problems *problems)
{
    static const char *const fields[] = {
        "parameters", "values", "constraints", "state", "error",   "step",       "number",
        "run",        "how",    "told",        "late",  "attempt", "started_ms", "finished_ms"};
    if (!json_is_object(run)) {
        problems_add(problems, pointer, NULL,
                     "must be an object such as {\"parameters\": {…}, "
                     "\"values\": [0.5]}");
        return;
    }
    if (!has_ended(run) && is_of_export(json_text_at(run, "state", ""))) {
        points->skipped++;
        return;
    }
    json_auto_t *wanted = json_copy((json_t *)(uintptr_t)run);
    if (!json_object_get(wanted, "values") && !json_object_get(wanted, "state"))
        json_object_set_new(wanted, "state", json_string("succeeded")); /* its values are missing */
    if (json_is_null(json_object_get(wanted, "step")))
        json_object_del(wanted, "step");
    fields_refuse_unknown(wanted, pointer, fields, (int)COUNT_OF(fields), problems);
    hand_point_read(plan, wanted, pointer, &points->list[points->count++], problems);
}

void hand_points_read(const struct search_plan *plan, const json_t *document,
                      struct hand_points *points, struct problems *problems)
{
    const json_t *runs = json_object_get(document, "runs");
    const size_t count = json_array_size(runs);
    *points = (struct hand_points){0};
    if (!json_is_array(runs) || count > HAND_POINTS_MAX) {
        problems_add(problems, "", "runs", "%s a list of at most %d runs, as an export has it",
                     runs ? "must be" : "is missing:", HAND_POINTS_MAX);
        return;
    }
    points->list = xcalloc(count, sizeof *points->list);
    for (size_t i = 0; i < count && problems->count < PROBLEMS_MAX; i++) {
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/runs/%zu", i);
        read_run(plan, json_array_get(runs, i), pointer, points, problems);
    }
}

/* --- tables -------------------------------------------------------------------------------------
 */

enum column_kind { COLUMN_PARAMETER, COLUMN_OBJECTIVE, COLUMN_CONSTRAINT, COLUMN_OTHER };

struct column {
    enum column_kind kind;
    int place; /* among its kind */
    const char *name;
};

static bool is_taken(const struct column *columns, int count, enum column_kind kind, int place)
{
    for (int i = 0; i < count; i++)
        if (columns[i].kind == kind && columns[i].place == place)
            return true;
    return false;
}

static bool find_objective(const struct search_plan *plan, const char *name,
                           const struct column *columns, int count, struct column *out)
{
    for (int i = 0; i < plan->objective_count; i++)
        if (strcmp(plan->objectives[i].name, name) == 0 &&
            !is_taken(columns, count, COLUMN_OBJECTIVE, i)) {
            *out = (struct column){COLUMN_OBJECTIVE, i, name};
            return true;
        }
    for (int i = 0; i < plan->constraint_count; i++)
        if (strcmp(plan->constraints[i].metric.name, name) == 0 &&
            !is_taken(columns, count, COLUMN_CONSTRAINT, i)) {
            *out = (struct column){COLUMN_CONSTRAINT, i, name};
            return true;
        }
    return false;
}

/* One name may stand for a parameter, an objective and more: they come in this order. */
static int find_column(const struct search_plan *plan, const char *name,
                       const struct column *columns, int count, struct column *out,
                       struct error *err)
{
    static const char *const others[] = {"state",      "error",       "step", "number",
                                         "run",        "how",         "told", "attempt",
                                         "started_ms", "finished_ms", "late"};
    const int parameter = space_find(&plan->space, name);
    if (parameter >= 0 && !is_taken(columns, count, COLUMN_PARAMETER, parameter)) {
        *out = (struct column){COLUMN_PARAMETER, parameter, name};
        return 0;
    }
    if (find_objective(plan, name, columns, count, out))
        return 0;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(others[i], name) == 0 && !is_taken(columns, count, COLUMN_OTHER, (int)i)) {
            *out = (struct column){COLUMN_OTHER, (int)i, name};
            return 0;
        }
    return error_set(err,
                     "column \"%.100s\" is no parameter, objective or constraint of the search, "
                     "or is there twice",
                     name);
}

static json_t *number_of(const char *cell)
{
    char *end;
    const double value = strtod(cell, &end);
    if (*end || end == cell)
        return json_text(cell); /* refused where a number is wanted */
    return json_number(value);
}

/* A choice by its word, or by its value as JSON. */
static json_t *choice_of(const struct parameter *parameter, const char *cell)
{
    json_auto_t *word = json_text(cell);
    if (parameter_choice(parameter, word) >= 0)
        return json_incref(word);
    json_t *value = json_loads(cell, JSON_DECODE_ANY, NULL);
    return value ? value : json_incref(word);
}

static void set_in_list(json_t *run, const char *key, int count, int place, const char *cell)
{
    json_t *list = json_object_get(run, key);
    if (!list) {
        list = json_array();
        for (int i = 0; i < count; i++)
            json_array_append_new(list, json_null());
        json_object_set_new(run, key, list);
    }
    json_array_set_new(list, (size_t)place, number_of(cell));
}

static void set_cell(const struct search_plan *plan, const struct column *column, const char *cell,
                     json_t *run)
{
    const struct parameter *parameter;
    switch (column->kind) {
    case COLUMN_PARAMETER:
        parameter = &plan->space.parameters[column->place];
        json_object_set_new(json_object_get(run, "parameters"), column->name,
                            parameter->type == PARAMETER_CHOICE ? choice_of(parameter, cell)
                                                                : number_of(cell));
        return;
    case COLUMN_OBJECTIVE:
        set_in_list(run, "values", plan->objective_count, column->place, cell);
        return;
    case COLUMN_CONSTRAINT:
        set_in_list(run, "constraints", plan->constraint_count, column->place, cell);
        return;
    case COLUMN_OTHER:
        break;
    }
    const bool is_number = strcmp(column->name, "error") == 0 || strcmp(column->name, "step") == 0;
    json_object_set_new(run, column->name, is_number ? number_of(cell) : json_text(cell));
}

static json_t *runs_of(const struct search_plan *plan, const struct csv_table *table,
                       const struct column *columns)
{
    json_t *runs = json_array();
    for (int row = 0; row < table->rows; row++) {
        json_t *run = json_pack("{s:{}}", "parameters");
        for (int i = 0; i < table->columns; i++)
            if (*csv_cell(table, row, i))
                set_cell(plan, &columns[i], csv_cell(table, row, i), run);
        json_array_append_new(runs, run);
    }
    return runs;
}

json_t *hand_points_of_csv(const struct search_plan *plan, const char *text, size_t bytes,
                           struct error *err)
{
    struct csv_table table;
    json_t *document = NULL;
    int found = 0;
    if (csv_read(text, bytes, HAND_POINTS_MAX, &table, err) < 0)
        return NULL;
    AUTO_FREE struct column *columns = xcalloc((size_t)table.columns, sizeof *columns);
    while (found < table.columns && find_column(plan, csv_cell(&table, -1, found), columns, found,
                                                &columns[found], err) == 0)
        found++;
    if (found == table.columns)
        document = json_pack("{s:o}", "runs", runs_of(plan, &table, columns));
    csv_table_release(&table);
    return document;
}
