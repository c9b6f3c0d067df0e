/*
 * Optimizers: each one file with a table of settings and a step on the flat parameter vector.
 *
 * To add one: write worker/optimizers/NAME.c and put its name into the list in optimizers.c. The
 * contract tests then check its bowl, its bit-for-bit repeat and its resume from a checkpoint.
 */
#ifndef OPTIMIZERS_H
#define OPTIMIZERS_H

#include "landscape.h"
#include "math/clones.h"
#include "math/real.h"
#include "math/tensor.h"
#include "metrics.h"
#include "settings.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIMIZER_MEMORY_MAX = 6, OPTIMIZER_BLOCK = 512 };

/* Theta by its pieces, which follow one another without gaps. */
struct pieces {
    size_t dimension;
    const struct tensor *tensors;
    int count;
};

/* What an optimizer sees of a run: all parameters, or for one that works element by element
 * (`whole` is false) a block of at most OPTIMIZER_BLOCK of them at a time, so that weight decay and
 * step find the block in the cache. Memory, scalars and extra start at zero and are saved and
 * restored with the checkpoint as they are. The arrays do not overlap. */
struct weights {
    size_t count;   /* parameters in this view */
    real *value;    /* [count] theta */
    real *gradient; /* [count] mean of the batch; clipped, decayed where coupled; may be changed */
    real *memory[OPTIMIZER_MEMORY_MAX]; /* as many arrays of [count] as the optimizer asked for */
    double *scalars;                    /* [scalar_count]; only a whole one may change them */
    int64_t step;                       /* t = 1, 2, … */
    double factor;                      /* the schedule's; rate = lr * factor */

    /* Only a whole one has these. */
    const struct tensor *tensors; /* the pieces of theta, in their order, without gaps */
    int tensor_count;
    real *extra;   /* [extra()] */
    real *scratch; /* [scratch()]; holds anything when the step begins, and is not saved */
    double *told;  /* [METRICS], by enum metric: what it has to say of this step; NULL: not now */
};

enum weight_decay_kind {
    DECAY_COUPLED,   /* gradient += weight_decay * value, before anything else uses it */
    DECAY_DECOUPLED, /* value *= 1 - rate * weight_decay, after the gradient was taken */
    DECAY_OWN,       /* the step does it */
};

struct optimizer {
    const char *name;
    const char *help;                 /* one line, with its source */
    const struct setting *settings;   /* the first ones are OPTIMIZER_SETTINGS */
    const struct conflict *conflicts; /* among them; NULL: none */
    enum weight_decay_kind decay;     /* what the trainer does with it (training.md 1.1) */
    int memory_per_weight;            /* at most OPTIMIZER_MEMORY_MAX */
    /* Fewer with some settings; NULL: always memory_per_weight. */
    int (*memory_needed)(const struct chosen *chosen);
    bool adaptive; /* divides each parameter's step by a measure of its own gradients, as Adam does:
                      schedules are refined by L1 norms then (training.md 8) */
    bool whole;    /* wants all parameters in one call: norms, dot products, matrices */
    bool needs_curvature; /* drives only what gives products with its curvature */
    int scalar_count;

    /* For a whole one: how many numbers it keeps, and how many it works in, beside its memory (the
     * factors of a matrix, pairs of vectors). NULL: none. */
    size_t (*extra)(const struct chosen *chosen, const struct pieces *pieces);
    size_t (*scratch)(const struct chosen *chosen, const struct pieces *pieces);

    /* rate = lr * the schedule's factor. Whatever else it needs it has from its settings, its
     * memory and the step number alone, so a resumed run goes on bit for bit. */
    void (*step)(const struct chosen *chosen, real rate, struct weights *weights);

    /* Instead of step(), for a whole one that takes samples and evaluates as it needs
     * (Hessian-free, L-BFGS): one outer iteration. The gradient is its scratch; nothing is clipped
     * or decayed for it. It fails where it cannot go on. */
    int (*drive)(const struct chosen *chosen, struct weights *weights, struct landscape *landscape,
                 struct error *err);
    /* Whether it can do with this objective; landscape NULL: one that cannot be driven. Refusals
     * name what would work. NULL: it does with any (one that drives: with any that can be driven).
     */
    int (*accepts)(const struct chosen *chosen, const struct landscape *landscape,
                   struct error *err);

    /* The point that evaluations, reports and the kept model are to use, [count] out, for one that
     * trains at another point (an average). NULL: theta itself. */
    void (*point)(const struct chosen *chosen, const struct weights *weights, real *point);
};

/* Every table begins with these two. `usual` names a good learning rate, `decay` is the default. */
enum { OPTIMIZER_LR, OPTIMIZER_WEIGHT_DECAY, OPTIMIZER_OWN };
#define OPTIMIZER_SETTINGS(usual, decay)                                                           \
    {.name = "lr",                                                                                 \
     .type = SETTING_NUMBER,                                                                       \
     .required = true,                                                                             \
     .low = 0,                                                                                     \
     .above_low = true,                                                                            \
     .high = 1e6,                                                                                  \
     .help = "peak learning rate" usual},                                                          \
    {                                                                                              \
        .name = "weight_decay", .type = SETTING_NUMBER, .low = 0, .high = 1e3,                     \
        .fallback = (decay), .help = "pull of the weights to zero"                                 \
    }

/* Settings that several have. */
#define OPTIMIZER_FRACTION(title, value, sentence)                                                 \
    {                                                                                              \
        .name = (title), .type = SETTING_NUMBER, .low = 0, .high = 1, .below_high = true,          \
        .fallback = (value), .help = (sentence)                                                    \
    }
#define OPTIMIZER_EPSILON(value)                                                                   \
    {                                                                                              \
        .name = "epsilon", .type = SETTING_NUMBER, .low = 0, .high = 1, .fallback = (value),       \
        .help = "added to the denominator, outside the square root"                                \
    }

/* Begins a step whose loop works element by element: the same bits with any registers. */
#define OPTIMIZER_STEP static KERNEL_CLONES void

static inline real optimizer_sign(real x)
{
    return (real)((x > 0.0F) - (x < 0.0F));
}

extern const struct optimizer *const optimizers[]; /* ends with NULL */
const struct optimizer *optimizer_find(const char *name);

/* How many arrays as long as theta it keeps with these settings. */
int optimizer_memory(const struct optimizer *optimizer, const struct chosen *chosen);

#endif
