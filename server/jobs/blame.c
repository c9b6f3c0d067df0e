#include "jobs/blame.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct blame blame_of(const struct planner *planner, const struct grid *grid, const json_t *base)
{
    return (struct blame){.planner = planner, .grid = grid, .base = base, .known_arm = -1};
}

void blame_release(struct blame *blame)
{
    problems_release(&blame->base_problems);
    problems_release(&blame->task_problems);
    problems_release(&blame->arm_problems);
}

void blame_turn_to(struct blame *blame, int task, const json_t *task_base)
{
    blame->task = task;
    blame->task_base = task_base;
    blame->task_is_known = false;
    blame->known_arm = -1;
}

static bool has_problem(const struct problems *problems, const char *pointer, const char *detail)
{
    for (int i = 0; i < problems->count; i++) {
        if (strcmp(problems->list[i].pointer, pointer) == 0 &&
            strcmp(problems->list[i].detail, detail) == 0)
            return true;
    }
    return false;
}

void blame_add(struct problems *problems, const char *pointer, const char *detail)
{
    if (!has_problem(problems, pointer, detail))
        problems_add(problems, pointer, NULL, "%s", detail);
}

static void find_problems(const struct planner *planner, const json_t *spec,
                          struct problems *problems)
{
    json_decref(plan_resolve(planner, spec, "", problems));
}

/* What follows `start` in a pointer; NULL where it does not lead through there. */
static const char *rest_behind(const char *pointer, const char *start)
{
    const size_t length = strlen(start);
    if (strncmp(pointer, start, length) != 0)
        return NULL;
    return pointer[length] == '\0' || pointer[length] == '/' ? pointer + length : NULL;
}

/* At the value of the axis that put it there; at the axis's pointer where that made a member which
 * does not belong; else at the grid as a whole. */
static void blame_grid(const struct blame *blame, uint64_t point, const struct problem *problem)
{
    struct problems *problems = blame->planner->problems;

    for (int axis = 0; axis < blame->grid->axis_count; axis++) {
        const char *place = blame->grid->axes[axis].pointer;
        const char *rest = rest_behind(problem->pointer, place);
        if (!rest && !rest_behind(place, problem->pointer))
            continue;
        AUTO_FREE char *list = json_pointer_join("/tune/over", place);
        AUTO_FREE char *value =
            xprintf("%s/%" PRIu64 "%s", list, grid_index(blame->grid, axis, point), rest);
        blame_add(problems, rest ? value : list, problem->detail);
        return;
    }
    AUTO_FREE char *detail = xprintf("%s: %s", problem->pointer, problem->detail);
    blame_add(problems, "/tune/over", detail);
}

/* Found out when the first point of an arm shows a problem; nearly always, none does. */
static void know(struct blame *blame, int arm, const json_t *arm_spec)
{
    if (!blame->base_is_known)
        find_problems(blame->planner, blame->base, &blame->base_problems);
    blame->base_is_known = true;
    if (blame->task_base && !blame->task_is_known) {
        problems_release(&blame->task_problems);
        find_problems(blame->planner, blame->task_base, &blame->task_problems);
        blame->task_is_known = true;
    }
    if (blame->known_arm == arm)
        return;
    problems_release(&blame->arm_problems);
    find_problems(blame->planner, arm_spec, &blame->arm_problems);
    blame->known_arm = arm;
}

/* Where a problem that the arm without the grid has too comes from; NULL: it does not have it. */
static char *origin_of(const struct blame *blame, int arm, const struct problem *problem)
{
    const char *pointer = problem->pointer;
    if (has_problem(&blame->base_problems, pointer, problem->detail))
        return xprintf("/base%s", pointer);
    if (has_problem(&blame->task_problems, pointer, problem->detail))
        return xprintf("/tasks/%d/spec%s", blame->task, pointer);
    if (has_problem(&blame->arm_problems, pointer, problem->detail))
        return xprintf("/arms/%d/patch%s", arm, pointer);
    return NULL;
}

bool blame_report(struct blame *blame, int arm, const json_t *arm_spec, uint64_t point,
                  const struct problems *shown)
{
    bool everywhere = false;
    know(blame, arm, arm_spec);

    for (int i = 0; i < shown->count; i++) {
        const struct problem *problem = &shown->list[i];
        AUTO_FREE char *pointer = origin_of(blame, arm, problem);
        if (pointer)
            blame_add(blame->planner->problems, pointer, problem->detail);
        else
            blame_grid(blame, point, problem);
        everywhere = everywhere || pointer;
    }
    return everywhere;
}
