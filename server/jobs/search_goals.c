#include "jobs/search_goals.h"

#include "jobs/blame.h"
#include "jobs/fields.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const goals[] = {"minimize", "maximize"};
static const char *const moments[] = {"last", "best"};

struct reading {
    const struct planner *planner;
    bool external, on_problem;
    char pointer[64]; /* "/objectives/0" */
};

/* Of the catalogue; NULL where it is none, which is a problem but for an external runner. */
static const json_t *find_metric(const struct reading *reading, const json_t *entry)
{
    const json_t *metrics = json_object_get(reading->planner->catalog, "metrics");
    const int count = (int)json_array_size(metrics);
    AUTO_FREE const char **names = xcalloc((size_t)count, sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = json_text_at(json_array_get(metrics, (size_t)i), "name", "");
    const int index =
        fields_choice(entry, reading->pointer, "metric", names, count, reading->planner->problems);
    return index < 0 ? NULL : json_array_get(metrics, (size_t)index);
}

static bool is_better_high(const json_t *metric)
{
    return strcmp(json_text_at(metric, "goal", goals[0]), goals[1]) == 0;
}

/* As rows of an external runner can name it. */
static bool is_row_name(const char *name)
{
    for (; *name; name++)
        if (*name <= ' ' || *name > '~')
            return false;
    return true;
}

static void read_metric(const struct reading *reading, const json_t *entry,
                        struct metric_choice *metric)
{
    struct problems *problems = reading->planner->problems;
    const char *name = fields_text(entry, reading->pointer, "metric", (int)sizeof metric->name - 1,
                                   true, problems);
    const json_t *known = name && !reading->external ? find_metric(reading, entry) : NULL;

    *metric = (struct metric_choice){.maximize = is_better_high(known)};
    snprintf(metric->name, sizeof metric->name, "%s", name ? name : "");
    if (name && reading->external && !is_row_name(name))
        problems_add(problems, reading->pointer, "metric",
                     "must be letters, digits and signs of ASCII without spaces, as reports of it "
                     "are");
    if (known && reading->on_problem && strncmp(name, "valid_", 6) == 0)
        problems_add(problems, reading->pointer, "metric",
                     "a problem has no validation part, so no \"%s\"; take \"train_loss\"", name);
    metric->best = fields_choice(entry, reading->pointer, "at", moments, (int)COUNT_OF(moments),
                                 problems) == 1;
}

static void read_objective(const struct reading *reading, const json_t *entry,
                           struct metric_choice *metric)
{
    static const char *const fields[] = {"metric", "goal", "at"};
    struct problems *problems = reading->planner->problems;

    fields_refuse_unknown(entry, reading->pointer, fields, (int)COUNT_OF(fields), problems);
    read_metric(reading, entry, metric);
    const int goal =
        fields_choice(entry, reading->pointer, "goal", goals, (int)COUNT_OF(goals), problems);
    if (goal >= 0)
        metric->maximize = goal == 1;
}

static void read_limit(const struct reading *reading, const json_t *entry,
                       struct search_limit *limit)
{
    static const char *const fields[] = {"metric", "at_least", "at_most", "at"};
    struct problems *problems = reading->planner->problems;
    const json_t *least = json_object_get(entry, "at_least");
    const json_t *most = json_object_get(entry, "at_most");

    fields_refuse_unknown(entry, reading->pointer, fields, (int)COUNT_OF(fields), problems);
    read_metric(reading, entry, &limit->metric);
    limit->at_least = least != NULL;
    limit->limit = json_number_value(least ? least : most);
    limit->metric.maximize = limit->at_least; /* the best value is the one furthest inside */
    if (!least == !most || !json_is_number(least ? least : most))
        problems_add(problems, reading->pointer, NULL,
                     "needs either \"at_least\" or \"at_most\", a number in the metric's unit");
}

/* How many entries the list `key` has; -1 with a problem where it is none, or too long. */
static int list_length(const json_t *body, const char *key, int least, int most,
                       const char *example, struct problems *problems)
{
    const json_t *list = json_object_get(body, key);
    const size_t count = json_array_size(list);
    if (!list)
        return 0;
    if (json_is_array(list) && count >= (size_t)least && count <= (size_t)most)
        return (int)count;
    problems_add(problems, "", key, "must be a list of %d to %d objects such as %s", least, most,
                 example);
    return -1;
}

static bool is_object(const struct reading *reading, const json_t *entry)
{
    if (json_is_object(entry))
        return true;
    problems_add(reading->planner->problems, reading->pointer, NULL, "must be an object");
    return false;
}

static void default_objective(const struct reading *reading, struct search_plan *plan)
{
    const char *name = reading->external     ? "value"
                       : reading->on_problem ? "train_loss"
                                             : "valid_loss";
    plan->objective_count = 1;
    plan->objectives[0] = (struct metric_choice){0};
    snprintf(plan->objectives[0].name, sizeof plan->objectives[0].name, "%s", name);
}

/* The first objective of that name. */
static int first_of(const struct search_plan *plan, const char *name)
{
    int i = 0;
    while (strcmp(plan->objectives[i].name, name) != 0)
        i++;
    return i;
}

static void refuse_repeats(const struct search_plan *plan, struct problems *problems)
{
    for (int i = 1; i < plan->objective_count; i++) {
        const char *name = plan->objectives[i].name;
        char index[16];
        snprintf(index, sizeof index, "%d", i);
        if (*name && first_of(plan, name) < i)
            problems_add(problems, "/objectives", index, "names \"%s\" again", name);
    }
}

void search_goals_read(const struct planner *planner, const json_t *body, bool on_problem,
                       struct search_plan *plan)
{
    struct problems *problems = planner->problems;
    struct reading reading = {planner, plan->external, on_problem, ""};
    const int objectives =
        list_length(body, "objectives", 1, OBJECTIVES_MAX,
                    "{\"metric\": \"valid_loss\", \"goal\": \"minimize\"}", problems);
    const int limits = list_length(body, "constraints", 0, CONSTRAINTS_MAX,
                                   "{\"metric\": \"samples_per_s\", \"at_least\": 5000}", problems);

    default_objective(&reading, plan);
    for (int i = 0; i < objectives; i++) {
        const json_t *entry = json_array_get(json_object_get(body, "objectives"), (size_t)i);
        snprintf(reading.pointer, sizeof reading.pointer, "/objectives/%d", i);
        if (is_object(&reading, entry))
            read_objective(&reading, entry, &plan->objectives[i]);
        plan->objective_count = i + 1;
    }
    refuse_repeats(plan, problems);
    for (int i = 0; i < limits; i++) {
        const json_t *entry = json_array_get(json_object_get(body, "constraints"), (size_t)i);
        snprintf(reading.pointer, sizeof reading.pointer, "/constraints/%d", i);
        if (is_object(&reading, entry))
            read_limit(&reading, entry, &plan->constraints[i]);
        plan->constraint_count = i + 1;
    }
}

json_t *search_objectives_json(const struct search_plan *plan)
{
    json_t *list = json_array();
    for (int i = 0; i < plan->objective_count; i++) {
        const struct metric_choice *metric = &plan->objectives[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s}", "metric", metric->name, "goal",
                                        goals[metric->maximize], "at", moments[metric->best]));
    }
    return list;
}

