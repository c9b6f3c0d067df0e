/*
 * Data sets that need no file: generators, each a pure function of its fixed seed, the same bytes
 * on every machine. To add one, write worker/datasets/NAME.c with a struct builtin and add its line
 * to builtins.c.
 */
#ifndef BUILTINS_H
#define BUILTINS_H

#include "datasets/table.h"

struct builtin {
    const char *name, *help;
    int version; /* part of the file's name: raise it when other numbers come out */
    enum element element;
    int rank;
    uint32_t shape[DATASET_RANK_MAX];
    uint32_t classes, train, valid;

    /* Features of example number `example` (training examples first, then those for validation),
     * uint8_t or float [product of shape], and its class. Uses no function of the C library whose
     * results change with its version. */
    uint32_t (*make)(uint64_t example, void *features);
};

/* The visible list, ended by NULL. */
extern const struct builtin *const builtins[];

const struct builtin *builtin_find(const char *name); /* or NULL */

#endif
