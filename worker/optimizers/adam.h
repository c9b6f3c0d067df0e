/*
 * What adam and adamw share: everything but what weight decay means.
 */
#ifndef ADAM_H
#define ADAM_H

#include "optimizers/optimizers.h"

enum { ADAM_BETA1 = OPTIMIZER_OWN, ADAM_BETA2, ADAM_EPSILON, ADAM_AMSGRAD };

#define ADAM_SETTINGS                                                                              \
    OPTIMIZER_FRACTION("beta1", 0.9, "share of the mean gradient kept at each step"),              \
        OPTIMIZER_FRACTION("beta2", 0.999, "share of the mean squared gradient kept"),             \
        OPTIMIZER_EPSILON(1e-8),                                                                   \
    {                                                                                              \
        .name = "amsgrad", .type = SETTING_FLAG,                                                   \
        .help = "divide by the largest mean square so far (Reddi et al., 2018)"                    \
    }

int adam_memory(const struct chosen *chosen);
void adam_step(const struct chosen *chosen, real rate, struct weights *weights);

#endif
