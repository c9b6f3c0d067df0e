/*
 * What became of the comparisons that confirm a search's best runs, for the search's report.
 */
#ifndef CONFIRMATIONS_H
#define CONFIRMATIONS_H

#include "api/search_gathered.h"

enum { CONFIRMATIONS_MOST = 10 };

/* The newest ones that `team` may see, newest first:
 * [{"job", "state", "seeds", "metric", "arms": [{"name", "run" (null: the base), "searched" (the
 * value in the search, null: none), "n", "mean", "standard_error"}], "sentence" (null: not decided
 * yet, or there is nothing to compare)}]
 * One that cannot be read is left out. On a helper thread. */
json_t *confirmations_json(struct reader *reader, int64_t team,
                           const struct gathered_search *gathered);

#endif
