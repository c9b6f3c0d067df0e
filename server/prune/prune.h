/*
 * Pruning rules: whether a run that reports a value goes on.
 *
 * A rule sees curves of one metric (minimised: the sign is flipped before where it is maximised),
 * one point a report, in the order in which they came. Progress is the step, or where runs have
 * different lengths the fraction done: what is compared is comparable (a decaying schedule makes a
 * loss at 30 % of one run and at 30 % of another alike, not at step 300 of both).
 *
 * Stopping rules answer at every report. Pausing rules (asha promotion, hyperband) name the
 * progress at which a run stops with a checkpoint and waits; when a worker is free they say who
 * goes on. Rules are pure functions of the table of curves, so a restart only has to fill it in
 * again.
 *
 * To add one: write prune/NAME.c, add its name to the list in prune.c.
 */
#ifndef PRUNE_H
#define PRUNE_H

#include "settings.h"
#include <stdbool.h>
#include <stdint.h>

enum { PRUNE_RUNGS_MAX = 32 };

struct curve_point {
    double progress; /* steps, or a fraction in (0, 1] */
    double value;    /* minimised; NaN: it diverged */
};

enum curve_state { CURVE_RUNNING, CURVE_PAUSED, CURVE_DONE, CURVE_PRUNED, CURVE_FAILED };

struct run_curve {
    enum curve_state state;
    const struct curve_point *points; /* [count] */
    int count;
    int rung;    /* how many rungs it has been let pass */
    int bracket; /* of hyperband; 0 */
    /* Scores of the parts of an average (seeds, folds), in order of the part; wilcoxon. */
    const double *parts; /* [part_count] */
    int part_count;
};

struct prune_table {
    const struct run_curve *runs; /* [count] by number */
    int count;
    double most;   /* progress of a whole run: steps, or 1 */
    uint64_t seed; /* of the search */
};

enum prune_verdict { PRUNE_GO_ON, PRUNE_STOP, PRUNE_PAUSE };

struct prune_rule {
    const char *name;
    const char *help;
    const struct setting *settings;
    bool
        pauses; /* has rungs at which runs wait; needs checkpoints or an external runner that can */
    /* After the last point of runs[number]. */
    enum prune_verdict (*look)(const struct chosen *chosen, const struct prune_table *table,
                               int number);
    /* Which paused run goes on now that a worker is free; -1: none, a new one shall start. NULL
     * where the rule does not pause. */
    int (*promote)(const struct chosen *chosen, const struct prune_table *table);
    /* Progress at which run `number` is looked at next and may have to wait; 0: nowhere more. */
    double (*pause_at)(const struct chosen *chosen, const struct prune_table *table, int number);
    /* The bracket of a new run. NULL: 0. */
    int (*bracket)(const struct chosen *chosen, const struct prune_table *table, int number);
};

extern const struct prune_rule *const prune_rules[]; /* ends with NULL */
const struct prune_rule *prune_find(const char *name);

/* Rungs r_k = least * factor^k below `most`: [PRUNE_RUNGS_MAX] out, their number. */
int prune_rungs(double least, double factor, double most, double *out);
/* The value of a curve where it first reached `progress`: the last point at or before it, NaN where
 * it has not come so far. */
double curve_value(const struct run_curve *curve, double progress);
double curve_least(const struct run_curve *curve, double progress); /* least up to there */

json_t *prune_describe(void); /* [{"name", "help", "settings": […]}] */

#endif
