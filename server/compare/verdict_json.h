/*
 * A verdict as the report gives it: JSON, and a CSV table. What is not known is null, or an empty
 * cell; so is what is infinite.
 */
#ifndef VERDICT_JSON_H
#define VERDICT_JSON_H

#include "compare/matrix.h"
#include "compare/verdict.h"

/* Adds to the report:
 *  "sentence"   the whole verdict in words
 *  "sentences"  [text] each arm against the baseline, as in "pairs"
 *  "judging"    {"level", "interval", "equivalent_within", "relative", "target",
 *                "families": {"baseline" and "all": {"pairs", "seeds", "seeds_for_level",
 *                "smallest_p"}}}
 *  "pairs"      [{"first", "second", "seeds", "wins", "losses", "ties", "failed": {"first",
 *                "second", "both"}, "gain": {"n", "mean", "median", "standard_error", "interval",
 *                "bca_interval"}, "t": {"t", "p"}, "signed_rank": {"n", "p", "exact",
 *                "smallest_p", "rank_biserial"}, "probability_better", "effect": {"cohen_d",
 *                "hedges_g"}, "negligible", "baseline" (null for other pairs) and "all":
 *                {"verdict", "p", "equivalence_p", "too_few_seeds", "seeds_for_level",
 *                "seeds_needed"}, "sentence"}]
 * A gain is the first arm's value less the second's, above 0 where the first is better; "interval"
 * (Student's) and "bca_interval" are [low, high] or null. The pairs with the baseline (their
 * second) come first; then, unless `baseline_only`, the others. */
void verdict_add_json(const struct matrix *matrix, const struct comparison_verdict *verdict,
                      bool baseline_only, json_t *report);

/* A head and a line for each pair; the caller frees it. */
char *verdict_csv(const struct matrix *matrix, const struct comparison_verdict *verdict);

#endif
