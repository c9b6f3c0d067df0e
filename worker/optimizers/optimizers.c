#include "optimizers/optimizers.h"

#include <string.h>

/* The list: worker/optimizers/NAME.c defines NAME_optimizer. */
#define FOR_EACH_OPTIMIZER(_)                                                                      \
    _(sgd)                                                                                         \
    _(momentum)                                                                                    \
    _(nesterov)                                                                                    \
    _(adagrad)                                                                                     \
    _(rmsprop)                                                                                     \
    _(rmspropw)                                                                                    \
    _(adam)                                                                                        \
    _(adamw)                                                                                       \
    _(signsgd)                                                                                     \
    _(signum)                                                                                      \
    _(lion)                                                                                        \
    _(schedule_free)                                                                               \
    _(d_adaptation)                                                                                \
    _(prodigy)                                                                                     \
    _(dog)                                                                                         \
    _(muon)                                                                                        \
    _(soap)                                                                                        \
    _(shampoo)                                                                                     \
    _(sgd_hd)                                                                                      \
    _(sgdn_hd)                                                                                     \
    _(adam_hd)                                                                                     \
    _(adam_ultimate)                                                                               \
    _(momentum_ultimate)                                                                           \
    _(hdm)                                                                                         \
    _(hf)                                                                                          \
    _(lbfgs)

#define DECLARE(name) extern const struct optimizer name##_optimizer;
#define ENTER(name)   &name##_optimizer,

FOR_EACH_OPTIMIZER(DECLARE)
const struct optimizer *const optimizers[] = {FOR_EACH_OPTIMIZER(ENTER) NULL};

const struct optimizer *optimizer_find(const char *name)
{
    for (int i = 0; optimizers[i]; i++) {
        if (strcmp(optimizers[i]->name, name) == 0)
            return optimizers[i];
    }
    return NULL;
}

int optimizer_memory(const struct optimizer *optimizer, const struct chosen *chosen)
{
    return optimizer->memory_needed ? optimizer->memory_needed(chosen)
                                    : optimizer->memory_per_weight;
}
