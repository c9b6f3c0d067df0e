/*
 * The report of a comparison: pure, from its request, its runs and their curves.
 *
 * A report run counts once it has succeeded with a finite objective. One that failed or diverged,
 * or never reported the metric, is counted as failed and makes its arm rank behind every arm with
 * fewer failures; a cancelled one says nothing about its arm and is only counted.
 */
#ifndef REPORT_H
#define REPORT_H

#include "compare/curve.h"
#include "compare/target.h"
#include "jobs/plan.h"
#include "jobs/state.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct report_run {
    int64_t id;
    int arm;
    int point; /* of a report run: the one its arm was tuned to, -1 where that is not known */
    enum run_phase phase; /* PHASE_TUNE or PHASE_REPORT */
    uint64_t seed;
    enum run_state state;
    double objective;                 /* NaN: none */
    int64_t branched_step;            /* where it went on from another run; 0: it did not */
    int64_t reused_from;              /* the run whose results it shows; 0: its own */
    int64_t step, steps;              /* done and planned; 0: not known */
    int rung;                         /* how many rungs it has passed */
    int64_t evaluations;              /* values of the metric so far; 0: not known */
    const struct target_time *target; /* how soon it got there; NULL: none, or it has no rows */
};

/* What an arm may spend, by its resolved specification. */
struct arm_budget {
    int64_t steps;      /* planned; 0: not known yet */
    int64_t iterations; /* of an optimizer that takes its own samples, instead of steps; else 0 */
    int64_t epochs;     /* where they were given; else 0 */
    int64_t batch_size; /* 0: it has none */
    double steps_per_epoch; /* 0: it has none, or not known */
};

struct report_input {
    int64_t job;
    enum job_state state;
    struct metric_choice metric;
    const json_t *request;         /* the body of the POST: it was accepted, so it is sound */
    const struct report_run *runs; /* [run_count] all of them, in order */
    int run_count;
    const struct look_entry *looks; /* [look_count] what was found while its seeds came in */
    int look_count;
    struct curve_style curve;         /* its metric NULL: no curves */
    const struct curve_input *curves; /* [curve_count] of report runs */
    int curve_count;
    const struct arm_budget *budgets; /* [arms]; NULL: not known */
    const json_t *sources; /* the arms' ones as stored (migration 0002); NULL: no arm has one */
    const json_t *refined; /* {"ARM": refined schedule, …}, by the arm's number; NULL: none */
    const json_t *theory; /* [{"prediction", "measured"}] of each arm; NULL: none (predictions.h) */
    bool baseline_only;   /* "pairs" has those with the baseline alone */
};

/* {"job", "state", "metric": {"name", "goal", "at"}, "baseline", "finished",
 *  "arms": [{"name", "chosen": {pointer: value} or null, "n", "mean", "standard_error", "median",
 *            "best", "failed", "cancelled", "values": [{"seed", "run", "reused_from",
 *            "value"}], "tuning": [{"point": {pointer: value}, "n", "mean", "failed", "values",
 *            "dropped": {"rung", "step"} or null}], "curve" (curve.h), "target" (reach.h),
 *            "source": {"kind": "branch", "arm", "at", "steps_saved"} or {"kind": "refined", "arm"
 *            or null, "run" or null, "fallback": text or null} or null}],
 *  "saved": {"reused_runs", "reused_steps", "dropped_runs", "dropped_steps", "decided_runs",
 *            "decided_steps"}, "sequential" (looked.h), "warnings": ["…"],
 *  and the verdict: "sentence", "sentences", "judging", "pairs" (verdict_json.h);
 *  "tasks", "over_tasks": null, or for a comparison with tasks as in task_reports.h}
 * "values" has the runs that have ended; the value of a failed one is null. */
json_t *report_json(const struct report_input *input);

/* "arm,seed,run,value" and a line for each report run that has ended (RFC 4180, lines end in LF; no
 * value: nothing); with tasks, "task" stands before the others. The caller frees it. */
char *report_csv(const struct report_input *input);

/* Every pair of arms with what tells them apart: verdict_csv(). The caller frees it. */
char *report_pairs_csv(const struct report_input *input);

#endif
