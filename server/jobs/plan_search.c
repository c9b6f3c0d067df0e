/* Kind "search": a space, what it is after, and how it goes about it. */
#include "jobs/blame.h"
#include "jobs/fields.h"
#include "jobs/planner.h"
#include "jobs/search_goals.h"
#include "jobs/warm_start.h"
#include "json.h"
#include "memory.h"
#include "settings.h"
#include "spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_TRIED_MAX = 4096, ENQUEUED_MAX = 10000 };

enum { BUDGET_RUNS, BUDGET_TIME, BUDGET_STEPS };
static const struct setting budget_settings[] = {
    [BUDGET_RUNS] = {.name = "runs",
                     .type = SETTING_INTEGER,
                     .low = 1,
                     .high = RUNS_MAX,
                     .fallback = SEARCH_RUNS,
                     .help = "how many are trained at most, one for each seed of a point"},
    [BUDGET_TIME] = {.name = "time_s",
                     .type = SETTING_NUMBER,
                     .nullable = true,
                     .low = 0,
                     .above_low = true,
                     .high = 1e8,
                     .unit = "s",
                     .help = "after its first start nothing new is begun then; null: no limit"},
    [BUDGET_STEPS] = {.name = "steps",
                      .type = SETTING_INTEGER,
                      .nullable = true,
                      .low = 1,
                      .high = 1e15,
                      .help = "of training, all runs together; null: no limit"},
    {0},
};

static const struct setting warm_settings[] = {
    {.name = "jobs",
     .type = SETTING_INTEGERS,
     .required = true,
     .low = 1,
     .high = 9e15,
     .least = 1,
     .most = SEARCH_WARM_JOBS_MAX,
     .help = "searches whose results this one begins with, where they lie in its space"},
    {0},
};

enum { ALGORITHM, PRUNER, STOP, BUDGET, PARALLEL, SEED, SEEDS, IN_ORDER, RUNNER, WARM_START };
static const struct setting section_settings[] = {
    [ALGORITHM] = {.name = "algorithm",
                   .type = SETTING_PLUGIN,
                   .fallback_text = "{\"type\": \"auto\"}",
                   .registry = "search",
                   .help = "what proposes the next point"},
    [PRUNER] = {.name = "pruner",
                .type = SETTING_PLUGIN,
                .fallback_text = "{\"type\": \"none\"}",
                .registry = "prune",
                .help = "what ends runs early that do not promise much"},
    [STOP] = {.name = "stop",
              .type = SETTING_PLUGIN,
              .fallback_text = "{\"type\": \"none\"}",
              .registry = "stop",
              .help = "what ends the search before its budget is spent"},
    [BUDGET] = {.name = "budget",
                .type = SETTING_OBJECT,
                .fallback_text = "{}",
                .members = budget_settings,
                .help = "what the search may spend"},
    [PARALLEL] = {.name = "parallel",
                  .type = SETTING_INTEGER,
                  .nullable = true,
                  .low = 1,
                  .high = SEARCH_PARALLEL_MAX,
                  .help = "runs under way at once; null: as many as the server has slots"},
    [SEED] = {.name = "seed",
              .type = SETTING_INTEGER,
              .low = 0,
              .high = 9007199254740992.0,
              .fallback = 1,
              .help = "of the points that are proposed; runs train with the base's seed"},
    [SEEDS] = {.name = "seeds",
               .type = SETTING_INTEGER,
               .low = 1,
               .high = SEARCH_SEEDS_MAX,
               .fallback = 1,
               .help = "that each point is trained with, the base's and those after it; the mean "
                       "over them counts"},
    [IN_ORDER] = {.name = "in_order",
                  .type = SETTING_FLAG,
                  .help = "proposal k waits until the runs up to k - parallel have ended, and "
                          "knows no other: the same points whatever time runs take"},
    [RUNNER] = {.name = "runner",
                .type = SETTING_CHOICE,
                .choices = "workers|external",
                .fallback_text = "workers",
                .help = "who trains: this server's workers, or whoever asks over HTTP"},
    [WARM_START] = {.name = "warm_start",
                    .type = SETTING_OBJECT,
                    .absent = true,
                    .members = warm_settings,
                    .help = "results to begin with"},
    {0},
};

