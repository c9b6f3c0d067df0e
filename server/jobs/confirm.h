/*
 * From a search to the comparison that confirms it. The best value of many noisy runs is a lucky
 * one (the "winner's curse"): whether its point is truly better than the base shows over fresh
 * seeds, the same ones for every arm.
 *
 *     {"best": 3 | "runs": [12, 31], "base": true, "seeds": 10 | [1001, 1002], "objective": 0}
 *
 * and what every comparison takes: name, priority, visibility, level, equivalent_within and the
 * like. The comparison's arms are the base as the search had it and "run 12", …, with the patch
 * that makes the base into that run's specification; it says "from_search", and of each arm "run".
 */
#ifndef CONFIRM_H
#define CONFIRM_H

#include "jobs/planner.h"
#include "jobs/search_plan.h"

enum { CONFIRM_BEST = 3, CONFIRM_SEEDS = 10, CONFIRM_SEEDS_MAX = 1000 };
enum { CONFIRM_FIRST_SEED = 1001 }; /* far from those that people write by hand */

/* A run of the search that is done. */
struct confirm_run {
    int64_t id;
    const double *values;  /* [space.count] its point */
    const double *results; /* [objectives] in their own units */
};

struct confirm_search {
    int64_t job;
    const char *name; /* of the job */
    bool for_everyone;
    const struct search_plan *plan; /* not of an external runner */
    const struct confirm_run *runs; /* [run_count] those that keep the constraints first */
    int run_count, good;            /* the first `good` ones keep them, best first */
    const uint64_t *trained;        /* [trained_count] seeds that have had a say in the search */
    int trained_count;
};

/* Plans the comparison; its request is the body that a person would send for it. `asked` NULL: {}.
 * Problems name fields of `asked`; the plan is empty then. */
void confirm_plan(const struct planner *planner, const struct confirm_search *search,
                  const json_t *asked, struct job_plan *plan);

#endif
