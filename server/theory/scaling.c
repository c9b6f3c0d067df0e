#include "theory/scaling.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const char scaling_optimizers[] = "sgd, signsgd, lion, rmsprop, rmspropw, adam, adamw";

const struct scaling_rule scaling_rules[] = {
    {"sgd", SCALING_LINEAR, false, NULL, NULL},
    {"signsgd", SCALING_SIGN, true, NULL, NULL},
    {"lion", SCALING_SIGN, true, NULL, NULL},
    {"rmsprop", SCALING_ADAPTIVE, false, NULL, "rho"},
    {"rmspropw", SCALING_ADAPTIVE, true, NULL, "rho"},
    {"adam", SCALING_ADAPTIVE, false, "beta1", "beta2"},
    {"adamw", SCALING_ADAPTIVE, true, "beta1", "beta2"},
    {0},
};

const struct scaling_rule *scaling_find(const char *optimizer)
{
    for (const struct scaling_rule *rule = scaling_rules; rule->optimizer; rule++) {
        if (strcmp(rule->optimizer, optimizer) == 0)
            return rule;
    }
    return NULL;
}

struct scaling scaling_of(const struct scaling_rule *rule, double factor)
{
    const double root = sqrt(factor);
    struct scaling scaling = {factor, 1.0, 1.0, 1.0, 1.0};

    if (rule->kind == SCALING_LINEAR)
        return scaling;
    scaling.lr = root;
    if (rule->decoupled)
        scaling.decay = root;
    if (rule->kind == SCALING_SIGN)
        return scaling;
    scaling.first_rest = scaling.second_rest = factor;
    scaling.epsilon = 1.0 / root;
    return scaling;
}
