/*
 * Kind "search": runs whose specification an algorithm proposes, one after the other.
 *
 *     {"kind": "search", "base": {spec}, "space": {…} (space.h),
 *      "objectives": [{"metric": "valid_loss", "goal": "minimize", "at": "last"}],
 *      "constraints": [{"metric": "samples_per_s", "at_least": 5000}],
 *      "algorithm": {"type": "auto"}, "pruner": {"type": "none"}, "stop": {"type": "none"},
 *      "budget": {"runs": 100, "time_s": null, "steps": null}, "parallel": 2, "seed": 1,
 *      "seeds": 1, "in_order": false, "warm_start": {"jobs": [12]},
 *      "enqueue": [{"/optimizer/lr": 0.001}]}
 *
 * With "runner": "external" nothing is trained here: there is no base, names of parameters and
 * metrics are free, and runs are asked for and told over HTTP.
 *
 * All runs of the budget exist from the start and wait; proposing one gives it its variant.
 */
#ifndef SEARCH_PLAN_H
#define SEARCH_PLAN_H

#include "jobs/plan.h"
#include "jobs/space.h"

/* Of one run, as external runners report them: those of all runs of a job can be added up. */
#define RUN_STEPS_MAX INT64_C(10000000000000)

enum {
    SEARCH_PARALLEL_MAX = 1024,
    SEARCH_SEEDS_MAX = 100,
    SEARCH_WARM_JOBS_MAX = 16,
    SEARCH_RUNS = 100
};

/* In the metric's own unit and sign; at least or at most that. */
struct search_limit {
    struct metric_choice metric;
    double limit;
    bool at_least;
};

struct search_budget {
    int runs;        /* 1 … RUNS_MAX */
    int64_t time_ms; /* from the job's first start; 0: no limit */
    int64_t steps;   /* of training, all runs together; 0: no limit */
};

struct search_plan {
    struct space space;
    bool external;
    bool in_order; /* proposal k knows exactly the runs 0 … k - parallel, whatever time they took */
    json_t *base; /* as given; NULL where the runner is external */
    struct metric_choice objectives[OBJECTIVES_MAX];
    int objective_count;
    struct search_limit constraints[CONSTRAINTS_MAX];
    int constraint_count;
    json_t *algorithm, *pruner, *stop; /* {"type": NAME, settings with every default} */
    struct search_budget budget;
    int seeds;    /* that each point is trained with, the base's and those after it: so many runs,
                   * one after the other; 1 where the runner is external */
    int parallel; /* runs under way at once; an external one's asks are not bounded by it */
    uint64_t seed;
    int64_t warm_jobs[SEARCH_WARM_JOBS_MAX];
    int warm_job_count;
    double *warm_values;  /* [warm_count][space.count] of results of those, oldest first */
    double *warm_results; /* [warm_count][objectives + constraints + 1] the last: standard error */
    int warm_count;
    double *enqueued; /* [enqueued_count][space.count], complete */
    int enqueued_count;
};

void search_plan_free(struct search_plan *plan); /* accepts NULL */

/* From a request that was accepted before, as search_request() wrote it. */
struct search_plan *search_plan_of(const json_t *catalog, const char *request_text);

/* The specification of a point: the base with the values at their pointers. Where a value changes
 * the type of a plug-in, settings of the base that the new type does not know are dropped. Not
 * resolved; the caller owns it. -1 where a pointer leads nowhere: the problem names it. */
int search_spec(const json_t *catalog, const struct search_plan *plan, const double *values,
                json_t **out_spec, struct problems *problems);

/* Settles a point of which only some values were given (the others NaN): what applies and has none
 * is as in the base, where that is a value of the parameter, else in the middle. */
void search_complete(const struct search_plan *plan, double *values);

/* The variant of a point: its resolved specification; {} where the runner is external. Where the
 * values do not go together, the specification stays as it is: the worker says so. The caller frees
 * its texts (search_variant_release). */
struct planner;
struct variant_plan search_variant(const struct planner *planner, const struct search_plan *plan,
                                   const double *values);
void search_variant_release(struct variant_plan *variant);

/* The body as it is kept: with the sections above replaced by what is now asked (a budget that
 * grew, a choice more). The caller frees it. */
char *search_request(const json_t *body, const struct search_plan *plan);
/* A request as it is kept, without what people do not write: it can be read as a body again. */
void search_request_plain(json_t *request);

#endif
