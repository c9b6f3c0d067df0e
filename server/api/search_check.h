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

/* Where nothing else is wrong: whether a population can be trained so (search/population.h). */
void search_check_population(const json_t *catalog, const struct job_plan *plan,
                             struct problems *problems);

#endif
