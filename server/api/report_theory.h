/*
 * What a report says beside its curves where arms minimise the noisy quadratic: read on a helper
 * thread.
 */
#ifndef REPORT_THEORY_H
#define REPORT_THEORY_H

#include "api/job_runs.h"

/* [{"prediction", "measured"}] for each arm (compare/predictions.h), NULL where no arm minimises an
 * analytic problem. The caller owns it. */
int report_theory_read(struct reader *reader, const struct job_runs *job, json_t **out,
                       struct error *err);

#endif
