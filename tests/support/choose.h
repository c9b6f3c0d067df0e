/*
 * A plug-in's settings from JSON text, every default laid in, as the trainer gets them.
 */
#ifndef CHOOSE_H
#define CHOOSE_H

#include "support/check.h"

#include "json.h"
#include "settings.h"
#include "spec.h"

static inline struct chosen choose(const struct setting *settings, const char *text)
{
    struct problems problems = {0};
    struct chosen chosen;
    json_t *described = settings_describe(settings);
    json_t *given = json_loads(text, 0, NULL);
    json_t *resolved = settings_resolve(NULL, described, given, "", &problems);

    if (problems.found > 0)
        fail_msg("%s%s", problems.list[0].pointer, problems.list[0].detail);
    chosen_read(settings, resolved, &chosen);
    json_decref(resolved);
    json_decref(given);
    json_decref(described);
    return chosen;
}

#endif
