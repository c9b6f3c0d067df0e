/*
 * "scale_batch": [1, 4, 16] of a comparison stands instead of "arms". For each factor the base for
 * a batch so many times as large becomes the arms
 *
 *     "rule x4"      the optimizer scaled by its rule (scale_spec.h)
 *     "linear x4"    the learning rate times the factor, nothing else; not where that is the rule
 *     "unscaled x4"  the optimizer as it is
 *
 * and factor 1 the single arm "base x1". All see as many examples.
 */
#ifndef SCALE_ARMS_H
#define SCALE_ARMS_H

#include "jobs/planner.h"

/* A new body with "arms" in place of "scale_batch"; each has a "note" of what was changed. NULL
 * where there is no "scale_batch". With problems the arms are a stand-in, so that the rest of the
 * body can still be checked. */
json_t *scale_arms_expand(const struct planner *planner, const json_t *body);

#endif
