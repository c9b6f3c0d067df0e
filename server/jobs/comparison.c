/* Reads the body of a comparison; what its specifications say is checked later. */
#include "jobs/comparison.h"

#include "jobs/fields.h"
#include "jobs/judging.h"
#include "jobs/sources.h"
#include "jobs/tasks.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX INT64_C(9007199254740992) /* 2^53 */

static void read_base(const json_t *body, struct comparison *comparison, struct problems *problems)
{
    const json_t *base = json_object_get(body, "base");
    if (json_is_object(base))
        comparison->base = base;
    else
        problems_add(problems, "", "base", "%s the specification that the arms share",
                     base ? "must be an object:" : "is missing:");
}

static void refuse_name_taken(const struct job_plan *plan, const char *here, const char *name,
                              struct problems *problems)
{
    for (int i = 0; i < plan->arm_count; i++) {
        if (strcmp(plan->arms[i], name) == 0)
            problems_add(problems, here, "name",
                         "arm %d has the name \"%s\" already; names must differ", i, name);
    }
}

static void read_arm(const json_t *arm, const char *here, struct comparison *comparison,
                     struct job_plan *plan, struct problems *problems)
{
    static const char *const fields[] = {"name", "patch", "branch_from", "note", "run"};
    const json_t *patch = json_object_get(arm, "patch");

    if (!json_is_object(arm)) {
        problems_add(problems, here, NULL,
                     "must be an object such as {\"name\": \"linear\", \"patch\": {\"schedule\": "
                     "{\"type\": \"linear\"}}}");
        plan->arms[plan->arm_count++] = xstrdup("");
        return;
    }
    fields_refuse_unknown(arm, here, fields, (int)COUNT_OF(fields), problems);
    const char *name = fields_text(arm, here, "name", ARM_NAME_BYTES, true, problems);
    if (name)
        refuse_name_taken(plan, here, name, problems);
    if (json_is_object(patch))
        comparison->patches[plan->arm_count] = patch;
    else
        problems_add(problems, here, "patch",
                     "%s what the arm changes in the base; {} changes nothing",
                     patch ? "must be an object:" : "is missing:");
    fields_text(arm, here, "note", ARM_NOTE_BYTES, false, problems); /* for the report */
    fields_integer(arm, here, "run", 1, ID_MAX, 0, problems);        /* of "from_search" */
    branch_read(arm, here, &comparison->branches[plan->arm_count], problems);
    if (name)
        comparison->names[plan->arm_count] = name;
    plan->arms[plan->arm_count++] = xstrdup(name ? name : "");
}

static void read_arms(const json_t *body, struct comparison *comparison, struct job_plan *plan,
                      struct problems *problems)
{
    const json_t *arms = json_object_get(body, "arms");
    size_t i;
    json_t *arm;

    if (json_array_size(arms) < 1 || json_array_size(arms) > ARMS_MAX) {
        problems_add(problems, "", "arms", "%s a list of 1 to %d arms",
                     arms ? "must be" : "is missing:", ARMS_MAX);
        return;
    }
    plan->arms = xcalloc(json_array_size(arms), sizeof *plan->arms);
    json_array_foreach(arms, i, arm)
    {
        char here[32];
        snprintf(here, sizeof here, "/arms/%zu", i);
        comparison->names[i] = "";
        read_arm(arm, here, comparison, plan, problems);
    }
    comparison->arm_count = plan->arm_count;
    sources_of_branches(comparison, plan, problems);
}

/* A seed that has chosen a learning rate would flatter it in the report. */
static void refuse_shared_seeds(const struct comparison *comparison, struct problems *problems)
{
    for (int i = 0; i < comparison->tuning_seeds.count; i++) {
        const uint64_t seed = comparison->tuning_seeds.seeds[i];
        if (!seeds_have(&comparison->report_seeds, seed))
            continue;
        char index[16];
        snprintf(index, sizeof index, "%d", i);
        problems_add(problems, "/tune/seeds", index,
                     "%" PRIu64 " is also one of \"/seeds\"; tuning and report must not share "
                     "seeds",
                     seed);
    }
}

static void read_tune(const json_t *body, struct comparison *comparison, struct problems *problems)
{
    static const char *const fields[] = {"over", "seeds", "strategy", "factor", "rungs"};
    const json_t *tune = json_object_get(body, "tune");

    comparison->grid = (struct grid){.point_count = 1};
    comparison->tunes = tune && !json_is_null(tune);
    comparison->grid_is_sound = !comparison->tunes;
    if (!comparison->tunes)
        return;
    if (!json_is_object(tune)) {
        problems_add(problems, "", "tune",
                     "must be an object such as {\"over\": {\"/optimizer/lr\": [0.01, 0.1]}, "
                     "\"seeds\": [101]}");
        return;
    }
    fields_refuse_unknown(tune, "/tune", fields, (int)COUNT_OF(fields), problems);
    comparison->grid_is_sound =
        grid_read(json_object_get(tune, "over"), &comparison->grid, problems);
    comparison->halving = halving_read(tune, comparison->grid.point_count, problems);
    comparison->tuning_seeds = seeds_read(tune, "/tune", "seeds", RUNS_MAX, false, problems);
    if (!json_object_get(tune, "seeds"))
        comparison->tuning_seeds = seeds_apart_from(&comparison->report_seeds);
    refuse_shared_seeds(comparison, problems);
}

static void read_baseline(const json_t *body, struct job_plan *plan, struct problems *problems)
{
    const int index = fields_choice(body, "", "baseline", (const char *const *)plan->arms,
                                    plan->arm_count, problems);
    plan->baseline = index < 0 ? 0 : index;
}

void comparison_read(const json_t *body, struct comparison *comparison, struct job_plan *plan,
                     struct problems *problems)
{
    static const char *const fields[] = {
        "kind",   "name",     "priority",    "visibility", OPTION_FIELDS,
        "base",   "tasks",    "arms",        "tune",       "seeds",
        "metric", "baseline", "scale_batch", "level",      "equivalent_within",
        "target", "band",     "sequential",  "from_search"};

    fields_refuse_unknown(body, "", fields, (int)COUNT_OF(fields), problems);
    plan->from_search = fields_integer(body, "", "from_search", 1, ID_MAX, 0, problems);
    read_base(body, comparison, problems);
    read_arms(body, comparison, plan, problems);
    comparison->report_seeds = seeds_read(body, "", "seeds", RUNS_MAX, true, problems);
    plan->judging = judging_read(body, problems);
    read_tune(body, comparison, problems);
    if (plan->arm_count)
        read_baseline(body, plan, problems);
    tasks_read(body, comparison, plan, problems);
    tasks_lay_out(comparison, plan, problems);
}

bool comparison_on_problem(const struct comparison *comparison)
{
    if (json_object_get(comparison->base, "problem") || tasks_have(comparison, "problem"))
        return true;
    for (int arm = 0; arm < comparison->arm_count; arm++) {
        if (json_is_object(json_object_get(comparison->patches[arm], "problem")))
            return true;
    }
    return false;
}

void comparison_release(struct comparison *comparison)
{
    seeds_release(&comparison->tuning_seeds);
    seeds_release(&comparison->report_seeds);
}
