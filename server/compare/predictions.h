/*
 * What the theory predicts for an arm, to stand beside what was measured: for the quadratic with
 * noise on its gradient and a constant learning rate (training.md, section 10). Pure.
 */
#ifndef PREDICTIONS_H
#define PREDICTIONS_H

#include <jansson.h>

/* The metrics to hold against a prediction, the better one first; ends with NULL. */
extern const char *const prediction_metrics[];

/* Of a resolved specification:
 * {"law", "formula", "valid", "loss", "forms": [{"name", "formula", "valid", "continuous",
 *  "loss"}], "reason", "warnings": ["…"]}
 * Where there is no law, `law` to `loss` are null and `reason` says why. null (JSON) for what is
 * no quadratic with noise, and for spec NULL: not known yet. */
json_t *prediction_json(const json_t *spec);

/* {"metric", "n", "mean", "standard_error"} of one value a run; null for none. */
json_t *measured_json(const char *metric, const double *values, int count);

#endif
