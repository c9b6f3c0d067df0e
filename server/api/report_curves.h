/*
 * The curves of a comparison's report runs, read back and laid along the axis asked for; and how
 * soon they reach a target.
 */
#ifndef REPORT_CURVES_H
#define REPORT_CURVES_H

#include "api/job_runs.h"
#include "compare/report.h"

struct report_curves {
    struct curve_input *curves; /* [count] of the runs that have the metric, and the axis */
    int count;
    double **x;            /* [count] what the curves point into, as into: */
    struct series *series; /* [series_count] */
    int series_count;
};

/* The caller releases it, also after a failure. */
int report_curves_read(struct reader *reader, const struct job_runs *job,
                       const struct curve_style *style, const struct arm_budget *budgets,
                       struct report_curves *out, struct error *err);
void report_curves_release(struct report_curves *curves);

/* How often each report run gave the deciding metric; *out [run_count of the job] is the caller's,
 * also after a failure. */
int report_evaluations_read(struct reader *reader, const struct job_runs *job, int64_t **out,
                            struct error *err);

/* When each report run reached the target, exactly as from all rows, whatever their number.
 * *out [run_count of the job] is the caller's; seen_step is -2 for a run without rows. */
enum { TARGET_NO_ROWS = -2 };
int report_targets_read(struct reader *reader, const struct job_runs *job, double target,
                        struct target_time **out, struct error *err);

#endif
