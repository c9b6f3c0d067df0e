/*
 * What an external runner tells of a run, and the results that come of it: the same for a search
 * that goes on and for one that has ended.
 */
#ifndef TOLD_H
#define TOLD_H

#include "jobs/state.h"
#include "problems.h"
#include "store/searches.h"

struct tell_options {
    enum run_state state; /* succeeded, failed, pruned */
    const double *values; /* [value_count] objectives in their own sign */
    int value_count;
    const double *constraints; /* [constraint_count] likewise; 0: not known */
    int constraint_count;
    double error;        /* standard error of values[0]; 0: not known */
    const char *message; /* or NULL */
    int attempt;         /* of whoever tells; 0: not known */
};

/* As many values as the search has objectives, and as many constraints, or none of these. */
void tell_check(const struct search_plan *plan, const struct tell_options *options,
                struct problems *problems);

struct told_results {
    enum proposal_outcome outcome; /* failed where a value is not finite */
    double results[RESULTS_MAX];   /* as struct new_tell has them; NaN: not known */
    bool given;                    /* else they are the last ones it has reported */
};

/* Of options that were checked. */
void told_results_of(const struct search_plan *plan, const struct tell_options *options,
                     struct told_results *out);

/* Whether they say what is kept of an earlier tell; `kept` is [count]. Numbers are compared, so
 * that -0 is 0, and unknown is unknown. */
bool told_results_repeat(const struct told_results *told, enum proposal_outcome outcome,
                         const double *kept, int count);

#endif
