#include "search/population.h"

#include "json.h"
#include "memory.h"
#include "spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct population population_chosen(double members, double interval)
{
    return (struct population){
        .members = (int)members,
        .generations = (int)ceil(1 / interval - 1e-9),
        .interval = interval,
    };
}

bool population_of(const struct search_plan *plan, struct population *out)
{
    if (strcmp(json_text_at(plan->algorithm, "type", ""), "pbt") != 0)
        return false;
    *out = population_chosen(json_number_at(plan->algorithm, "population", 20),
                             json_number_at(plan->algorithm, "interval", 0.2));
    return true;
}

/* Two members at least, in two generations: fewer are refused by population_check(). */
static struct population fitting(int runs, const struct population *population, bool keeps_interval)
{
    struct population fit = *population;
    if (!keeps_interval) {
        const int most = runs / fit.members;
        fit.generations = most < 2 ? 2 : most < fit.generations ? most : fit.generations;
        fit.interval = 1.0 / fit.generations;
    }
    const int members = runs / fit.generations;
    if (members < fit.members)
        fit.members = members < 2 ? 2 : members;
    return fit;
}

bool population_fit(const json_t *given, struct search_plan *plan)
{
    struct population population;
    if (!population_of(plan, &population) || json_object_get(given, "population") ||
        plan->budget.runs >= population.members * population.generations)
        return false;
    const struct population fit =
        fitting(plan->budget.runs, &population, json_object_get(given, "interval"));
    json_t *algorithm = json_copy(plan->algorithm);
    json_object_set_new(algorithm, "population", json_integer(fit.members));
    json_object_set_new(algorithm, "interval", json_real(fit.interval));
    json_decref(plan->algorithm);
    plan->algorithm = algorithm;
    return true;
}

int population_waits_for(const struct population *population, int number)
{
    return number / population->members * population->members;
}

/* --- where a generation ends --------------------------------------------------------------------
 */

/* What a run is counted in, and how many of it lie between two reports of the first objective. */
struct way {
    int64_t whole, every;
};

static bool is_evaluated(const struct search_plan *plan)
{
    return strncmp(plan->objectives[0].name, "valid_", 6) == 0;
}

static struct way way_of(const struct search_plan *plan, const json_t *spec)
{
    const int64_t epochs = json_integer_at(spec, "epochs", 0);
    if (epochs >= 2)
        return (struct way){
            epochs, is_evaluated(plan) ? json_integer_at(spec, "evaluate_every_epochs", 1) : 1};
    return (struct way){json_integer_at(spec, "steps", json_integer_at(spec, "iterations", 0)),
                        json_integer_at(spec, "report_every_steps", 20)};
}

double population_end(const struct search_plan *plan, const struct population *population,
                      int generation, const json_t *spec)
{
    const struct way way = way_of(plan, spec);
    const double share = (generation + 1) * population->interval;
    if (generation + 1 >= population->generations || way.whole == 0)
        return 1;
    const double reports = ceil(share * (double)way.whole / (double)way.every - 1e-9);
    return fmin(1, reports * (double)way.every / (double)way.whole);
}

/* --- what a run's specification says of it ------------------------------------------------------
 */

static bool lies_in_schedule(const char *pointer)
{
    return strncmp(pointer, "/schedule", 9) == 0 && (pointer[9] == '\0' || pointer[9] == '/');
}

static json_t *changes_of(const struct space *space)
{
    json_t *list = json_array();
    for (int i = 0; i < space->count; i++)
        if (!lies_in_schedule(space->parameters[i].name))
            json_array_append_new(list, json_string(space->parameters[i].name));
    return list;
}

json_t *population_overlay(const struct search_plan *plan, const struct population *population,
                           int number, const json_t *spec, int64_t parent_run, int64_t step)
{
    const double end = population_end(plan, population, number / population->members, spec);
    json_t *overlay = json_pack("{s:o}", "branch_changes", changes_of(&plan->space));
    if (end < 1)
        json_object_set_new(overlay, "keep_at", json_pack("[f]", end));
    if (parent_run > 0)
        json_object_set_new(overlay, "branch",
                            json_pack("{s:I, s:I}", "run", parent_run, "step", step));
    return overlay;
}

