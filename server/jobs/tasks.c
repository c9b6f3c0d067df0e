#include "jobs/tasks.h"

#include "jobs/fields.h"
#include "jobs/patch.h"
#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------------
 */

static void refuse_name_taken(const struct comparison *comparison, const char *here,
                              const char *name, struct problems *problems)
{
    for (int i = 0; i < comparison->task_count; i++) {
        if (strcmp(comparison->tasks[i].name, name) == 0)
            problems_add(problems, here, "name",
                         "task %d has the name \"%s\" already; names must differ", i, name);
    }
}

static void read_task(const json_t *task, const char *here, struct comparison *comparison,
                      struct problems *problems)
{
    static const char *const fields[] = {"name", "spec"};
    const json_t *spec = json_object_get(task, "spec");
    struct comparison_task *entry = &comparison->tasks[comparison->task_count];

    *entry = (struct comparison_task){.name = ""};
    if (!json_is_object(task)) {
        problems_add(problems, here, NULL,
                     "must be an object such as {\"name\": \"digits\", \"spec\": {\"dataset\": "
                     "\"digits\"}}");
        return;
    }
    fields_refuse_unknown(task, here, fields, (int)COUNT_OF(fields), problems);
    const char *name = fields_text(task, here, "name", ARM_NAME_BYTES, true, problems);
    if (name) {
        refuse_name_taken(comparison, here, name, problems);
        entry->name = name;
    }
    if (json_is_object(spec))
        entry->spec = spec;
    else
        problems_add(problems, here, "spec",
                     "%s what the task changes in the base, such as {\"dataset\": \"digits\"}",
                     spec ? "must be an object:" : "is missing:");
}

static bool list_is_sound(const json_t *body, const struct job_plan *plan,
                          struct problems *problems)
{
    const json_t *tasks = json_object_get(body, "tasks");
    const size_t count = json_array_size(tasks);

    if (count < TASKS_MIN || count > TASKS_MAX) {
        problems_add(problems, "", "tasks",
                     "must be a list of %d to %d tasks, such as {\"name\": \"digits\", \"spec\": "
                     "{\"dataset\": \"digits\"}}; leave it out for one",
                     TASKS_MIN, TASKS_MAX);
        return false;
    }
    if (count * (size_t)plan->arm_count <= ARMS_MAX)
        return true;
    problems_add(problems, "", "tasks",
                 "would be %zu tasks x %d arms = %zu; at most %d are allowed", count,
                 plan->arm_count, count * (size_t)plan->arm_count, ARMS_MAX);
    return false;
}

void tasks_read(const json_t *body, struct comparison *comparison, const struct job_plan *plan,
                struct problems *problems)
{
    const json_t *tasks = json_object_get(body, "tasks");
    size_t i;
    json_t *task;

    comparison->tasks_are_sound = !tasks || list_is_sound(body, plan, problems);
    if (!tasks || !comparison->tasks_are_sound)
        return;
    json_array_foreach(tasks, i, task)
    {
        char here[32];
        snprintf(here, sizeof here, "/tasks/%zu", i);
        read_task(task, here, comparison, problems);
        comparison->task_count++;
    }
}

bool tasks_have(const struct comparison *comparison, const char *key)
{
    for (int task = 0; task < comparison->task_count; task++) {
        const json_t *value = json_object_get(comparison->tasks[task].spec, key);
        if (value && !json_is_null(value))
            return true;
    }
    return false;
}

json_t *tasks_base(const json_t *catalog, const struct comparison *comparison, int task)
{
    const json_t *spec = comparison->tasks[task].spec;
    if (!comparison->base || (comparison->task_count && !spec))
        return NULL;
    return spec ? patch_apply(catalog, comparison->base, spec) : json_deep_copy(comparison->base);
}

/* --- laying out ---------------------------------------------------------------------------------
 */

/* "a on b" on "c", and "a" on "b on c". */
static void refuse_same_names(const struct comparison *comparison, const struct job_plan *plan,
                              struct problems *problems)
{
    for (int i = comparison->arm_count; i < plan->arm_count; i++) {
        char task[16];
        snprintf(task, sizeof task, "%d", i / comparison->arm_count);
        for (int j = 0; j < i - i % comparison->arm_count; j++) {
            if (strcmp(plan->arms[i], plan->arms[j]) != 0)
                continue;
            problems_add(problems, "/tasks", task,
                         "makes \"%s\" of an arm, as another task does; choose another name",
                         plan->arms[i]);
            return;
        }
    }
}

static void name_arms(const struct comparison *comparison, struct job_plan *plan)
{
    const int own = comparison->arm_count;
    char **names = xcalloc((size_t)plan->arm_count, sizeof *names);

    for (int i = 0; i < plan->arm_count; i++)
        names[i] = xprintf("%s on %s", comparison->names[i % own], comparison->tasks[i / own].name);
    for (int i = 0; i < own; i++)
        free(plan->arms[i]);
    free(plan->arms);
    plan->arms = names;
}

static void repeat_sources(const struct comparison *comparison, struct job_plan *plan)
{
    const int own = comparison->arm_count;
    if (!plan->sources)
        return;
    plan->sources = xrealloc(plan->sources, (size_t)plan->arm_count, sizeof *plan->sources);
    for (int i = own; i < plan->arm_count; i++) {
        plan->sources[i] = plan->sources[i % own];
        plan->sources[i].arm += i - i % own;
    }
}

void tasks_lay_out(const struct comparison *comparison, struct job_plan *plan,
                   struct problems *problems)
{
    if (comparison->task_count == 0 || comparison->arm_count == 0)
        return;
    plan->arm_count = comparison->arm_count * comparison->task_count;
    name_arms(comparison, plan);
    repeat_sources(comparison, plan);
    if (problems->found == 0) /* names that are wrong were told already */
        refuse_same_names(comparison, plan, problems);
}
