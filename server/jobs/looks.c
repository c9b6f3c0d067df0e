#include "jobs/looks.h"

#include <assert.h>
#include <string.h>

const char *const verdict_names[VERDICTS] = {"undecided", "better", "worse", "equivalent"};

int verdict_find(const char *name)
{
    for (int verdict = 0; name && verdict < VERDICTS; verdict++) {
        if (strcmp(verdict_names[verdict], name) == 0)
            return verdict;
    }
    return -1;
}

int looks_seeds_least(int looks)
{
    return looks < 2 ? 1 : looks + 1;
}

int looks_seeds(int seed_count, int looks, int look)
{
    assert(look >= 0 && seed_count >= 0);
    if (look == 0)
        return 0;
    if (look >= looks)
        return seed_count;
    const int larger = seed_count % looks;
    return look * (seed_count / looks) + (look < larger ? look : larger);
}

int looks_of_seed(int seed_count, int looks, int place)
{
    int look = 1;
    while (look < looks && place >= looks_seeds(seed_count, looks, look))
        look++;
    return look;
}

int looks_decisions(const struct look_entry *entries, int count, int arm_count,
                    struct arm_decision *decisions)
{
    int done = 0;
    for (int arm = 0; arm < arm_count; arm++)
        decisions[arm] = (struct arm_decision){0};
    for (int i = 0; i < count; i++) {
        const struct look_entry *entry = &entries[i];
        if (entry->arm < 0 || entry->arm >= arm_count)
            continue;
        done = entry->look > done ? entry->look : done;
        struct arm_decision *decision = &decisions[entry->arm];
        if (decision->look == 0 && entry->verdict != VERDICT_UNDECIDED)
            *decision = (struct arm_decision){entry->look, entry->verdict};
    }
    return done;
}
