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
    struct series *series; /* [series_count] of one metric, in the order of their runs */
    int series_count;
};

/* The caller releases it, also after a failure. */
int report_curves_read(struct reader *reader, const struct job_runs *job,
                       const struct curve_style *style, const struct arm_budget *budgets,
                       struct report_curves *out, struct error *err);
void report_curves_release(struct report_curves *curves);

/* What the report says of each report run by all the values of the deciding metric it gave. */
struct run_course {
    bool known;                 /* it has rows */
    int64_t evaluations;        /* rows */
    struct target_time reached; /* the target, exactly as from all rows, whatever their number */
};

/* *out [run_count of the job] is the caller's, also after a failure. target NaN: none. The curves
 * are taken where they are of the deciding metric, and else read. */
int report_courses_read(struct reader *reader, const struct job_runs *job,
                        const struct report_curves *curves, double target, struct run_course **out,
                        struct error *err);

#endif
