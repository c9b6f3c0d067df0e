/*
 * What the readers of a job's body share: the catalogue to check against, and where problems go.
 */
#ifndef PLANNER_H
#define PLANNER_H

#include "jobs/plan.h"

struct planner {
    const json_t *catalog;
    data_lookup *lookup;
    void *lookup_context;
    struct problems *problems;
};

/* A body's fields of one kind of job, into the plan (plan_train.c, plan_compare.c,
 * plan_search.c). */
void plan_train(const struct planner *planner, const json_t *body, struct job_plan *plan);
void plan_compare(const struct planner *planner, const json_t *body, struct job_plan *plan);
void plan_search(const struct planner *planner, const json_t *body, struct job_plan *plan);

/* spec_resolve(), then what only the server knows: that the data set exists, that the loss suits
 * its labels (a null one becomes the one that does), that the whole is not too long. Problems go to
 * `problems`, not to the planner's. */
json_t *plan_resolve(const struct planner *planner, const json_t *spec, const char *pointer,
                     struct problems *problems);

/* A variant of a resolved specification; takes both references. */
struct variant_plan plan_variant(int arm, int point, json_t *resolved, json_t *tuned);

/* What a comparison is decided by, from body["metric"]; `on_problem`: an arm minimises an analytic
 * problem, which has no validation part. */
void plan_metric(const struct planner *planner, const json_t *body, bool on_problem,
                 struct metric_choice *metric);

/* Whether the data of a resolved specification can give the metric. */
void plan_check_metric(const struct planner *planner, const json_t *spec,
                       const struct metric_choice *metric);

#endif
