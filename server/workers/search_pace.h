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
    bool run_known;
};

void pace_run(struct search_pace *pace, double ms);
/* Of proposals that were not quick; `count` of them at once. */
void pace_proposals(struct search_pace *pace, double ms, int count);
/* `askers`: those who wait for a point, and those who have one and will ask for the next. */
bool pace_hurries(const struct search_pace *pace, int askers);

#endif
