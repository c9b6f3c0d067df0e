/*
 * What a search asks for beyond its own words: an algorithm that can do what its space needs, a
 * pruner that can do what the search is, and earlier searches that the team may see.
 */
#ifndef SEARCH_CHECK_H
#define SEARCH_CHECK_H

#include "jobs/plan.h"
#include "store/store.h"

/* Plans of other kinds pass. On a helper thread. */
void search_check_plan(struct reader *reader, int64_t team, const struct job_plan *plan,
                       struct problems *problems);

/* A population that the body leaves open becomes one that the budget has room for
 * (population_fit()), in the plan and in the request that is kept of it. */
void search_fit_population(const char *body, struct job_plan *plan);

/* Where nothing else is wrong: whether a population can be trained so (search/population.h). */
void search_check_population(const json_t *catalog, const struct job_plan *plan,
                             struct problems *problems);

#endif
