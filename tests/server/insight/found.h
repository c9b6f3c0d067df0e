/*
 * A search that has come to an end, in a test's own words.
 */
#ifndef FOUND_H
#define FOUND_H

#include "support/check.h"

#include "insight/findings.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { FOUND_MOST = 100000 };

struct found {
    struct search_plan plan;
    struct history history;
    struct trial *trials;
    struct finding *list;
    int *told;
    double **numbers; /* a block each: point, results, objectives, constraints */
    int room;
    struct findings findings;
};

/* JSON with ' for ". */
static inline json_t *found_json(const char *text)
{
    AUTO_FREE char *quoted = xstrdup(text);
    for (char *c = quoted; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = json_loads(quoted, JSON_DECODE_ANY, NULL);
    if (!value)
        fail_msg("no JSON: %s", text);
    return value;
}

/* Objectives "a", "b", … are minimised; constraints "p", "q", … at most 0. */
static inline void found_begin(struct found *found, const char *space, int objectives,
                               int constraints)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *object = found_json(space);
    *found = (struct found){.room = 0};
    space_read(object, "/space", &found->plan.space, &problems);
    if (problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    found->plan.objective_count = objectives;
    found->plan.constraint_count = constraints;
    for (int i = 0; i < objectives; i++)
        snprintf(found->plan.objectives[i].name, 8, "%c", 'a' + i);
    for (int i = 0; i < constraints; i++)
        snprintf(found->plan.constraints[i].metric.name, 8, "%c", 'p' + i);
    found->plan.algorithm = found_json("{'type': 'random'}");
    found->plan.pruner = found_json("{'type': 'none'}");
    found->plan.stop = found_json("{'type': 'none'}");
    found->history = (struct history){
        .space = &found->plan.space, .objectives = objectives, .constraints = constraints};
}

static inline void found_grow(struct found *found)
{
    const size_t room = found->room ? 2 * (size_t)found->room : 64;
    found->trials = xrealloc(found->trials, room, sizeof *found->trials);
    found->list = xrealloc(found->list, room, sizeof *found->list);
    found->told = xrealloc(found->told, room, sizeof *found->told);
    found->numbers = xrealloc(found->numbers, room, sizeof *found->numbers);
    found->room = (int)room;
}

/* The next run, told at once. values settled; objective [objectives] as it is, NULL: NaN;
 * constraint [constraints] or NULL. Run ids begin at 101. */
static inline void found_add(struct found *found, enum trial_state state, const double *values,
                             const double *objective, const double *constraint)
{
    const struct search_plan *plan = &found->plan;
    const int n = found->history.count, width = plan->space.count;
    const int results = plan->objective_count + plan->constraint_count;
    if (n == found->room)
        found_grow(found);
    double *numbers = xcalloc((size_t)(width + 2 * results + 1), sizeof *numbers);
    double *own = numbers + width, *minimised = own + results + 1;
    found->numbers[n] = numbers;
    memcpy(numbers, values, (size_t)width * sizeof *numbers);
    for (int i = 0; i < plan->objective_count; i++) {
        own[i] = objective ? objective[i] : (double)NAN;
        minimised[i] = own[i] * (plan->objectives[i].maximize ? -1 : 1);
    }
    for (int i = plan->objective_count; i < results; i++)
        own[i] = minimised[i] = constraint ? constraint[i - plan->objective_count] : (double)NAN;
    found->trials[n] = (struct trial){.state = state,
                                      .values = numbers,
                                      .objective = minimised,
                                      .constraint = minimised + plan->objective_count,
                                      .step = -1};
    found->list[n] = (struct finding){.run = 101 + n, .place = n, .how = "random", .results = own};
    found->told[n] = n;
    found->history.count = found->history.told_count = n + 1;
}

/* A result that the search starts warm with, of one objective. The caller looks after it. */
static inline void found_warm(struct found *found, const double *values, double objective)
{
    struct search_plan *plan = &found->plan;
    const size_t n = (size_t)plan->warm_count++, width = (size_t)plan->space.count;
    const size_t results = (size_t)plan->constraint_count + 2;
    plan->warm_values = xrealloc(plan->warm_values, (n + 1) * width, sizeof(double));
    plan->warm_results = xrealloc(plan->warm_results, (n + 1) * results, sizeof(double));
    memcpy(plan->warm_values + n * width, values, width * sizeof(double));
    plan->warm_results[n * results] = objective;
    for (size_t i = 1; i < results; i++)
        plan->warm_results[n * results + i] = 0;
}

static inline void found_look(struct found *found, int objective)
{
    found->history.trials = found->trials;
    found->history.told = found->told;
    found->findings = (struct findings){.plan = &found->plan,
                                        .history = &found->history,
                                        .list = found->list,
                                        .objective = objective};
    findings_init(&found->findings);
}

static inline void found_end(struct found *found)
{
    findings_release(&found->findings);
    for (int i = 0; i < found->history.count; i++)
        free(found->numbers[i]);
    free(found->numbers);
    free(found->trials);
    free(found->list);
    free(found->told);
    free(found->plan.warm_values);
    free(found->plan.warm_results);
    json_decref(found->plan.algorithm);
    json_decref(found->plan.pruner);
    json_decref(found->plan.stop);
    space_release(&found->plan.space);
}

static inline double found_part(double step, int i)
{
    const double value = step * (i + 1);
    return value - floor(value);
}

/* Runs over five parameters, of which one applies to a third of them: as in
 * tests/reference/search_importance.py. The caller looks. */
static inline void found_sample(struct found *found, int runs)
{
    found_begin(found,
                "{'x': {'type': 'float', 'low': 0, 'high': 1},"
                " 'lr': {'type': 'float', 'low': 1e-5, 'high': 1, 'scale': 'log'},"
                " 'count': {'type': 'int', 'low': 1, 'high': 9},"
                " 'choice': {'type': 'choice', 'values': ['a', 'b', 'c']},"
                " 'part': {'type': 'float', 'low': 0.5, 'high': 0.99, 'when': {'choice': ['b']}}}",
                1, 0);
    for (int i = 0; i < runs; i++) {
        const double x = found_part(0.6180339887498949, i);
        const double log_lr = -5 + 5 * found_part(0.7548776662466927, i);
        const int choice = (i * 5 + i / 3) % 3;
        const double part = 0.5 + 0.49 * found_part(0.5698402909980532, i);
        const double values[] = {x, pow(10, log_lr), 1 + (i * 7) % 9, choice,
                                 choice == 1 ? part : (double)NAN};
        double value = (x - 0.3) * (x - 0.3) + (choice == 0 ? 0.3 : 0) + 0.01 * fabs(log_lr + 2);
        if (choice == 1)
            value += 0.2 * (part - 0.9) * (part - 0.9);
        found_add(found, TRIAL_DONE, values, &value, NULL);
    }
}

#endif
