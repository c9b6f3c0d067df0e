/*
 * The report of a search: pure, from its plan and what came of its proposals. The whole of its JSON
 * is in api/search_report.h.
 */
#ifndef INSIGHT_H
#define INSIGHT_H

#include "insight/findings.h"

struct insight_wishes {
    int top;        /* best runs listed */
    bool fanova;    /* instead of PED-ANOVA */
    int contour[2]; /* parameters; -1: none */
};

struct insight_input {
    int64_t job;
    const char *state;     /* of the job */
    bool is_final;         /* that state */
    const json_t *space;   /* as it was asked for */
    const char *explained; /* by the algorithm; NULL: nothing */
    bool is_known;         /* the algorithm, to this program */
    const char *stopped;   /* why it ended early; NULL: it has not */
    int budget;            /* runs */
    int edits;             /* by hand */
    const struct findings *findings;
    struct insight_wishes wishes;
};

json_t *insight_json(const struct insight_input *input);

/* "number,run,state,told,how", parameters, objectives, constraints, "step": a line for each
 * proposal. Choices that are no words as JSON. The caller frees it. */
char *insight_csv(const struct findings *findings);

#endif
