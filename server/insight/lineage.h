/*
 * How a member of a population came to be (search/population.h): the runs whose weights it goes on
 * from, back to the first, and what they trained with. Where nothing but the rate changed on the
 * way, that is a schedule.
 */
#ifndef LINEAGE_H
#define LINEAGE_H

#include "jobs/search_plan.h"

/* A run of the chain, from step `from` to step `to`. */
struct lineage_part {
    int number;
    int64_t run, from, to;
    const char *how;
    const double *values; /* [space.count] */
    double objective;     /* the first one, in its own unit; NaN: none */
};

/* [{"number", "run", "how", "from_step", "to_step", "value", "parameters"}], oldest first. */
json_t *lineage_chain(const struct search_plan *plan, const struct lineage_part *parts, int count);

/* The specification of one run, from fresh weights to step `steps`, that trains as the chain did: a
 * piecewise schedule, up to the rounding of its factors. `why` says in a sentence where there is
 * none, and NULL is answered: other parameters changed, or the base's own schedule did. */
json_t *lineage_spec(const json_t *catalog, const struct search_plan *plan,
                     const struct lineage_part *parts, int count, int64_t steps, char **out_why);

#endif
