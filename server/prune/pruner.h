/*
 * A pruning rule with what was chosen for it, and the rule that it asks, where it asks one.
 */
#ifndef PRUNER_H
#define PRUNER_H

#include "jobs/search_plan.h"
#include "prune/prune.h"

struct pruner {
    const struct prune_rule *rule;
    struct chosen chosen;
    struct pruner *inner; /* NULL: none */
};

/* From {"type": NAME, settings with every default}; NULL: a rule that this program does not know.
 * The caller frees it. */
struct pruner *pruner_new(const json_t *choice);
void pruner_free(struct pruner *pruner); /* accepts NULL */

bool pruner_pauses(const struct pruner *pruner);
/* As the rule's own; table->inner is laid in. A last point at or behind the end of a run is not
 * looked at. */
enum prune_verdict pruner_look(const struct pruner *pruner, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES]);
int pruner_promote(const struct pruner *pruner, const struct prune_table *table, int *out_rung);
double pruner_pause_at(const struct pruner *pruner, const struct prune_table *table, int at);

/* Whether a search can be pruned as its plan says; problems stand under "/pruner". */
void pruner_check(const struct search_plan *plan, struct problems *problems);

/* Sentences for people: where curves can be compared only with care, or rungs have no effect.
 *
 *     spec    resolved, of any point of the search; NULL: not known
 *     steps   of a run; 0: not known
 *
 * A list of texts; the caller owns it. */
json_t *pruner_warnings(const struct search_plan *plan, const json_t *spec, int64_t steps);

#endif
