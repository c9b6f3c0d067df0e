#include "jobs/sources.h"

#include "branching.h"
#include "jobs/fields.h"
#include "json.h"
#include "memory.h"
#include "refinement.h"
#include "spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* With its curve a specification must still fit; a number of it has at most 20 characters. */
enum { CURVE_BYTES = 20 * REFINED_CURVE_POINTS };

/* --- branch_from --------------------------------------------------------------------------------
 */

static double read_at(const json_t *from, const char *here, struct problems *problems)
{
    const json_t *at = json_object_get(from, "at");
    const double value = json_number_value(at);
    if (json_is_number(at) && value > 0 && value < 1)
        return value;
    problems_add(problems, here, "at",
                 "%s a fraction of the steps, greater than 0 and less than 1, such as 0.8",
                 at ? "must be" : "is missing:");
    return 0;
}

void branch_read(const json_t *arm, const char *here, struct branch *branch,
                 struct problems *problems)
{
    static const char *const fields[] = {"arm", "at"};
    const json_t *from = json_object_get(arm, "branch_from");

    if (!from || json_is_null(from))
        return;
    if (!json_is_object(from)) {
        problems_add(problems, here, "branch_from",
                     "must be an object such as {\"arm\": \"wsd\", \"at\": 0.8}");
        return;
    }
    AUTO_FREE char *inside = json_pointer_join(here, "branch_from");
    fields_refuse_unknown(from, inside, fields, (int)COUNT_OF(fields), problems);
    branch->arm = fields_text(from, inside, "arm", JOB_NAME_BYTES, true, problems);
    branch->at = read_at(from, inside, problems);
}

/* Of the same task. */
static int find_arm(const struct comparison *comparison, int arm, const char *name)
{
    const int own = arm % comparison->arm_count;
    for (int i = 0; i < comparison->arm_count; i++)
        if (strcmp(comparison->names[i], name) == 0)
            return arm - own + i;
    return -1;
}

static void need_sources(struct job_plan *plan)
{
    if (!plan->sources)
        plan->sources = xcalloc((size_t)plan->arm_count, sizeof *plan->sources);
}

/* The other arm by its name; -1 with a problem at pointer/key. */
static int other_arm(const struct comparison *comparison, int arm, const char *name,
                     const char *pointer, const char *key, struct problems *problems)
{
    const int other = find_arm(comparison, arm, name);
    if (other == arm)
        problems_add(problems, pointer, key, "is this arm itself; name another one");
    else if (other < 0)
        fields_unknown_word(pointer, key, "arm", name, comparison->names, comparison->arm_count,
                            problems);
    return other == arm ? -1 : other;
}

void sources_of_branches(const struct comparison *comparison, struct job_plan *plan,
                         struct problems *problems)
{
    for (int arm = 0; arm < plan->arm_count; arm++) {
        const struct branch *branch = &comparison->branches[arm];
        char here[48];
        if (!branch->arm)
            continue;
        snprintf(here, sizeof here, "/arms/%d/branch_from", arm);
        const int other = other_arm(comparison, arm, branch->arm, here, "arm", problems);
        if (other < 0)
            continue;
        if (comparison->branches[other].arm)
            problems_add(problems, here, "arm",
                         "arm \"%s\" is a branch itself; branch from \"%.64s\"", branch->arm,
                         comparison->branches[other].arm);
        need_sources(plan);
        plan->sources[arm] =
            (struct arm_source){.kind = SOURCE_BRANCH, .arm = other, .at = branch->at};
    }
}

bool plan_arm_is_branch(const struct job_plan *plan, int arm)
{
    return plan->sources && plan->sources[arm].kind == SOURCE_BRANCH;
}

/* --- specifications -----------------------------------------------------------------------------
 */

static struct variant_plan *variant_of(struct job_plan *plan, int arm, int point)
{
    return &plan->variants[arm * plan->point_count + point];
}

static json_t *spec_of(struct job_plan *plan, int arm, int point)
{
    return json_loads(variant_of(plan, arm, point)->spec, 0, NULL);
}

/* The length of a specification counts against the limits, so a longer one is counted in. */
static void replace_spec(struct job_plan *plan, int arm, int point, const json_t *spec)
{
    struct variant_plan *variant = variant_of(plan, arm, point);
    plan->variant_bytes -= strlen(variant->spec);
    free(variant->spec);
    variant->spec = json_ordered(spec);
    plan->variant_bytes += strlen(variant->spec);
}

/* --- refined ------------------------------------------------------------------------------------
 */

