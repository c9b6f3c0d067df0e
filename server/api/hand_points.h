/*
 * Points and results that people write: {"parameters": {"/optimizer/lr": 0.1}, "values": [0.31],
 * "constraints": [9000], "error": 0.01, "state": "succeeded", "step": 100}, and tables of them.
 */
#ifndef HAND_POINTS_H
#define HAND_POINTS_H

#include "jobs/planner.h"
#include "workers/search_edits.h"

/* Objectives and constraints of a result, in their own sign; null for one that is not finite: such
 * a run has failed. `required`: a run that succeeded names its values. `results` holds objectives,
 * constraints, standard error; what is absent stays as it is. Problems name the member below
 * `pointer`. *out_outcome is set where "values" or "state" is there. */
void hand_result_read(const struct search_plan *plan, const json_t *object, const char *pointer,
                      bool required, double *results, enum proposal_outcome *out_outcome,
                      struct problems *problems);

/* A point with its result, or (without "values" and "state") one to be tried, whose missing
 * parameters are in the middle. The caller frees point->values. */
void hand_point_read(const struct search_plan *plan, const json_t *object, const char *pointer,
                     struct hand_point *point, struct problems *problems);

/* The runs of an exported document, {"runs": […]}, or of a table, as points with results. Runs
 * without one (pending, deleted) are skipped. Members that only an export has are ignored. */
struct hand_points {
    struct hand_point *list; /* [count] the caller's */
    int count, skipped;
};
void hand_points_read(const struct search_plan *plan, const json_t *document,
                      struct hand_points *points, struct problems *problems);
/* A CSV text as such a document: columns are named like parameters, objectives and constraints;
 * beside them "state", "error", "step", and what else an export has. Empty cells are absent. */
json_t *hand_points_of_csv(const struct search_plan *plan, const char *text, size_t bytes,
                           struct error *err);

#endif
