/*
 * A Gaussian process over a search's runs, small enough to be fitted while somebody waits: what a
 * contour and the improvement still to be had are read from. On at most MODEL_RUNS points of the
 * evidence (evidence.h), results of earlier searches among them, the best half of them and others
 * evenly spread over the rest; of a population the last complete generation alone.
 *
 * Values that are all above zero are modelled by their logarithms, which tell good ones apart and
 * cannot fall below zero. Others, and logarithms of which the bad ones lie far off, half-rank:
 * those above the median by their rank (gp/warp.h), so that runs that diverged do not hide what
 * tells good ones apart.
 */
#ifndef MODEL_H
#define MODEL_H

#include "insight/findings.h"
#include "search/gp/fitted.h"

enum { MODEL_RUNS = 120, MODEL_RUNS_LEAST = 8 };

struct model {
    const struct findings *findings;
    struct history history; /* of those runs */
    struct trial *trials;
    int *told;
    int good; /* of those, the first ones: done, and all constraints kept */
    struct gp_table table;
    struct gp_standing standing[1 + GP_LIMITS_MAX]; /* [standing_count] objective, limits */
    int standing_count;
    bool logarithms; /* are what the table has for values */
    enum warp_kind warp;
    struct model_value *scale; /* [table.known] bent values and the user's, rising */
};

/* -1: too few runs, nothing to search, or values that no process fits; *why says so. */
int model_init(struct model *model, const struct findings *findings, const char **why);
void model_release(struct model *model);

/* Mean on the bent scale at m <= GP_BATCH settled points values [m][space.count]. */
void model_mean(const struct model *model, const double *values, int m, double *mean);
/* A bent value as people know it, in its own sign. */
double model_shown(const struct model *model, double bent);

/* The improvement over the best that is known, earlier searches included, that the next run may be
 * expected to bring, in the user's unit,
 * at the point that promises most, and the chance that there is any. values [space.count] out. */
struct improvement {
    double expected, chance;
};
struct improvement model_improvement(const struct model *model, double *values);

#endif
