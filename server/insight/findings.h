/*
 * All that came of a search, as its report looks at it: every proposal with its run, and who stands
 * where. Objectives are minimised in histories; results are in their own unit and sign.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "insight/evidence.h"

enum { FINDING_HOW_BYTES = 16 };

/* What a proposal has beside its trial. */
struct finding {
    int64_t run;
    int place; /* in the order of tells; -1: not told */
    bool late;
    char how[FINDING_HOW_BYTES];
    const double *results; /* [objectives + constraints + 1] where it was told */
    int64_t steps;         /* planned; 0: not known */
};

struct findings {
    const struct search_plan *plan;
    const struct history *history;
    const struct finding *list; /* [history->count] */
    int objective;              /* that one thing alone is said about */

    /* Found by findings_init(). */
    struct history view; /* with that objective alone */
    int *order;          /* [ended] numbers of those that were told, best first (standing.h) */
    int ended;
    int good;              /* of those, the first ones: done, and all constraints kept */
    int *told;             /* [ended] the same in the order in which they were told */
    struct trial *trials;  /* the view's */
    struct trial *earlier; /* [plan->warm_count] what it started warm with, with that objective */
    struct evidence evidence;
};

/* With plan, history, list and objective set. What those point to must outlive it. */
void findings_init(struct findings *findings);
void findings_release(struct findings *findings);

/* The view's value of a proposal in its own sign. */
double findings_value(const struct findings *findings, int number);
double findings_shown(const struct findings *findings, double minimised);

/* The i-th of the parameters of the space. */
static inline const struct parameter *findings_parameter(const struct findings *findings, int i)
{
    return &findings->plan->space.parameters[i];
}

#endif
