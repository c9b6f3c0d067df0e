/*
 * From the results of a run, in the units of its metrics, to what the study is told: objectives are
 * minimised there, constraints are at most 0.
 */
#ifndef TELLING_H
#define TELLING_H

#include "jobs/search_plan.h"
#include "search/repeated.h"

struct telling {
    struct told told; /* points into what follows */
    double objective[OBJECTIVES_MAX], constraint[CONSTRAINTS_MAX];
};

/* results: objectives, constraints, standard error of the first objective. A run that is done and
 * has an objective that is not finite has failed, and so has a pruned one, unless it is one of
 * several seeds of a point. Constraints count in parts of their limit, so
 * that what several exceed theirs by can be added up. `telling` stays where it is. */
void telling_of(const struct search_plan *plan, enum trial_state state, const double *results,
                int64_t step, struct telling *telling);

/* What the plan starts warm with, as the study hears of it: [plan->warm_count] in one block, which
 * the caller frees. They point into the plan and into the block. */
struct trial *telling_earlier(const struct search_plan *plan);

/* A study for the plan, of `budget` runs, with nothing but what it starts warm with; NULL where
 * this program does not know its algorithm. The caller frees it. */
struct repeated *repeated_of_plan(const struct search_plan *plan, int64_t budget, int parallel);

#endif