static bool is_section(const char *key)
{
    for (const struct setting *section = section_settings; section->name; section++)
        if (strcmp(section->name, key) == 0)
            return true;
    return false;
}

/* The sections of the body alone, and whatever else of it nobody knows. */
static json_t *sections_of(const json_t *body, struct problems *problems)
{
    static const char *const fields[] = {
        "kind",       "name",        "priority", "visibility", OPTION_FIELDS, "base",      "space",
        "objectives", "constraints", "enqueue",  "algorithm",  "pruner",      "stop",      "budget",
        "parallel",   "seed",        "seeds",    "in_order",   "runner",      "warm_start"};
    json_t *sections = json_object();
    const char *key;
    json_t *value;

    fields_refuse_unknown(body, "", fields, (int)COUNT_OF(fields), problems);
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        if (is_section(key))
            json_object_set(sections, key, value);
    }
    return sections;
}

static void take_budget(const json_t *budget, struct search_plan *search)
{
    search->budget.runs = (int)json_integer_at(budget, "runs", SEARCH_RUNS);
    search->budget.time_ms = (int64_t)ceil(json_number_at(budget, "time_s", 0) * 1000);
    search->budget.steps = json_integer_at(budget, "steps", 0);
}

static void take_warm_start(const json_t *jobs, struct search_plan *search)
{
    size_t i;
    json_t *job;
    json_array_foreach(jobs, i, job)
    {
        search->warm_jobs[search->warm_job_count++] = (int64_t)json_number_value(job);
    }
}

/* 1 where it is wrong, which is a problem. */
static int read_seeds(const json_t *all)
{
    const json_int_t seeds = json_integer_at(all, "seeds", 1);
    return seeds >= 1 && seeds <= SEARCH_SEEDS_MAX ? (int)seeds : 1;
}

static void read_sections(const struct planner *planner, const json_t *body,
                          struct search_plan *search)
{
    json_auto_t *sections = sections_of(body, planner->problems);
    json_auto_t *settings = settings_describe(section_settings);
    json_auto_t *all =
        settings_resolve(planner->catalog, settings, sections, "", planner->problems);

    search->algorithm = json_incref(json_object_get(all, "algorithm"));
    search->pruner = json_incref(json_object_get(all, "pruner"));
    search->stop = json_incref(json_object_get(all, "stop"));
    search->parallel = (int)json_integer_at(all, "parallel", 0);
    search->seed = (uint64_t)json_integer_at(all, "seed", 1);
    search->seeds = read_seeds(all);
    search->in_order = json_flag_at(all, "in_order", false);
    search->external = strcmp(json_text_at(all, "runner", "workers"), "external") == 0;
    take_budget(json_object_get(all, "budget"), search);
    if (!json_object_get(json_object_get(body, "budget"), "runs"))
        search->budget.runs +=
            (search->seeds - search->budget.runs % search->seeds) % search->seeds;
    take_warm_start(json_object_get(json_object_get(all, "warm_start"), "jobs"), search);
}

/* --- the base ----------------------------------------------------------------------------------
 */

static void read_base(const struct planner *planner, const json_t *body, struct search_plan *search)
{
    json_t *base = json_object_get(body, "base");
    if (search->external && base)
        problems_add(planner->problems, "", "base",
                     "belongs only to a search whose runs this server's workers train");
    else if (!search->external && !json_is_object(base))
        problems_add(planner->problems, "", "base",
                     "%s: the specification that points are laid over",
                     base ? "must be an object" : "is missing");
    else if (base)
        search->base = json_deep_copy(base);
}

