#include "insight/tables.h"

#include "json.h"
#include "memory.h"
#include "search/fronts/pareto.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *numbers(const double *from, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_number(from ? from[i] : (double)NAN));
    return list;
}

/* --- the best ------------------------------------------------------------------------------------
 */

static json_t *run_json(const struct findings *findings, int number)
{
    const struct search_plan *plan = findings->plan;
    const struct finding *finding = &findings->list[number];
    const struct trial *trial = &findings->history->trials[number];
    json_t *run = json_object();

    json_object_set_new(run, "run", json_integer(finding->run));
    json_object_set_new(run, "number", json_integer(number));
    json_object_set_new(run, "values", numbers(finding->results, plan->objective_count));
    json_object_set_new(run, "constraints",
                        numbers(finding->results + plan->objective_count, plan->constraint_count));
    json_object_set_new(run, "error", trial->error > 0 ? json_number(trial->error) : json_null());
    json_object_set_new(run, "how", json_text(finding->how));
    json_object_set_new(run, "parameters", space_values_json(&plan->space, trial->values));
    return run;
}

struct spaced {
    double distance;
    int at;
};

static int by_distance(const void *left, const void *right)
{
    const struct spaced *a = left, *b = right;
    if (a->distance != b->distance)
        return a->distance > b->distance ? -1 : 1;
    return a->at - b->at;
}

static int by_place(const void *left, const void *right)
{
    const struct spaced *a = left, *b = right;
    return a->at - b->at;
}

static void space_out(const struct findings *findings, const struct front *front,
                      struct spaced *spaced)
{
    const size_t width = (size_t)findings->history->objectives, count = (size_t)front->count;
    AUTO_FREE double *points = xcalloc(count * width + 1, sizeof *points);
    AUTO_FREE double *distance = xcalloc(count + 1, sizeof *distance);
    AUTO_FREE int *members = xcalloc(count + 1, sizeof *members);

    for (size_t i = 0; i < count; i++) {
        memcpy(points + i * width, findings->history->trials[front->numbers[i]].objective,
               width * sizeof *points);
        members[i] = (int)i;
    }
    pareto_crowding(points, members, front->count, (int)width, distance);
    for (int i = 0; i < front->count; i++)
        spaced[i] = (struct spaced){distance[i], i};
}

static json_t *best_of_front(const struct findings *findings, const struct front *front, int top)
{
    AUTO_FREE struct spaced *spaced = xcalloc((size_t)front->count + 1, sizeof *spaced);
    const int count = front->count < top ? front->count : top;
    json_t *list = json_array();

    space_out(findings, front, spaced);
    qsort(spaced, (size_t)front->count, sizeof *spaced, by_distance);
    qsort(spaced, (size_t)count, sizeof *spaced, by_place);
    for (int i = 0; i < count; i++)
        json_array_append_new(list, run_json(findings, front->numbers[spaced[i].at]));
    return list;
}

json_t *table_best(const struct findings *findings, const struct front *front, int top)
{
    if (front)
        return best_of_front(findings, front, top);
    json_t *list = json_array();
    for (int i = 0; i < top && i < findings->good; i++)
        json_array_append_new(list, run_json(findings, findings->order[i]));
    return list;
}

/* --- improvements --------------------------------------------------------------------------------
 */

static int find_improvements(const struct findings *findings, int *found)
{
    double best = HUGE_VAL;
    int count = 0;
    for (int i = 0; i < findings->ended; i++) {
        const int number = findings->told[i];
        const struct trial *trial = &findings->view.trials[number];
        if (!trial_is_feasible(&findings->view, trial) || !(trial->objective[0] < best))
            continue;
        best = trial->objective[0];
        found[count++] = number;
    }
    return count;
}

json_t *table_history(const struct findings *findings)
{
    AUTO_FREE int *found = xcalloc((size_t)findings->ended + 1, sizeof *found);
    const int count = find_improvements(findings, found);
    const int kept = count < TABLE_ROWS_MOST ? count : TABLE_ROWS_MOST;
    json_t *rows = json_array();

    for (int i = 0; i < kept; i++) {
        const int64_t last = kept > 1 ? kept - 1 : 1;
        const int number = found[(int64_t)i * (count - 1) / last];
        json_array_append_new(rows, json_pack("[ioIi]", findings->list[number].place,
                                              json_number(findings_value(findings, number)),
                                              (json_int_t)findings->list[number].run, number));
    }
    return rows;
}

/* --- dots ----------------------------------------------------------------------------------------
 */