/* --- what cannot be ----------------------------------------------------------------------------
 */

/* A number that is not whole: the shape of what an optimizer keeps does not hang on it. */
static bool is_fractional(const struct parameter *parameter)
{
    bool fractional = parameter->type == PARAMETER_FLOAT;
    for (int i = 0; i < parameter->choices; i++) {
        const json_t *value = json_array_get(parameter->values, (size_t)i);
        if (!json_is_number(value))
            return false;
        const double number = json_number_value(value);
        fractional = fractional || number != floor(number);
    }
    return fractional;
}

static bool may_change(const struct parameter *parameter)
{
    const char *name = parameter->name;
    if (lies_in_schedule(name))
        return true;
    const bool member = strncmp(name, "/optimizer/", 11) == 0 && !strchr(name + 11, '/') &&
                        strcmp(name + 11, "type") != 0;
    return (member || strcmp(name, "/clip_norm") == 0) && is_fractional(parameter);
}

static void check_parameters(const struct space *space, struct problems *problems)
{
    for (int i = 0; i < space->count; i++)
        if (!may_change(&space->parameters[i]))
            problems_add(problems, "/space", space->parameters[i].name,
                         "cannot change while a run trains; \"pbt\" can change the schedule, "
                         "\"/clip_norm\" and numbers of the optimizer that need not be whole, "
                         "such as \"/optimizer/lr\"");
}

static void check_plan(const struct search_plan *plan, const struct population *population,
                       struct problems *problems)
{
    const int needed = population->members * population->generations;
    if (plan->budget.runs < needed)
        problems_add(problems, "/budget", "runs",
                     "must be at least %d: a population of %d in %d generations", needed,
                     population->members, population->generations);
    if (plan->in_order)
        problems_add(problems, "", "in_order",
                     "\"pbt\" proposes a generation at a time, the same whatever time runs take; "
                     "leave this out");
    if (strcmp(json_text_at(plan->pruner, "type", "none"), "none") != 0)
        problems_add(problems, "/pruner", "type",
                     "\"pbt\" replaces the worst of its members itself; take \"none\"");
}

/* A run that ends early leaves nothing to go on from. */
static void check_base(const json_t *base, struct problems *problems)
{
    static const char *const members[] = {"stop_when", "patience", "keep_at"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const json_t *value = json_object_get(base, members[i]);
        if (value && !json_is_null(value))
            problems_add(problems, "/base", members[i],
                         "does not go with \"pbt\", whose runs end where their generation does");
    }
}

static void check_ends(const struct search_plan *plan, const struct population *population,
                       const json_t *spec, struct problems *problems)
{
    const struct way way = way_of(plan, spec);
    double before = 0;
    if (way.whole == 0 || (is_evaluated(plan) && json_integer_at(spec, "epochs", 0) < 2)) {
        problems_add(problems, "/base", "epochs",
                     "must be at least 2 for \"pbt\": its members are compared at ends of epochs");
        return;
    }
    for (int i = 0; i < population->generations; i++) {
        const double end = population_end(plan, population, i, spec);
        if (end <= before) {
            problems_add(problems, "/algorithm", "interval",
                         "asks for %d generations, and a run of the base reports %s only %lld "
                         "times; take a longer interval, or more epochs or steps",
                         population->generations, plan->objectives[0].name,
                         (long long)(way.whole / way.every));
            return;
        }
        before = end;
    }
}

void population_check(const json_t *catalog, const struct search_plan *plan,
                      struct problems *problems)
{
    AUTO_PROBLEMS struct problems none = {0};
    struct population population;
    if (plan->external || !plan->base || !population_of(plan, &population))
        return;
    json_auto_t *spec = spec_resolve(catalog, plan->base, "", &none);
    check_parameters(&plan->space, problems);
    check_plan(plan, &population, problems);
    check_base(plan->base, problems);
    check_ends(plan, &population, spec, problems);
}
