#include "jobs/options.h"

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

struct job_options options_read(const json_t *body, struct problems *problems)
{
    return (struct job_options){
        .timeout_ms = read_timeout(body, problems),
        .anew = !read_flag(body, "reuse", true, problems),
    };
}