static json_t *columns_of(const struct search_plan *plan)
{
    json_t *columns = json_pack("[sssss]", "run", "number", "told", "outcome", "feasible");
    for (int i = 0; i < plan->objective_count; i++) {
        AUTO_FREE char *name = xprintf("value %d", i);
        json_array_append_new(columns, json_text(name));
    }
    for (int i = 0; i < plan->space.count; i++)
        json_array_append_new(columns, json_text(plan->space.parameters[i].name));
    return columns;
}

static const char *outcome_of(const struct trial *trial)
{
    return trial->state == TRIAL_DONE ? "done" : trial->state == TRIAL_PRUNED ? "pruned" : "failed";
}

static json_t *value_json(const struct parameter *parameter, double value)
{
    if (isnan(value))
        return json_null();
    return parameter->type == PARAMETER_FLOAT ? json_number(value)
                                              : json_integer((json_int_t)value);
}

static json_t *row_of(const struct findings *findings, int number)
{
    const struct search_plan *plan = findings->plan;
    const struct finding *finding = &findings->list[number];
    const struct trial *trial = &findings->history->trials[number];
    const bool failed = trial->state == TRIAL_FAILED;
    const bool feasible = !failed && trial_violation(findings->history, trial) <= 0;
    json_t *row = json_pack("[Iiisb]", (json_int_t)finding->run, number, finding->place,
                            outcome_of(trial), feasible);

    for (int i = 0; i < plan->objective_count; i++)
        json_array_append_new(row, failed ? json_null() : json_number(finding->results[i]));
    for (int i = 0; i < plan->space.count; i++)
        json_array_append_new(row, value_json(&plan->space.parameters[i], trial->values[i]));
    return row;
}

/* Marks the best ones and others until `most` are chosen. */
static void choose_rows(const struct findings *findings, int most, bool *chosen)
{
    int best = findings->ended < TABLE_BEST ? findings->ended : TABLE_BEST;
    const int others = most - best;
    for (int i = 0; i < best; i++)
        chosen[findings->order[i]] = true;
    for (int i = 0; i < others; i++) {
        const int64_t at = (int64_t)i * findings->ended / others;
        chosen[findings->told[at]] = true;
    }
}

json_t *table_runs(const struct findings *findings)
{
    json_t *columns = columns_of(findings->plan), *rows = json_array();
    AUTO_FREE bool *chosen = xcalloc((size_t)findings->history->count + 1, sizeof *chosen);
    const int fitting = TABLE_CELLS_MOST / (int)json_array_size(columns);
    const int most = fitting < TABLE_ROWS_MOST ? fitting : TABLE_ROWS_MOST;

    if (findings->ended > most)
        choose_rows(findings, most, chosen);
    for (int i = 0; i < findings->ended; i++)
        if (findings->ended <= most || chosen[findings->told[i]])
            json_array_append_new(rows, row_of(findings, findings->told[i]));
    return json_pack("{so so si}", "columns", columns, "rows", rows, "of", findings->ended);
}

/* --- the front -----------------------------------------------------------------------------------
 */

static json_t *front_points(const struct findings *findings, const struct front *front)
{
    const int kept = front->count < TABLE_ROWS_MOST ? front->count : TABLE_ROWS_MOST;
    json_t *points = json_array();
    for (int i = 0; i < kept; i++) {
        const int64_t last = kept > 1 ? kept - 1 : 1;
        const int number = front->numbers[(int64_t)i * (front->count - 1) / last];
        const struct finding *finding = &findings->list[number];
        json_array_append_new(
            points,
            json_pack("{sI si so}", "run", (json_int_t)finding->run, "number", number, "values",
                      numbers(finding->results, findings->plan->objective_count)));
    }
    return points;
}

json_t *table_front(const struct findings *findings, const struct front *front)
{
    const struct search_plan *plan = findings->plan;
    json_t *reference = json_array(), *steps = json_array();

    for (int i = 0; i < plan->objective_count && front->count > 0; i++)
        json_array_append_new(
            reference,
            json_number(plan->objectives[i].maximize ? -front->reference[i] : front->reference[i]));
    for (int i = 0; i < front->step_count; i++)
        json_array_append_new(
            steps, json_pack("[io]", front->steps[i].place, json_number(front->steps[i].volume)));
    return json_pack("{so so sb so so si so}", "reference", reference, "hypervolume",
                     json_number(front->volume), "exact", front->error <= 0, "error",
                     json_number(front->error), "points", front_points(findings, front), "of",
                     front->count, "history", steps);
}
