/* Kind "compare": arms x tuning grid x seeds. */
#include "jobs/blame.h"
#include "jobs/comparison.h"
#include "jobs/patch.h"
#include "jobs/planner.h"
#include "jobs/rounds.h"
#include "jobs/scale_arms.h"
#include "jobs/sources.h"
#include "jobs/tasks.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int branch_count(const struct job_plan *plan)
{
    int count = 0;
    for (int arm = 0; arm < plan->arm_count; arm++)
        count += plan_arm_is_branch(plan, arm);
    return count;
}

/* At most RUNS_MAX, found before anything is expanded. Seeds that could not be read count as one,
 * so that the grid is bounded in any case. */
static bool count_runs(const struct comparison *comparison, const struct job_plan *plan,
                       int *out_count, struct problems *problems)
{
    const int arm_count = plan->arm_count;
    const uint64_t points = comparison->grid.point_count;
    const int tuning_seeds = comparison->tuning_seeds.count;
    const uint64_t tuning =
        multiply_capped(tuning_seeds || !comparison->tunes ? tuning_seeds : 1, points);
    const uint64_t tuned_arms = (uint64_t)(arm_count - branch_count(plan));
    const uint64_t runs =
        add_capped(multiply_capped(tuned_arms, tuning),
                   multiply_capped((uint64_t)arm_count, (uint64_t)comparison->report_seeds.count));

    *out_count = (int)runs;
    if (runs <= RUNS_MAX)
        return true;
    const char *over = runs == UINT64_MAX ? "over " : "";
    problems_add(
        problems, "", NULL,
        "would be %s%" PRIu64 " runs: %d arms x (%" PRIu64 " grid points x %d tuning seeds "
        "+ %d report seeds); at most %d are allowed",
        over, runs, arm_count, points, tuning_seeds, comparison->report_seeds.count, RUNS_MAX);
    return false;
}

/* One variant; false where every other point of the arm would show the same problem. */
static bool resolve_point(const struct planner *planner, const struct comparison *comparison,
                          struct blame *blame, const json_t *arm_spec, int arm, uint64_t point,
                          struct job_plan *plan)
{
    const int own = arm % comparison->arm_count;
    AUTO_PROBLEMS struct problems shown = {0};
    struct error err;
    int axis;

    json_auto_t *spec = grid_apply(&comparison->grid, point, arm_spec, &axis, &err);
    if (!spec) {
        AUTO_FREE char *pointer =
            json_pointer_join("/tune/over", comparison->grid.axes[axis].pointer);
        blame_add(planner->problems, pointer, err.sentence);
        return true;
    }
    json_t *resolved = plan_resolve(planner, spec, "", &shown);
    if (point == 0 && planner->problems->found == 0)
        plan_check_metric(planner, resolved, &plan->metric);
    plan->variants[plan->variant_count++] =
        plan_variant(arm, (int)point, resolved, grid_values(&comparison->grid, point));
    plan->variant_bytes += strlen(plan->variants[plan->variant_count - 1].spec);
    if (plan->variant_bytes > VARIANTS_BYTES_MAX) {
        AUTO_FREE char *words =
            xprintf("the specifications of all arms and grid points have more than %d MiB together",
                    VARIANTS_BYTES_MAX / 1024 / 1024);
        blame_add(planner->problems, "", words);
        return false;
    }
    return shown.found == 0 || !blame_report(blame, own, arm_spec, point, &shown);
}

static void resolve_arm(const struct planner *planner, const struct comparison *comparison,
                        struct blame *blame, const json_t *base, int arm, struct job_plan *plan)
{
    const json_t *patch = comparison->patches[arm % comparison->arm_count];
    if (!patch)
        return;
    json_auto_t *spec = patch_apply(planner->catalog, base, patch);
    for (uint64_t point = 0; point < comparison->grid.point_count; point++) {
        if (planner->problems->count == PROBLEMS_MAX ||
            !resolve_point(planner, comparison, blame, spec, arm, point, plan))
            return;
    }
}

