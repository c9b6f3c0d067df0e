/*
 * What a search is after: its objectives and constraints as they stand in the body.
 */
#ifndef SEARCH_GOALS_H
#define SEARCH_GOALS_H

#include "jobs/planner.h"
#include "jobs/search_plan.h"

/* body["objectives"] and body["constraints"]. Without objectives: valid_loss, of a problem
 * train_loss, of an external runner "value", each to be minimised. `on_problem`: the base minimises
 * an analytic problem, which has no validation part. */
void search_goals_read(const struct planner *planner, const json_t *body, bool on_problem,
                       struct search_plan *plan);

/* As they can be read again. */
json_t *search_objectives_json(const struct search_plan *plan);
json_t *search_constraints_json(const struct search_plan *plan);

/* Whether the data of a resolved specification can give all metrics; each problem once. */
void search_goals_check(const struct planner *planner, const json_t *spec,
                        const struct search_plan *plan);

#endif