/* Where workers train, every parameter names a place in the specification. */
static void check_names(const struct search_plan *search, struct problems *problems)
{
    for (int i = 0; i < search->space.count; i++) {
        const char *name = search->space.parameters[i].name;
        if (*name != '/')
            problems_add(problems, "/space", name,
                         "must be a JSON pointer into the base, such as \"/optimizer/lr\"");
        else if (strcmp(name, "/seed") == 0)
            problems_add(problems, "/space", name,
                         "a seed is not searched for: the luckiest would win");
        for (int j = 0; j < i; j++) {
            const char *other = search->space.parameters[j].name;
            const size_t shorter = strlen(name) < strlen(other) ? strlen(name) : strlen(other);
            const char *longer = strlen(name) < strlen(other) ? other : name;
            if (strncmp(name, other, shorter) == 0 && longer[shorter] == '/')
                problems_add(problems, "/space", name, "overlaps with \"%.100s\"", other);
        }
    }
}

/* --- the space against the base: a point with each value of each parameter -----------------------
 */

struct trying {
    const struct planner *planner;
    struct search_plan *search;
    double *values;
    int tried;
    bool reported;
};

static double first_allowed(const struct condition *condition, const struct parameter *parent)
{
    for (int i = 0; i < parent->choices; i++)
        if (condition->allowed && condition->allowed[i])
            return i;
    return parameter_from_unit(parent,
                               parameter_to_unit(parent, fmax(condition->low, parent->low)));
}

/* Makes parameter i apply. */
static void make_apply(struct trying *trying, int i)
{
    const struct space *space = &trying->search->space;
    const struct parameter *parameter = &space->parameters[i];
    if (space_applies(space, i, trying->values))
        return;
    for (int c = 0; c < parameter->condition_count; c++) {
        const struct condition *condition = &parameter->conditions[c];
        make_apply(trying, condition->parameter);
        trying->values[condition->parameter] =
            first_allowed(condition, &space->parameters[condition->parameter]);
    }
}

static bool leads_through(const char *longer, const char *shorter)
{
    const size_t length = strlen(shorter);
    return strncmp(longer, shorter, length) == 0 && (!longer[length] || longer[length] == '/');
}

/* The parameter that a place in the specification comes from: whose value holds it, or whose
 * pointer made an object there that the base does not have. -1: the base has it so. */
static int who_wrote(const struct trying *trying, const char *pointer)
{
    const struct space *space = &trying->search->space;
    const bool in_base = json_pointer_get(trying->search->base, pointer) != NULL;
    for (int i = 0; i < space->count; i++) {
        const char *name = space->parameters[i].name;
        if (!isnan(trying->values[i]) &&
            (leads_through(pointer, name) || (!in_base && leads_through(name, pointer))))
            return i;
    }
    return -1;
}

/* "/space/~1schedule/values/1/warmup": the value that was tried, and the place in it. */
static char *place_of_value(const struct trying *trying, int i, const char *pointer)
{
    const struct parameter *parameter = &trying->search->space.parameters[i];
    const double value = trying->values[i];
    const char *within =
        leads_through(pointer, parameter->name) ? pointer + strlen(parameter->name) : "";
    AUTO_FREE char *here = json_pointer_join("/space", parameter->name);
    if (parameter->type == PARAMETER_CHOICE)
        return xprintf("%s/values/%d%s", here, (int)value, within);
    return xprintf("%s%s", here,
                   value <= parameter->low    ? "/low"
                   : value >= parameter->high ? "/high"
                                              : "");
}

/* The parameter that says of which type the object is that this one is a member of; -1: none. */
static int who_gives_type(const struct space *space, const struct parameter *member)
{
    const size_t length = (size_t)(strrchr(member->name, '/') - member->name);
    for (int i = 0; i < space->count; i++) {
        const char *name = space->parameters[i].name;
        if (strlen(name) == length + 5 && strncmp(name, member->name, length) == 0 &&
            strcmp(name + length, "/type") == 0)
            return i;
    }
    return -1;
}

