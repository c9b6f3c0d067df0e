/*
 * How an optimizer's settings change with the batch size (training.md 10.6; Compagnoni et al.,
 * 2025, arXiv 2411.15958): a batch `factor` times as large has noise 1/sqrt(factor) as large; the
 * rules keep the stationary loss and the progress per example.
 */
#ifndef SCALING_H
#define SCALING_H

#include <stdbool.h>

enum scaling_kind { SCALING_LINEAR, SCALING_SIGN, SCALING_ADAPTIVE };

/* What each setting is multiplied by; 1: it stays. */
struct scaling {
    double lr;
    double first_rest, second_rest; /* 1 - beta1, 1 - beta2 (1 - rho) */
    double decay; /* decoupled; coupled decay belongs to the objective and stays */
    double epsilon;
};

struct scaling_rule {
    const char *optimizer;
    enum scaling_kind kind;
    bool decoupled;             /* its weight decay */
    const char *first, *second; /* names of the settings that the rule changes; NULL: none */
};

extern const struct scaling_rule scaling_rules[]; /* ends with an entry without an optimizer */
extern const char scaling_optimizers[];           /* "sgd, signsgd, …" */

const struct scaling_rule *scaling_find(const char *optimizer); /* NULL: it has no rule */
struct scaling scaling_of(const struct scaling_rule *rule, double factor);

#endif
