/*
 * Where in the body of a comparison a problem of a resolved specification comes from: the base, a
 * task's patch, an arm's, or the grid. Each problem is reported once, however many tasks, arms and
 * points show it.
 */
#ifndef BLAME_H
#define BLAME_H

#include "jobs/grid.h"
#include "jobs/planner.h"

struct blame {
    const struct planner *planner;
    const struct grid *grid;
    const json_t *base;
    const json_t *task_base; /* NULL: there are no tasks */
    int task;
    bool base_is_known, task_is_known;
    int known_arm;                 /* -1: none */
    struct problems base_problems; /* of the base by itself */
    struct problems task_problems; /* of the task without an arm */
    struct problems arm_problems;  /* of that arm without the grid */
};

struct blame blame_of(const struct planner *planner, const struct grid *grid, const json_t *base);
void blame_release(struct blame *blame);

/* What follows is about this task; task_base is borrowed: the base with its patch. */
void blame_turn_to(struct blame *blame, int task, const json_t *task_base);

/* Reports the problems, with pointers into the specification, that arm number `arm` of the list
 * shows at a point of the grid; `arm_spec` is the arm without the point's values. True where the
 * base, the task or the arm is to blame for one, so that every other point would show it too. */
bool blame_report(struct blame *blame, int arm, const json_t *arm_spec, uint64_t point,
                  const struct problems *shown);

/* Adds a problem unless the same is there already. */
void blame_add(struct problems *problems, const char *pointer, const char *detail);

#endif
