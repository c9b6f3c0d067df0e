/*
 * Optimizers: each one file with a table of settings and a step on the flat parameter vector.
 *
 * To add one: write worker/optimizers/NAME.c and put its name into the list in optimizers.c. The
 * contract tests then check its bowl, its bit-for-bit repeat and its resume from a checkpoint.
 */
#ifndef OPTIMIZERS_H
#define OPTIMIZERS_H

#include "settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIMIZER_MEMORY_MAX = 6, OPTIMIZER_BLOCK = 512 };

/* What an optimizer sees of a run: all parameters, or for one that works element by element
 * (`whole` is false) a block of at most OPTIMIZER_BLOCK of them at a time, so that weight decay and
 * step find the block in the cache. Memory and scalars start at zero and are saved and restored
 * with the checkpoint as they are. */
struct weights {
    size_t count;    /* parameters in this view */
    float *value;    /* [count] theta */
    float *gradient; /* [count] mean of the batch; clipped, decayed where coupled */
    float *memory[OPTIMIZER_MEMORY_MAX]; /* memory_per_weight arrays of [count] */
    double *scalars;                     /* [scalar_count]; only a whole one may change them */
    int64_t step;                        /* t = 1, 2, … */
};

enum weight_decay_kind {
    DECAY_NONE,
    DECAY_COUPLED,   /* gradient += weight_decay * value, before anything else uses it */
    DECAY_DECOUPLED, /* value *= 1 - rate * weight_decay, after the gradient was taken */
};

struct optimizer {
    const char *name;
    const char *help;               /* one line, with its source */
    const struct setting *settings; /* its own; "lr" and "weight_decay" are in every table */
    int lr_index;                   /* place of "lr" in the table */
    int decay_index;                /* place of "weight_decay", -1: has none */
    enum weight_decay_kind decay;   /* what the trainer does with it (training.md 1.1) */
    int memory_per_weight;
    bool whole; /* wants all parameters in one call: norms, dot products */
    int scalar_count;
    void (*step)(const struct chosen *chosen, float rate, struct weights *weights);
};

extern const struct optimizer *const optimizers[]; /* ends with NULL */
const struct optimizer *optimizer_find(const char *name);

#endif