/* Where the body says from whom an arm's schedule is refined. */
static char *place_of(const struct comparison *comparison, int arm)
{
    const int own = arm % comparison->arm_count, task = arm / comparison->arm_count;
    if (json_pointer_get(comparison->patches[own], "/schedule/from/arm"))
        return xprintf("/arms/%d/patch/schedule/from", own);
    if (json_pointer_get(comparison->tasks[task].spec, "/schedule/from/arm"))
        return xprintf("/tasks/%d/spec/schedule/from", task);
    return xstrdup("/base/schedule/from");
}

static void note_refined(const struct planner *planner, const struct comparison *comparison,
                         struct job_plan *plan, int arm)
{
    json_auto_t *spec = spec_of(plan, arm, 0);
    const json_t *from = NULL;
    if (!refined_waits(json_object_get(spec, "schedule"), &from) || !json_object_get(from, "arm"))
        return;
    AUTO_FREE char *place = place_of(comparison, arm);
    const int other =
        other_arm(comparison, arm, json_text_at(from, "arm", ""), place, "arm", planner->problems);
    if (other < 0)
        return;
    if (plan_arm_is_branch(plan, arm)) {
        problems_add(planner->problems, place, "arm",
                     "a branched arm cannot wait for a schedule too; refine from a run, or leave "
                     "out \"branch_from\"");
        return;
    }
    if (plan_arm_is_branch(plan, other)) {
        problems_add(planner->problems, place, "arm",
                     "arm \"%s\" is a branch and trains only its end; refine from \"%s\"",
                     plan->arms[other], plan->arms[plan->sources[other].arm]);
        return;
    }
    need_sources(plan);
    plan->sources[arm].kind = SOURCE_REFINED;
    plan->sources[arm].arm = other;
}

static bool is_refined(const struct job_plan *plan, int arm)
{
    return plan->sources && plan->sources[arm].kind == SOURCE_REFINED;
}

/* Whether arms that refine from each other lead from an arm back to itself. */
static bool goes_in_circle(const struct job_plan *plan, int arm)
{
    int at = arm;
    for (int steps = 0; steps < plan->arm_count && is_refined(plan, at); steps++) {
        at = plan->sources[at].arm;
        if (at == arm)
            return true;
    }
    return false;
}

/* What is wrong on one task is as wrong on the others, and said once. */
static bool starts_task(const struct comparison *comparison, int arm)
{
    return arm % comparison->arm_count == 0;
}

static void refuse_circles(const struct comparison *comparison, const struct job_plan *plan,
                           struct problems *problems)
{
    for (int arm = 0; arm < plan->arm_count; arm++) {
        if (starts_task(comparison, arm) && problems->found)
            return;
        if (!is_refined(plan, arm) || !goes_in_circle(plan, arm))
            continue;
        AUTO_FREE char *place = place_of(comparison, arm);
        problems_add(problems, place, "arm",
                     "\"%s\" and \"%s\" would wait for each other; one arm of a circle needs a "
                     "schedule of its own",
                     plan->arms[arm], plan->arms[plan->sources[arm].arm]);
    }
}

/* What is known of the rows before anything has run: only where the length is given in steps. */
static void refuse_few_rows(const struct comparison *comparison, const struct job_plan *plan,
                            int arm, const json_t *source, struct problems *problems)
{
    const int64_t steps =
        json_integer_at(source, "steps", json_integer_at(source, "iterations", 0));
    const int64_t every = json_integer_at(source, "norms_every_steps", 1);
    const int64_t rows = (steps + every - 1) / every;
    if (steps == 0 || rows >= REFINEMENT_NORMS_LEAST)
        return;
    AUTO_FREE char *place = place_of(comparison, arm);
    problems_add(problems, place, "arm",
                 "runs of arm \"%s\" will have %" PRId64 " rows of gradient_norm, %d are needed; "
                 "%s",
                 plan->arms[plan->sources[arm].arm], rows, REFINEMENT_NORMS_LEAST,
                 steps >= REFINEMENT_NORMS_LEAST ? "train it with \"norms_every_steps\": 1"
                                                 : "let it train for more steps");
}

/* Runs that a schedule is refined from report their norms at each step, unless they were told how
 * often. */
static void have_norms_reported(struct job_plan *plan, int arm)
{
    for (int point = 0; point < plan->point_count; point++) {
        json_auto_t *spec = spec_of(plan, arm, point);
        if (json_is_integer(json_object_get(spec, "norms_every_steps")))
            continue;
        json_object_set_new(spec, "norms_every_steps", json_integer(1));
        replace_spec(plan, arm, point, spec);
    }
}

