/*
 * Arms of a comparison that start from other arms: a schedule refined from another arm's gradient
 * norms ("from": {"arm": "linear"}), or runs that go on from the middle of another arm's
 * ("branch_from": {"arm": "wsd", "at": 0.8}).
 */
#ifndef SOURCES_H
#define SOURCES_H

#include "jobs/comparison.h"
#include "jobs/planner.h"

/* Reads "branch_from" of an arm: whose runs it goes on from, and where. Problems below `here`, the
 * arm's pointer. */
void branch_read(const json_t *arm, const char *here, struct branch *branch,
                 struct problems *problems);

/* Once all arms are known by name: fills plan->sources from the branches. */
void sources_of_branches(const struct comparison *comparison, struct job_plan *plan,
                         struct problems *problems);
bool plan_arm_is_branch(const struct job_plan *plan, int arm);

/* Once all variants are resolved, without problems: which schedules wait for another arm, what the
 * other arms must do for them (rows of their norms, kept checkpoints), and whether it can work. */
void sources_settle(const struct planner *planner, const struct comparison *comparison,
                    struct job_plan *plan);

#endif
