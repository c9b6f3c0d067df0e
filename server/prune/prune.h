/*
 * Pruning rules: whether a run that reports a value goes on.
 *
 * A rule sees curves of one metric (minimised: the sign is flipped before where it is maximised),
 * one point a report. Progress is the step of a run as long as run 0; a run of another length is
 * stretched to that, so that what is compared has the same part of its way before it (a decaying
 * schedule makes losses at 30 % of two runs alike, not at step 300 of both).
 *
 * Stopping rules answer at every report. Pausing rules name the progress at which a run stops with
 * a checkpoint and waits; when a worker is free they say who goes on. Rules are pure functions of
 * the table of curves, so a restart only has to fill it in again.
 *
 * To add one: write prune/NAME.c, add its name to the list in prune.c.
 */
#ifndef PRUNE_H
#define PRUNE_H

#include "settings.h"
#include <stdbool.h>
#include <stdint.h>

enum { PRUNE_RUNGS_MAX = 64, PRUNE_WHY_BYTES = 240 };

struct curve_point {
    double progress; /* rising, greater than 0 (of parts of an average, at least 0) */
    double value;    /* minimised; NaN: it diverged */
};

enum curve_state { CURVE_RUNNING, CURVE_PAUSED, CURVE_DONE, CURVE_PRUNED, CURVE_FAILED };

struct run_curve {
    enum curve_state state;
    const struct curve_point *points; /* [count] */
    int count;
    int rung;   /* how many rungs it has been let pass (pausing rules) */
    int number; /* of the run in its search */
};

struct pruner;

struct prune_table {
    const struct run_curve *runs; /* [count] in the order of their numbers */
    int count;
    double most;                /* progress of a whole run; 0: not known */
    bool open;                  /* runs may go on behind that (an external runner's) */
    bool maximize;              /* the metric, whose sign is flipped here */
    uint64_t seed;              /* of the search */
    bool closing;               /* no new run will come, and none is under way */
    const struct pruner *inner; /* of a rule that asks another one; NULL: none */
};

enum prune_verdict { PRUNE_GO_ON, PRUNE_STOP };

struct prune_rule {
    const char *name;
    const char *help;
    const struct setting *settings;
    bool stops_at_nan; /* a value that is no number ends a run, at once or at its next rung */
    bool takes_parts;  /* points are the parts of an average (seeds, folds), in any order */
    /* After the last point of runs[at]. Where it stops, `why` says what was held against it: "is
     * above 0.3, the median of 5 runs there". Not called of a run whose last point is its end. */
    enum prune_verdict (*look)(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES]);
    /* The rest is NULL where the rule never pauses. Whether it does as chosen: it has rungs at
     * which runs wait, which needs checkpoints; look() is not called then. */
    bool (*pauses)(const struct chosen *chosen);
    /* The paused run (its place) that goes on now that a worker is free, and the rung it is let
     * pass; -1: none, a new one shall start. */
    int (*promote)(const struct chosen *chosen, const struct prune_table *table, int *out_rung);
    /* Progress at which runs[at] has to wait next; 0: nowhere. */
    double (*pause_at)(const struct chosen *chosen, const struct prune_table *table, int at);
};

extern const struct prune_rule *const prune_rules[]; /* ends with NULL */
const struct prune_rule *prune_find(const char *name);
json_t *prune_describe(void); /* [{"name", "help", "settings": […]}] */

/* --- for rules ---------------------------------------------------------------------------------
 */

/* As people know it: with the metric's own sign. */
double prune_shown(const struct prune_table *table, double value);

double curve_progress(const struct run_curve *curve); /* of the last point; 0 where there is none */
/* The last value up to `progress`; NaN where there is none, or the curve has not come so far and
 * its run may still. */
double curve_value(const struct run_curve *curve, double progress);
/* Its least value up to there; NaN where there is no number. */
double curve_least(const struct run_curve *curve, double progress);
/* The first value at `progress` or behind it; NaN: none. */
double curve_reached(const struct run_curve *curve, double progress);

#endif
