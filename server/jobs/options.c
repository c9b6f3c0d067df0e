#include "jobs/options.h"

#include "jobs/fields.h"

#include <stdio.h>

static bool read_flag(const json_t *body, const char *key, bool fallback, struct problems *problems)
{
    const json_t *value = json_object_get(body, key);
    if (!value)
        return fallback;
    if (!json_is_boolean(value))
        problems_add(problems, "", key, "must be true or false");
    return json_is_true(value);
}

/* Null means none, as its absence does. */
static int64_t read_timeout(const json_t *body, struct problems *problems)
{
    enum { SECONDS_MAX = 10000000 };
    const json_t *value = json_object_get(body, "timeout_s");
    const double seconds = json_number_value(value);
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_number(value) || !(seconds >= 0.001) || seconds > SECONDS_MAX) {
        problems_add(problems, "", "timeout_s",
                     "must be a number of seconds, at least 0.001 and at most %d, or null",
                     SECONDS_MAX);
        return 0;
    }
    return (int64_t)(seconds * 1000);
}

static void read_after(const json_t *body, struct job_options *options, struct problems *problems)
{
    const json_t *after = json_object_get(body, "after");
    size_t i;
    json_t *entry;

    if (after && (!json_is_array(after) || json_array_size(after) > AFTER_MAX)) {
        problems_add(problems, "", "after", "must be a list of at most %d ids of jobs", AFTER_MAX);
        return;
    }
    json_array_foreach(after, i, entry)
    {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        int64_t *id = &options->after[options->after_count];
        if (fields_is_whole(entry, 1, INT64_C(9007199254740992), id))
            options->after_count++;
        else
            problems_add(problems, "/after", index,
                         "must be the id of a job: a whole number, at least 1");
    }
}

static void read_after_state(const json_t *body, struct job_options *options,
                             struct problems *problems)
{
    static const char *const states[] = {"succeeded", "any"};
    options->after_any = fields_choice(body, "", "after_state", states, 2, problems) == 1;
    if (json_object_get(body, "after_state") && !json_object_get(body, "after"))
        problems_add(problems, "", "after_state", "belongs only beside \"after\"");
}

struct job_options options_read(const json_t *body, struct problems *problems)
{
    struct job_options options = {
        .timeout_ms = read_timeout(body, problems),
        .anew = !read_flag(body, "reuse", true, problems),
    };
    read_after(body, &options, problems);
    read_after_state(body, &options, problems);
    return options;
}
