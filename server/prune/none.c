#include "prune/prune.h"

static const struct setting settings[] = {{0}};

static enum prune_verdict look(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    (void)chosen;
    (void)table;
    (void)at;
    (void)why;
    return PRUNE_GO_ON;
}

const struct prune_rule none_prune = {
    .name = "none",
    .help = "every run trains to its end",
    .settings = settings,
    .look = look,
};
