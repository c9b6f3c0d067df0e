/*
 * A specification for a batch `factor` times as large, or as small (training.md 10.6).
 *
 * What changes in every way of scaling, so that as many examples are seen: batch_size, steps where
 * the length is given in them, schedule settings that count steps; of a problem, whose noise stands
 * for the batch's, the noise and the steps. What the ways differ in is the optimizer.
 */
#ifndef SCALE_SPEC_H
#define SCALE_SPEC_H

#include "problems.h"
#include <jansson.h>

enum scale_way {
    SCALE_RULE,     /* by the rule for the optimizer */
    SCALE_LINEAR,   /* lr x factor, nothing else */
    SCALE_UNSCALED, /* the optimizer stays as it is */
};

#define SCALE_FACTOR_MAX 1e6

struct scaled {
    json_t *changes;  /* [{"pointer", "from", "to", "why"}] in the order of the specification */
    json_t *warnings; /* sentences */
};

/* Whether there is a rule for an optimizer's name, and what it is called: "linear", "square root",
 * …; NULL: none. */
const char *scale_rule_name(const char *optimizer);

/* `resolved`: the specification with every default laid in. Problems, with pointers below
 * `pointer`, where there is no rule, or no whole batch. Release with scaled_release() in any case.
 */
void scale_spec(const json_t *catalog, const json_t *resolved, double factor, enum scale_way way,
                const char *pointer, struct scaled *scaled, struct problems *problems);
void scaled_release(struct scaled *scaled);

/* The changes as a merge patch, and laid on a specification as it was sent (a new one). */
json_t *scaled_patch(const struct scaled *scaled);
json_t *scaled_apply(const struct scaled *scaled, const json_t *catalog, const json_t *sent);

#endif