json_t *search_constraints_json(const struct search_plan *plan)
{
    json_t *list = json_array();
    for (int i = 0; i < plan->constraint_count; i++) {
        const struct search_limit *limit = &plan->constraints[i];
        json_array_append_new(list, json_pack("{s:s, s:f, s:s}", "metric", limit->metric.name,
                                              limit->at_least ? "at_least" : "at_most",
                                              limit->limit, "at", moments[limit->metric.best]));
    }
    return list;
}

static void check_metric(const struct planner *planner, const json_t *spec, const char *list,
                         int index, const struct metric_choice *metric)
{
    AUTO_PROBLEMS struct problems found = {0};
    struct planner own = *planner;
    char pointer[64];

    own.problems = &found;
    plan_check_metric(&own, spec, metric);
    snprintf(pointer, sizeof pointer, "/%s/%d/metric", list, index);
    for (int i = 0; i < found.count; i++)
        blame_add(planner->problems, pointer, found.list[i].detail);
}

void search_goals_check(const struct planner *planner, const json_t *spec,
                        const struct search_plan *plan)
{
    for (int i = 0; i < plan->objective_count; i++)
        check_metric(planner, spec, "objectives", i, &plan->objectives[i]);
    for (int i = 0; i < plan->constraint_count; i++)
        check_metric(planner, spec, "constraints", i, &plan->constraints[i].metric);
}
