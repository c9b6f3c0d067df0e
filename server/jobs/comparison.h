/*
 * The body of a comparison as it was sent: base, arms, tuning grid, seeds.
 */
#ifndef COMPARISON_H
#define COMPARISON_H

#include "jobs/grid.h"
#include "jobs/plan.h"
#include "jobs/seeds.h"

/* "branch_from" of an arm; arm NULL: it has none. */
struct branch {
    const char *arm;
    double at;
};

/* The body stays the owner of what is borrowed from it. */
struct comparison {
    const json_t *base;              /* NULL: missing or wrong */
    const json_t *patches[ARMS_MAX]; /* likewise, each */
    struct branch branches[ARMS_MAX];
    bool tunes;       /* there is a "tune" */
    struct grid grid; /* of one point where nothing is tuned */
    bool grid_is_sound;
    struct halving halving;
    struct seed_list tuning_seeds, report_seeds; /* none: missing or wrong */
};

/* Fills the comparison, and of the plan the arms' names and the baseline. */
void comparison_read(const json_t *body, struct comparison *comparison, struct job_plan *plan,
                     struct problems *problems);
void comparison_release(struct comparison *comparison);

/* Whether the base or an arm names an analytic problem to minimise. */
bool comparison_on_problem(const struct comparison *comparison, const struct job_plan *plan);

#endif