/* Room for the curves that come later. */
static void leave_room(struct job_plan *plan, int arm, struct problems *problems)
{
    plan->variant_bytes += (size_t)plan->point_count * CURVE_BYTES;
    if (strlen(variant_of(plan, arm, 0)->spec) + CURVE_BYTES > SPEC_BYTES_MAX)
        problems_add(problems, "/arms", NULL,
                     "arm \"%s\": its specification leaves no room for a refined schedule within "
                     "%d bytes",
                     plan->arms[arm], SPEC_BYTES_MAX);
    if (plan->variant_bytes > VARIANTS_BYTES_MAX)
        problems_add(problems, "", NULL,
                     "the specifications of all arms and grid points would have more than %d MiB "
                     "with their refined schedules",
                     VARIANTS_BYTES_MAX / 1024 / 1024);
}

static void settle_refined(const struct comparison *comparison, struct job_plan *plan, int arm,
                           struct problems *problems)
{
    const int other = plan->sources[arm].arm;
    have_norms_reported(plan, other);
    json_auto_t *source = spec_of(plan, other, 0);
    refuse_few_rows(comparison, plan, arm, source, problems);
    leave_room(plan, arm, problems);
}

/* --- branched -----------------------------------------------------------------------------------
 */

/* The first member in which two trunks differ; NULL: none. */
static const char *difference(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, key, value)
    {
        if (!json_equal(value, json_object_get(b, key)))
            return key;
    }
    json_object_foreach((json_t *)(uintptr_t)b, key, value)
    {
        if (!json_object_get(a, key))
            return key;
    }
    return NULL;
}

static void keep_at(struct job_plan *plan, int arm, double at)
{
    char **kept = &plan->sources[arm].keep_at;
    json_auto_t *spec = spec_of(plan, arm, 0);
    json_t *given = json_object_get(spec, "keep_at");
    json_auto_t *list = *kept                  ? json_loads(*kept, 0, NULL)
                        : json_is_array(given) ? json_copy(given)
                                               : json_array();
    size_t place = 0;
    while (place < json_array_size(list) && json_number_value(json_array_get(list, place)) < at)
        place++;
    if (place == json_array_size(list) || json_number_value(json_array_get(list, place)) > at)
        json_array_insert_new(list, place, json_real(at));
    free(*kept);
    *kept = json_compact(list);
}

/* What is known before anything has run, as with rows. */
static void refuse_one_step(const struct job_plan *plan, int arm, const char *here,
                            const json_t *spec, struct problems *problems)
{
    if (json_integer_at(spec, "steps", json_integer_at(spec, "iterations", 2)) > 1)
        return;
    problems_add(
        problems, here, "at",
        "runs of arm \"%s\" have one step and no middle to go on from; give them 2 or more",
        plan->arms[plan->sources[arm].arm]);
}

static void settle_branch(const struct comparison *comparison, struct job_plan *plan, int arm,
                          struct problems *problems)
{
    char here[48];
    const int other = plan->sources[arm].arm;
    json_auto_t *mine = spec_of(plan, arm, 0), *theirs = spec_of(plan, other, 0);
    json_auto_t *trunk = branch_trunk(mine), *other_trunk = branch_trunk(theirs);
    const char *key = difference(trunk, other_trunk);

    snprintf(here, sizeof here, "/arms/%d/branch_from", arm % comparison->arm_count);
    if (key) {
        problems_add(problems, here, NULL,
                     "arms \"%s\" and \"%s\" differ in \"%.64s\"; a branch goes on with the same "
                     "weights, so only the schedule and how often it reports may differ",
                     plan->arms[arm], plan->arms[other], key);
    } else {
        keep_at(plan, other, plan->sources[arm].at);
        refuse_one_step(plan, arm, here, mine, problems);
    }
}

void sources_settle(const struct planner *planner, const struct comparison *comparison,
                    struct job_plan *plan)
{
    struct problems *problems = planner->problems;

    for (int arm = 0; arm < plan->arm_count; arm++) {
        if (starts_task(comparison, arm) && problems->found)
            return;
        note_refined(planner, comparison, plan, arm);
    }
    refuse_circles(comparison, plan, problems);
    for (int arm = 0; arm < plan->arm_count && problems->found == 0; arm++) {
        if (is_refined(plan, arm))
            settle_refined(comparison, plan, arm, problems);
        else if (plan_arm_is_branch(plan, arm))
            settle_branch(comparison, plan, arm, problems);
    }
}
