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

struct job_options options_read(const json_t *body, struct problems *problems)
{
    return (struct job_options){
        .anew = !read_flag(body, "reuse", true, problems),
    };
}
