/*
 * "tasks" of a comparison: data sets, models or problems on which every arm is tried.
 *
 *     "tasks": [{"name": "digits", "spec": {"dataset": "digits"}}, …]
 *
 * "spec" is a merge patch. Patches are laid on each other in the order base, task, arm, so that
 * what an arm is about holds on every task. In the plan an arm stands once for each task, as
 * "ARM on TASK" and task by task: arm a of n on task t has the number t * n + a. Each is tuned by
 * itself, and starts only from arms of its own task.
 */
#ifndef TASKS_H
#define TASKS_H

#include "jobs/comparison.h"

/* Reads the tasks, once the arms are read as they are listed. */
void tasks_read(const json_t *body, struct comparison *comparison, const struct job_plan *plan,
                struct problems *problems);

/* Has each arm of the plan, and what it starts from, stand once for each task. */
void tasks_lay_out(const struct comparison *comparison, struct job_plan *plan,
                   struct problems *problems);

/* The base with the task's patch on it; the base itself where there are no tasks. NULL: one of
 * them is missing or wrong. The caller owns it. */
json_t *tasks_base(const json_t *catalog, const struct comparison *comparison, int task);

/* Whether the specification of any task has the member, not null. */
bool tasks_have(const struct comparison *comparison, const char *key);

#endif
