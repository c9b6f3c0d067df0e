#include "search/stop.h"

#include <string.h>

/* The list: server/search/stop_NAME.c defines stop_NAME. */
extern const struct stop_rule stop_none, stop_target, stop_stagnation, stop_regret_bound;
const struct stop_rule *const stop_rules[] = {&stop_none, &stop_target, &stop_stagnation,
                                              &stop_regret_bound, NULL};

const struct stop_rule *stop_find(const char *name)
{
    for (int i = 0; stop_rules[i]; i++) {
        if (strcmp(stop_rules[i]->name, name) == 0)
            return stop_rules[i];
    }
    return NULL;
}

json_t *stop_describe(void)
{
    json_t *array = json_array();
    for (int i = 0; stop_rules[i]; i++)
        json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", stop_rules[i]->name,
                                               "help", stop_rules[i]->help, "settings",
                                               settings_describe(stop_rules[i]->settings)));
    return array;
}
