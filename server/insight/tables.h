/*
 * Runs of a search as lists for its report: the best ones, each improvement, and enough of all to
 * draw dots.
 */
#ifndef TABLES_H
#define TABLES_H

#include "insight/findings.h"
#include "insight/front.h"

enum { TABLE_ROWS_MOST = 2000, TABLE_CELLS_MOST = 200000, TABLE_BEST = 200 };

/* [{"run", "number", "values", "constraints", "error", "how", "parameters"}], at most `top`: good
 * runs, best first; with a front (else NULL) those of it that lie farthest from others, in its
 * order. */
json_t *table_best(const struct findings *findings, const struct front *front, int top);

/* [[place, value, run, number]] each time the best value of good runs got better, in the order of
 * tells; of more than TABLE_ROWS_MOST evenly spread ones, the first and the last among them. */
json_t *table_history(const struct findings *findings);

/* {"columns", "rows", "of"}: the best TABLE_BEST and others evenly spread, in the order of tells.
 */
json_t *table_runs(const struct findings *findings);

/* {"reference", "hypervolume", "exact", "points", "of", "history"} */
json_t *table_front(const struct findings *findings, const struct front *front);

#endif
