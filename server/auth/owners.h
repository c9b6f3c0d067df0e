/*
 * Whose each job and run is, and who may read it: of all there are, finished or not, in memory, so
 * that the question costs no read. 40 bytes a job, and 24 each time a search got more runs.
 */
#ifndef OWNERS_H
#define OWNERS_H

#include "store/teams.h"

struct owners;

int owners_load(struct store *store, struct owners **out_owners, struct error *err);
void owners_free(struct owners *owners); /* accepts NULL */

/* A job that is on disk now; ids rise. */
void owners_add(struct owners *owners, const struct owned_job *job);
/* More runs of one, with consecutive ids above all that there are: a search's. */
void owners_add_runs(struct owners *owners, int64_t job, int64_t first_run, int count);

/* NULL: there is none. Until the next owners_add(). */
const struct owned_job *owners_job(const struct owners *owners, int64_t job);
const struct owned_job *owners_run(const struct owners *owners, int64_t run); /* the job it is of */

#endif
