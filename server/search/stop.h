/*
 * When a search ends before its budget is spent.
 *
 * A rule is a pure function of the history. It is asked on a helper thread before each proposal.
 *
 * To add one: write search/stop_NAME.c, add its name to the list in stop.c.
 */
#ifndef STOP_H
#define STOP_H

#include "search/search.h"

struct stop_rule {
    const char *name;
    const char *help;
    const struct setting *settings;
    /* A sentence that says why the search may end now, or NULL: it goes on. `sign` is -1 where the
     * first objective is maximised (history has it flipped), so that sentences name its own values.
     * The caller frees it. */
    char *(*look)(const struct chosen *chosen, const struct history *history, uint64_t seed,
                  double sign);
};

extern const struct stop_rule *const stop_rules[]; /* ends with NULL */
const struct stop_rule *stop_find(const char *name);
json_t *stop_describe(void); /* [{"name", "help", "settings": […]}] */

#endif
