/*
 * The runs of a comparison sorted to arms and grid points, and what they add up to.
 */
#ifndef ARMS_H
#define ARMS_H

#include "compare/report.h"
#include "jobs/grid.h"

/* Some runs of one arm: its report runs, or its tuning runs at one point. */
struct sample {
    const struct report_run *const *runs; /* [count] in order */
    int count;
    int n;                       /* have a value */
    int failed;                  /* ended without one */
    int cancelled;               /* were not let end */
    int pruned;                  /* likewise: others were better */
    int open;                    /* have not ended */
    double mean, standard_error; /* of the n; NaN where there are too few */
};

struct arm {
    const char *name;
    struct sample report;
    struct sample *tuning; /* [points of the grid], NULL without tuning */
    int chosen;            /* the point that the report runs use; -1: none, or not yet */
    bool best;
};

struct arms {
    const struct report_input *input;
    struct grid grid; /* one point without axes where nothing is tuned */
    struct arm *list;
    int count;
    int baseline;
    const struct report_run **sorted; /* what the samples point into */
};

struct arms arms_of(const struct report_input *input);
void arms_release(struct arms *arms);

/* Whether a run gave a value that counts. */
bool report_run_counts(const struct report_run *run);

/* What an arm starts from (source.c): the entry of the job's sources, NULL where there is none; its
 * refined schedule, NULL where it has another one; as the report shows it; and what to mind. */
const json_t *arm_source(const struct arms *arms, int index);
const json_t *arm_refined(const struct arms *arms, int index);
bool arm_is_branch(const struct arms *arms, int index);
json_t *arm_source_json(const struct arms *arms, int index);
void arm_source_warnings(const struct arms *arms, int index, json_t *warnings);

/* Unequal budgets, the best of unequally many evaluations, shared seeds (protocol.c). */
void arms_protocol_warnings(const struct arms *arms, json_t *warnings);

/* Sentences of caution about the protocol and its outcome. */
json_t *arms_warnings(const struct arms *arms);

#endif
