/*
 * What the arms of a comparison may spend, read back from their resolved specifications.
 */
#ifndef REPORT_BUDGETS_H
#define REPORT_BUDGETS_H

#include "api/job_runs.h"
#include "compare/report.h"

/* *out [arms of the job] is the caller's, also after a failure (or NULL). */
int report_budgets_read(struct reader *reader, const struct job_runs *job, struct arm_budget **out,
                        struct error *err);

#endif
