/*
 * A search that begins with the results of others: they are read when it is submitted, and kept
 * with its request, so that it begins with the same ones after a restart, whatever became of the
 * others.
 */
#ifndef API_WARM_START_H
#define API_WARM_START_H

#include "jobs/plan.h"
#include "store/store.h"

/* Where nothing was wrong so far; other plans pass. Problems: a job that is no search, or was not
 * after what this one is after. On a helper thread. */
void warm_start_fill(struct reader *reader, const json_t *catalog, struct job_plan *plan,
                     struct problems *problems);

#endif
