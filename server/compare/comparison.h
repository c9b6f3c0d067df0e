/*
 * What a verdict is asked for: the values of every arm and seed, and how to judge them.
 */
#ifndef COMPARISON_H
#define COMPARISON_H

#include "compare/pairs.h"
#include "jobs/looks.h"

#include <stdbool.h>
#include <stdint.h>

enum { COMPARISON_ARMS_MAX = 64 };

struct comparison {
    const char *const *names; /* [arm_count], for sentences */
    int arm_count;            /* 1 … COMPARISON_ARMS_MAX */
    int seed_count;           /* 0 … */
    /* Both [arm_count][seed_count]. */
    const double *values; /* not finite: failed, worse than any number */
    const bool *absent;   /* has not run (yet), or was cancelled; NULL: all have run */
    int baseline;         /* an arm */
    bool maximize;
    const char *metric; /* its name, for sentences */
    double level;       /* 0.0001 … 0.5: for a whole family, two-sided */
    double within;      /* a mean difference that counts as none, > 0; 0: no such band */
    bool relative;      /* it is a share of the size of the baseline's mean value */
    int looks; /* planned, at most LOOKS_MAX (sequential.h); 0 or 1: this is the only one */
    const struct arm_decision *decided; /* [arm_count] at earlier looks; NULL: nothing */
    bool baseline_only;                 /* no bootstrap for the other pairs */
    int draws;                          /* of the bootstrap; 0: BOOTSTRAP_DRAWS */
    uint64_t seed;                      /* of the bootstrap: the job's id, say */
};

/* [seed_count] of one arm; the second is NULL where all have run. */
const double *comparison_values(const struct comparison *comparison, int arm);
const bool *comparison_absent(const struct comparison *comparison, int arm);

/* Whether both arms have a number with this seed. */
bool comparison_shares(const struct comparison *comparison, int first, int second, int seed);

/* list [seed_count] out, as in pairs.h. */
struct gains comparison_gains(const struct comparison *comparison, int first, int second,
                              double *list);

/* The band in the metric's unit: of a relative one, by the mean of the baseline's finite values. 0:
 * none was asked for, or there is no such mean. */
double comparison_band(const struct comparison *comparison);

#endif
