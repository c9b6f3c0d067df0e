/*
 * How long external runners take for a run, and the study for a proposal: where proposals cannot
 * keep up with those who ask, they are to be quick (struct history).
 */
#ifndef SEARCH_PACE_H
#define SEARCH_PACE_H

#include <stdbool.h>

/* All zero at first. Times are means that forget: the last ten weigh most. */
struct search_pace {
    double run_ms, proposal_ms;
    double
        askers; /* most of the last few dozen times: between a tell and an ask they do not show */
    bool run_known;
};

void pace_run(struct search_pace *pace, double ms);
/* Of proposals that were not quick; `count` of them at once. */
void pace_proposals(struct search_pace *pace, double ms, int count);
/* Fewer are never in a hurry: their points are the same whatever time runs take. Of more, the order
 * in which they ask is chance already. */
enum { PACE_ASKERS = 8 };

/* `askers`: those who wait for a point, and those who have one and will ask for the next. */
bool pace_hurries(struct search_pace *pace, int askers);

#endif
