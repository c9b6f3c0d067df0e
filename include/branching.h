/*
 * Runs that go on from the middle of another one: what server and worker must agree on.
 *
 * A run whose specification has "keep_at": [0.8] leaves a file kept-STEP in its folder, with all
 * that training needs to go on from there. A run whose specification has "branch": {"run": 7,
 * "step": 80} begins with run 7's kept-80 instead of fresh weights, and goes on at step 80 by its
 * own schedule. Both must have the same trunk.
 *
 * Where both say "branch_changes": ["/optimizer/lr"], those may differ, too: members of the
 * specification, or of an object in it. Runs of a search say so whose weights go from one to
 * another; nobody writes it by hand.
 */
#ifndef BRANCHING_H
#define BRANCHING_H

#include <jansson.h>
#include <stdint.h>

/* A resolved specification without what may differ between a run and its branch: the schedule, how
 * often something is reported, evaluated or kept, and its branch_changes. The caller owns it. */
json_t *branch_trunk(const json_t *spec);

/* The step that `at` (0 < at < 1) of `steps` means: the nearest, with at least one before it and
 * one behind it; 0 where there are fewer than two steps. */
int64_t branch_step(double at, int64_t steps);

/* The step at which a run stops to be compared with others: as branch_step(), but the end of an
 * epoch where the run is counted in more than one (0: it is counted in steps), because that is
 * where it is evaluated. */
int64_t rung_step(double at, int64_t steps, int64_t epochs);

#endif
