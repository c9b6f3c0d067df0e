#include "workers/search_pace.h"

#include <math.h>

static const double newest = 0.1; /* weight */
static const double kept = 0.98;  /* of how many asked before */

void pace_run(struct search_pace *pace, double ms)
{
    pace->run_ms += (pace->run_known ? newest : 1) * (ms - pace->run_ms);
    pace->run_known = true;
}

void pace_proposals(struct search_pace *pace, double ms, int count)
{
    for (int i = 0; i < count; i++)
        pace->proposal_ms += newest * (ms / count - pace->proposal_ms);
}

/* They ask askers / run_ms times a millisecond. */
bool pace_hurries(struct search_pace *pace, int askers)
{
    pace->askers = fmax(askers, kept * pace->askers);
    return pace->run_known && pace->askers >= PACE_ASKERS &&
           pace->askers * pace->proposal_ms > pace->run_ms;
}
