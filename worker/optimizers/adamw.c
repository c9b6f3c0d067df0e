/*
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019, arXiv 1711.05101): the trainer
 * shrinks the weights by 1 - rate * weight_decay, the step is adam's.
 */
#include "optimizers/adam.h"

static const struct setting settings[] = {
    OPTIMIZER_SETTINGS(", such as 0.001", 0.01),
    ADAM_SETTINGS,
    {0},
};

const struct optimizer adamw_optimizer = {
    .name = "adamw",
    .help = "adam with decoupled weight decay (Loshchilov and Hutter, 2019)",
    .settings = settings,
    .decay = DECAY_DECOUPLED,
    .adaptive = true,
    .memory_per_weight = 3,
    .memory_needed = adam_memory,
    .step = adam_step,
};
