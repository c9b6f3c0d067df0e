/*
 * Results of an earlier search as a later one can begin with: over the parameters that both have,
 * by name.
 *
 * A result is left out where it lies outside the later space (a value out of range, off its step,
 * or no choice any more), or where the later one has a parameter that applies and that the earlier
 * run's value of is not known. Known is what was searched, and else what the run's specification
 * had there. What only the earlier search varied does not matter.
 */
#ifndef WARM_START_H
#define WARM_START_H

#include "jobs/search_plan.h"

enum { WARM_RESULTS_MAX = 1000 }; /* kept with a request, the newest ones */

/* Where the later search's metrics stand among the earlier one's results. */
struct warm_match {
    const json_t *catalog;
    const struct search_plan *earlier, *later;
    int places[OBJECTIVES_MAX + CONSTRAINTS_MAX]; /* objectives, constraints; -1: not known */
};
/* False: the earlier one has not measured an objective of the later one; *out_missing names it. */
bool warm_match_init(struct warm_match *match, const json_t *catalog,
                     const struct search_plan *earlier, const struct search_plan *later,
                     const char **out_missing);

/* {"parameters", "values", "constraints", "error"}; NULL where it is left out. values
 * [earlier->space.count], results as the earlier one's proposals have them. */
json_t *warm_result(const struct warm_match *match, const double *values, const double *results);

/* The list under "results" of a kept "warm_start", into the plan. */
void warm_results_read(const json_t *list, struct search_plan *plan);

#endif
