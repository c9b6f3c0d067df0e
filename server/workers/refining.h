/*
 * Curves of refined schedules from the gradient norms of runs on record. Both functions read, and
 * so belong on a helper thread.
 */
#ifndef REFINING_H
#define REFINING_H

#include "jobs/plan.h"
#include "store/store.h"

/* The specification (JSON text of a resolved one, whose schedule waits for its curve) with the
 * curve from the mean norms of the runs; the caller frees it. ERROR_INVALID where the norms are of
 * no use, with how to get better ones. */
int refine_spec(struct reader *reader, const char *spec, const int64_t *runs, int count,
                char **out_spec, struct error *err);

/* Variants of a plan whose schedule is refined from a run get their curve: the run must have
 * succeeded. What is wrong becomes a problem at the place in `body`, the POST, that names the run.
 * Nothing to do, and cheap, where there are none. */
void refine_plan(struct reader *reader, const json_t *body, struct job_plan *plan,
                 struct problems *problems);
/* Whether that would read anything; on problems of its own it does not matter. */
bool plan_names_runs(const json_t *body);

#endif
