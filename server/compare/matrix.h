/*
 * The report runs of a comparison as a table of values by arm and seed, which a verdict is made of.
 *
 * A run that failed, diverged or never gave the metric stands as not finite; one that has not ended
 * or was cancelled is absent.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include "compare/arms.h"
#include "compare/comparison.h"
#include "jobs/judging.h"

struct looked;

struct matrix {
    struct judging judging;
    struct comparison comparison; /* of what follows; its seed is the job's id */
    const char **names;           /* [arm_count] */
    uint64_t *seeds;              /* [seed_count] rising */
    double *values;               /* [arm_count][seed_count] */
    bool *ended;                  /* [arm_count][seed_count] there is an outcome */
    bool *absent;                 /* [arm_count][seed_count] not ended, or not looked at yet */
    struct looked *looked;        /* NULL: it is judged whenever it is asked for (looked.h) */
};

/* Borrows from the arms. */
struct matrix matrix_of(const struct arms *arms);
void matrix_release(struct matrix *matrix);

/* The arm's values as they rank: the middle one of those that have ended, failed ones as worst; NaN
 * where there is none, or where failures reach the middle. */
double matrix_median(const struct matrix *matrix, int arm);

#endif
