/* A study over a space in a test's own words. */
#ifndef SEARCH_KIT_H
#define SEARCH_KIT_H

#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "search/study.h"
#include "spec.h"

#include <stdlib.h>

/* JSON with ' for ". */
static inline json_t *loads(const char *text)
{
    AUTO_FREE char *quoted = xstrdup(text);
    for (char *c = quoted; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *value = json_loads(quoted, JSON_DECODE_ANY, NULL);
    if (!value)
        fail_msg("no JSON: %s", text);
    return value;
}

static inline struct space make_space(const char *text)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *object = loads(text);
    struct space space;
    space_read(object, "", &space, &problems);
    if (problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    return space;
}

/* Every default laid in, as the plan of a job does it. */
static inline json_t *resolve(const struct search_algorithm *algorithm, const char *text)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *described = settings_describe(algorithm->settings);
    json_auto_t *given = loads(text);
    json_t *resolved = settings_resolve(NULL, described, given, "", &problems);
    if (problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    return resolved;
}

struct wanted {
    const char *space, *algorithm, *settings; /* NULL: "{}" */
    int objectives, constraints;
    uint64_t seed;
};

static inline struct study *make_study(const struct wanted *wanted)
{
    const struct search_algorithm *algorithm = search_find(wanted->algorithm);
    assert_non_null(algorithm);
    json_auto_t *chosen = resolve(algorithm, wanted->settings ? wanted->settings : "{}");
    struct study_options options = {
        .space = make_space(wanted->space),
        .objectives = wanted->objectives ? wanted->objectives : 1,
        .constraints = wanted->constraints,
        .algorithm = algorithm,
        .chosen = chosen,
        .seed = wanted->seed,
        .budget = 60,
        .parallel = 1,
    };
    return study_new(&options);
}

/* One objective, defaults, seed 0. */
static inline struct study *plain_study(const char *space, const char *algorithm)
{
    return make_study(&(struct wanted){.space = space, .algorithm = algorithm});
}

/* Proposes, and gives the number; fails where there is nothing left. */
static inline struct study_proposal next_proposal(struct study *study)
{
    struct study_proposal proposal;
    assert_int_equal(study_propose(study, &proposal), 0);
    return proposal;
}

static inline void tell_value(struct study *study, int number, double value)
{
    const double constraint[CONSTRAINTS_MAX] = {0};
    const double objective[OBJECTIVES_MAX] = {value, value, value};
    const struct told told = {TRIAL_DONE, objective, constraint, 0, 0};
    study_tell(study, number, &told);
}

#endif
