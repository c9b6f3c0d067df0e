/*
 * A comparison whose seeds come in rounds, as its report shows it: only what has been looked at is
 * judged, and an arm that was decided is judged by the seeds it had then. Pure.
 */
#ifndef LOOKED_H
#define LOOKED_H

#include "compare/arms.h"
#include "compare/matrix.h"
#include "compare/verdict.h"

struct looked {
    int planned, done;
    int seed_count;             /* of the plan */
    struct look_entry *entries; /* [entry_count] in the order of the looks */
    int entry_count;
    struct arm_decision decisions[ARMS_MAX];
};

/* Of a matrix that has all that has ended: takes out what is not judged, and says to the comparison
 * what is decided. A last look that was due when the server died is taken here. NULL where the
 * comparison is not sequential; the matrix owns it. */
struct looked *looked_at(struct matrix *matrix, const struct arms *arms);
void looked_free(struct looked *looked);

/* For the report, null where the comparison is not sequential:
 * {"looks", "done", "level" (nominal, of each look), "boundary", "seeds": [n at each look],
 *  "arms": [{"name", "look", "verdict", "seeds", "stopped_runs"}]   look null: not decided
 *  "history": [{"look", "arms": [{"name", "seeds", "p", "verdict"}]}], "sentence"} */
json_t *looked_json(const struct matrix *matrix, const struct arms *arms,
                    const struct comparison_verdict *verdict);

/* What to mind when a comparison may stop early. */
void looked_warnings(const struct matrix *matrix, const struct arms *arms,
                     const struct comparison_verdict *verdict, json_t *warnings);

#endif