static void resolve_variants(const struct planner *planner, const struct comparison *comparison,
                             struct job_plan *plan)
{
    struct blame blame = blame_of(planner, &comparison->grid, comparison->base);
    const int own = comparison->arm_count;

    plan->variants =
        xcalloc((size_t)plan->arm_count * comparison->grid.point_count, sizeof *plan->variants);
    for (int first = 0; first < plan->arm_count; first += own) {
        json_auto_t *base = tasks_base(planner->catalog, comparison, first / own);
        if (comparison->task_count)
            blame_turn_to(&blame, first / own, base);
        for (int arm = first; base && arm < first + own; arm++)
            resolve_arm(planner, comparison, &blame, base, arm, plan);
    }
    blame_release(&blame);
}

struct placed_text {
    const char *text;
    uint64_t place;
};

static int by_text(const void *left, const void *right)
{
    const struct placed_text *a = left, *b = right;
    const int order = strcmp(a->text, b->text);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* Two values that give the same specification, such as 1 and 1.0 or a default and its absence,
 * would be tried twice and prove nothing. Looked for along one axis of the first arm. */
static void refuse_equal_values(const struct comparison *comparison, int axis,
                                const struct job_plan *plan, struct problems *problems)
{
    const struct grid *grid = &comparison->grid;
    const uint64_t count = grid->axes[axis].count, stride = grid_stride(grid, axis);
    AUTO_FREE struct placed_text *texts = xcalloc(count, sizeof *texts);
    AUTO_FREE char *list = json_pointer_join("/tune/over", grid->axes[axis].pointer);

    for (uint64_t i = 0; i < count; i++)
        texts[i] = (struct placed_text){plan->variants[i * stride].spec, i};
    qsort(texts, count, sizeof *texts, by_text);
    for (uint64_t i = 1; i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%" PRIu64, texts[i].place);
        if (strcmp(texts[i].text, texts[i - 1].text) == 0)
            problems_add(problems, list, index,
                         "changes nothing: the same specification as with value %" PRIu64,
                         texts[i - 1].place);
    }
}

static bool has_source(const struct job_plan *plan, int arm)
{
    return plan->sources && plan->sources[arm].kind != SOURCE_NONE;
}

/* All arms get their first results together: the seed outermost, then the point, then the arm. */
static void expand_tuning(const struct comparison *comparison, struct job_plan *plan)
{
    for (int seed = 0; seed < comparison->tuning_seeds.count; seed++) {
        for (int point = 0; point < plan->point_count; point++) {
            for (int arm = 0; arm < plan->arm_count; arm++) {
                if (plan_arm_is_branch(plan, arm)) /* takes the other arm's choice */
                    continue;
                plan->runs[plan->run_count++] = (struct run_plan){
                    .variant = arm * plan->point_count + point,
                    .arm = arm,
                    .point = point,
                    .phase = PHASE_TUNE,
                    .seed = comparison->tuning_seeds.seeds[seed],
                    .waiting = has_source(plan, arm),
                };
            }
        }
    }
    plan->tuning_run_count = plan->run_count;
}

static void expand_report(const struct comparison *comparison, struct job_plan *plan)
{
    const int first_round = rounds_first(comparison, plan);
    for (int seed = 0; seed < comparison->report_seeds.count; seed++) {
        for (int arm = 0; arm < plan->arm_count; arm++)
            plan->runs[plan->run_count++] = (struct run_plan){
                .variant = comparison->tunes ? -1 : arm,
                .arm = arm,
                .point = comparison->tunes ? -1 : 0,
                .phase = PHASE_REPORT,
                .seed = comparison->report_seeds.seeds[seed],
                .waiting = comparison->tunes || has_source(plan, arm) || seed >= first_round,
            };
    }
}

static char *with_part(char *text, const char *between, const char *part)
{
    char *longer = xprintf("%s%s%s", text, between, part);
    free(text);
    return longer;
}

/* "constant, linear, cosine", "constant, linear on digits, rings" */
static char *name_of(const struct comparison *comparison)
{
    const int arms = comparison->arm_count, tasks = comparison->task_count;
    char *joined = xstrdup(comparison->names[0]);

    for (int arm = 1; arm < arms; arm++)
        joined = with_part(joined, ", ", comparison->names[arm]);
    for (int task = 0; task < tasks; task++)
        joined = with_part(joined, task ? ", " : " on ", comparison->tasks[task].name);
    if (strlen(joined) <= JOB_NAME_BYTES)
        return joined;
    free(joined);
    if (tasks)
        return xprintf("%d arms on %d tasks", arms, tasks);
    return xprintf("%d arms, from %s to %s", arms, comparison->names[0],
                   comparison->names[arms - 1]);
}

/* Points that train for different times stand nowhere at the same rung. */
static void refuse_tuned_length(const struct comparison *comparison, struct problems *problems)
{
    static const char *const lengths[] = {"/epochs", "/steps", "/iterations"};
    for (int axis = 0; axis < comparison->grid.axis_count; axis++)
        for (size_t i = 0; i < COUNT_OF(lengths); i++)
            if (strcmp(comparison->grid.axes[axis].pointer, lengths[i]) == 0)
                problems_add(problems, "/tune/over", lengths[i],
                             "cannot be tuned by halving: its points would train for different "
                             "times; take \"strategy\": \"grid\"");
}

static void settle_halving(const struct comparison *comparison, struct job_plan *plan,
                           struct problems *problems)
{
    struct error err;
    plan->halving = comparison->halving;
    if (plan->halving.factor == 0)
        return;
    refuse_tuned_length(comparison, problems);
    for (int i = 0; i < plan->variant_count; i++) {
        const struct variant_plan *variant = &plan->variants[i];
        json_auto_t *spec = json_loads(variant->spec, 0, NULL);
        if (plan_arm_is_branch(plan, variant->arm)) /* is not tuned */
            continue;
        if (halving_settle(&plan->halving, spec, &err) == 0)
            continue;
        problems_add(problems, "/tune", plan->halving.given ? "rungs" : "strategy",
                     "arm \"%s\": %s", plan->arms[variant->arm], err.sentence);
        return;
    }
}

/* The rungs are kept with the request, so that it means the same under later defaults. */
static void keep_rungs(const json_t *body, struct job_plan *plan)
{
    if (plan->halving.factor == 0)
        return;
    json_auto_t *kept = json_deep_copy(body);
    halving_write(&plan->halving, json_object_get(kept, "tune"));
    free(plan->request);
    plan->request = json_compact(kept);
}

static void expand(const struct planner *planner, struct comparison *comparison,
                   struct job_plan *plan)
{
    struct problems *problems = planner->problems;
    int run_count;

    if (!count_runs(comparison, plan, &run_count, problems))
        return;
    if (!comparison->base || !comparison->grid_is_sound || !comparison->tasks_are_sound ||
        comparison->arm_count == 0)
        return;
    plan->point_count = (int)comparison->grid.point_count;
    resolve_variants(planner, comparison, plan);
    if (problems->found > 0)
        return;
    sources_settle(planner, comparison, plan);
    rounds_check_sources(comparison, plan, problems);
    settle_halving(comparison, plan, problems);
    for (int axis = 0; axis < comparison->grid.axis_count; axis++)
        refuse_equal_values(comparison, axis, plan, problems);
    plan->runs = xcalloc((size_t)run_count, sizeof *plan->runs);
    expand_tuning(comparison, plan);
    expand_report(comparison, plan);
    if (!plan->name)
        plan->name = name_of(comparison);
}

void plan_compare(const struct planner *planner, const json_t *body, struct job_plan *plan)
{
    struct comparison comparison = {0};
    json_auto_t *expanded = scale_arms_expand(planner, body);

    if (expanded) {
        body = expanded;
        plan->request = json_compact(expanded);
    }
    comparison_read(body, &comparison, plan, planner->problems);
    rounds_check(body, &comparison, plan, planner->problems);
    plan_metric(planner, body, comparison_on_problem(&comparison), &plan->metric);
    expand(planner, &comparison, plan);
    keep_rungs(body, plan);
    comparison_release(&comparison);
}
