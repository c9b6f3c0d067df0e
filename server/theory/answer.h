/*
 * What the theory says of a process as JSON: each number with the name of its formula and where
 * that holds. Pure; takes time in proportion to axes times steps.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "theory/process.h"

/* The letters of the formulas and what they stand for. */
json_t *theory_symbols(void);

/* [{"name", "formula", "valid", "continuous", "loss", "variance": […]}], the most exact first;
 * `variances`: with those of each axis. */
json_t *theory_stationary(const struct process *process, bool variances);

/* {"step": […], "time": […], "forms": [{"name", "formula", "valid", "continuous", "loss": […]}],
 *  "reason": text or null}; without forms the reason says why. steps [count]; from `start`. */
json_t *theory_transient(const struct process *process, const double *start, const double *steps,
                         int count);

/* {"thresholds": {"phase_3_below", "phase_1_above"} in |Y|, "secant": {"slope", "low", "high"},
 *  "axes": [{"y", "phase", "phase_3_below", "phase_1_above" (in |x|), "phase_1_steps",
 *            "drift": [low, high]}]}; null where there are no phases. */
json_t *theory_phases(const struct process *process, const double *start);

/* {"note", "list": [{"name", "formula", "valid", "in_the_end", "loss": […] or null}],
 *  "phase_1_steps": number or null} at the same steps. */
json_t *theory_bounds(const struct process *process, const double *start, const double *steps,
                      int count);

/* A grid of `count` >= 2 steps from 0 until the start is all but forgotten: rising, whole. */
void theory_steps(const struct process *process, double *steps, int count);

#endif
