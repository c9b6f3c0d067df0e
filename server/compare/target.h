/*
 * How long each seed takes to a target, where some never get there. Pure.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stdint.h>

struct target_curve {
    int count;
    const int64_t *step;    /* [count] rising */
    const double *value;    /* [count] as logged, not reduced; not finite: no value there */
    const int64_t *wall_ms; /* [count] since the run's start; NULL: no times */
    bool failed;            /* diverged or failed: it will never get there */
};

/*
 * Where a curve first lies at or beyond the target: at or below it, above with `maximize`.
 *
 * Between two rows next to each other that hold values the curve is a straight line, over steps and
 * over time, as in curve.h; so the crossing lies between the last row before the target and the
 * first one beyond. A first row that is there already, and one behind a row without a value, count
 * where they stand.
 *
 * Not reached: the time is censored, at the last row with a value (no rows: 0); a failed run's at
 * infinity, since it would be wrong to hope that it might have come.
 */
struct target_time {
    bool reached;
    double step, seconds; /* of the crossing, or censored there; seconds NaN without times */
    int64_t seen_step;    /* the row that showed it; -1: not reached */
};

struct target_time target_time(const struct target_curve *curve, double target, bool maximize);

/* The seeds of an arm together. */
struct target_summary {
    int n, reached;
    double share;  /* reached / n; NaN for n = 0 */
    double median; /* of Kaplan and Meier's estimate: the first time by which half have got there;
                    * NaN where that lies beyond what was seen */
};

/* times, reached [count]: the event or censoring times, infinite ones never happen. An event counts
 * before a censoring at the same time (Kaplan and Meier, 1958). */
struct target_summary target_summary(const double *times, const bool *reached, int count);

#endif
