/* The metric that a comparison is decided by. */
#include "jobs/fields.h"
#include "jobs/planner.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const goals[] = {"minimize", "maximize"};
static const char *const moments[] = {"last", "best"};

/* The metric's index in the catalogue; -1 with a problem where it is none. */
static int read_name(const json_t *metrics, const json_t *metric, const char *fallback,
                     struct problems *problems)
{
    const int count = (int)json_array_size(metrics);
    AUTO_FREE const char **names = xcalloc((size_t)count, sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = json_text_at(json_array_get(metrics, (size_t)i), "name", "");

    if (json_object_get(metric, "name"))
        return fields_choice(metric, "/metric", "name", names, count, problems);
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], fallback) == 0)
            return i;
    }
    return -1;
}

static bool is_better_high(const json_t *entry)
{
    return strcmp(json_text_at(entry, "goal", goals[0]), goals[1]) == 0;
}

void plan_metric(const struct planner *planner, const json_t *body, bool on_problem,
                 struct metric_choice *metric)
{
    static const char *const fields[] = {"name", "goal", "at"};
    const char *fallback = on_problem ? "train_loss" : "valid_loss";
    const json_t *metrics = json_object_get(planner->catalog, "metrics");
    const json_t *chosen = json_object_get(body, "metric");
    struct problems *problems = planner->problems;

    *metric = (struct metric_choice){0};
    if (chosen && !json_is_object(chosen)) {
        problems_add(problems, "", "metric",
                     "must be an object such as {\"name\": \"%s\", \"goal\": \"minimize\", "
                     "\"at\": \"last\"}",
                     fallback);
        return;
    }
    fields_refuse_unknown(chosen, "/metric", fields, (int)COUNT_OF(fields), problems);
    const int index = read_name(metrics, chosen, fallback, problems);
    const json_t *entry = index < 0 ? NULL : json_array_get(metrics, (size_t)index);
    const char *name = json_text_at(entry, "name", fallback);
    const int goal = fields_choice(chosen, "/metric", "goal", goals, 2, problems);

    snprintf(metric->name, sizeof metric->name, "%s", name);
    metric->maximize = goal < 0 ? is_better_high(entry) : goal == 1;
    metric->best = fields_choice(chosen, "/metric", "at", moments, 2, problems) == 1;
    if (on_problem && strncmp(name, "valid_", 6) == 0)
        problems_add(problems, "/metric", "name",
                     "a problem has no validation part, so no \"%s\"; take \"train_loss\"", name);
}