static void blame_value(const struct trying *trying, int i, const struct problem *problem)
{
    struct problems *problems = trying->planner->problems;
    const struct space *space = &trying->search->space;
    const struct parameter *parameter = &space->parameters[i];
    const int type = who_gives_type(space, parameter);
    const bool is_unknown = strncmp(problem->detail, "unknown field", 13) == 0 &&
                            strcmp(problem->pointer, parameter->name) == 0;
    AUTO_FREE char *place = is_unknown ? json_pointer_join("/space", parameter->name)
                                       : place_of_value(trying, i, problem->pointer);
    AUTO_FREE char *detail = NULL;
    if (is_unknown && type >= 0 && space->parameters[type].type == PARAMETER_CHOICE) {
        AUTO_FREE char *with = json_compact(
            json_array_get(space->parameters[type].values, (size_t)trying->values[type]));
        detail =
            xprintf("%s; so it is with %.64s: say where it applies, \"when\": {\"%.100s\": […]}",
                    problem->detail, with, space->parameters[type].name);
    }
    blame_add(problems, place, detail ? detail : problem->detail);
}

/* A problem of a specification stands where the person wrote what is wrong. */
static void blame_problem(struct trying *trying, const struct problem *problem)
{
    const int at = who_wrote(trying, problem->pointer);
    if (at >= 0) {
        blame_value(trying, at, problem);
        return;
    }
    AUTO_FREE char *pointer = xprintf("/base%s", problem->pointer);
    blame_add(trying->planner->problems, pointer, problem->detail);
}

static void try_point(struct trying *trying)
{
    AUTO_PROBLEMS struct problems shown = {0};
    json_t *spec;

    trying->tried++;
    space_settle(&trying->search->space, trying->values);
    if (search_spec(trying->planner->catalog, trying->search, trying->values, &spec,
                    trying->planner->problems) < 0) {
        trying->reported = true;
        return;
    }
    json_t *resolved = plan_resolve(trying->planner, spec, "", &shown);
    json_decref(spec);
    for (int i = 0; i < shown.count; i++)
        blame_problem(trying, &shown.list[i]);
    trying->reported = trying->reported || shown.found > 0;
    if (shown.found == 0)
        search_goals_check(trying->planner, resolved, trying->search);
    json_decref(resolved);
}

static void start_in_the_middle(struct trying *trying)
{
    for (int i = 0; i < trying->search->space.count; i++)
        trying->values[i] = parameter_from_unit(&trying->search->space.parameters[i], 0.5);
}

static void try_values(struct trying *trying, int i)
{
    const struct parameter *parameter = &trying->search->space.parameters[i];
    const int count = parameter->type == PARAMETER_CHOICE ? parameter->choices : 2;
    for (int value = 0; value < count && trying->tried < POINTS_TRIED_MAX; value++) {
        start_in_the_middle(trying);
        make_apply(trying, i);
        trying->values[i] =
            parameter->type == PARAMETER_CHOICE ? value : parameter_from_unit(parameter, value);
        try_point(trying);
    }
}

static void try_space(const struct planner *planner, struct search_plan *search)
{
    AUTO_FREE double *values = xcalloc((size_t)search->space.count, sizeof *values);
    struct trying trying = {.planner = planner, .search = search, .values = values};

    start_in_the_middle(&trying);
    try_point(&trying);
    for (int i = 0; i < search->space.count && !trying.reported; i++)
        try_values(&trying, i);
}

/* --- points to begin with ------------------------------------------------------------------------
 */

static void read_enqueued(const json_t *body, struct search_plan *search, struct problems *problems)
{
    const json_t *list = json_object_get(body, "enqueue");
    const size_t count = json_array_size(list), width = (size_t)search->space.count;
    if (!list)
        return;
    if (!json_is_array(list) || count > ENQUEUED_MAX) {
        problems_add(problems, "", "enqueue",
                     "must be a list of at most %d points such as {\"/optimizer/lr\": 0.001}",
                     ENQUEUED_MAX);
        return;
    }
    search->enqueued = xcalloc(count * width, sizeof *search->enqueued);
    for (size_t i = 0; i < count && problems->count < PROBLEMS_MAX; i++) {
        char pointer[32];
        double *values = search->enqueued + i * width;
        snprintf(pointer, sizeof pointer, "/enqueue/%zu", i);
        if (space_values_read(&search->space, json_array_get(list, i), pointer, true, values,
                              problems))
            search_complete(search, values);
        search->enqueued_count++;
    }
}

