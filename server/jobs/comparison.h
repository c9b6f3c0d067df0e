/*
 * The body of a comparison as it was sent: base, tasks, arms, tuning grid, seeds.
 */
#ifndef COMPARISON_H
#define COMPARISON_H

#include "jobs/grid.h"
#include "jobs/plan.h"
#include "jobs/seeds.h"

/* "branch_from" of an arm; arm NULL: it has none. */
struct branch {
    const char *arm;
    double at;
};

enum { ARM_NAME_BYTES = 64 }; /* of an arm as it is listed, and of a task */
enum { TASKS_MIN = 2, TASKS_MAX = 16 };

struct comparison_task {
    const char *name;   /* "": missing or wrong */
    const json_t *spec; /* NULL: likewise */
};

/* The body stays the owner of what is borrowed from it. */
struct comparison {
    const json_t *base; /* NULL: missing or wrong */
    int task_count;     /* 0: there are no "tasks" */
    bool tasks_are_sound;
    struct comparison_task tasks[TASKS_MAX];
    int arm_count;                   /* as they are listed; the plan has each once for each task */
    const char *names[ARMS_MAX];     /* "": missing or wrong */
    const json_t *patches[ARMS_MAX]; /* NULL: likewise */
    struct branch branches[ARMS_MAX];
    bool tunes;       /* there is a "tune" */
    struct grid grid; /* of one point where nothing is tuned */
    bool grid_is_sound;
    struct halving halving;
    struct seed_list tuning_seeds, report_seeds; /* none: missing or wrong */
};

/* Fills the comparison, and of the plan the arms, what branches start from and the baseline (on
 * the first task). */
void comparison_read(const json_t *body, struct comparison *comparison, struct job_plan *plan,
                     struct problems *problems);
void comparison_release(struct comparison *comparison);

/* Whether the base, a task or an arm names an analytic problem to minimise. */
bool comparison_on_problem(const struct comparison *comparison);

#endif
