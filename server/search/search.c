#include "search/search.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The list: server/search/NAME.c defines NAME_search. */
#define FOR_EACH_SEARCH(_)                                                                         \
    _(random) _(grid) _(sobol) _(tpe) _(gp) _(cmaes) _(nsga2) _(ehvi) _(pbt) _(auto)

#define DECLARE(name) extern const struct search_algorithm name##_search;
#define ENTER(name)   &name##_search,

FOR_EACH_SEARCH(DECLARE)
const struct search_algorithm *const search_algorithms[] = {FOR_EACH_SEARCH(ENTER) NULL};

const struct search_algorithm *search_find(const char *name)
{
    for (int i = 0; search_algorithms[i]; i++) {
        if (strcmp(search_algorithms[i]->name, name) == 0)
            return search_algorithms[i];
    }
    return NULL;
}

json_t *search_describe(void)
{
    json_t *array = json_array();
    for (int i = 0; search_algorithms[i]; i++) {
        const struct search_algorithm *algorithm = search_algorithms[i];
        json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", algorithm->name, "help",
                                               algorithm->help, "settings",
                                               settings_describe(algorithm->settings)));
    }
    return array;
}

/* --- trials -------------------------------------------------------------------------------------
 */

double trial_violation(const struct history *history, const struct trial *trial)
{
    double sum = 0;
    if (trial->state == TRIAL_FAILED)
        return HUGE_VAL;
    for (int i = 0; i < history->constraints; i++) {
        if (isnan(trial->constraint[i]))
            return HUGE_VAL;
        sum += fmax(trial->constraint[i], 0);
    }
    return sum;
}

bool trial_is_feasible(const struct history *history, const struct trial *trial)
{
    return trial->state == TRIAL_DONE && trial_violation(history, trial) <= 0;
}

int history_best(const struct history *history)
{
    int best = -1;
    for (int i = 0; i < history->count; i++) {
        const struct trial *trial = &history->trials[i];
        if (trial_is_feasible(history, trial) && !isnan(trial->objective[0]) &&
            (best < 0 || trial->objective[0] < history->trials[best].objective[0]))
            best = i;
    }
    return best;
}

/* --- who can ------------------------------------------------------------------------------------
 */

/* An ordered choice is searched like a number; of one value there is nothing to search. */
static unsigned needs_of(const struct parameter *parameter)
{
    const unsigned conditions = parameter->condition_count > 0 ? CAN_CONDITIONS : 0;
    if (parameter_is_fixed(parameter))
        return conditions;
    return conditions |
           (parameter->type == PARAMETER_CHOICE && !parameter->ordered ? CAN_CHOICES : CAN_NUMBERS);
}

unsigned search_needs(const struct space *space, int objectives, int constraints)
{
    unsigned needs = 0;
    for (int i = 0; i < space->count; i++)
        needs |= needs_of(&space->parameters[i]);
    if (objectives > 1)
        needs |= CAN_OBJECTIVES;
    if (constraints > 0)
        needs |= CAN_CONSTRAINTS;
    return needs;
}

static const char *continuous_parameter(const struct space *space)
{
    for (int i = 0; i < space->count; i++) {
        if (parameter_size(&space->parameters[i]) == 0)
            return space->parameters[i].name;
    }
    return NULL;
}

/* Those that learn from what runs of their own leave behind are not offered in place of others. */
static bool can(const struct search_algorithm *algorithm, const struct space *space, unsigned needs)
{
    if ((algorithm->can & CAN_ENUMERATE) && continuous_parameter(space))
        return false;
    return (needs & ~(algorithm->can | CAN_NUMBERS)) == 0;
}

static void name_those_that_can(const struct space *space, unsigned needs, char *names,
                                size_t bytes)
{
    size_t used = 0;
    names[0] = '\0';
    for (int i = 0; search_algorithms[i] && used < bytes; i++) {
        if (can(search_algorithms[i], space, needs) &&
            !(search_algorithms[i]->can & CAN_CHANGE_WEIGHTS))
            used += (size_t)snprintf(names + used, bytes - used, "%s%s", used ? ", " : "",
                                     search_algorithms[i]->name);
    }
}

/* The first parameter that needs it. */
static const char *who_needs(const struct space *space, unsigned need)
{
    for (int i = 0; i < space->count; i++) {
        if (needs_of(&space->parameters[i]) & need)
            return space->parameters[i].name;
    }
    return "";
}

int search_check(const struct search_algorithm *algorithm, const struct space *space,
                 int objectives, int constraints, struct error *err)
{
    const unsigned needs = search_needs(space, objectives, constraints);
    const unsigned lacks = needs & ~(algorithm->can | CAN_NUMBERS);
    char names[256];

    if (can(algorithm, space, needs))
        return 0;
    name_those_that_can(space, needs, names, sizeof names);
    if (lacks & CAN_CHOICES)
        return error_set(err,
                         "\"%s\" cannot search choices without an order (\"%.100s\"); these can: "
                         "%s",
                         algorithm->name, who_needs(space, CAN_CHOICES), names);
    if (lacks & CAN_CONDITIONS)
        return error_set(err,
                         "\"%s\" cannot search parameters that do not always apply "
                         "(\"%.100s\"); these can: %s",
                         algorithm->name, who_needs(space, CAN_CONDITIONS), names);
    if (lacks & CAN_OBJECTIVES)
        return error_set(err, "\"%s\" cannot search for %d objectives at once; these can: %s",
                         algorithm->name, objectives, names);
    if (lacks & CAN_CONSTRAINTS)
        return error_set(err, "\"%s\" cannot keep constraints; these can: %s", algorithm->name,
                         names);
    return error_set(err,
                     "\"%s\" needs a space of finitely many points, and \"%.100s\" has no step; "
                     "these can: %s",
                     algorithm->name, continuous_parameter(space), names);
}
