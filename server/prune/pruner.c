#include "prune/pruner.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct pruner *pruner_new(const json_t *choice)
{
    const struct prune_rule *rule = prune_find(json_text_at(choice, "type", ""));
    const json_t *inner = json_object_get(choice, "rule");
    if (!rule)
        return NULL;
    struct pruner *pruner = xcalloc(1, sizeof *pruner);
    pruner->rule = rule;
    chosen_read(rule->settings, choice, &pruner->chosen);
    if (json_is_object(inner))
        pruner->inner = pruner_new(inner);
    return pruner;
}

void pruner_free(struct pruner *pruner)
{
    if (!pruner)
        return;
    pruner_free(pruner->inner);
    chosen_release(&pruner->chosen);
    free(pruner);
}

bool pruner_pauses(const struct pruner *pruner)
{
    return pruner->rule->pauses && pruner->rule->pauses(&pruner->chosen);
}

enum prune_verdict pruner_look(const struct pruner *pruner, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    struct prune_table own = *table;
    own.inner = pruner->inner;
    if (!pruner->rule->takes_parts && !table->open && table->most > 0 &&
        curve_progress(&table->runs[at]) >= table->most)
        return PRUNE_GO_ON;
    return pruner->rule->look(&pruner->chosen, &own, at, why);
}

int pruner_promote(const struct pruner *pruner, const struct prune_table *table, int *out_rung)
{
    return pruner->rule->promote(&pruner->chosen, table, out_rung);
}

double pruner_pause_at(const struct pruner *pruner, const struct prune_table *table, int at)
{
    return pruner->rule->pause_at(&pruner->chosen, table, at);
}