/* --- the runs ------------------------------------------------------------------------------------
 */

static void expand(struct search_plan *search, struct job_plan *plan)
{
    const uint64_t seed = (uint64_t)json_integer_at(search->base, "seed", 1);
    plan->point_count = 1;
    plan->metric = search->objectives[0];
    plan->run_count = search->budget.runs;
    plan->runs = xcalloc((size_t)plan->run_count, sizeof *plan->runs);
    for (int i = 0; i < plan->run_count; i++)
        plan->runs[i] = (struct run_plan){.variant = -1,
                                          .arm = -1,
                                          .point = -1,
                                          .phase = PHASE_SEARCH,
                                          .seed = seed + (uint64_t)(i % search->seeds),
                                          .waiting = true};
}

static void check_seeds(const struct search_plan *search, struct problems *problems)
{
    const int seeds = search->seeds, over = search->budget.runs % seeds;
    if (search->external && seeds > 1)
        problems_add(problems, "", "seeds",
                     "are an external runner's own: it tells the mean over them, and its standard "
                     "error as \"error\"");
    else if (over > 0)
        problems_add(problems, "/budget", "runs",
                     "must be a multiple of \"seeds\", such as %d: each point takes %d runs",
                     search->budget.runs - over + seeds, seeds);
}

static char *name_of(const struct search_plan *search)
{
    const char *type = json_text_at(search->algorithm, "type", "search");
    if (search->external)
        return xprintf("search of %d parameter%s by %.64s", search->space.count,
                       search->space.count == 1 ? "" : "s", type);
    return xprintf(
        "search on %.64s by %.64s",
        json_text_at(search->base, "dataset",
                     json_text_at(json_object_get(search->base, "problem"), "type", "a problem")),
        type);
}

static void check_space(const struct planner *planner, const json_t *body,
                        struct search_plan *search)
{
    struct problems *problems = planner->problems;
    if (!search->external)
        check_names(search, problems);
    read_enqueued(body, search, problems);
    if (!search->external && search->base && problems->found == 0)
        try_space(planner, search);
}

struct search_plan *search_plan_of(const json_t *catalog, const char *request_text)
{
    AUTO_PROBLEMS struct problems none = {0};
    const struct planner planner = {catalog, NULL, NULL, &none};
    struct search_plan *search = xcalloc(1, sizeof *search);
    json_auto_t *body = json_loads(request_text, 0, NULL);

    read_sections(&planner, body, search);
    read_base(&planner, body, search);
    search_goals_read(&planner, body, false, search);
    space_read(json_object_get(body, "space"), "/space", &search->space, &none);
    read_enqueued(body, search, &none);
    warm_results_read(json_object_get(json_object_get(body, "warm_start"), "results"), search);
    return search;
}

void plan_search(const struct planner *planner, const json_t *body, struct job_plan *plan)
{
    struct problems *problems = planner->problems;
    struct search_plan *search = plan->search = xcalloc(1, sizeof *search);

    read_sections(planner, body, search);
    read_base(planner, body, search);
    search_goals_read(planner, body, json_object_get(search->base, "problem") != NULL, search);
    space_read(json_object_get(body, "space"), "/space", &search->space, problems);
    if (search->space.count > 0)
        check_space(planner, body, search);
    check_seeds(search, problems);
    if (problems->found > 0)
        return;
    if (search->parallel == 0) /* kept with the request, for a server with other slots */
        search->parallel = (int)json_integer_at(planner->catalog, "slots", 1);
    expand(search, plan);
    if (!plan->name)
        plan->name = name_of(search);
    plan->request = search_request(body, search);
}
