/*
 * A rule that compares points over their seeds: each run that has ended is a part of its point, and
 * where the rule gives a point up, those of its seeds that were not proposed yet are not trained.
 * Curves are numbered by points here; steps are the places of seeds.
 */
#include "workers/search_prune.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool search_prunes_points(const struct search *search)
{
    return search->pruning && search->plan->seeds > 1;
}

static bool is_known(const struct search_outcome *outcome)
{
    return outcome->is_told && outcome->outcome == PROPOSAL_DONE && isfinite(outcome->results[0]);
}

bool search_add_part(struct search *search, int number)
{
    const struct search_outcome *outcome = &search->outcomes[number];
    const int seeds = search->plan->seeds;
    return is_known(outcome) &&
           search_curve_add(search, number / seeds, number % seeds, outcome->results[0]);
}

void search_add_parts(struct search *search)
{
    for (int i = 0; i < search->proposed; i++)
        search_add_part(search, i);
}

/* Whose runs have all ended well is done; the first that has not makes it a failure. */
enum curve_state search_point_state(const struct search *search, int point)
{
    const int seeds = search->plan->seeds, first = point * seeds;
    bool pruned = false, open = search->proposed < first + seeds;
    for (int i = first; i < first + seeds && i < search->proposed; i++) {
        const struct search_outcome *outcome = &search->outcomes[i];
        if (outcome->is_told &&
            (outcome->outcome == PROPOSAL_FAILED || outcome->outcome == PROPOSAL_DELETED))
            return CURVE_FAILED;
        pruned |= outcome->is_told && outcome->outcome == PROPOSAL_PRUNED;
        open |= !outcome->is_told;
    }
    return pruned ? CURVE_PRUNED : open ? CURVE_RUNNING : CURVE_DONE;
}

const char *search_given_up(const struct search *search, int number)
{
    const int point = number / search->plan->seeds;
    if (!search_prunes_points(search) || point >= search->pruning->room)
        return NULL;
    return search->pruning->curves[point].verdict;
}
